//! A signature over the request's head is presented: content, if there is any, comes later.
use super::signed::{Attempt, compare};
use super::{AwaitingContent, Principal};
use crate::denial::{Code, Denial};
use crate::key::{Key, NoncePolicy};
use crate::parse::Exchange;
use crate::parse::signature::SignatureCredential;

/// The principal, its content not yet compared.
pub(super) fn verify<'a>(
    exchange: &'a Exchange<'a>,
    presented: &SignatureCredential,
    key: Option<&'a Key>,
    now_s: u64,
) -> Result<AwaitingContent<'a>, Denial> {
    let settings = exchange.settings();
    let attempt = Attempt {
        profile: presented.profile,
        algorithm: presented.algorithm,
        mac: &presented.mac,
        messages: &[&[presented.base.as_bytes()]],
    };
    let matched = compare(exchange.deployment, &attempt, key, now_s)
        .ok_or_else(|| invalid(presented.shown_base.as_deref()))?;
    presented.freshness.require(settings, now_s)?;
    if matched.rules.nonce == NoncePolicy::Required && !presented.has_nonce {
        return Err(Code::NonceRequired.into());
    }
    let fresh_until_s = presented.freshness.last_s(settings);
    let principal = Principal {
        replay: matched.replay(presented.profile, exchange.method(), fresh_until_s),
        ..Principal::new(exchange, matched.key, matched.issue, now_s)
    };
    Ok(AwaitingContent::of_digest(
        principal,
        presented.profile,
        presented.content_digest.clone(),
    ))
}

/// The one answer, with the base where the deployment shows it.
pub(super) fn invalid(shown_base: Option<&str>) -> Denial {
    let denial = Denial::new(Code::InvalidCredentials);
    match shown_base {
        Some(base) => denial.with_signature_base(base.into()),
        None => denial,
    }
}
