//! What happens: the one list of names that webhooks, mails, audit log and API have for it, and the
//! body of a webhook.
use alloc::string::{String, ToString};

use keyward_core::http_date::Civil;
use serde::{Deserialize, Serialize};

mod list;
mod name;

pub use list::{FIELDS, documented};
pub use name::{EventName, Place};

/// Something that happened, as webhooks are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum Event {
    #[serde(rename = "key.created")]
    KeyCreated(KeyData),
    #[serde(rename = "key.rotated")]
    KeyRotated {
        #[serde(flatten)]
        key: KeyData,
        issue: String,
        /// `None`: the old one is not valid any more.
        old_valid_until: Option<u64>,
    },
    #[serde(rename = "key.removed")]
    KeyRemoved(KeyData),
    #[serde(rename = "key.expires_soon")]
    KeyExpiresSoon {
        #[serde(flatten)]
        key: KeyData,
        notice_days: u64,
    },
    #[serde(rename = "key.expired")]
    KeyExpired(KeyData),
    #[serde(rename = "webhook.disabled")]
    WebhookDisabled {
        organisation: String,
        webhook: String,
        /// What its last answer was; `None`: there was none.
        status: Option<u16>,
    },
    #[serde(rename = "webhook.tested")]
    WebhookTested {
        organisation: String,
        webhook: String,
    },
    #[serde(rename = "owner.declined")]
    OwnerDeclined {
        organisation: String,
        /// The address.
        owner: String,
    },
    #[serde(rename = "audit.head")]
    AuditHead {
        organisation: String,
        sequence: u64,
        hash: String,
        at: u64,
        signed: String,
    },
}

/// Of which key an event is. Nothing secret, and no memo: that one is for owners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyData {
    pub organisation: String,
    pub key_id: String,
    pub name: String,
    pub kind: String,
    pub environment: String,
    pub expires_at: u64,
}

#[derive(Serialize)]
struct Body<'a> {
    timestamp: String,
    #[serde(flatten)]
    event: &'a Event,
}

impl Event {
    /// The content of a webhook, for what happened at this second of Unix time: `type`,
    /// `timestamp` (RFC 3339) and `data`, as the Standard Webhooks specification has it.
    ///
    /// # Errors
    /// Never, of an event that is one.
    pub fn body(&self, at_s: u64) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Body {
            timestamp: rfc3339(at_s),
            event: self,
        })
    }

    #[must_use]
    pub const fn name(&self) -> EventName {
        match self {
            Self::KeyCreated(_) => EventName::KeyCreated,
            Self::KeyRotated { .. } => EventName::KeyRotated,
            Self::KeyRemoved(_) => EventName::KeyRemoved,
            Self::KeyExpiresSoon { .. } => EventName::KeyExpiresSoon,
            Self::KeyExpired(_) => EventName::KeyExpired,
            Self::WebhookDisabled { .. } => EventName::WebhookDisabled,
            Self::WebhookTested { .. } => EventName::WebhookTested,
            Self::OwnerDeclined { .. } => EventName::OwnerDeclined,
            Self::AuditHead { .. } => EventName::AuditHead,
        }
    }
}

fn rfc3339(unix_s: u64) -> String {
    // Times after the year 9999 have no such text; nothing happens then.
    let Some(at) = Civil::of(unix_s) else {
        return unix_s.to_string();
    };
    alloc::format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year,
        at.month,
        at.day,
        at.hour,
        at.minute,
        at.second
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_type_time_and_data() {
        let event = documented().swap_remove(0);
        let body = event.body(1_798_761_600).unwrap();
        let read: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(read["timestamp"], "2027-01-01T00:00:00Z");
        assert_eq!(read["type"], event.name().as_str());
        assert_eq!(read["data"]["keyId"], "kwk_52PftQTKXTfcTQZXcdkxOg3WYEOr");
        assert_eq!(read.as_object().unwrap().len(), 3);
    }
}
