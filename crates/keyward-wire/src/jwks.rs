//! JWK sets (RFC 7517, RFC 8037) of the public keys that verify tokens.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::VerifyingKey;
use keyward_core::ed25519::{TokenKeys, thumbprint};
use serde::{Deserialize, Serialize};

use crate::base64url::{self, Text};

/// The document that is published for clients who verify tokens themselves, and that a gateway
/// has in its settings. Members that are not there when one is written are refused when one is
/// read: a private key must not lie in the settings unnoticed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    kty: KeyType,
    crv: Curve,
    x: Text,
    kid: String,
    #[serde(rename = "use", default)]
    purpose: Option<Purpose>,
    #[serde(default)]
    alg: Option<Alg>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum KeyType {
    #[serde(rename = "OKP")]
    Okp,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Curve {
    Ed25519,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Purpose {
    Sig,
}

/// RFC 8037 has the first name, RFC 9864 the second; readers of the set know the first.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Alg {
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    EdDsa,
}

impl JwkSet {
    /// The set of these public keys.
    #[must_use]
    pub fn of(keys: &TokenKeys) -> Self {
        let keys = keys.iter().map(|(kid, key)| Jwk {
            kty: KeyType::Okp,
            crv: Curve::Ed25519,
            x: Text(key.to_vec()),
            kid: kid.into(),
            purpose: Some(Purpose::Sig),
            alg: Some(Alg::EdDsa),
        });
        Self {
            keys: keys.collect(),
        }
    }

    /// The public keys.
    ///
    /// # Errors
    /// When one is not usable, its `kid` is not its thumbprint, one is repeated or there are too
    /// many.
    pub fn to_token_keys(&self) -> Result<TokenKeys, JwkSetError> {
        let keys = self.keys.iter().map(|jwk| usable(&jwk.kid, &jwk.x.0));
        TokenKeys::new(keys.collect::<Result<Vec<_>, _>>()?).map_err(|_| JwkSetError::Count)
    }

    /// The document, for `application/jwk-set+json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Text and names only: there is nothing that could not be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The key of a `kid` and an `x` as they are written.
///
/// # Errors
/// When it is not usable, or the `kid` is not its thumbprint.
pub fn token_key(kid: &str, x: &str) -> Result<[u8; 32], JwkSetError> {
    usable(kid, &base64url::decode(x).ok_or(JwkSetError::PublicKey)?)
}

fn usable(kid: &str, x: &[u8]) -> Result<[u8; 32], JwkSetError> {
    let key = <[u8; 32]>::try_from(x).map_err(|_| JwkSetError::PublicKey)?;
    let point = VerifyingKey::from_bytes(&key).map_err(|_| JwkSetError::PublicKey)?;
    if point.is_weak() {
        return Err(JwkSetError::PublicKey);
    }
    if kid != thumbprint(&key) {
        return Err(JwkSetError::Kid);
    }
    Ok(key)
}

impl fmt::Debug for JwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwkSet")?;
        f.debug_list()
            .entries(self.keys.iter().map(|jwk| &jwk.kid))
            .finish()
    }
}

/// What is wrong with a JWK set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkSetError {
    /// `x` is no Ed25519 public key, or one so weak that anyone can sign for it.
    PublicKey,
    /// A `kid` is not the key's thumbprint.
    Kid,
    /// Too many keys, or one twice.
    Count,
}

impl fmt::Display for JwkSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicKey => "x must be a usable Ed25519 public key",
            Self::Kid => "kid must be the thumbprint of its key (RFC 7638)",
            Self::Count => "an environment has at most 16 token keys, each once",
        })
    }
}

impl core::error::Error for JwkSetError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    // RFC 8037 appendix A.2 and A.3.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    fn json() -> String {
        alloc::format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{X}","kid":"{KID}","use":"sig","alg":"EdDSA"}}]}}"#
        )
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let set: JwkSet = serde_json::from_str(&json()).unwrap();
        let keys = set.to_token_keys().unwrap();
        assert_eq!(keys.iter().next().unwrap().0, KID);
        assert_eq!(JwkSet::of(&keys).to_json(), json());
        let bare = json().replace(r#","use":"sig","alg":"EdDSA""#, "");
        let set: JwkSet = serde_json::from_str(&bare).unwrap();
        assert_eq!(set.to_token_keys(), Ok(keys));
    }

    #[test]
    fn what_is_no_set_of_public_keys_is_refused() {
        for (from, to) in [
            ("OKP", "oct"),
            ("Ed25519", "X25519"),
            (r#""use":"sig""#, r#""use":"enc""#),
            (r#""alg":"EdDSA""#, r#""alg":"HS256""#),
            // A private key.
            (r#""kty""#, r#""d":"AAAA","kty""#),
            (r#""kty""#, r#""kty":"OKP","kty""#),
            (X, &alloc::format!("{X}=")),
        ] {
            let bad = json().replacen(from, to, 1);
            assert_ne!(bad, json());
            assert!(serde_json::from_str::<JwkSet>(&bad).is_err(), "{bad}");
        }
        let error = |from: &str, to: &str| {
            let bad = json().replacen(from, to, 1);
            let set: JwkSet = serde_json::from_str(&bad).unwrap();
            set.to_token_keys().unwrap_err()
        };
        assert_eq!(error(KID, "k1"), JwkSetError::Kid);
        assert_eq!(error(X, "AAAA"), JwkSetError::PublicKey);
        // The neutral element: anybody can sign for it.
        let weak = alloc::format!("AQ{}", "A".repeat(41));
        assert_eq!(error(X, &weak), JwkSetError::PublicKey);
        let key = json().replace(r#"{"keys":["#, "").replace("]}", "");
        let twice = key.clone() + "," + &key;
        assert_eq!(error(&key, &twice), JwkSetError::Count);
        assert!(JwkSetError::Kid.to_string().contains("thumbprint"));
    }
}
