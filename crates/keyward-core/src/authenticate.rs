//! Stage 2: [`Credential`] and [`Key`] to [`Principal`]. Content, if there is any, is asked for
//! in between: after the MAC was right; before it only where content itself is signed.
mod basic;
mod cloud9;
mod signature;
mod signed;
mod token;

use alloc::string::String;

use crate::content::{ContentDigest, ContentEvidence, ContentNeeds};
use crate::denial::{Code, Denial};
use crate::key::{Key, Profile};
use crate::parse::cloud9::Cloud9Credential;
use crate::parse::signature::content_not_covered;
use crate::parse::{Credential, Exchange, Presented};
use crate::replay::Replay;
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
    pub(crate) replay: Option<Replay>,
    /// The parameters of `Content-Type` were not signed.
    pub(crate) content_type_stripped: bool,
}

/// When a token is valid, leeway included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) not_before_s: u64,
    pub(crate) expires_at_s: u64,
}

impl<'a> Principal<'a> {
    const fn new(exchange: &'a Exchange<'a>, key: &'a Key, issue: &'a str, now_s: u64) -> Self {
        Self {
            exchange,
            key,
            issue,
            token: None,
            now_s,
            replay: None,
            content_type_stripped: false,
        }
    }
}

/// What is known once the key is.
#[derive(Debug)]
pub enum Authenticated<'a> {
    /// Nothing is left to prove.
    Principal(Principal<'a>),
    /// The content must be read and shown to match what was signed.
    AwaitingContent(AwaitingContent<'a>),
}

/// A signature that cannot be believed before the content is known.
#[derive(Debug)]
pub struct AwaitingContent<'a>(Awaiting<'a>);

#[derive(Debug)]
enum Awaiting<'a> {
    /// A right signature over a digest that has not been compared yet.
    Digest {
        principal: Principal<'a>,
        profile: Profile,
        digest: Option<ContentDigest>,
    },
    /// A signature over the content itself, known to be neither right nor wrong. So too when
    /// there is no such key: whoever asks does not learn it from what is read.
    Cloud9 {
        exchange: &'a Exchange<'a>,
        presented: &'a Cloud9Credential,
        key: Option<&'a Key>,
        now_s: u64,
    },
}

impl<'a> AwaitingContent<'a> {
    const fn of_digest(
        principal: Principal<'a>,
        profile: Profile,
        digest: Option<ContentDigest>,
    ) -> Self {
        Self(Awaiting::Digest {
            principal,
            profile,
            digest,
        })
    }

    const fn exchange(&self) -> &'a Exchange<'a> {
        match &self.0 {
            Awaiting::Digest { principal, .. } => principal.exchange,
            Awaiting::Cloud9 { exchange, .. } => exchange,
        }
    }

    /// What the evidence must hold.
    #[must_use]
    pub fn needs(&self) -> ContentNeeds {
        match &self.0 {
            Awaiting::Digest { digest, .. } => ContentNeeds {
                digests: digest
                    .as_ref()
                    .map(ContentDigest::needs)
                    .unwrap_or_default(),
                bytes: false,
            },
            Awaiting::Cloud9 { .. } => ContentNeeds {
                bytes: true,
                ..ContentNeeds::default()
            },
        }
    }

    /// How much content to read at most, in bytes; more is `content_too_large`.
    #[must_use]
    pub fn content_bytes_max(&self) -> u64 {
        self.exchange().settings().content_bytes_max
    }

    /// For a host that does not see the content: the principal, and the digest as
    /// `Content-Digest` (RFC 9530), for who does see it to compare.
    ///
    /// # Errors
    /// `insufficient_coverage` when no digest is covered, or the content itself is signed.
    pub fn left_to_the_origin(self) -> Result<(Principal<'a>, String), Denial> {
        let exchange = self.exchange();
        match self.0 {
            Awaiting::Digest {
                principal,
                digest: Some(digest),
                ..
            } if !digest.is_empty() => Ok((principal, digest.to_field())),
            Awaiting::Digest { profile, .. } => {
                Err(exchange.challenged(content_not_covered(profile)))
            }
            Awaiting::Cloud9 { .. } => Err(exchange.challenged(Denial::because(
                Code::InsufficientCoverage,
                "content that is signed itself cannot be checked by a proxy: sign a digest",
            ))),
        }
    }

    /// Compares what arrived with what was signed.
    ///
    /// # Errors
    /// `content_too_large`, `insufficient_coverage`, `content_digest_mismatch`; where content
    /// itself is signed, all that [`authenticate`] answers.
    pub fn with_content(self, evidence: &ContentEvidence<'_>) -> Result<Principal<'a>, Denial> {
        let exchange = self.exchange();
        if evidence.octets > exchange.settings().content_bytes_max {
            return Err(Code::ContentTooLarge.into());
        }
        let outcome = match self.0 {
            Awaiting::Digest {
                principal,
                profile,
                digest,
            } => compare_digest(profile, digest, evidence).map(|()| principal),
            Awaiting::Cloud9 {
                presented,
                key,
                now_s,
                ..
            } => match evidence.bytes {
                Some(content) => cloud9::verify(exchange, presented, key, now_s, content),
                // A host that does not hand over what was asked for has proven nothing.
                None => Err(Code::InvalidCredentials.into()),
            },
        };
        outcome.map_err(|denial| exchange.challenged(denial))
    }
}

fn compare_digest(
    profile: Profile,
    digest: Option<ContentDigest>,
    evidence: &ContentEvidence<'_>,
) -> Result<(), Denial> {
    match digest {
        Some(digest) if !digest.is_empty() => {
            if digest.matches(evidence) {
                Ok(())
            } else {
                Err(Code::ContentDigestMismatch.into())
            }
        }
        _ if evidence.octets > 0 => Err(content_not_covered(profile)),
        _ => Ok(()),
    }
}

/// Compares the credential with the key. An absent key costs what a present one does and gets
/// the answer of a wrong secret.
///
/// # Errors
/// `store_unavailable` for a record that may no longer be believed, `invalid_credentials`, and
/// after a right MAC `signature_stale`, `nonce_required` and `insufficient_coverage`.
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
                Ok(Authenticated::Principal(Principal::new(
                    exchange, key, issue, now_s,
                )))
            }
            Presented::Token(presented) => {
                let (key, issue, window) = token::compare(credential, presented, key, now_s)?;
                Ok(Authenticated::Principal(Principal {
                    token: Some(window),
                    ..Principal::new(exchange, key, issue, now_s)
                }))
            }
            Presented::Cloud9(presented) => await_content(AwaitingContent(Awaiting::Cloud9 {
                exchange,
                presented,
                key,
                now_s,
            })),
            Presented::Signature(presented) => {
                await_content(signature::verify(exchange, presented, key, now_s)?)
            }
        }
    };
    answer().map_err(|denial| exchange.challenged(denial))
}

fn await_content(awaiting: AwaitingContent<'_>) -> Result<Authenticated<'_>, Denial> {
    match awaiting.exchange().request.content {
        ContentLength::None | ContentLength::Declared(0) => {
            // A digest over nothing is checked at once; clients do send it.
            let evidence = ContentEvidence::of(b"", &awaiting.needs());
            awaiting
                .with_content(&evidence)
                .map(Authenticated::Principal)
        }
        ContentLength::Declared(_) | ContentLength::Unknown => {
            Ok(Authenticated::AwaitingContent(awaiting))
        }
    }
}

/// Whether an issue has not ended.
fn is_live(not_after_s: Option<u64>, now_s: u64) -> bool {
    not_after_s.is_none_or(|not_after_s| now_s < not_after_s)
}
