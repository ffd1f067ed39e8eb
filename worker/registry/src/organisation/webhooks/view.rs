//! The row of a webhook, and what is shown of it.
use keyward_issuer::webhook::Target;
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};
use worker::Storage;

use crate::call::Answer;
use crate::organisation::version::tagged;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// The row. Secrets are sealed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) url: String,
    /// JSON: a list, or `null` for all.
    pub(super) events: String,
    /// `None` where it came back from a backup without it.
    pub(super) secret: Option<String>,
    pub(super) old_secret: Option<String>,
    pub(super) old_until_s: Option<u64>,
    pub(super) created_at_s: u64,
    pub(super) created_by: String,
    pub(super) disabled_at_s: Option<u64>,
    /// Counts what is decided of it. What became of deliveries is no part of that.
    pub(super) version: u64,
    pub(super) status: Option<u16>,
    /// In a row.
    pub(super) failures: u32,
    pub(super) try_at_s: u64,
    pub(super) delivered_at_s: Option<u64>,
}

/// A webhook as it is answered.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookView {
    id: String,
    host: String,
    /// For those who may change it; `null` for others, and in the log.
    url: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::WebhookEvents>"))]
    events: Option<Vec<EventName>>,
    pub(super) disabled: bool,
    disabled_at: Option<u64>,
    /// Whether it has no secret, so that it cannot be enabled before it has one.
    needs_rotation: bool,
    /// Until when two secrets sign.
    old_secret_until: Option<u64>,
    created_at: u64,
    created_by: String,
    /// Of its last answer.
    status: Option<u16>,
    failures: u32,
    delivered_at: Option<u64>,
}

/// The same with its secret, this once.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Issued<'a> {
    #[serde(flatten)]
    view: WebhookView,
    secret: &'a str,
}

impl Row {
    pub(super) fn read(storage: &Storage, id: &str) -> Result<Option<Self>, Refusal> {
        let statement = "SELECT * FROM webhooks WHERE id = ?";
        Ok(sql::row(storage, statement, args![id])?)
    }

    /// Writes what was decided anew.
    pub(super) fn write(&self, storage: &Storage) -> worker::Result<()> {
        sql::run(
            storage,
            "UPDATE webhooks SET url = ?, events = ?, secret = ?, old_secret = ?, old_until_s = ?,
             disabled_at_s = ?, version = ?, failures = ?, try_at_s = ? WHERE id = ?",
            args![
                &self.url,
                &self.events,
                self.secret.as_ref(),
                self.old_secret.as_ref(),
                self.old_until_s,
                self.disabled_at_s,
                self.version,
                u64::from(self.failures),
                self.try_at_s,
                &self.id
            ],
        )
    }

    /// The older of two secrets, while both are valid, and until when they are.
    pub(super) fn old(&self, now_s: u64) -> Option<(&str, u64)> {
        let until_s = self.old_until_s.filter(|until_s| *until_s > now_s)?;
        Some((self.old_secret.as_deref()?, until_s))
    }

    /// As it is answered to who may change it, with its secret where there is a new one.
    pub(super) fn answer(
        &self,
        status: u16,
        now_s: u64,
        secret: Option<&str>,
    ) -> Result<Answer, Refusal> {
        let view = self.view(now_s, true)?;
        let answer = match secret {
            None => Answer::json(status, &view),
            Some(secret) => Answer::json(status, &Issued { view, secret }),
        };
        Ok(tagged(answer?, self.version))
    }

    pub(super) fn events(&self) -> Result<Option<Vec<EventName>>, Refusal> {
        serde_json::from_str(&self.events).map_err(|error| Refusal::internal(&error))
    }

    pub(super) fn view(&self, now_s: u64, sees_url: bool) -> Result<WebhookView, Refusal> {
        let host = Target::parse(&self.url, &[]).map(|target| target.host().to_owned());
        Ok(WebhookView {
            id: self.id.clone(),
            host: host.unwrap_or_default(),
            url: sees_url.then(|| self.url.clone()),
            events: self.events()?,
            disabled: self.disabled_at_s.is_some(),
            disabled_at: self.disabled_at_s,
            needs_rotation: self.secret.is_none(),
            old_secret_until: self.old(now_s).map(|(_, until_s)| until_s),
            created_at: self.created_at_s,
            created_by: self.created_by.clone(),
            status: self.status,
            failures: self.failures,
            delivered_at: self.delivered_at_s,
        })
    }
}

pub(super) fn events_text(events: Option<&[EventName]>) -> Result<String, Refusal> {
    serde_json::to_string(&events).map_err(|error| Refusal::internal(&error))
}
