//! Keys of kind `token`: which tokens of a key are alive, and with what they are verified.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::KeyError;
use crate::jws::JwsAlgorithm;
use crate::mac::MacKey;

/// One token of a key. Its `jti` is the issue's id.
pub struct TokenIssue {
    pub issue: String,
    /// What the token is signed with, for HMAC alone. Its `kid` is the issue's id.
    pub secret: Option<Zeroizing<Vec<u8>>>,
    /// When this issue ends, if before the key does.
    pub not_after_s: Option<u64>,
}

impl fmt::Debug for TokenIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenIssue({}, ..)", self.issue)
    }
}

#[derive(Debug)]
pub(crate) struct CompiledToken {
    pub(crate) issue: String,
    pub(crate) key: Option<MacKey>,
    pub(crate) not_after_s: Option<u64>,
}

impl CompiledToken {
    pub(super) fn compile(algorithm: JwsAlgorithm, one: TokenIssue) -> Result<Self, KeyError> {
        let key = match (algorithm.mac(), one.secret) {
            (Some(mac), Some(secret)) => Some(MacKey::new(mac, &secret)),
            (None, None) => None,
            _ => {
                return Err(KeyError(
                    "tokens have a secret with HMAC and none with Ed25519",
                ));
            }
        };
        Ok(Self {
            issue: one.issue,
            key,
            not_after_s: one.not_after_s,
        })
    }
}
