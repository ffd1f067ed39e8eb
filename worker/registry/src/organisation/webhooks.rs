//! Webhooks of an organisation: where they go, what they want to know, and whether they work.
mod reach;
mod view;

use keyward_core::catalogue::Action;
use keyward_issuer::webhook::{Target, WebhookSecret};
use keyward_wire::event::{EventName, Place};
use serde::{Deserialize, Serialize};
use worker::Storage;
use zeroize::Zeroizing;

use super::change::{Change, Moment, Needs};
use super::{deliveries, schema};
use crate::call::{self, Answer};
use crate::configuration::Configuration;
use crate::policy::Area;
use crate::random;
use crate::refusal::{Code, FieldError, Refusal};
use crate::sealed::Belongs;
use crate::sql::{self, args};

pub(super) use reach::{Reach, note, reach, subscribed, target, wake};
#[cfg(test)]
pub(crate) use view::Issued as WebhookWithSecret;
use view::Row;
pub(crate) use view::WebhookView;

/// Webhooks of one organisation.
const WEBHOOKS_MAX: u64 = 10;
/// Both secrets are valid so long after a rotation, where nobody says otherwise, and at most.
const OLD_SECRET_S: u64 = 24 * 60 * 60;
const OLD_SECRET_S_MAX: u64 = 30 * 24 * 60 * 60;
/// Trials of one webhook that wait to be sent.
const TRIALS_MAX: u64 = 10;

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhook {
    #[cfg_attr(test, schemars(with = "crate::openapi::WebhookUrl"))]
    url: String,
    /// Absent: all of them, also those that are added later.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::WebhookEvents>"))]
    events: Option<Vec<EventName>>,
}

/// What is absent stays.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookEdit {
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::WebhookUrl>"))]
    url: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::WebhookEvents>"))]
    events: Option<Option<Vec<EventName>>>,
    disabled: Option<bool>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct WebhookRotation {
    /// Until when the old secret signs, too, in seconds of Unix time.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    old_until: Option<u64>,
}

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

/// `null` is something else than nothing.
fn present<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<Vec<EventName>>>, D::Error> {
    Option::deserialize(from).map(Some)
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
    Answer::json(200, &row.view(moment.now_s, sees_url)?)
}

pub(super) fn create(moment: &Moment, new: &NewWebhook) -> Result<Answer, Refusal> {
    let mut errors = Vec::new();
    check(
        &moment.configuration,
        Some(&new.url),
        new.events.as_deref(),
        &mut errors,
    );
    let needs = Needs::to(Action::Create, Area::Organisation).and_a_fresh_factor();
    moment.change(needs, |change| {
        if !errors.is_empty() {
            return Err(Refusal::invalid(errors));
        }
        if count(change.storage())? >= WEBHOOKS_MAX {
            return Err(Refusal::because(Code::Conflict, "10 webhooks are there already"));
        }
        let id = format!("wh_{}", random::id()?);
        let (secret, sealed) = make_secret(change, &id)?;
        sql::run(
            change.storage(),
            "INSERT INTO webhooks (id, url, events, secret, created_at_s, created_by, failures, try_at_s)
             VALUES (?, ?, ?, ?, ?, ?, 0, 0)",
            args![
                &id,
                &new.url,
                view::events_text(new.events.as_deref())?,
                sealed,
                moment.now_s,
                &change.actor.email
            ],
        )?;
        let row = Row::read(change.storage(), &id)?.ok_or_else(call::not_here)?;
        let logged = row.view(moment.now_s, false)?;
        change.audit(EventName::WebhookCreated, &id, None, Some(&logged))?;
        Answer::json(201, &row.view(moment.now_s, true)?.with(&secret))
    })
}

pub(super) fn edit(moment: &Moment, id: &str, edit: &WebhookEdit) -> Result<Answer, Refusal> {
    let mut errors = Vec::new();
    let events = edit.events.as_ref().and_then(Option::as_deref);
    check(
        &moment.configuration,
        edit.url.as_deref(),
        events,
        &mut errors,
    );
    let needs = Needs::to(Action::Update, Area::Organisation).and_a_fresh_factor();
    moment.change(needs, |change| {
        let storage = change.storage();
        let row = Row::read(storage, id)?.ok_or_else(call::not_here)?;
        if !errors.is_empty() {
            return Err(Refusal::invalid(errors));
        }
        let before = row.view(moment.now_s, false)?;
        if let Some(url) = &edit.url {
            sql::run(
                storage,
                "UPDATE webhooks SET url = ? WHERE id = ?",
                args![url, id],
            )?;
        }
        if let Some(events) = &edit.events {
            let events = view::events_text(events.as_deref())?;
            sql::run(
                storage,
                "UPDATE webhooks SET events = ? WHERE id = ?",
                args![events, id],
            )?;
        }
        if let Some(disabled) = edit
            .disabled
            .filter(|disabled| *disabled != before.disabled)
        {
            sql::run(
                storage,
                "UPDATE webhooks SET disabled_at_s = ? WHERE id = ?",
                args![disabled.then_some(moment.now_s), id],
            )?;
        }
        let is_elsewhere = edit.url.as_ref().is_some_and(|url| *url != row.url);
        if is_elsewhere || (before.disabled && edit.disabled == Some(false)) {
            reach::anew(storage, id, moment.now_s)?;
        }
        let next = Row::read(storage, id)?.ok_or_else(call::not_here)?;
        let after = next.view(moment.now_s, false)?;
        if next != row {
            change.audit(EventName::WebhookEdited, id, Some(&before), Some(&after))?;
        }
        Answer::json(200, &next.view(moment.now_s, true)?)
    })
}

/// A new secret. The old one signs, too, until receivers have the new one.
pub(super) fn rotate(
    moment: &Moment,
    id: &str,
    rotation: &WebhookRotation,
) -> Result<Answer, Refusal> {
    let now_s = moment.now_s;
    let old_until_s = rotation
        .old_until
        .unwrap_or_else(|| now_s.saturating_add(OLD_SECRET_S));
    let needs = Needs::to(Action::Update, Area::Organisation).and_a_fresh_factor();
    moment.change(needs, |change| {
        let storage = change.storage();
        let row = Row::read(storage, id)?.ok_or_else(call::not_here)?;
        if old_until_s > now_s.saturating_add(OLD_SECRET_S_MAX) {
            return Err(Refusal::field("oldUntil", "must be within 30 days"));
        }
        let before = row.view(now_s, false)?;
        let (secret, sealed) = make_secret(change, id)?;
        sql::run(
            storage,
            "UPDATE webhooks SET old_secret = secret, old_until_s = ?, secret = ? WHERE id = ?",
            args![old_until_s, sealed, id],
        )?;
        let row = Row::read(storage, id)?.ok_or_else(call::not_here)?;
        let after = row.view(now_s, false)?;
        change.audit(EventName::WebhookRotated, id, Some(&before), Some(&after))?;
        Answer::json(200, &row.view(now_s, true)?.with(&secret))
    })
}

pub(super) fn remove(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Delete, Area::Organisation).and_a_fresh_factor();
    moment.change(needs, |change| {
        let row = Row::read(change.storage(), id)?.ok_or_else(call::not_here)?;
        let before = row.view(moment.now_s, false)?;
        // What it was to be told is given up when its time comes.
        sql::run(
            change.storage(),
            "DELETE FROM webhooks WHERE id = ?",
            args![id],
        )?;
        change.audit(EventName::WebhookRemoved, id, Some(&before), None)?;
        Ok(Answer::empty())
    })
}

/// Sends an event that means nothing; its delivery says what became of it.
pub(super) fn test(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    moment.change(Needs::to(Action::Update, Area::Organisation), |change| {
        let storage = change.storage();
        let row = Row::read(storage, id)?.ok_or_else(call::not_here)?;
        if row.view(moment.now_s, false)?.disabled {
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

fn check(
    configuration: &Configuration,
    url: Option<&str>,
    events: Option<&[EventName]>,
    errors: &mut Vec<FieldError>,
) {
    if let Some(url) = url
        && let Err(error) = Target::parse(url, &configuration.settings.own())
    {
        errors.push(FieldError::new("url", error));
    }
    let Some(events) = events else { return };
    if events.is_empty() {
        errors.push(FieldError::new("events", "must name one at least"));
    }
    for (index, event) in events.iter().take(EventName::ALL.len()).enumerate() {
        if !event.appears_in(Place::Webhook) {
            let field = format!("events[{index}]");
            errors.push(FieldError::new(field, "is none that webhooks are sent"));
        }
    }
    if events.len() > EventName::ALL.len() {
        errors.push(FieldError::new("events", "names more than there are"));
    }
}

/// The secret, to be shown once, and as it is kept.
fn make_secret(change: &Change<'_>, id: &str) -> Result<(Zeroizing<String>, String), Refusal> {
    let secret =
        WebhookSecret::make(&mut random::fill).map_err(|error| Refusal::internal(&error))?;
    let organisation = schema::policy(change.storage())?.name;
    let secret = secret.reveal();
    let sealed =
        belongs(&organisation, id).seal(&change.moment.configuration, secret.as_bytes())?;
    Ok((secret, sealed))
}

const fn belongs<'a>(organisation: &'a str, id: &'a str) -> Belongs<'a> {
    Belongs {
        organisation,
        id,
        kind: "webhook",
        issue: "secret",
        algorithm: "hmac-sha256",
    }
}
