//! The gateway's word to an origin that a request came through it: a short-lived JWT (RFC 7519),
//! signed with Ed25519 (RFC 8037) by a key that signs nothing else.
use alloc::format;
use alloc::string::String;
use core::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use keyward_core::authorize::Grant;
use keyward_core::ed25519::thumbprint;
use keyward_core::key::Accounts;
use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

use crate::base64url;

/// How long an assertion is good for, in seconds: its cache time and a slow clock at the origin.
pub const ASSERTION_LIFE_S: u64 = 120;
/// The `typ` of assertions; no key of a client has it.
pub const ASSERTION_TYPE: &str = "keyward-assertion+jwt";

/// The gateway's signing key.
pub struct AssertionKey {
    key: SigningKey,
    kid: String,
}

/// What an origin is told (names of RFC 7519 where it has one).
#[derive(Debug, Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    org: &'a str,
    env: &'a str,
    roles: &'a [&'a str],
    /// One account, several, or `*` for all; absent where the route has nothing to do with any.
    #[serde(skip_serializing_if = "Option::is_none")]
    acc: Option<Acc<'a>>,
    #[serde(rename = "gen")]
    generation: u64,
    iat: u64,
    exp: u64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Acc<'a> {
    One(&'a str),
    Several(alloc::vec::Vec<&'a str>),
}

impl AssertionKey {
    /// From the 32 bytes of an Ed25519 private key, as base64url; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = base64url::decode(text)?;
        let seed = <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new);
        bytes.zeroize();
        let key = SigningKey::from_bytes(&*seed.ok()?);
        let kid = thumbprint(key.verifying_key().as_bytes());
        Some(Self { key, kid })
    }

    /// The JWK set with which origins verify (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> String {
        format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{}","kid":"{}","alg":"EdDSA","use":"sig"}}]}}"#,
            base64url::encode(self.key.verifying_key().as_bytes()),
            self.kid
        )
    }

    /// The assertion for a grant: by this deployment, for this origin, from now.
    #[must_use]
    pub fn assert(&self, grant: &Grant<'_>, deployment: &str, origin: &str, now_s: u64) -> String {
        let acc = match (&grant.account, &grant.accounts) {
            (Some(account), _) => Some(Acc::One(account)),
            (None, Some(Accounts::All)) => Some(Acc::One("*")),
            (None, Some(Accounts::Listed(names))) => {
                Some(Acc::Several(names.iter().map(String::as_str).collect()))
            }
            (None, None) => None,
        };
        let claims = Claims {
            iss: deployment,
            aud: origin,
            sub: grant.key_id,
            org: grant.organisation,
            env: grant.environment,
            roles: &grant.roles,
            acc,
            generation: grant.generation,
            iat: now_s,
            exp: now_s.saturating_add(ASSERTION_LIFE_S),
        };
        // Text and numbers only: it cannot fail.
        let claims = serde_json::to_string(&claims).unwrap_or_default();
        let header = format!(
            r#"{{"alg":"EdDSA","typ":"{ASSERTION_TYPE}","kid":"{}"}}"#,
            self.kid
        );
        let mut token = format!(
            "{}.{}",
            base64url::encode(header.as_bytes()),
            base64url::encode(claims.as_bytes())
        );
        let signature = self.key.sign(token.as_bytes()).to_bytes();
        token.push('.');
        token.push_str(&base64url::encode(&signature));
        token
    }
}

impl fmt::Debug for AssertionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AssertionKey({}, ..)", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8037 appendix A.1, and its thumbprint of appendix A.3.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_8037() {
        assert_eq!(AssertionKey::parse(SEED).unwrap().kid, THUMBPRINT);
    }

    #[test]
    fn nothing_but_32_bytes_is_a_key() {
        for text in [
            "",
            "AAAA",
            &SEED[1..],
            "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2AA",
        ] {
            assert!(AssertionKey::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_private_key_is_not_printed() {
        let key = AssertionKey::parse(SEED).unwrap();
        let shown = format!("{key:?}{}", key.jwks());
        assert!(!shown.contains(SEED));
    }
}
