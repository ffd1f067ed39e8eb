//! A signature over a request, in whichever profile.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::content::ContentDigest;
use crate::denial::{Code, Denial};
use crate::freshness::Freshness;
use crate::key::Profile;
use crate::limits;
use crate::mac::Algorithm;
use crate::signature_base::BaseError;

/// One signature whose base needs nothing but the request's head, rebuilt from the request as
/// it was received.
pub(crate) struct SignatureCredential {
    pub(crate) profile: Profile,
    pub(crate) key_id: String,
    /// What the MAC is as long as, and the credential says if it names one; `None` if no key
    /// can have it.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) freshness: Freshness,
    pub(crate) has_nonce: bool,
    /// The digest field, if it is covered.
    pub(crate) content_digest: Option<ContentDigest>,
    pub(crate) mac: Vec<u8>,
    pub(crate) base: String,
    /// The base without the client's other secrets, if the deployment shows it.
    pub(crate) shown_base: Option<String>,
}

impl fmt::Debug for SignatureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureCredential({}, ..)", self.key_id)
    }
}

pub(crate) fn malformed(detail: impl Into<String>) -> Denial {
    Denial::because(Code::MalformedCredentials, detail)
}

/// The algorithm that makes MACs of this length.
pub(crate) fn algorithm_of(mac: &[u8]) -> Result<Algorithm, Denial> {
    match mac.len() {
        32 => Ok(Algorithm::HmacSha256),
        64 => Ok(Algorithm::HmacSha512),
        _ => Err(malformed("the signature has neither 32 nor 64 bytes")),
    }
}

pub(crate) fn deny_base(error: BaseError) -> Denial {
    let code = match error {
        BaseError::Unsupported(_) => Code::UnsupportedComponent,
        _ => Code::MalformedCredentials,
    };
    Denial::because(code, format!("{error}"))
}

/// A base as answers may show it.
pub(crate) fn cut(base: String) -> String {
    match base.get(..limits::SIGNATURE_BASE_SHOWN_BYTES_MAX) {
        Some(start) => start.into(),
        None => base,
    }
}

/// Content must be covered by a digest that counts.
pub(crate) fn content_not_covered(profile: Profile) -> Denial {
    insufficient(alloc::vec![match profile {
        Profile::Rfc9421 => "content-digest",
        Profile::Cloud9 | Profile::Kong | Profile::Cavage => "digest",
    }])
}

pub(crate) fn insufficient(missing: Vec<&'static str>) -> Denial {
    let mut detail = String::from("the signature must also cover ");
    detail.push_str(&missing.join(", "));
    if missing.contains(&"content-digest") || missing.contains(&"digest") {
        detail.push_str(" with sha-512 or sha-256");
    }
    Denial::because(Code::InsufficientCoverage, detail).missing(missing)
}
