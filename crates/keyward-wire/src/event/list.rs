//! What `docs/events.md` shows of each event besides its name: an example, and what its members say.
use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use super::{Event, KeyData};

/// Every member of `data`, and what it says.
pub const FIELDS: [(&str, &str); 16] = [
    ("at", "when the head was signed, in seconds of Unix time"),
    ("environment", "where the key works"),
    ("expiresAt", "when the key expires, in seconds of Unix time"),
    ("hash", "the hash of the last entry, base64url"),
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
    ("organisation", "whose key, webhook or log it is"),
    ("owner", "the owner's address, in lower case"),
    ("sequence", "the number of the last entry"),
    (
        "signed",
        "the same as an envelope, signed with the key that signs records, for the name `a/<organisation>`",
    ),
    (
        "status",
        "the status of the last answer; `null`: there was no answer",
    ),
    ("webhook", "the id of the webhook"),
];

/// An example of every event that webhooks are sent, in the order of a key's life.
#[must_use]
pub fn documented() -> Vec<Event> {
    [
        Event::KeyCreated(key()),
        Event::KeyRotated {
            key: key(),
            issue: "8rZ2wUq0VhSxk4TnB7cLmE".to_owned(),
            old_valid_until: Some(1_798_848_000),
        },
        Event::KeyExpiresSoon {
            key: key(),
            notice_days: 30,
        },
        Event::KeyExpired(key()),
        Event::KeyRemoved(key()),
        Event::WebhookDisabled {
            organisation: "acme".to_owned(),
            webhook: "wh_billing".to_owned(),
            status: Some(503),
        },
        Event::WebhookTested {
            organisation: "acme".to_owned(),
            webhook: "wh_billing".to_owned(),
        },
        Event::OwnerDeclined {
            organisation: "acme".to_owned(),
            owner: "ada@acme.example".to_owned(),
        },
        Event::AuditHead {
            organisation: "acme".to_owned(),
            sequence: 1_024,
            hash: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".to_owned(),
            at: 1_798_761_600,
            signed: "kwr1.p1.eyJvcmdhbmlzYXRpb24iOiJhY21lIi4uLn0.c2lnbmF0dXJlLi4u".to_owned(),
        },
    ]
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
