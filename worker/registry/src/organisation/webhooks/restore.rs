//! A webhook of a backup. One that is here stays as it is, and one that was removed here stays so.
//! What became of any other since nobody can say: it comes back disabled, and somebody enables it.
use keyward_issuer::webhook::Target;
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};
use worker::Storage;

use super::view::Row;
use super::{WEBHOOKS_MAX, count, secret, view};
use crate::organisation::change::Change;
use crate::organisation::schema;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// As a backup has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::organisation) struct KeptWebhook {
    pub(in crate::organisation) id: String,
    /// For those who may change it, as it may be what lets callers in.
    pub(in crate::organisation) url: Option<String>,
    pub(in crate::organisation) events: Option<Vec<EventName>>,
    pub(in crate::organisation) created_at: u64,
    pub(in crate::organisation) created_by: String,
    pub(in crate::organisation) disabled_at: Option<u64>,
    /// Sealed.
    #[serde(default)]
    pub(in crate::organisation) secret: Option<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::organisation) enum Outcome {
    /// It is here, and as it is here.
    Kept,
    KeptRemoved,
    /// Disabled until somebody enables it.
    Unproven,
    /// Disabled, and without a secret until somebody rotates it.
    NoSecret,
    /// The backup does not say where it goes.
    NoUrl,
    /// There are as many as there may be.
    TooMany,
    /// It may not go there any more.
    Unusable,
}

/// Its removal outlives it.
pub(super) fn note_removal(storage: &Storage, id: &str) -> worker::Result<()> {
    let statement = "INSERT INTO removed_webhooks VALUES (?)";
    sql::run(storage, statement, args![id])
}

pub(in crate::organisation) fn restore(
    change: &Change<'_>,
    kept: &KeptWebhook,
) -> Result<Outcome, Refusal> {
    #[derive(Deserialize)]
    struct Removed {}
    let (storage, moment) = (change.storage(), change.moment);
    let statement = "SELECT 1 FROM removed_webhooks WHERE id = ?";
    let removed: Option<Removed> = sql::row(storage, statement, args![&kept.id])?;
    if removed.is_some() {
        return Ok(Outcome::KeptRemoved);
    }
    if Row::read(storage, &kept.id)?.is_some() {
        return Ok(Outcome::Kept);
    }
    let Some(url) = &kept.url else {
        return Ok(Outcome::NoUrl);
    };
    if Target::parse(url, &moment.configuration.settings.own()).is_err() {
        return Ok(Outcome::Unusable);
    }
    if count(storage)? >= WEBHOOKS_MAX {
        return Ok(Outcome::TooMany);
    }
    let organisation = schema::policy(storage)?.name;
    let opens = |sealed: &&String| secret::open(moment, &organisation, &kept.id, sealed).is_some();
    let secret = kept.secret.as_ref().filter(opens);
    sql::run(
        storage,
        "INSERT INTO webhooks (id, url, events, secret, created_at_s, created_by, disabled_at_s, version, failures, try_at_s)
         VALUES (?, ?, ?, ?, ?, ?, ?, 1, 0, 0)",
        args![
            &kept.id,
            url,
            view::events_text(kept.events.as_deref())?,
            secret,
            kept.created_at,
            &kept.created_by,
            kept.disabled_at.unwrap_or(moment.now_s)
        ],
    )?;
    if let Some(row) = Row::read(storage, &kept.id)? {
        let after = row.view(moment.now_s, false)?;
        change.audit(EventName::WebhookRestored, &kept.id, None, Some(&after))?;
    }
    Ok(match secret {
        Some(_) => Outcome::Unproven,
        None => Outcome::NoSecret,
    })
}
