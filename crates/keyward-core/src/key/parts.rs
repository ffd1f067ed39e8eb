//! What a key is compiled from.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ipnet::IpNet;
use zeroize::Zeroizing;

use super::{Assignment, SigningRules, TokenIssue, TokenProfile};
use crate::jws::JwsAlgorithm;
use crate::mac::Algorithm;

/// What a verified record says, its secrets opened: the input of [`Key::compile`](super::Key::compile).
#[derive(Debug)]
pub struct KeyParts {
    pub key_id: String,
    pub organisation: String,
    pub environment: String,
    pub generation: u64,
    /// Until when the record may be believed, in seconds of Unix time; `None`: for ever.
    pub fresh_until_s: Option<u64>,
    pub not_before_s: Option<u64>,
    pub expires_at_s: u64,
    pub disabled: bool,
    /// `None`: anywhere. An empty list: nowhere.
    pub addresses: Option<Vec<IpNet>>,
    pub assignments: Vec<Assignment>,
    pub material: Material,
}

/// What proves that the key was used.
#[derive(Debug)]
pub enum Material {
    /// The secret is sent with HTTP Basic; its MAC under a pepper is kept.
    Basic(Vec<BasicIssue>),
    /// Requests are signed.
    Signed {
        algorithm: Algorithm,
        rules: SigningRules,
        issues: Vec<SignedIssue>,
    },
    /// A token (RFC 7519) is sent with each request.
    Token {
        algorithm: JwsAlgorithm,
        profile: TokenProfile,
        issues: Vec<TokenIssue>,
    },
}

/// One secret of a `basic` key.
pub struct BasicIssue {
    pub issue: String,
    /// The pepper that the MAC was made with.
    pub pepper: Zeroizing<Vec<u8>>,
    /// HMAC-SHA512(pepper, secret).
    pub mac: [u8; 64],
    /// The MAC is over the secret's SHA-256 instead: more was not known of it.
    pub of_digest: bool,
    /// When this issue ends, if before the key does.
    pub not_after_s: Option<u64>,
}

/// One secret of a `signed` key.
pub struct SignedIssue {
    pub issue: String,
    /// The ASCII bytes of the secret as it was shown.
    pub secret: Zeroizing<Vec<u8>>,
    /// When this issue ends, if before the key does.
    pub not_after_s: Option<u64>,
}

impl fmt::Debug for BasicIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BasicIssue({}, ..)", self.issue)
    }
}

impl fmt::Debug for SignedIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedIssue({}, ..)", self.issue)
    }
}
