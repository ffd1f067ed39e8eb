//! Mails to owners and to those who manage the organisation: who gets one, how many a day, and
//! what it says.
use keyward_issuer::notice::State;
use keyward_issuer::notice::mail::{Mail, MailFacts, WebhookFacts};
use keyward_wire::event::{Event, EventName};
use serde::Deserialize;
use worker::Storage;

use super::DAY_S;
use super::due::{Of, Way};
use super::owners::{self, Owner};
use super::row::{Row, Told, WaitsFor};
use crate::organisation::change::Moment;
use crate::organisation::webhooks;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// One mail in so many of a day is kept for what somebody should act on at once.
const KEPT_FOR_URGENT: u32 = 10;

pub(super) fn prepare(
    moment: &Moment,
    row: &Row,
    of: &Of<'_>,
    can_leave: bool,
) -> Result<Option<Way>, Refusal> {
    let storage = &moment.storage;
    if !can_leave {
        row.waits(storage, Some(WaitsFor::Channel), None)?;
        return Ok(None);
    }
    let owner = Owner::read(storage, &row.recipient)?;
    let is_question = matches!(of.told, Told::OwnerAsked);
    let owner = match owner {
        Some(owner) if owner.confirmed_at_s.is_some() != is_question => owner,
        Some(owner) if !is_question && owner.declined_at_s.is_some() => {
            row.waits(storage, Some(WaitsFor::Declined), None)?;
            return Ok(None);
        }
        _ if !is_question => {
            owners::ask(moment, &row.recipient)?;
            row.waits(storage, Some(WaitsFor::Confirmation), None)?;
            return Ok(None);
        }
        _ => {
            row.ends(storage, State::Passed, moment.now_s)?;
            return Ok(None);
        }
    };
    if is_question {
        if owners::is_over(row, moment.now_s) {
            row.ends(storage, State::Passed, moment.now_s)?;
            return Ok(None);
        }
        if owners::is_pestered(moment, &row.recipient)? {
            return tomorrow(moment, row);
        }
    }
    let unsubscribe = owner.unsubscribe(moment, of.organisation, row)?;
    let Some(mail) = mail(moment, row, of, &unsubscribe)? else {
        row.ends(storage, State::Passed, moment.now_s)?;
        return Ok(None);
    };
    if !has_room(moment, row.event)? {
        return tomorrow(moment, row);
    }
    Ok(Some(Way::Mail(Box::new(mail))))
}

fn tomorrow(moment: &Moment, row: &Row) -> Result<Option<Way>, Refusal> {
    let tomorrow_s = (moment.now_s / DAY_S).saturating_add(1) * DAY_S;
    row.waits(&moment.storage, Some(WaitsFor::Tomorrow), Some(tomorrow_s))?;
    Ok(None)
}

/// Gives back what [`has_room`] counted, where the answer says that nothing was sent: a mail API
/// that is down is not to use up the day.
pub(super) fn was_not_sent(storage: &Storage, now_s: u64) -> worker::Result<()> {
    sql::run(
        storage,
        "UPDATE mail_days SET mails = mails - 1 WHERE day = ? AND mails > 0",
        args![now_s / DAY_S],
    )
}

/// What it says; `None` when what it is about is not there any more.
fn mail(
    moment: &Moment,
    row: &Row,
    of: &Of<'_>,
    unsubscribe: &str,
) -> Result<Option<Mail>, Refusal> {
    let manage_at = moment.configuration.settings.origin();
    let mail = match (of.told, of.view) {
        (Told::Key(notice), Some(view)) => {
            let facts = MailFacts {
                organisation: of.organisation,
                key_id: &view.key_id,
                name: &view.name,
                memo: &view.memo,
                kind: view.kind.as_str(),
                environment: &view.environment,
                expires_at_s: view.expires_at,
                manage_at: &manage_at,
                unsubscribe,
            };
            Mail::of(notice, &facts, moment.now_s)
        }
        (Told::OwnerAsked, _) => owners::request(moment, row, of.organisation, unsubscribe)?,
        (
            Told::Event(Event::WebhookDisabled {
                webhook, status, ..
            }),
            _,
        ) => {
            let Some(target) = webhooks::target(moment, webhook)? else {
                return Ok(None);
            };
            Mail::of_disabled(&WebhookFacts {
                organisation: of.organisation,
                webhook,
                target: &target,
                status: *status,
                manage_at: &manage_at,
                unsubscribe,
            })
        }
        _ => return Err(Refusal::internal(&"not for mails")),
    };
    Ok(Some(mail))
}

/// Counts a mail, if the day has room for one.
fn has_room(moment: &Moment, event: EventName) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Counted {}
    let settings = &moment.configuration.settings;
    let daily_max = settings.mail.as_ref().map_or(0, |mail| mail.daily_max);
    let is_urgent = matches!(
        event,
        EventName::KeyRotated
            | EventName::KeyRemoved
            | EventName::KeyExpired
            | EventName::WebhookDisabled
    );
    let room = match is_urgent {
        true => daily_max,
        false => daily_max.saturating_sub(daily_max / KEPT_FOR_URGENT),
    };
    let day = moment.now_s / DAY_S;
    sql::run(
        &moment.storage,
        "DELETE FROM mail_days WHERE day <> ?",
        args![day],
    )?;
    sql::run(
        &moment.storage,
        "INSERT INTO mail_days VALUES (?, 0) ON CONFLICT DO NOTHING",
        args![day],
    )?;
    let counted: Option<Counted> = sql::row(
        &moment.storage,
        "UPDATE mail_days SET mails = mails + 1 WHERE day = ? AND mails < ? RETURNING 1",
        args![day, u64::from(room)],
    )?;
    Ok(counted.is_some())
}
