//! Keys of kind `token`: which tokens of a key are alive, and with what they are verified.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::KeyError;
use crate::jws::JwsAlgorithm;
use crate::mac::MacKey;

/// Whose tokens a key takes. A token is of one profile, by its `typ`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenProfile {
    /// Those that are made here: `typ`, `kid`, `iss`, `aud`, `sub` and `jti` are ours.
    #[default]
    Keyward,
    /// Those that the key's holder makes, with HMAC and a secret of the key: plain JWTs whose
    /// `iss` is the key id.
    JwtIss,
}

/// One token of a key, whose `jti` is the issue's id; where the holder makes them, all that are
/// signed with one secret.
pub struct TokenIssue {
    pub issue: String,
    /// What tokens are signed with, for HMAC alone. Of those made here `kid` is the issue's id.
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
