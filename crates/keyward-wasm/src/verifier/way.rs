//! The way of a request from its credential on, each gap an outcome.
use std::net::IpAddr;

use keyward_core::authenticate::{Authenticated, authenticate};
use keyward_core::authorize::{Grant, authorize};
use keyward_core::content::{ContentEvidence, ContentNeeds, DigestAlgorithm};
use keyward_core::denial::{Code, Denial};
use keyward_core::ed25519::{SignatureEvidence, SignatureToCheck};
use keyward_core::key::Key;
use keyward_core::parse::{Credential, Exchange};
use keyward_host::keys::{Asked, Keys, Known};
use keyward_host::tokens::Tokens;

use super::usage::Counting;
use super::{Evidence, Moment, Outcome, seconds};
use crate::answer::Answer;

/// What a verifier has learnt, apart from what it was made from.
pub(super) struct Memory<'a> {
    pub(super) keys: &'a mut Keys,
    pub(super) tokens: &'a mut Tokens,
    pub(super) asks_for_ed25519: bool,
    pub(super) usage: Option<&'a mut Counting>,
}

/// What is known of a request besides itself.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) address: Option<IpAddr>,
    pub(super) moment: Moment,
    pub(super) evidence: Evidence<'a>,
}

impl Memory<'_> {
    /// The steps of `keyward_core::verify`.
    pub(super) fn way(
        mut self,
        exchange: &Exchange<'_>,
        seen: Seen<'_>,
        answer: &mut Answer,
    ) -> Result<Outcome, Denial> {
        let Seen {
            address, moment, ..
        } = seen;
        let credential = Credential::parse(exchange)?;
        let (environment, key_id) = (credential.environment(), credential.key_id());
        let asked = Asked {
            at_ms: moment.now_ms,
            since: moment.since,
        };
        let key = match self.keys.find(environment, key_id, asked) {
            Known::Key(key) => Some(key),
            Known::Absent => None,
            Known::Nothing
                if self
                    .keys
                    .is_guessing(environment, key_id, address, moment.now_ms) =>
            {
                return Err(Code::RateLimited.into());
            }
            Known::Nothing => {
                answer.push(environment);
                answer.push(key_id);
                return Ok(Outcome::NeedsKey);
            }
        };
        let judged = self.judge(exchange, credential, key.as_deref(), seen, answer);
        if let (Err(denial), Some(key), Some(usage)) = (&judged, &key, self.usage) {
            usage.denied(key, denial, moment.now_ms);
        }
        judged
    }

    /// What becomes of it with its key, or without one.
    fn judge(
        &mut self,
        exchange: &Exchange<'_>,
        credential: Credential<'_>,
        key: Option<&Key>,
        seen: Seen<'_>,
        answer: &mut Answer,
    ) -> Result<Outcome, Denial> {
        let Seen {
            address,
            moment,
            evidence,
        } = seen;
        let signature = match credential.signature_to_check() {
            None => None,
            Some(asked) => {
                let generation = key.map(Key::generation);
                let here = !self.asks_for_ed25519;
                match check(self.tokens, &asked, generation, here, evidence) {
                    Some(checked) => checked,
                    None => {
                        answer.push(asked.public_key());
                        answer.push(asked.signature());
                        answer.push(asked.message());
                        return Ok(Outcome::NeedsSignature);
                    }
                }
            }
        };
        let credential = credential.with_signature_evidence(signature);
        let principal = match authenticate(&credential, key, seconds(moment.now_ms))? {
            Authenticated::Principal(principal) => principal,
            Authenticated::AwaitingContent(awaiting) => {
                let needs = awaiting.needs();
                match content_evidence(evidence, &needs) {
                    Some(evidence) => awaiting.with_content(&evidence)?,
                    None => {
                        answer.push_number(awaiting.content_bytes_max());
                        return Ok(Outcome::NeedsContent {
                            sha256: needs.digests.contains(&DigestAlgorithm::Sha256),
                            sha512: needs.digests.contains(&DigestAlgorithm::Sha512),
                            bytes: needs.bytes,
                        });
                    }
                }
            }
        };
        let grant: Grant<'_> = authorize(&principal, address)?;
        answer.allow(&grant, &exchange.cors_fields());
        let replay = grant.replay().is_some();
        // With replay it is not let through yet.
        if let (Some(usage), false) = (&mut self.usage, replay) {
            usage.allowed(
                (grant.organisation, grant.key_id, grant.issue),
                address,
                moment.now_ms,
            );
        }
        Ok(Outcome::Allow { replay })
    }
}

/// What is known of a signature, `Some(None)` that it is wrong; `None` when JavaScript is to say.
/// Without a key nothing is remembered, and the work is the same.
#[expect(clippy::option_option, reason = "three answers, named above")]
fn check(
    tokens: &mut Tokens,
    asked: &SignatureToCheck<'_>,
    generation: Option<u64>,
    here: bool,
    evidence: Evidence<'_>,
) -> Option<Option<SignatureEvidence>> {
    let digest = asked.token_digest();
    let known = generation.and_then(|generation| tokens.find(&digest, asked.kid(), generation));
    if known.is_some() {
        return Some(known);
    }
    let found = match evidence {
        _ if here => asked.check(),
        Evidence::Signature(bytes) => verified(bytes),
        Evidence::NoSignature => None,
        _ => return None,
    };
    if let (Some(generation), Some(evidence)) = (generation, &found) {
        tokens.put(digest, asked.kid(), generation, evidence.clone());
    }
    Some(found)
}

/// Evidence of the very bytes that JavaScript verified.
fn verified(bytes: &[u8]) -> Option<SignatureEvidence> {
    let (public_key, bytes) = bytes.split_first_chunk()?;
    let (signature, message) = bytes.split_first_chunk()?;
    Some(SignatureEvidence::verified(public_key, message, signature))
}

fn content_evidence<'c>(
    evidence: Evidence<'c>,
    needs: &ContentNeeds,
) -> Option<ContentEvidence<'c>> {
    match evidence {
        Evidence::Content(bytes) => Some(ContentEvidence::of(bytes, needs)),
        Evidence::Digests { octets, digests } => {
            let mut rest = digests;
            let mut found = ContentEvidence {
                octets,
                ..ContentEvidence::default()
            };
            if needs.digests.contains(&DigestAlgorithm::Sha256) {
                (found.sha256, rest) = take(rest);
            }
            if needs.digests.contains(&DigestAlgorithm::Sha512) {
                (found.sha512, _) = take(rest);
            }
            Some(found)
        }
        _ => None,
    }
}

fn take<const N: usize>(bytes: &[u8]) -> (Option<[u8; N]>, &[u8]) {
    match bytes.split_first_chunk() {
        Some((taken, rest)) => (Some(*taken), rest),
        None => (None, bytes),
    }
}
