//! Tokens (RFC 7519) sent as `Bearer` (RFC 6750).
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::credential_text::is_key_id;
use crate::denial::{Code, Denial};
use crate::ed25519::{SignatureEvidence, SignatureToCheck};
use crate::json::{Object, Value, read_object};
use crate::jws::{CompactJws, JwsAlgorithm};
use crate::limits;
use crate::parse::{Credential, Presented};

/// The `typ` of tokens made here. Assertions to origins have another one.
pub const TOKEN_TYP: &str = "keyward-token+jwt";

/// A token that is well-formed. Its claims are claims: all of them are judged when its key is
/// known.
pub(crate) struct TokenCredential {
    token: Zeroizing<String>,
    /// Where the signing input ends.
    signing_input: usize,
    pub(crate) signature: Vec<u8>,
    pub(crate) algorithm: JwsAlgorithm,
    pub(crate) typ: Option<String>,
    pub(crate) kid: Option<String>,
    pub(crate) claims: Claims,
    /// What the host found out about the signature.
    pub(crate) evidence: Option<SignatureEvidence>,
}

/// The claims that matter here.
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) key_id: String,
    pub(crate) issue: String,
    pub(crate) issued_at_s: u64,
    pub(crate) not_before_s: Option<u64>,
    pub(crate) expires_at_s: u64,
}

impl TokenCredential {
    /// Reads what follows the scheme's name.
    pub(crate) fn parse(token: &str, imported_key_ids: bool) -> Result<Self, Denial> {
        if token.len() <= limits::CREDENTIAL_FIELD_BYTES_MAX && token.contains(',') {
            return Err(Code::MultipleCredentials.into());
        }
        let malformed = |detail: String| Denial::because(Code::MalformedCredentials, detail);
        let jws = CompactJws::parse(token).map_err(|error| malformed(format!("{error}")))?;
        let claims = Claims::parse(jws.payload(), imported_key_ids)
            .map_err(|what| malformed(format!("the token's {what}")))?;
        Ok(Self {
            signing_input: jws.signing_input().len(),
            signature: jws.signature().to_vec(),
            algorithm: jws.algorithm,
            typ: jws.typ,
            kid: jws.kid,
            claims,
            evidence: None,
            token: Zeroizing::new(token.into()),
        })
    }

    pub(crate) fn signing_input(&self) -> &str {
        self.token.get(..self.signing_input).unwrap_or_default()
    }
}

impl fmt::Debug for TokenCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenCredential({}, ..)", self.claims.key_id)
    }
}

impl Claims {
    fn parse(payload: &[u8], imported_key_ids: bool) -> Result<Self, &'static str> {
        let mut members =
            read_object(payload).ok_or("payload is not one JSON object, each name once")?;
        let claims = Self {
            issuer: text(&mut members, "iss").ok_or("iss is missing or no string")?,
            audiences: match take(&mut members, "aud") {
                Some(Value::String(one)) => Some(Vec::from([one.into_owned()])),
                Some(Value::Array(all)) => all.into_iter().map(string).collect(),
                _ => None,
            }
            .ok_or("aud is missing, or neither a string nor a list of strings")?,
            key_id: text(&mut members, "sub")
                .filter(|id| is_key_id(id, imported_key_ids))
                .ok_or("sub is not a well-formed key id")?,
            issue: text(&mut members, "jti").ok_or("jti is missing or no string")?,
            issued_at_s: seconds(&mut members, "iat")
                .ok()
                .flatten()
                .ok_or("iat is missing or no integer")?,
            not_before_s: seconds(&mut members, "nbf").map_err(|()| "nbf is no integer")?,
            expires_at_s: seconds(&mut members, "exp")
                .ok()
                .flatten()
                .ok_or("exp is missing or no integer")?,
        };
        Ok(claims)
    }
}

fn take<'t>(members: &mut Object<'t>, wanted: &str) -> Option<Value<'t>> {
    let at = members.iter().position(|(name, _)| name == wanted)?;
    Some(members.swap_remove(at).1)
}

fn text(members: &mut Object<'_>, name: &str) -> Option<String> {
    string(take(members, name)?)
}

fn string(value: Value<'_>) -> Option<String> {
    match value {
        Value::String(text) => Some(text.into_owned()),
        _ => None,
    }
}

/// A NumericDate, of which only whole seconds are taken.
fn seconds(members: &mut Object<'_>, name: &str) -> Result<Option<u64>, ()> {
    match take(members, name) {
        None => Ok(None),
        Some(Value::Integer(seconds)) => Ok(Some(seconds)),
        Some(_) => Err(()),
    }
}

impl Credential<'_> {
    /// The Ed25519 signature that must be verified before the token can be believed; `None` for
    /// every other credential, and when no key of the environment has the token's `kid`. Whether
    /// there is such a key in the store plays no part.
    #[must_use]
    pub fn signature_to_check(&self) -> Option<SignatureToCheck<'_>> {
        let Presented::Token(token) = &self.presented else {
            return None;
        };
        if token.algorithm != JwsAlgorithm::EdDsa {
            return None;
        }
        let keys = self
            .exchange
            .settings()
            .token_keys
            .get(self.environment())?;
        let (kid, public_key) = keys.find(token.kid.as_deref()?)?;
        Some(SignatureToCheck {
            kid,
            public_key,
            token: &token.token,
            signing_input: token.signing_input(),
            signature: token.signature.as_slice().try_into().ok()?,
        })
    }

    /// The credential with what the host found out about [`Credential::signature_to_check`];
    /// `None` when the signature is wrong.
    #[must_use]
    pub fn with_signature_evidence(mut self, evidence: Option<SignatureEvidence>) -> Self {
        if let Presented::Token(token) = &mut self.presented {
            token.evidence = evidence;
        }
        self
    }
}
