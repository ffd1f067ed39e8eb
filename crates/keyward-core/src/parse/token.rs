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
use crate::key::TokenProfile;
use crate::limits;
use crate::parse::{Credential, Presented};

/// The `typ` of tokens made here. Assertions to origins have another one.
pub const TOKEN_TYP: &str = "keyward-token+jwt";
/// The `typ` of tokens that others make, where they have one (RFC 7519 section 5.1).
const PLAIN_TYP: &str = "JWT";

/// A token that is well-formed. Its claims are claims: all of them are judged when its key is
/// known.
pub(crate) struct TokenCredential {
    token: Zeroizing<String>,
    /// Where the signing input ends.
    signing_input: usize,
    pub(crate) signature: Vec<u8>,
    pub(crate) algorithm: JwsAlgorithm,
    pub(crate) profile: TokenProfile,
    pub(crate) typ: Option<String>,
    pub(crate) kid: Option<String>,
    pub(crate) claims: Claims,
    /// What the host found out about the signature.
    pub(crate) evidence: Option<SignatureEvidence>,
}

/// The claims that matter here.
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) audiences: Option<Vec<String>>,
    pub(crate) key_id: String,
    /// `jti`
    pub(crate) issue: Option<String>,
    /// The later of `iat` and `nbf`.
    pub(crate) begins_at_s: u64,
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
        let profile = match jws.typ.as_deref() {
            None | Some(PLAIN_TYP) => TokenProfile::JwtIss,
            Some(_) => TokenProfile::Keyward,
        };
        let claims = Claims::parse(jws.payload(), profile, imported_key_ids)
            .map_err(|what| malformed(format!("the token's {what}")))?;
        Ok(Self {
            signing_input: jws.signing_input().len(),
            signature: jws.signature().to_vec(),
            algorithm: jws.algorithm,
            profile,
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
    fn parse(
        payload: &[u8],
        profile: TokenProfile,
        imported_key_ids: bool,
    ) -> Result<Self, &'static str> {
        let mut members =
            read_object(payload).ok_or("payload is not one JSON object, each name once")?;
        let issuer = text(&mut members, "iss").ok_or("iss is missing or no string")?;
        let audiences = match take(&mut members, "aud") {
            Some(Value::String(one)) => Some(Vec::from([one.into_owned()])),
            Some(Value::Array(all)) => {
                let all: Option<Vec<String>> = all.into_iter().map(string).collect();
                Some(all.ok_or("aud has elements that are no strings")?)
            }
            None if profile == TokenProfile::JwtIss => None,
            _ => return Err("aud is missing, or neither a string nor a list of strings"),
        };
        let is_key_id = |id: &String| is_key_id(id, imported_key_ids);
        let issued_at_s = seconds(&mut members, "iat").map_err(|()| "iat is no integer")?;
        let not_before_s = seconds(&mut members, "nbf").map_err(|()| "nbf is no integer")?;
        let expires_at_s = seconds(&mut members, "exp")
            .ok()
            .flatten()
            .ok_or("exp is missing or no integer")?;
        let (key_id, issue) = match profile {
            TokenProfile::JwtIss => {
                let key_id = Some(issuer.clone()).filter(is_key_id).ok_or(
                    "iss is not a well-formed key id, and its typ not that of tokens made here",
                )?;
                (key_id, None)
            }
            TokenProfile::Keyward => {
                issued_at_s.ok_or("iat is missing")?;
                let key_id = text(&mut members, "sub")
                    .filter(is_key_id)
                    .ok_or("sub is not a well-formed key id")?;
                let issue = text(&mut members, "jti").ok_or("jti is missing or no string")?;
                (key_id, Some(issue))
            }
        };
        Ok(Self {
            issuer,
            audiences,
            key_id,
            issue,
            begins_at_s: issued_at_s.max(not_before_s).unwrap_or_default(),
            expires_at_s,
        })
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
