//! The documented list: every event, when it happens, and an example.
use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use super::{Event, KeyData};

/// A row of the list.
#[derive(Clone, Debug)]
pub struct DocumentedEvent {
    pub when: &'static str,
    pub example: Event,
}

/// Every member of `data`, and what it says.
pub const FIELDS: [(&str, &str); 11] = [
    ("environment", "where the key works"),
    ("expiresAt", "when the key expires, in seconds of Unix time"),
    ("issue", "the id of the new secret or token"),
    ("keyId", "the key's id"),
    ("kind", "`signed`, `token` or `basic`"),
    ("name", "the key's name, as its organisation has it"),
    (
        "noticeDays",
        "which notice it is: 90, 30 or 7 days before the end. How long is left says `expiresAt`",
    ),
    (
        "oldValidUntil",
        "until when the secret or token before it is valid too, in seconds of Unix time; `null`: it is not",
    ),
    ("organisation", "whose key it is"),
    (
        "status",
        "the status of the last answer; `null`: there was no answer",
    ),
    ("webhook", "the id of the webhook"),
];

/// Every event, in the order of a key's life.
#[must_use]
pub fn documented() -> Vec<DocumentedEvent> {
    [
        (
            "A key was made, or brought along from elsewhere.",
            Event::KeyCreated(key()),
        ),
        (
            "A key has a new secret or token.",
            Event::KeyRotated {
                key: key(),
                issue: "8rZ2wUq0VhSxk4TnB7cLmE".to_owned(),
                old_valid_until: Some(1_798_848_000),
            },
        ),
        (
            "A key expires in 90, 30 or 7 days. Where several of them lie behind at once, because a clock was wrong, there is the nearest to the end alone.",
            Event::KeyExpiresSoon {
                key: key(),
                notice_days: 30,
            },
        ),
        ("A key has expired.", Event::KeyExpired(key())),
        (
            "A key was removed, for ever.",
            Event::KeyRemoved(key()),
        ),
        (
            "A webhook is not called any more: for three days nothing could be delivered, or it answered 410.",
            Event::WebhookDisabled {
                organisation: "acme".to_owned(),
                webhook: "wh_billing".to_owned(),
                status: Some(503),
            },
        ),
    ]
    .map(|(when, example)| DocumentedEvent { when, example })
    .into()
}

fn key() -> KeyData {
    KeyData {
        organisation: "acme".to_owned(),
        key_id: "kwk_52PftQTKXTfcTQZXcdkxOg3WYEOr".to_owned(),
        name: "Billing export".to_owned(),
        kind: "signed".to_owned(),
        environment: "production".to_owned(),
        expires_at: 1_830_297_600,
    }
}
