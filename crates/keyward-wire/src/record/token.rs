//! What a record keeps of the tokens of its key.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use keyward_core::jws::JwsAlgorithm;

use crate::ring::RingId;

/// One token of a key: the issue's id is its `jti`. A token whose `jti` is not in the record is
/// not taken, whatever else is right about it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenIssue {
    pub issue: String,
    /// What the token is signed with, for HMAC alone.
    pub secret: Option<SealedSecret>,
    pub not_after_s: Option<u64>,
}

/// A secret that rests sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Which sealing key it is sealed with.
    pub ring: RingId,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

impl TokenIssue {
    pub(super) fn fits(&self, algorithm: JwsAlgorithm) -> bool {
        self.secret.is_some() == algorithm.mac().is_some()
    }
}

impl fmt::Debug for TokenIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenIssue({}, ..)", self.issue)
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedSecret({}, ..)", self.ring)
    }
}
