//! Webhooks of an organisation: where they go, what they want to know, and whether they work.
mod form;
mod reach;
mod restore;
mod secret;
mod view;

use keyward_core::catalogue::Action;
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};
use worker::Storage;
use zeroize::Zeroizing;

use super::change::{Change, Moment, Needs};
use super::{deliveries, schema, version};
use crate::call::{self, Answer};
use crate::policy::Area;
use crate::random;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

pub(crate) use form::{NewWebhook, WebhookEdit};
pub(super) use reach::{Reach, note, reach, subscribed, target, wake};
pub(super) use restore::{KeptWebhook, Outcome as WebhookOutcome, restore};
pub(crate) use secret::WebhookRotation;
pub(super) use secret::{end_rotation, rotate};
#[cfg(test)]
pub(crate) use view::Issued as WebhookWithSecret;
use view::Row;
pub(crate) use view::WebhookView;

/// Webhooks of one organisation.
const WEBHOOKS_MAX: u64 = 10;
/// Trials of one webhook that wait to be sent.
const TRIALS_MAX: u64 = 10;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Webhooks {
    items: Vec<WebhookView>,
}

/// A trial that is under way.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Trial {
    /// The id of its delivery.
    delivery: String,
}

pub(super) fn list(moment: &Moment) -> Result<Answer, Refusal> {
    let actor = moment.look(Needs::to(Action::Read, Area::Organisation))?;
    // What its URL says may be what lets callers in.
    let sees_url = actor.role.permits(Area::Organisation, Action::Update);
    let statement = "SELECT * FROM webhooks ORDER BY created_at_s, id";
    let rows: Vec<Row> = sql::rows(&moment.storage, statement, args![])?;
    let items: Vec<WebhookView> = rows
        .iter()
        .map(|row| row.view(moment.now_s, sees_url))
        .collect::<Result<_, _>>()?;
    Answer::json(200, &Webhooks { items })
}

pub(super) fn show(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    let actor = moment.look(Needs::to(Action::Read, Area::Organisation))?;
    let sees_url = actor.role.permits(Area::Organisation, Action::Update);
    let row = Row::read(&moment.storage, id)?.ok_or_else(call::not_here)?;
    let answer = Answer::json(200, &row.view(moment.now_s, sees_url)?)?;
    Ok(version::tagged(answer, row.version))
}

pub(super) fn create(moment: &Moment, new: &NewWebhook) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Create, Area::Organisation).and_a_fresh_factor();
    moment.change(needs, |change| {
        let events = new.events.as_deref();
        form::check(&moment.configuration, Some(&new.url), events)?;
        if count(change.storage())? >= WEBHOOKS_MAX {
            return Err(Refusal::because(
                Code::Conflict,
                "10 webhooks are there already",
            ));
        }
        let id = format!("wh_{}", random::id()?);
        let (secret, sealed) = secret::make(change, &id)?;
        sql::run(
            change.storage(),
            "INSERT INTO webhooks (id, url, events, secret, created_at_s, created_by, version, failures, try_at_s)
             VALUES (?, ?, ?, ?, ?, ?, 1, 0, 0)",
            args![
                &id,
                &new.url,
                view::events_text(events)?,
                sealed,
                moment.now_s,
                &change.actor.email
            ],
        )?;
        let row = Row::read(change.storage(), &id)?.ok_or_else(call::not_here)?;
        let logged = row.view(moment.now_s, false)?;
        change.audit(EventName::WebhookCreated, &id, None, Some(&logged))?;
        row.answer(201, moment.now_s, Some(&secret))
    })
}

pub(super) fn edit(moment: &Moment, id: &str, edit: &WebhookEdit) -> Result<Answer, Refusal> {
    change(moment, id, EventName::WebhookEdited, |change, row| {
        version::is_said(moment)?;
        let events = edit.events.as_ref().map(Option::as_deref);
        form::check(&moment.configuration, edit.url.as_deref(), events.flatten())?;
        if edit.disabled == Some(false) && row.secret.is_none() {
            let detail = "it came back without its secret and needs a rotation first";
            return Err(Refusal::because(Code::Conflict, detail));
        }
        let mut next = Row {
            url: edit.url.clone().unwrap_or_else(|| row.url.clone()),
            events: match events {
                None => row.events.clone(),
                Some(events) => view::events_text(events)?,
            },
            disabled_at_s: match edit.disabled {
                None => row.disabled_at_s,
                Some(false) => None,
                Some(true) => row.disabled_at_s.or(Some(moment.now_s)),
            },
            ..row.clone()
        };
        let is_enabled = row.disabled_at_s.is_some() && next.disabled_at_s.is_none();
        if next.url != row.url || is_enabled {
            (next.failures, next.try_at_s) = (0, 0);
            reach::anew(change.storage(), id, moment.now_s)?;
        }
        Ok((next, None))
    })
}

/// Changes a webhook, for who has seen its present state, and answers with it and its secret, where
/// there is a new one.
fn change(
    moment: &Moment,
    id: &str,
    action: EventName,
    next: impl FnOnce(&Change<'_>, &Row) -> Result<(Row, Option<Zeroizing<String>>), Refusal>,
) -> Result<Answer, Refusal> {
    let now_s = moment.now_s;
    let needs = Needs::to(Action::Update, Area::Organisation).and_a_fresh_factor();
    moment.change(needs, |change| {
        let row = Row::read(change.storage(), id)?.ok_or_else(call::not_here)?;
        version::is_seen(moment, row.version)?;
        let (mut next, secret) = next(change, &row)?;
        if next != row {
            next.version = row.version.saturating_add(1);
            next.write(change.storage())?;
            let (before, after) = (row.view(now_s, false)?, next.view(now_s, false)?);
            change.audit(action, id, Some(&before), Some(&after))?;
        }
        next.answer(200, now_s, secret.as_deref().map(String::as_str))
    })
}

pub(super) fn remove(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Delete, Area::Organisation).and_a_fresh_factor();
    moment.change(needs, |change| {
        let row = Row::read(change.storage(), id)?.ok_or_else(call::not_here)?;
        version::is_seen(moment, row.version)?;
        let before = row.view(moment.now_s, false)?;
        // What it was to be told is given up when its time comes.
        sql::run(
            change.storage(),
            "DELETE FROM webhooks WHERE id = ?",
            args![id],
        )?;
        restore::note_removal(change.storage(), id)?;
        change.audit(EventName::WebhookRemoved, id, Some(&before), None)?;
        Ok(Answer::empty())
    })
}

/// Sends an event that means nothing; its delivery says what became of it.
pub(super) fn test(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    moment.change(Needs::to(Action::Update, Area::Organisation), |change| {
        let storage = change.storage();
        let row = Row::read(storage, id)?.ok_or_else(call::not_here)?;
        if row.disabled_at_s.is_some() {
            return Err(Refusal::because(Code::Conflict, "the webhook is disabled"));
        }
        if deliveries::trials(storage, id)? >= TRIALS_MAX {
            return Err(Refusal::because(
                Code::Conflict,
                "10 trials of it are under way",
            ));
        }
        let organisation = schema::policy(storage)?.name;
        let delivery = deliveries::test(storage, &organisation, id, moment.now_s)?;
        change.audit::<()>(EventName::WebhookTested, id, None, None)?;
        Answer::json(202, &Trial { delivery })
    })
}

fn count(storage: &Storage) -> Result<u64, Refusal> {
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }
    let count: Option<Count> =
        sql::row(storage, "SELECT count(*) AS count FROM webhooks", args![])?;
    Ok(count.map_or(0, |row| row.count))
}
