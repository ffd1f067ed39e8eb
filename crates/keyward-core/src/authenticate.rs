//! Stage 2: [`Credential`] and [`Key`] to [`Principal`]. Content, if there is any, is asked for
//! in between: after the MAC was right, and never before.
mod basic;
mod signature;
mod token;

use alloc::vec::Vec;

use crate::content::{ContentDigest, ContentEvidence, DigestAlgorithm};
use crate::denial::{Code, Denial};
use crate::key::Key;
use crate::parse::signature::content_not_covered;
use crate::parse::{Credential, Exchange, Presented};
use crate::request::ContentLength;

/// Proof that the request was made with a secret of the key. Only this stage makes one.
#[derive(Debug)]
pub struct Principal<'a> {
    pub(crate) exchange: &'a Exchange<'a>,
    pub(crate) key: &'a Key,
    pub(crate) issue: &'a str,
    /// For a token, when it is valid itself; what the key says counts besides.
    pub(crate) token: Option<Window>,
    pub(crate) now_s: u64,
}

/// When a token is valid, leeway included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) not_before_s: u64,
    pub(crate) expires_at_s: u64,
}

/// What is known after the MAC or the secret was found right.
#[derive(Debug)]
pub enum Authenticated<'a> {
    /// Nothing is left to prove.
    Principal(Principal<'a>),
    /// The content must be read and shown to match what was signed.
    AwaitingContent(AwaitingContent<'a>),
}

/// A right signature over a digest that has not been compared yet.
#[derive(Debug)]
pub struct AwaitingContent<'a> {
    principal: Principal<'a>,
    digest: Option<ContentDigest>,
}

impl<'a> AwaitingContent<'a> {
    /// The digests that the evidence must hold.
    #[must_use]
    pub fn needs(&self) -> Vec<DigestAlgorithm> {
        self.digest
            .as_ref()
            .map(ContentDigest::needs)
            .unwrap_or_default()
    }

    /// How much content to read at most, in bytes; more is `content_too_large`.
    #[must_use]
    pub fn content_bytes_max(&self) -> u64 {
        self.principal.exchange.settings().content_bytes_max
    }

    /// Compares what arrived with what was signed.
    ///
    /// # Errors
    /// `content_too_large`, `insufficient_coverage`, `content_digest_mismatch`.
    pub fn with_content(self, evidence: &ContentEvidence) -> Result<Principal<'a>, Denial> {
        let Self { principal, digest } = self;
        let exchange = principal.exchange;
        if evidence.octets > exchange.settings().content_bytes_max {
            return Err(Code::ContentTooLarge.into());
        }
        let outcome = match digest {
            Some(digest) if !digest.is_empty() => {
                if digest.matches(evidence) {
                    Ok(())
                } else {
                    Err(Code::ContentDigestMismatch.into())
                }
            }
            _ if evidence.octets > 0 => Err(content_not_covered()),
            _ => Ok(()),
        };
        outcome.map_err(|denial| exchange.challenged(denial))?;
        Ok(principal)
    }
}

/// Compares the credential with the key. An absent key costs what a present one does and gets
/// the answer of a wrong secret.
///
/// # Errors
/// `store_unavailable` for a record that may no longer be believed, `invalid_credentials`, and
/// after a right MAC `signature_stale` and `nonce_required`.
pub fn authenticate<'a>(
    credential: &'a Credential<'a>,
    key: Option<&'a Key>,
    now_s: u64,
) -> Result<Authenticated<'a>, Denial> {
    let exchange = credential.exchange;
    let answer = || {
        if key.is_some_and(|key| !key.is_fresh(now_s)) {
            return Err(Code::StoreUnavailable.into());
        }
        // Another environment's key, or one with another id, is an unknown key.
        let key = key.filter(|key| {
            key.environment == exchange.environment() && key.key_id == credential.key_id()
        });
        match &credential.presented {
            Presented::Basic(presented) => {
                let (key, issue) = basic::compare(exchange.deployment, presented, key, now_s)?;
                Ok(Authenticated::Principal(Principal {
                    exchange,
                    key,
                    issue,
                    token: None,
                    now_s,
                }))
            }
            Presented::Token(presented) => {
                let (key, issue, window) = token::compare(credential, presented, key, now_s)?;
                Ok(Authenticated::Principal(Principal {
                    exchange,
                    key,
                    issue,
                    token: Some(window),
                    now_s,
                }))
            }
            Presented::Signature(presented) => {
                let (key, issue) = signature::compare(exchange.deployment, presented, key, now_s)?;
                let principal = Principal {
                    exchange,
                    key,
                    issue,
                    token: None,
                    now_s,
                };
                await_content(principal, presented.content_digest.clone())
            }
        }
    };
    answer().map_err(|denial| exchange.challenged(denial))
}

fn await_content<'a>(
    principal: Principal<'a>,
    digest: Option<ContentDigest>,
) -> Result<Authenticated<'a>, Denial> {
    match principal.exchange.request.content {
        ContentLength::None | ContentLength::Declared(0) => {
            // A digest over nothing is checked at once; clients do send it.
            let awaiting = AwaitingContent { principal, digest };
            let evidence = ContentEvidence::of(b"", &awaiting.needs());
            awaiting
                .with_content(&evidence)
                .map(Authenticated::Principal)
        }
        ContentLength::Declared(_) | ContentLength::Unknown => {
            Ok(Authenticated::AwaitingContent(AwaitingContent {
                principal,
                digest,
            }))
        }
    }
}

/// Whether an issue has not ended.
fn is_live(not_after_s: Option<u64>, now_s: u64) -> bool {
    not_after_s.is_none_or(|not_after_s| now_s < not_after_s)
}
