//! Randomness of the runtime, and hashes of what is kept of random secrets.
use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::refusal::Refusal;

/// # Errors
/// When the runtime gives none.
pub(crate) fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, Refusal> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| Refusal::internal(&error))?;
    Ok(bytes)
}

/// For the issuer, which notices a source that gives nothing but zeros.
pub(crate) fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        bytes.fill(0);
    }
}

/// A secret of 256 bits, to be shown once.
///
/// # Errors
/// When the runtime gives no randomness.
pub(crate) fn secret() -> Result<Zeroizing<String>, Refusal> {
    let bytes = bytes::<32>()?;
    Ok(Zeroizing::new(Base64UrlUnpadded::encode_string(
        bytes.as_slice(),
    )))
}

/// An id of 128 bits.
///
/// # Errors
/// When the runtime gives no randomness.
pub(crate) fn id() -> Result<String, Refusal> {
    Ok(Base64UrlUnpadded::encode_string(bytes::<16>()?.as_slice()))
}

/// What is kept of a secret that is random enough to need no slow hash.
pub(crate) fn hash(secret: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(secret.as_bytes()))
}

/// Whether two secrets are the same, in a time that says nothing of them.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (
        Sha256::digest(one.as_bytes()),
        Sha256::digest(other.as_bytes()),
    );
    one.as_slice().ct_eq(other.as_slice()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_kept_as_hashes() {
        let (one, other) = (secret().expect("a secret"), secret().expect("a secret"));
        assert_eq!(one.len(), 43);
        assert_ne!(*one, *other);
        assert!(is_same(&one, &one.clone()) && !is_same(&one, &other) && !is_same(&one, ""));
        assert_ne!(hash(&one), *one);
    }
}
