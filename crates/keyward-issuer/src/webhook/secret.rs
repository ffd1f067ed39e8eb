//! Secrets of webhooks: `whsec_` and base64, as the libraries of receivers want them.
use alloc::string::String;
use core::fmt;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use crate::error::IssueError;
use crate::random::{Entropy, bytes};

const PREFIX: &str = "whsec_";
const BYTES_MADE: usize = 32;
/// What the specification allows.
const BYTES_MIN: usize = 24;
const BYTES_MAX: usize = 64;

/// A secret that a webhook's receiver has too. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<alloc::vec::Vec<u8>>);

impl WebhookSecret {
    /// A new one of 256 bits.
    ///
    /// # Errors
    /// `Randomness` when the source does not give any.
    pub fn make(entropy: &mut Entropy<'_>) -> Result<Self, IssueError> {
        let made = bytes::<BYTES_MADE>(entropy)?;
        Ok(Self(Zeroizing::new(made.to_vec())))
    }

    /// # Errors
    /// When it is not `whsec_` and base64 (RFC 4648 section 4) of 24 to 64 bytes.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretError)?;
        let decoded = Base64::decode_vec(encoded).map_err(|_| SecretError)?;
        let secret = Self(Zeroizing::new(decoded));
        if (BYTES_MIN..=BYTES_MAX).contains(&secret.0.len()) {
            Ok(secret)
        } else {
            Err(SecretError)
        }
    }

    /// The text for the receiver.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let encoded = Zeroizing::new(Base64::encode_string(&self.0));
        let mut text = Zeroizing::new(String::with_capacity(
            PREFIX.len().saturating_add(encoded.len()),
        ));
        text.push_str(PREFIX);
        text.push_str(&encoded);
        text
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

/// Not a secret of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretError;

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a webhook's secret is whsec_ and base64 of 24 to 64 bytes")
    }
}

impl core::error::Error for SecretError {}
