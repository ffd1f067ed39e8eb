//! What is planned when something changes.
use keyward_issuer::notice::{Address, KeyFacts, Notice, Planned, Recipient, State};
use keyward_wire::event::{Event, EventName};
use serde::Deserialize;
use worker::Storage;

use super::row::{COLUMNS, Channel, EVERY_WEBHOOK, New, Row, Told, tell};
use crate::key::KeyView;
use crate::organisation::change::Moment;
use crate::organisation::{keys, schema, webhooks};
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// Of those who manage an organisation, so many are told.
const ADMINS_MAX: u64 = 20;
/// Keys that are planned anew at once.
const FORGOTTEN_MAX: u64 = 1_000;

/// Plans what a key's owners and the webhooks are told, in the transaction of its change, which the
/// log calls `event`.
pub(in crate::organisation) fn plan(
    moment: &Moment,
    event: EventName,
    before: Option<&KeyView>,
    view: &KeyView,
) -> Result<(), Refusal> {
    let happened = happened(event, before, view);
    let is_as_before = before
        .is_some_and(|before| before.owners == view.owners && before.expires_at == view.expires_at);
    if happened.is_none() && is_as_before {
        return Ok(());
    }
    let planned = match before {
        None => Vec::new(),
        Some(_) => planned(&moment.storage, &view.key_id)?,
    };
    let organisation = schema::policy(&moment.storage)?.name;
    let mut recipients = owners(view);
    recipients.push(Recipient::Webhook(EVERY_WEBHOOK.to_owned()));
    let facts = facts(moment, &organisation, view, &recipients);
    let replanned = facts.replan(happened.as_ref(), &planned, moment.now_s);
    for one in &replanned.add {
        insert(moment, &view.key_id, one)?;
    }
    for id in &replanned.forget {
        sql::run(
            &moment.storage,
            "DELETE FROM deliveries WHERE id = ?",
            args![id.as_str()],
        )?;
    }
    Ok(())
}

/// Plans the end of keys anew, where a clock that was ahead had their plans forgotten. Gives whether
/// that was all of them.
pub(super) fn plan_forgotten(moment: &Moment) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Forgotten {
        key_id: String,
    }
    // Of each key's plan this one is written last.
    let keys: Vec<Forgotten> = sql::rows(
        &moment.storage,
        "SELECT key_id FROM keys WHERE removed_at_s IS NULL AND expires_at_s > ? AND NOT EXISTS (
         SELECT 1 FROM deliveries WHERE deliveries.key_id = keys.key_id AND event = ? AND recipient = ?)
         LIMIT ?",
        args![
            moment.now_s,
            EventName::KeyExpired.as_str(),
            EVERY_WEBHOOK,
            FORGOTTEN_MAX
        ],
    )?;
    for key in &keys {
        let view = keys::view(&moment.storage, &key.key_id)?;
        let unplanned = KeyView {
            expires_at: 0,
            ..view.clone()
        };
        plan(moment, EventName::KeyEdited, Some(&unplanned), &view)?;
    }
    Ok((keys.len() as u64) < FORGOTTEN_MAX)
}

/// What of a change owners are told at once.
fn happened(event: EventName, before: Option<&KeyView>, view: &KeyView) -> Option<Notice> {
    let Some(before) = before else {
        return Some(Notice::Created);
    };
    if view.removed_at.is_some() {
        return before.removed_at.is_none().then_some(Notice::Removed);
    }
    // A secret that nobody has yet is no other one to whoever uses the key.
    if event != EventName::KeyRotated {
        return None;
    }
    Some(Notice::Rotated {
        issue: view.issues.first()?.issue.clone(),
        old_valid_until_s: view.issues.get(1).and_then(|one| one.not_after),
    })
}

pub(super) fn owners(view: &KeyView) -> Vec<Recipient> {
    let addresses = view.owners.iter().filter_map(|owner| Address::parse(owner));
    addresses.map(Recipient::Owner).collect()
}

pub(super) fn facts<'a>(
    moment: &'a Moment,
    organisation: &'a str,
    view: &'a KeyView,
    recipients: &'a [Recipient],
) -> KeyFacts<'a> {
    KeyFacts {
        deployment: &moment.configuration.settings.deployment,
        organisation,
        key_id: &view.key_id,
        expires_at_s: view.expires_at,
        removed: view.removed_at.is_some(),
        recipients,
    }
}

/// The plan of a key. What each webhook gets is made when the time comes and is no part of it.
fn planned(storage: &Storage, key_id: &str) -> Result<Vec<Planned>, Refusal> {
    // What was told of a change is never planned again, and there may be much of it.
    let statement = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE key_id = ? AND channel <> 'webhook'
         AND (state = 'waiting' OR event IN ('key.expires_soon', 'key.expired'))"
    );
    let rows: Vec<Row> = sql::rows(storage, &statement, args![key_id])?;
    let planned = rows.iter().filter_map(|row| match row.told() {
        Ok(Told::Key(notice)) => Some(row.planned(notice)),
        Ok(_) => None,
        Err(refusal) => Some(Err(refusal)),
    });
    planned.collect()
}

pub(super) fn insert(moment: &Moment, key_id: &str, one: &Planned) -> Result<(), Refusal> {
    let (channel, recipient) = match &one.recipient {
        Recipient::Owner(address) => (Channel::Mail, address.as_str()),
        Recipient::Webhook(id) if id == EVERY_WEBHOOK => (Channel::Webhooks, id.as_str()),
        Recipient::Webhook(id) => (Channel::Webhook, id.as_str()),
    };
    let new = New {
        id: one.id.as_str(),
        key_id: Some(key_id),
        event: one.notice.name(),
        channel,
        recipient,
        told: &Told::Key(one.notice.clone()),
        state: one.state,
        due_at_s: (one.state == State::Waiting).then(|| one.at_s(moment.now_s).max(moment.now_s)),
    };
    new.insert(&moment.storage, moment.now_s)
}

/// Tells every webhook that wants to know.
pub(in crate::organisation) fn announce(
    storage: &Storage,
    event: Event,
    now_s: u64,
) -> Result<(), Refusal> {
    let name = event.name();
    let told = Told::Event(event);
    for webhook in webhooks::subscribed(storage, name)? {
        tell(storage, name, Channel::Webhook, &webhook, &told, now_s)?;
    }
    Ok(())
}

/// How many trials of a webhook have not come to an end.
pub(in crate::organisation) fn trials(storage: &Storage, webhook: &str) -> Result<u64, Refusal> {
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }
    let count: Option<Count> = sql::row(
        storage,
        "SELECT count(*) AS count FROM deliveries WHERE recipient = ? COLLATE NOCASE AND channel <> 'webhooks'
         AND event = ? AND state IN ('waiting', 'sending')",
        args![webhook, EventName::WebhookTested.as_str()],
    )?;
    Ok(count.map_or(0, |row| row.count))
}

/// Tries one webhook; gives the delivery's id.
pub(in crate::organisation) fn test(
    storage: &Storage,
    organisation: &str,
    webhook: &str,
    now_s: u64,
) -> Result<String, Refusal> {
    let told = Told::Event(Event::WebhookTested {
        organisation: organisation.to_owned(),
        webhook: webhook.to_owned(),
    });
    let name = EventName::WebhookTested;
    tell(storage, name, Channel::Webhook, webhook, &told, now_s)
}

/// Tells those who manage the organisation, by mail.
pub(in crate::organisation) fn tell_admins(
    storage: &Storage,
    event: Event,
    now_s: u64,
) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct Admin {
        email: String,
    }
    let admins: Vec<Admin> = sql::rows(
        storage,
        "SELECT email FROM operators WHERE role = '\"firm-admin\"' AND disabled = 0
         AND signed_in_at_s IS NOT NULL ORDER BY signed_in_at_s DESC LIMIT ?",
        args![ADMINS_MAX],
    )?;
    let name = event.name();
    let told = Told::Event(event);
    for admin in admins {
        tell(storage, name, Channel::Mail, &admin.email, &told, now_s)?;
    }
    Ok(())
}
