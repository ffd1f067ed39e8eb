//! What keys may bring along: which ids, and which secrets.
use core::fmt;

use keyward_core::credential_text::{KEY_ID_PREFIX, SECRET_PREFIX, is_key_id, is_secret};
use keyward_core::limits::SECRET_BYTES_MAX;

/// The least length of secrets that are brought along, in bytes. It says nothing of how random
/// they are; who imports answers for that.
pub const IMPORTED_SECRET_BYTES_MIN: usize = 32;

/// What the owner of an imported key has already.
#[derive(Clone, Copy)]
pub enum Brought<'a> {
    Secret(&'a [u8]),
    /// The same, and somebody answers for it should it be short.
    ShortSecret(&'a [u8]),
    /// The SHA-256 of a basic key's secret, which has to be a strong one: it does not show.
    Digest(&'a [u8; 32]),
}

impl fmt::Debug for Brought<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Brought(..)")
    }
}

impl Brought<'_> {
    /// # Errors
    /// As [`check_imported_secret`], without `Short` where that was overridden.
    pub fn check(&self) -> Result<(), SecretFault> {
        match self {
            Self::Secret(secret) => check_imported_secret(secret),
            Self::ShortSecret(secret) => match check_imported_secret(secret) {
                Err(SecretFault::Short) => Ok(()),
                other => other,
            },
            Self::Digest(_) => Ok(()),
        }
    }

    pub(crate) const fn bytes(&self) -> &[u8] {
        match self {
            Self::Secret(bytes) | Self::ShortSecret(bytes) => bytes,
            Self::Digest(digest) => digest.as_slice(),
        }
    }
}

/// Whether a key may have this id from elsewhere: `[A-Za-z0-9._~-]{1,128}`, and not like those
/// made here. `.` and `..` are no segments of a path: nobody could remove such a key.
#[must_use]
pub fn is_imported_key_id(id: &str) -> bool {
    !id.starts_with(KEY_ID_PREFIX) && !matches!(id, "." | "..") && is_key_id(id, true)
}

/// Whether a key may have this secret from elsewhere.
///
/// # Errors
/// With what is wrong; `Short` alone can be overridden.
pub fn check_imported_secret(secret: &[u8]) -> Result<(), SecretFault> {
    let is_mistyped = secret.starts_with(SECRET_PREFIX.as_bytes())
        && !core::str::from_utf8(secret).is_ok_and(is_secret);
    match secret.len() {
        0 => Err(SecretFault::Empty),
        length if length > SECRET_BYTES_MAX => Err(SecretFault::Long),
        _ if is_mistyped => Err(SecretFault::Mistyped),
        length if length < IMPORTED_SECRET_BYTES_MIN => Err(SecretFault::Short),
        _ => Ok(()),
    }
}

/// What is wrong with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretFault {
    Empty,
    Long,
    /// It starts like those made here, and its checksum is another.
    Mistyped,
    /// So short that it may be guessed.
    Short,
}

impl fmt::Display for SecretFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "there is no secret",
            Self::Long => "the secret has more than 512 bytes",
            Self::Mistyped => "the secret starts with kws_ and its checksum is wrong",
            Self::Short => "the secret has fewer than 32 bytes",
        })
    }
}

impl core::error::Error for SecretFault {}
