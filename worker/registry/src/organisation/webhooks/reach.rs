//! Whether a webhook is called now, and what becomes of it when that goes well or not.
use keyward_issuer::notice::Outcome;
use keyward_issuer::retry::delay_s;
use keyward_issuer::webhook::{Target, WebhookSecret};
use keyward_wire::event::{Event, EventName};
use worker::Storage;
use zeroize::Zeroizing;

use super::secret;
use super::view::Row;
use crate::organisation::audit::{self, By};
use crate::organisation::change::Moment;
use crate::organisation::{deliveries, schema};
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// What is to be done about one delivery.
pub(in crate::organisation) enum Reach {
    Now {
        url: Zeroizing<String>,
        /// The newest first.
        secrets: Vec<WebhookSecret>,
    },
    /// It failed just now; all of its deliveries wait, and not each of them for its own failure.
    Later(u64),
    /// It is gone, disabled, or may not be called any more.
    Never,
}

/// The webhooks that want to know of this and are not disabled.
pub(in crate::organisation) fn subscribed(
    storage: &Storage,
    event: EventName,
) -> Result<Vec<String>, Refusal> {
    let statement = "SELECT * FROM webhooks WHERE disabled_at_s IS NULL ORDER BY created_at_s, id";
    let rows: Vec<Row> = sql::rows(storage, statement, args![])?;
    let mut ids = Vec::new();
    for row in rows {
        if row.events()?.is_none_or(|events| events.contains(&event)) {
            ids.push(row.id);
        }
    }
    Ok(ids)
}

pub(in crate::organisation) fn reach(
    moment: &Moment,
    organisation: &str,
    id: &str,
) -> Result<Reach, Refusal> {
    let Some(row) = Row::read(&moment.storage, id)? else {
        return Ok(Reach::Never);
    };
    if row.disabled_at_s.is_some() {
        return Ok(Reach::Never);
    }
    if row.try_at_s > moment.now_s {
        return Ok(Reach::Later(row.try_at_s));
    }
    // What is our own may be more than when it was written.
    if Target::parse(&row.url, &moment.configuration.settings.own()).is_err() {
        return Ok(Reach::Never);
    }
    let old = row.old(moment.now_s).map(|(secret, _)| secret);
    let sealed = [row.secret.as_deref(), old];
    let mut secrets = Vec::new();
    for sealed in sealed.into_iter().flatten() {
        let secret = secret::open(moment, organisation, id, sealed);
        secrets.push(secret.ok_or_else(|| Refusal::internal(&"a webhook's secret does not open"))?);
    }
    Ok(Reach::Now {
        url: Zeroizing::new(row.url),
        secrets,
    })
}

/// A clock that was ahead keeps no webhook waiting.
pub(in crate::organisation) fn wake(storage: &Storage, now_s: u64) -> worker::Result<()> {
    let statement = "UPDATE webhooks SET try_at_s = min(try_at_s, ?)";
    sql::run(storage, statement, args![now_s])
}

/// What waits for a webhook that may work again is sent at once.
pub(super) fn anew(storage: &Storage, id: &str, now_s: u64) -> worker::Result<()> {
    // With `+` it is not looked up by state: of all keys there is much that waits.
    sql::run(
        storage,
        "UPDATE deliveries SET due_at_s = ?1, try_at_s = 0 WHERE recipient = ?2 COLLATE NOCASE
         AND channel <> 'webhooks' AND channel = 'webhook' AND +state = 'waiting'",
        args![now_s, id],
    )
}

/// Where a webhook goes, for who is told that it was disabled.
pub(in crate::organisation) fn target(
    moment: &Moment,
    id: &str,
) -> Result<Option<Target>, Refusal> {
    let row = Row::read(&moment.storage, id)?;
    Ok(row.and_then(|row| Target::parse(&row.url, &[]).ok()))
}

/// One that takes so long to say yes is left alone for as long, so that others have their turn.
const SLOW_S: u64 = 2;

/// Notes what came of a delivery, in the transaction that does so for the delivery. After three
/// days of failures, or at its own word, a webhook is disabled, and that is told.
pub(in crate::organisation) fn note(
    moment: &Moment,
    id: &str,
    outcome: Outcome,
    status: Option<u16>,
    took_s: u64,
) -> Result<(), Refusal> {
    let (storage, now_s) = (&moment.storage, moment.now_s);
    let Some(row) = Row::read(storage, id)? else {
        return Ok(());
    };
    let status_arg = status.map(u64::from);
    if outcome == Outcome::Delivered {
        let pause_s = Some(took_s).filter(|took_s| *took_s >= SLOW_S);
        let try_at_s = pause_s.map_or(0, |pause_s| now_s.saturating_add(pause_s));
        sql::run(
            storage,
            "UPDATE webhooks SET status = ?, failures = 0, try_at_s = ?, delivered_at_s = ? WHERE id = ?",
            args![status_arg, try_at_s, now_s, id],
        )?;
        return Ok(());
    }
    let failures = row.failures.saturating_add(1);
    let delay_s = delay_s(failures).filter(|_| outcome != Outcome::Refused);
    sql::run(
        storage,
        "UPDATE webhooks SET status = ?, failures = ?, try_at_s = ? WHERE id = ?",
        args![
            status_arg,
            u64::from(failures),
            now_s.saturating_add(delay_s.unwrap_or_default()),
            id
        ],
    )?;
    match delay_s {
        Some(_) => Ok(()),
        None if row.disabled_at_s.is_some() => Ok(()),
        None => disable(moment, id, status),
    }
}

fn disable(moment: &Moment, id: &str, status: Option<u16>) -> Result<(), Refusal> {
    let (storage, now_s) = (&moment.storage, moment.now_s);
    sql::run(
        storage,
        "UPDATE webhooks SET disabled_at_s = ?, version = version + 1 WHERE id = ?",
        args![now_s, id],
    )?;
    let event = Event::WebhookDisabled {
        organisation: schema::policy(storage)?.name,
        webhook: id.to_owned(),
        status,
    };
    let name = EventName::WebhookDisabled;
    audit::append(moment, By::Registry, name, id, None, Some(&event))?;
    deliveries::announce(storage, event.clone(), now_s)?;
    deliveries::tell_admins(storage, event, now_s)
}
