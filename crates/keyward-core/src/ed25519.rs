//! Ed25519 signatures of tokens. Where the host verifies faster than wasm, it does, and brings
//! evidence of what it verified; the core compares that with what it parsed (rule 16 of the
//! design).
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use crate::limits;

/// The public keys that verify tokens of one environment, each named by its thumbprint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenKeys(Vec<(String, [u8; 32])>);

/// There are more than [`limits::TOKEN_KEYS_MAX`] keys, or one is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenKeysError;

impl fmt::Display for TokenKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an environment has at most 16 token keys, each once")
    }
}

impl core::error::Error for TokenKeysError {}

impl TokenKeys {
    /// Public keys as RFC 8032 encodes them. The caller answers for it that none is weak.
    ///
    /// # Errors
    /// When there are too many or one is repeated.
    pub fn new(public_keys: impl IntoIterator<Item = [u8; 32]>) -> Result<Self, TokenKeysError> {
        let mut keys: Vec<(String, [u8; 32])> = Vec::new();
        for key in public_keys {
            if keys.len() >= limits::TOKEN_KEYS_MAX || keys.iter().any(|(_, other)| *other == key) {
                return Err(TokenKeysError);
            }
            keys.push((thumbprint(&key), key));
        }
        Ok(Self(keys))
    }

    /// Each key with its `kid`, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8; 32])> {
        self.0.iter().map(|(kid, key)| (kid.as_str(), key))
    }

    pub(crate) fn find(&self, kid: &str) -> Option<(&str, &[u8; 32])> {
        self.iter().find(|(found, _)| *found == kid)
    }
}

/// The JWK thumbprint (RFC 7638, RFC 8037 section 2) of an Ed25519 public key, as base64url.
#[must_use]
pub fn thumbprint(public_key: &[u8; 32]) -> String {
    let x = Base64UrlUnpadded::encode_string(public_key);
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let digest: [u8; 32] = Sha256::digest(jwk.as_bytes()).into();
    Base64UrlUnpadded::encode_string(&digest)
}

/// A signature that somebody must verify before the token can be believed.
#[derive(Clone, Copy)]
pub struct SignatureToCheck<'a> {
    pub(crate) kid: &'a str,
    pub(crate) public_key: &'a [u8; 32],
    pub(crate) token: &'a str,
    pub(crate) signing_input: &'a str,
    pub(crate) signature: &'a [u8; 64],
}

impl<'a> SignatureToCheck<'a> {
    /// The thumbprint of the public key.
    #[must_use]
    pub const fn kid(&self) -> &'a str {
        self.kid
    }

    #[must_use]
    pub const fn public_key(&self) -> &'a [u8; 32] {
        self.public_key
    }

    #[must_use]
    pub const fn message(&self) -> &'a [u8] {
        self.signing_input.as_bytes()
    }

    #[must_use]
    pub const fn signature(&self) -> &'a [u8; 64] {
        self.signature
    }

    /// SHA-256 of the whole token: under this name a host may remember its evidence.
    #[must_use]
    pub fn token_digest(&self) -> [u8; 32] {
        Sha256::digest(self.token.as_bytes()).into()
    }

    /// The evidence that would answer this.
    pub(crate) fn wanted(&self) -> SignatureEvidence {
        SignatureEvidence::verified(self.public_key, self.message(), self.signature)
    }

    /// Verifies here, for hosts that cannot do it faster. `None`: the signature is wrong.
    #[cfg(feature = "ed25519")]
    #[must_use]
    pub fn check(&self) -> Option<SignatureEvidence> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(self.public_key).ok()?;
        let signature = ed25519_dalek::Signature::from_bytes(self.signature);
        key.verify_strict(self.message(), &signature).ok()?;
        Some(self.wanted())
    }
}

impl fmt::Debug for SignatureToCheck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureToCheck({}, ..)", self.kid)
    }
}

/// What was verified, as a digest. Evidence of one signature says nothing of any other.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureEvidence([u8; 32]);

impl SignatureEvidence {
    /// Says that the caller found this signature over this message right under this key. To be
    /// called with the very bytes that were verified.
    #[must_use]
    pub fn verified(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Self {
        // Key and signature have fixed lengths, so the parts cannot run into each other.
        let mut hash = Sha256::new_with_prefix(b"keyward-ed25519-v1\0");
        hash.update(public_key);
        hash.update(message);
        hash.update(signature);
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for SignatureEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignatureEvidence(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_is_that_of_rfc_8037_a_3() {
        let mut key = [0; 32];
        Base64UrlUnpadded::decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", &mut key).unwrap();
        assert_eq!(
            thumbprint(&key),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn keys_are_found_by_thumbprint_and_bounded() {
        let keys = TokenKeys::new([[1; 32], [2; 32]]).unwrap();
        let kid = thumbprint(&[2; 32]);
        assert_eq!(keys.find(&kid), Some((kid.as_str(), &[2; 32])));
        assert_eq!(keys.find(""), None);
        assert_eq!(TokenKeys::new([[1; 32], [1; 32]]), Err(TokenKeysError));
        assert!(TokenKeys::new((0..16).map(|n| [n; 32])).is_ok());
        assert!(TokenKeys::new((0..17).map(|n| [n; 32])).is_err());
    }

    #[test]
    fn evidence_is_of_one_key_message_and_signature() {
        let evidence = SignatureEvidence::verified(&[1; 32], b"a", &[2; 64]);
        for other in [
            SignatureEvidence::verified(&[3; 32], b"a", &[2; 64]),
            SignatureEvidence::verified(&[1; 32], b"b", &[2; 64]),
            SignatureEvidence::verified(&[1; 32], b"a", &[4; 64]),
            SignatureEvidence::verified(&[1; 32], b"", &[2; 64]),
        ] {
            assert_ne!(evidence, other);
        }
    }
}
