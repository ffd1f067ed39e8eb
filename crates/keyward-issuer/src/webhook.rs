//! Webhooks as the Standard Webhooks specification has them: where they may go, and how they are
//! signed. Who sends them follows no redirect, and waits for [`TIMEOUT_S`].
use alloc::string::String;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

mod secret;
mod target;

pub use secret::{SecretError, WebhookSecret};
pub use target::{Target, TargetError};

use crate::notice::Outcome;

/// How long a receiver may take to answer.
pub const TIMEOUT_S: u64 = 10;

/// The fields of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedFields {
    /// `webhook-id`: the same however often it is sent.
    pub id: String,
    /// `webhook-timestamp`: when it was sent this time.
    pub timestamp: String,
    /// `webhook-signature`: one for each secret, with a space between.
    pub signature: String,
}

/// Signs a delivery with every secret that is valid, two while they are rotated: a receiver that
/// has one of them finds it. `body` is what is sent, byte for byte. The id has no `.` in it.
#[must_use]
pub fn sign<'a>(
    secrets: impl IntoIterator<Item = &'a WebhookSecret>,
    id: &str,
    now_s: u64,
    body: &[u8],
) -> SignedFields {
    let timestamp = alloc::format!("{now_s}");
    let mut signature = String::new();
    for secret in secrets {
        if !signature.is_empty() {
            signature.push(' ');
        }
        signature.push_str("v1,");
        signature.push_str(&mac(secret, &[id.as_bytes(), timestamp.as_bytes(), body]));
    }
    SignedFields {
        id: String::from(id),
        timestamp,
        signature,
    }
}

fn mac(secret: &WebhookSecret, [id, timestamp, body]: &[&[u8]; 3]) -> String {
    // HMAC takes keys of every length, so the error cannot happen; should it ever, nobody's
    // secret verifies what comes of it.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes())
        .unwrap_or_else(|_| Hmac::new(&Default::default()));
    for part in [id, b".".as_slice(), timestamp, b".", body] {
        mac.update(part);
    }
    Base64::encode_string(&mac.finalize().into_bytes())
}

/// What an answer means. `None`: there was none in time.
#[must_use]
pub const fn outcome(status: Option<u16>) -> Outcome {
    match status {
        Some(200..=299) => Outcome::Delivered,
        // Gone: its owner wants no more of them.
        Some(410) => Outcome::Refused,
        _ => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests;
