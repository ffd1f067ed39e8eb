//! What is said of a webhook that is to be made or changed.
use keyward_issuer::webhook::Target;
use keyward_wire::event::{EventName, Place};
use serde::{Deserialize, Serialize};

use crate::configuration::Configuration;
use crate::refusal::{FieldError, Refusal};

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhook {
    #[cfg_attr(test, schemars(with = "crate::openapi::WebhookUrl"))]
    pub(super) url: String,
    /// Absent: all of them, also those that are added later.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::WebhookEvents>"))]
    pub(super) events: Option<Vec<EventName>>,
}

/// What is absent stays.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookEdit {
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::WebhookUrl>"))]
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::WebhookEvents>"))]
    pub(super) events: Option<Option<Vec<EventName>>>,
    pub(super) disabled: Option<bool>,
}

/// `null` is something else than nothing.
fn present<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<Vec<EventName>>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// # Errors
/// `invalid`, with each member that is.
pub(super) fn check(
    configuration: &Configuration,
    url: Option<&str>,
    events: Option<&[EventName]>,
) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    if let Some(url) = url
        && let Err(error) = Target::parse(url, &configuration.settings.own())
    {
        errors.push(FieldError::new("url", error));
    }
    if let Some(events) = events {
        check_events(events, &mut errors);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid(errors))
    }
}

fn check_events(events: &[EventName], errors: &mut Vec<FieldError>) {
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
