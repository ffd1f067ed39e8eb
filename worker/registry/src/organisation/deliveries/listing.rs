//! What became of deliveries, for operators.
use keyward_core::catalogue::Action;
use keyward_core::limits::KEY_ID_BYTES_MAX;
use keyward_issuer::notice::{Progress, State};
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};

use super::row::{COLUMNS, Channel, Row, WaitsFor, name};
use crate::call::{self, Answer};
use crate::email;
use crate::organisation::change::{Moment, Needs};
use crate::policy::Area;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

const LIMIT: u64 = 50;
const LIMIT_MAX: u64 = 200;

/// Which deliveries; all of them when nothing is said.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeliveryQuery {
    /// Those about this key, by its id.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::KeyId>"))]
    pub(crate) key: Option<String>,
    /// Those to this webhook, by its id.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::KeyId>"))]
    pub(crate) webhook: Option<String>,
    /// Those to this address.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Email>"))]
    pub(crate) recipient: Option<String>,
    /// Those that are in this state now.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::DeliveryState>"))]
    pub(crate) state: Option<State>,
    /// After this one of the page before.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Cursor>"))]
    pub(crate) after: Option<String>,
    /// Deliveries of a page; 50 when absent.
    #[cfg_attr(test, schemars(range(min = 1, max = LIMIT_MAX)))]
    pub(crate) limit: Option<u64>,
}

/// A delivery as it is answered.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryView {
    id: String,
    #[cfg_attr(test, schemars(with = "crate::openapi::Event"))]
    event: EventName,
    key_id: Option<String>,
    channel: Channel,
    recipient: String,
    #[cfg_attr(test, schemars(with = "crate::openapi::DeliveryState"))]
    state: State,
    waits_for: Option<WaitsFor>,
    failures: u32,
    /// Of the last answer.
    status: Option<u16>,
    created_at: u64,
    changed_at: u64,
    /// When it is to be sent.
    due_at: Option<u64>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeliveryPage {
    items: Vec<DeliveryView>,
    /// For `after`; `null` on the last page.
    next: Option<String>,
}

impl From<Row> for DeliveryView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            event: row.event,
            key_id: row.key_id,
            channel: row.channel,
            recipient: row.recipient,
            state: row.state,
            waits_for: row.waits_for,
            failures: row.failures,
            status: row.status,
            created_at: row.created_at_s,
            changed_at: row.changed_at_s,
            due_at: row.due_at_s,
        }
    }
}

/// A page, the newest first.
pub(in crate::organisation) fn list(
    moment: &Moment,
    query: &DeliveryQuery,
) -> Result<Answer, Refusal> {
    moment.look(Needs::to(Action::Read, Area::Keys))?;
    let limit = query.limit.unwrap_or(LIMIT);
    check(query, limit)?;
    let (after_s, after_id) = match &query.after {
        None => (None, None),
        Some(after) => {
            let (at_s, id) = cursor(after)
                .ok_or_else(|| Refusal::field("after", "must be the `next` of the page before"))?;
            (Some(at_s), Some(id.to_owned()))
        }
    };
    // Most of all there is waits, or was sent. What is one's alone is less: with `+` it is looked up
    // by that, and not by its state.
    let is_of_one = (query.key.is_some() || query.webhook.is_some() || query.recipient.is_some())
        && matches!(query.state, Some(State::Waiting | State::Sent));
    // What stands for all webhooks is nobody's delivery.
    let mut statement = format!("SELECT {COLUMNS} FROM deliveries WHERE channel <> 'webhooks'");
    for (is_asked, condition) in [
        (query.key.is_some(), "key_id = ?1"),
        (
            query.webhook.is_some(),
            "recipient = ?2 COLLATE NOCASE AND channel = 'webhook'",
        ),
        (
            query.recipient.is_some(),
            "recipient = ?3 COLLATE NOCASE AND channel = 'mail'",
        ),
        (query.state.is_some() && !is_of_one, "state = ?4"),
        (is_of_one, "+state = ?4"),
        (after_s.is_some(), "(created_at_s, id) < (?5, ?6)"),
    ] {
        if is_asked {
            statement.push_str(" AND ");
            statement.push_str(condition);
        }
    }
    // Of the arguments those that nothing names are not looked at.
    statement.push_str(" ORDER BY created_at_s DESC, id DESC LIMIT ?7");
    let mut rows: Vec<Row> = sql::rows(
        &moment.storage,
        &statement,
        args![
            query.key.clone(),
            query.webhook.clone(),
            query.recipient.clone(),
            query.state.map(name),
            after_s,
            after_id,
            limit.saturating_add(1)
        ],
    )?;
    let is_more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = match rows.last() {
        Some(last) if is_more => Some(format!("{}_{}", last.created_at_s, last.id)),
        _ => None,
    };
    let items: Vec<DeliveryView> = rows.into_iter().map(DeliveryView::from).collect();
    Answer::json(200, &DeliveryPage { items, next })
}

fn check(query: &DeliveryQuery, limit: u64) -> Result<(), Refusal> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let is_id = |id: &String| (1..=KEY_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(plain);
    for (name, id) in [("key", &query.key), ("webhook", &query.webhook)] {
        if !id.as_ref().is_none_or(is_id) {
            return Err(Refusal::field(name, "is no id"));
        }
    }
    if let Some(address) = &query.recipient {
        email::check(address).map_err(|rule| Refusal::field("recipient", rule))?;
    }
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Refusal::field("limit", "must be 1 to 200"));
    }
    Ok(())
}

fn cursor(text: &str) -> Option<(u64, &str)> {
    let (at_s, id) = text.split_once('_')?;
    let is_plain = at_s.len() <= 15 && at_s.bytes().all(|b| b.is_ascii_digit());
    Some((at_s.parse().ok().filter(|_| is_plain)?, id))
}

/// Sends once more what had been given up.
pub(in crate::organisation) fn retry(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    moment.change(Needs::to(Action::Update, Area::Keys), |change| {
        let storage = change.storage();
        let row = Row::read(storage, id)?.ok_or_else(call::not_here)?;
        if row.state != State::GivenUp || row.channel == Channel::Webhooks {
            return Err(Refusal::because(Code::Conflict, "it was not given up"));
        }
        let again = Progress {
            state: State::Waiting,
            failures: 0,
            try_at_s: moment.now_s,
        };
        let due_at_s = Some(moment.now_s);
        row.becomes(storage, again, row.status, due_at_s, moment.now_s)?;
        change.audit::<()>(EventName::DeliveryRetried, id, None, None)?;
        let row = Row::read(storage, id)?.ok_or_else(call::not_here)?;
        Answer::json(200, &DeliveryView::from(row))
    })
}
