//! What becomes of a delivery whose time has come: it is sent, put off, or it has passed.
use keyward_issuer::notice::mail::Mail;
use keyward_issuer::notice::{Notice, Progress, Recipient, State};
use keyward_issuer::webhook::WebhookSecret;
use keyward_wire::event::KeyData;
use zeroize::Zeroizing;

use super::row::{Channel, Row, Told};
use super::{DAY_S, mails, plan};
use crate::key::KeyView;
use crate::organisation::change::Moment;
use crate::organisation::webhooks::{self, Reach};
use crate::organisation::{keys, schema};
use crate::refusal::Refusal;

/// What an owner did not get for so long, since his address is not confirmed, is no news any more.
const NEWS_S: u64 = 30 * DAY_S;

/// Something to be sent now.
pub(super) struct Job {
    pub(super) row: Row,
    pub(super) way: Way,
}

pub(super) enum Way {
    Mail(Box<Mail>),
    Webhook {
        url: Zeroizing<String>,
        secrets: Vec<WebhookSecret>,
        body: String,
    },
}

/// What mails and webhooks need of a key.
pub(super) struct Of<'a> {
    pub(super) organisation: &'a str,
    pub(super) view: Option<&'a KeyView>,
    pub(super) told: &'a Told,
}

/// Decides, and writes down what it decided. `None`: nothing is to be sent.
pub(super) fn decide(
    moment: &Moment,
    row: Row,
    mails_can_leave: bool,
) -> Result<Option<Job>, Refusal> {
    let storage = &moment.storage;
    let told = row.told()?;
    let organisation = schema::policy(storage)?.name;
    let view = match &row.key_id {
        Some(key_id) => Some(keys::view(storage, key_id)?),
        None => None,
    };
    if let (Told::Key(notice), Some(view)) = (&told, &view)
        && !is_due(moment, &organisation, &row, notice, view)?
    {
        return Ok(None);
    }
    let of = Of {
        organisation: &organisation,
        view: view.as_ref(),
        told: &told,
    };
    let way = match row.channel {
        Channel::Webhooks => {
            fan_out(moment, &row, &of)?;
            None
        }
        Channel::Mail => mails::prepare(moment, &row, &of, mails_can_leave)?,
        Channel::Webhook => to_webhook(moment, &row, &of)?,
    };
    let Some(way) = way else { return Ok(None) };
    let sending = Progress {
        state: State::Sending,
        ..row.progress()
    };
    // It stays due: whoever finds it like this after a crash sends it again.
    row.becomes(
        storage,
        sending,
        row.status,
        Some(moment.now_s),
        moment.now_s,
    )?;
    Ok(Some(Job { row, way }))
}

/// Whether a notice of a key is to be sent now; what else is so is written.
fn is_due(
    moment: &Moment,
    organisation: &str,
    row: &Row,
    notice: &Notice,
    view: &KeyView,
) -> Result<bool, Refusal> {
    let (storage, now_s) = (&moment.storage, moment.now_s);
    let planned = row.planned(notice.clone())?;
    let mut recipients = plan::owners(view);
    if let Recipient::Webhook(_) = planned.recipient {
        recipients.push(planned.recipient.clone());
    }
    let facts = plan::facts(moment, organisation, view, &recipients);
    let is_news = matches!(notice, Notice::Expires { .. })
        || now_s <= row.created_at_s.saturating_add(NEWS_S);
    match facts.state(&planned, now_s) {
        State::Sending if is_news => Ok(true),
        State::Waiting if planned.at_s(now_s) > now_s => {
            row.waits(storage, None, Some(planned.at_s(now_s)))?;
            Ok(false)
        }
        State::Sent | State::GivenUp => {
            row.ends(storage, row.state, now_s)?;
            Ok(false)
        }
        // Too old, or nobody's any more.
        State::Sending | State::Waiting | State::Passed => {
            row.ends(storage, State::Passed, now_s)?;
            Ok(false)
        }
    }
}

/// One delivery for each webhook that there is now, in the transaction that ends this one.
fn fan_out(moment: &Moment, row: &Row, of: &Of<'_>) -> Result<(), Refusal> {
    let storage = &moment.storage;
    if let (Told::Key(notice), Some(view)) = (of.told, of.view) {
        let facts = plan::facts(moment, of.organisation, view, &[]);
        for id in webhooks::subscribed(storage, notice.name())? {
            let mut one = facts.planned(notice.clone(), &Recipient::Webhook(id), moment.now_s);
            // Its time has just come.
            one.state = State::Waiting;
            one.try_at_s = moment.now_s;
            plan::insert(moment, &view.key_id, &one)?;
        }
    }
    Ok(row.ends(storage, State::Sent, moment.now_s)?)
}

fn to_webhook(moment: &Moment, row: &Row, of: &Of<'_>) -> Result<Option<Way>, Refusal> {
    let storage = &moment.storage;
    match webhooks::reach(moment, of.organisation, &row.recipient)? {
        Reach::Never => {
            row.ends(storage, State::GivenUp, moment.now_s)?;
            Ok(None)
        }
        Reach::Later(at_s) => {
            row.waits(storage, None, Some(at_s))?;
            Ok(None)
        }
        Reach::Now { url, secrets } => {
            let (event, at_s) = match of.told {
                Told::Key(notice) => {
                    let view = of
                        .view
                        .ok_or_else(|| Refusal::internal(&"a notice of no key"))?;
                    (notice.event(data(of.organisation, view)), at_s(notice, row))
                }
                Told::Event(event) => (event.clone(), row.created_at_s),
                Told::OwnerAsked => return Err(Refusal::internal(&"not for webhooks")),
            };
            let body = event
                .body(at_s)
                .map_err(|error| Refusal::internal(&error))?;
            Ok(Some(Way::Webhook { url, secrets, body }))
        }
    }
}

/// When it happened: the same in each repeat.
const fn at_s(notice: &Notice, row: &Row) -> u64 {
    match notice {
        Notice::Expires {
            threshold,
            expires_at_s,
        } => threshold.at_s(*expires_at_s),
        Notice::Created | Notice::Rotated { .. } | Notice::Removed => row.created_at_s,
    }
}

fn data(organisation: &str, view: &KeyView) -> KeyData {
    KeyData {
        organisation: organisation.to_owned(),
        key_id: view.key_id.clone(),
        name: view.name.clone(),
        kind: view.kind.as_str().to_owned(),
        environment: view.environment.clone(),
        expires_at: view.expires_at,
    }
}
