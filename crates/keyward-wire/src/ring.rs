//! Names of the keys in a ring.
use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

/// The id of one key of a ring: `[a-z0-9-]{1,32}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RingId(String);

impl RingId {
    /// # Errors
    /// When the text is not `[a-z0-9-]{1,32}`.
    pub fn parse(text: &str) -> Result<Self, RingError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(RingError::Id)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RingId {
    type Error = RingError;

    fn try_from(text: String) -> Result<Self, RingError> {
        Self::parse(&text)
    }
}

impl From<RingId> for String {
    fn from(id: RingId) -> Self {
        id.0
    }
}

impl fmt::Display for RingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a ring cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingError {
    /// An id is not `[a-z0-9-]{1,32}`.
    Id,
    /// Two keys have the same id.
    Repeated,
    /// There is no key.
    Empty,
    /// A public key is not one, or so weak that anyone can sign for it.
    PublicKey,
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "the id of a ring's key must be 1 to 32 of a-z, 0-9 and -",
            Self::Repeated => "two keys of a ring have the same id",
            Self::Empty => "a ring needs at least one key",
            Self::PublicKey => "not a usable Ed25519 public key",
        })
    }
}

impl core::error::Error for RingError {}
