//! Tokens (RFC 7519): minted here, by the crate `jsonwebtoken`, and nowhere at the edge.
use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use jsonwebtoken::{EncodingKey, Header, encode};
use keyward_core::ed25519::{TokenKeys, TokenKeysError, thumbprint};
use keyward_core::jws::JwsAlgorithm;
use keyward_core::parse::token::TOKEN_TYP;
use keyward_wire::jwks::JwkSet;
use keyward_wire::record::{SealedSecret, TokenIssue};
use keyward_wire::seal::{SEAL_NONCE_BYTES, SealContext};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::IssueError;
use crate::make::Issuer;
use crate::random::{Entropy, bytes};
use crate::secret::{Secret, make_issue_id};

mod provider;

pub use provider::install as install_provider;

/// Length of the secret of a token with HMAC: what RFC 7518 section 3.2 wants for HS512.
const SECRET_BYTES: usize = 64;

/// The private key that signs the tokens of one environment.
pub struct TokenSigner {
    key: EncodingKey,
    public_key: [u8; 32],
    kid: String,
}

impl TokenSigner {
    /// From the 32 bytes of an Ed25519 private key.
    #[must_use]
    pub fn new(private_key: &[u8; 32]) -> Self {
        let public_key = provider::public_key(private_key);
        Self {
            // Raw, not DER: our provider reads it so.
            key: EncodingKey::from_ed_der(private_key),
            kid: thumbprint(&public_key),
            public_key,
        }
    }

    /// What verifiers need.
    #[must_use]
    pub const fn public_key(&self) -> [u8; 32] {
        self.public_key
    }

    /// The `kid` of its tokens: the public key's thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSigner({}, ..)", self.kid)
    }
}

/// The JWK set to publish, and to put into the gateway's settings: the key that signs, and those
/// whose tokens have not all expired.
///
/// # Errors
/// When there are too many keys or one is repeated.
pub fn jwks(public_keys: impl IntoIterator<Item = [u8; 32]>) -> Result<JwkSet, TokenKeysError> {
    Ok(JwkSet::of(&TokenKeys::new(public_keys)?))
}

/// What a token says of its key.
pub(crate) struct Subject<'a> {
    pub(crate) organisation: &'a str,
    pub(crate) key_id: &'a str,
    pub(crate) algorithm: JwsAlgorithm,
    pub(crate) not_before_s: Option<u64>,
    pub(crate) expires_at_s: u64,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    jti: &'a str,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    exp: u64,
}

impl Issuer<'_> {
    /// A new token, and what its key's record keeps of it.
    pub(crate) fn token_issue(
        &self,
        subject: &Subject<'_>,
        now_s: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<(TokenIssue, Secret), IssueError> {
        let issue = make_issue_id(entropy)?;
        let claims = Claims {
            iss: self.deployment,
            aud: self.environment,
            sub: subject.key_id,
            jti: &issue,
            iat: now_s,
            nbf: subject.not_before_s,
            exp: subject.expires_at_s,
        };
        let (secret, token) = match subject.algorithm {
            JwsAlgorithm::EdDsa => {
                let signer = self.token_signer.ok_or(IssueError::NoTokenSigner)?;
                let token = mint(subject.algorithm, &signer.kid, &claims, &signer.key)?;
                (None, token)
            }
            // The secret is sealed in the record alone; nobody ever sees it.
            algorithm => {
                let secret = bytes::<SECRET_BYTES>(entropy)?;
                let key = EncodingKey::from_secret(secret.as_slice());
                let token = mint(algorithm, &issue, &claims, &key)?;
                let sealed = self.seal_token_secret(subject, &issue, secret.as_slice(), entropy)?;
                (Some(sealed), token)
            }
        };
        let issue = TokenIssue {
            issue,
            secret,
            not_after_s: None,
        };
        Ok((issue, token))
    }

    /// A secret with which the key's holder makes tokens.
    pub(crate) fn token_secret(
        &self,
        subject: &Subject<'_>,
        secret: &[u8],
        entropy: &mut Entropy<'_>,
    ) -> Result<TokenIssue, IssueError> {
        let issue = make_issue_id(entropy)?;
        let sealed = self.seal_token_secret(subject, &issue, secret, entropy)?;
        Ok(TokenIssue {
            issue,
            secret: Some(sealed),
            not_after_s: None,
        })
    }

    fn seal_token_secret(
        &self,
        subject: &Subject<'_>,
        issue: &str,
        secret: &[u8],
        entropy: &mut Entropy<'_>,
    ) -> Result<SealedSecret, IssueError> {
        let (ring, keys) = self.masters.sealing(subject.organisation)?;
        let nonce = bytes::<SEAL_NONCE_BYTES>(entropy)?;
        let context = SealContext {
            deployment: self.deployment,
            environment: self.environment,
            organisation: subject.organisation,
            key_id: subject.key_id,
            kind: "token",
            issue,
            algorithm: subject.algorithm.as_str(),
        };
        Ok(SealedSecret {
            ring: ring.clone(),
            sealed: keys.seal(&context, ring, *nonce, secret)?,
        })
    }
}

fn mint(
    algorithm: JwsAlgorithm,
    kid: &str,
    claims: &Claims<'_>,
    key: &EncodingKey,
) -> Result<Secret, IssueError> {
    provider::install();
    let mut header = Header::new(provider::algorithm(algorithm));
    header.typ = Some(TOKEN_TYP.to_owned());
    header.kid = Some(kid.to_owned());
    let token = encode(&header, claims, key).map_err(|_| IssueError::Token)?;
    Ok(Secret::of_token(Zeroizing::new(token)))
}
