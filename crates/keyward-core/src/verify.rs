//! The whole way of a request, for callers that have everything at hand. A host with I/O to do
//! takes the same steps one by one: see the gateway.
use core::net::IpAddr;

use crate::authenticate::{Authenticated, authenticate};
use crate::authorize::{Grant, authorize};
use crate::catalogue::Catalogue;
use crate::content::ContentEvidence;
use crate::decide::Decision;
use crate::denial::Denial;
use crate::deployment::Deployment;
use crate::ed25519::{SignatureEvidence, SignatureToCheck};
use crate::key::Key;
use crate::parse::{Credential, Exchange};
use crate::request::Request;

/// What surrounds a request.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    pub deployment: &'a Deployment,
    pub catalogue: &'a Catalogue,
    pub client_address: Option<IpAddr>,
    /// Seconds of Unix time, read once.
    pub now_s: u64,
}

/// Runs the pipeline and hands the decision to `then`. `find` looks a key up by environment and
/// key id; `content` is what was received. Tokens with Ed25519 need [`verify_with`].
pub fn verify<'k, T>(
    surroundings: &Surroundings<'_>,
    request: &Request<'_>,
    content: &[u8],
    find: impl FnOnce(&str, &str) -> Result<Option<&'k Key>, Denial>,
    then: impl FnOnce(Decision<'_>) -> T,
) -> T {
    verify_with(surroundings, request, content, find, |_| None, then)
}

/// [`verify`] with something that verifies Ed25519: the host, or
/// [`SignatureToCheck::check`](crate::ed25519::SignatureToCheck) where the core is built for it.
pub fn verify_with<'k, T>(
    surroundings: &Surroundings<'_>,
    request: &Request<'_>,
    content: &[u8],
    find: impl FnOnce(&str, &str) -> Result<Option<&'k Key>, Denial>,
    check: impl FnOnce(&SignatureToCheck<'_>) -> Option<SignatureEvidence>,
    then: impl FnOnce(Decision<'_>) -> T,
) -> T {
    let exchange = match Exchange::parse(surroundings.deployment, surroundings.catalogue, request) {
        Ok(exchange) => exchange,
        Err(denial) => return then(Decision::Deny(denial)),
    };
    let credential = match Credential::parse(&exchange) {
        Ok(credential) => credential,
        Err(denial) => return then(Decision::Deny(denial)),
    };
    // The same for keys that do not exist: the signature is checked before the key is known.
    let evidence = credential.signature_to_check().as_ref().and_then(check);
    let credential = credential.with_signature_evidence(evidence);
    then(grant(surroundings, &credential, content, find).into())
}

fn grant<'a, 'k: 'a>(
    surroundings: &Surroundings<'_>,
    credential: &'a Credential<'a>,
    content: &[u8],
    find: impl FnOnce(&str, &str) -> Result<Option<&'k Key>, Denial>,
) -> Result<Grant<'a>, Denial> {
    let key = find(credential.environment(), credential.key_id())?;
    let principal = match authenticate(credential, key, surroundings.now_s)? {
        Authenticated::Principal(principal) => principal,
        Authenticated::AwaitingContent(awaiting) => {
            let evidence = ContentEvidence::of(content, &awaiting.needs());
            awaiting.with_content(&evidence)?
        }
    };
    authorize(&principal, surroundings.client_address)
}
