//! Secrets of webhooks: made, sealed, and replaced by others beside which they sign for a while.
use keyward_issuer::webhook::WebhookSecret;
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::change;
use super::view::Row;
use crate::call::Answer;
use crate::organisation::change::{Change, Moment};
use crate::organisation::schema;
use crate::random;
use crate::refusal::Refusal;
use crate::sealed::Belongs;

/// Both secrets are valid so long after a rotation, where nobody says otherwise, and at most.
const OLD_SECRET_S: u64 = 24 * 60 * 60;
const OLD_SECRET_S_MAX: u64 = 30 * 24 * 60 * 60;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct WebhookRotation {
    /// Until when the old secret signs, too, in seconds of Unix time.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    old_until: Option<u64>,
}

/// A new secret. The old one signs, too, until receivers have the new one; a third one there never
/// is, since the oldest would end unannounced.
pub(in crate::organisation) fn rotate(
    moment: &Moment,
    id: &str,
    rotation: &WebhookRotation,
) -> Result<Answer, Refusal> {
    let now_s = moment.now_s;
    let old_until_s = rotation
        .old_until
        .unwrap_or_else(|| now_s.saturating_add(OLD_SECRET_S));
    change(moment, id, EventName::WebhookRotated, |change, row| {
        if old_until_s > now_s.saturating_add(OLD_SECRET_S_MAX) {
            return Err(Refusal::field("oldUntil", "must be within 30 days"));
        }
        if let Some((_, until_s)) = row.old(now_s) {
            return Err(Refusal::rotation_under_way(until_s));
        }
        let (secret, sealed) = make(change, id)?;
        let next = Row {
            old_secret: row.secret.clone(),
            old_until_s: row.secret.is_some().then_some(old_until_s),
            secret: Some(sealed),
            ..row.clone()
        };
        Ok((next, Some(secret)))
    })
}

/// The newest secret is the only one.
pub(in crate::organisation) fn end_rotation(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    let action = EventName::WebhookRotationEnded;
    change(moment, id, action, |_, row| {
        let next = match row.old(moment.now_s) {
            None => row.clone(),
            Some(_) => Row {
                old_secret: None,
                old_until_s: None,
                ..row.clone()
            },
        };
        Ok((next, None))
    })
}

/// The secret, to be shown once, and as it is kept.
pub(super) fn make(change: &Change<'_>, id: &str) -> Result<(Zeroizing<String>, String), Refusal> {
    let secret =
        WebhookSecret::make(&mut random::fill).map_err(|error| Refusal::internal(&error))?;
    let organisation = schema::policy(change.storage())?.name;
    let secret = secret.reveal();
    let sealed =
        belongs(&organisation, id).seal(&change.moment.configuration, secret.as_bytes())?;
    Ok((secret, sealed))
}

/// `None` when it is not this webhook's, or was sealed under a master that is gone.
pub(super) fn open(
    moment: &Moment,
    organisation: &str,
    id: &str,
    sealed: &str,
) -> Option<WebhookSecret> {
    let secret = belongs(organisation, id).unseal(&moment.configuration, sealed)?;
    WebhookSecret::parse(core::str::from_utf8(&secret).ok()?).ok()
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
