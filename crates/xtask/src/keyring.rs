//! What keyrings of demonstrations and tests are made of.
use std::time::{SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_wire::ring::RingId;
use zeroize::Zeroizing;

use crate::failure::{About, Failure, Result};

pub(crate) fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

pub(crate) fn ring_id(text: &str) -> Result<RingId> {
    RingId::parse(text).about("a ring's id")
}

pub(crate) fn random() -> Result<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).about("randomness")?;
    Ok(bytes)
}

/// Seconds of Unix time.
pub(crate) fn now_s() -> Result<u64> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|since| since.as_secs())
        .map_err(|_| Failure::new("the clock is set before 1970"))
}
