//! A token is presented: its signature must be right, and it must be one that its key has now.
use super::{Window, is_live};
use crate::denial::{Code, Denial};
use crate::key::{CompiledToken, Key, Secrets};
use crate::limits;
use crate::mac::Algorithm;
use crate::parse::token::{TOKEN_TYP, TokenCredential};
use crate::parse::{Credential, Exchange};

/// The key, the issue, and from when until when the token itself is valid.
pub(super) fn compare<'a>(
    credential: &Credential<'_>,
    presented: &TokenCredential,
    key: Option<&'a Key>,
    now_s: u64,
) -> Result<(&'a Key, &'a str, Window), Denial> {
    // The key's algorithm counts, the token's must be the same one.
    let candidate = key.and_then(|key| match &key.secrets {
        Secrets::Token { algorithm, issues } if *algorithm == presented.algorithm => {
            let named = |one: &&CompiledToken| one.issue == presented.claims.issue;
            issues.iter().find(named).map(|issue| (key, issue))
        }
        _ => None,
    });
    // The work depends on the token's algorithm alone, not on whether there is such a key.
    let right = match presented.algorithm.mac() {
        None => is_evident(credential, presented),
        Some(algorithm) => is_mac_right(
            credential.exchange,
            presented,
            algorithm,
            candidate.map(|(_, issue)| issue),
        ),
    };
    match candidate {
        Some((key, issue))
            if right
                && is_live(issue.not_after_s, now_s)
                && is_meant_for(credential.exchange, presented) =>
        {
            Ok((key, &issue.issue, window(presented)))
        }
        _ => Err(Code::InvalidCredentials.into()),
    }
}

/// Whether the host verified this very signature, under the key that `kid` names here.
fn is_evident(credential: &Credential<'_>, presented: &TokenCredential) -> bool {
    credential
        .signature_to_check()
        .is_some_and(|check| presented.evidence.as_ref() == Some(&check.wanted()))
}

/// HMAC: each issue has a secret of its own, and `kid` is the issue's id.
fn is_mac_right(
    exchange: &Exchange<'_>,
    presented: &TokenCredential,
    algorithm: Algorithm,
    issue: Option<&CompiledToken>,
) -> bool {
    let message = [presented.signing_input().as_bytes()];
    let key = issue
        .filter(|issue| presented.kid.as_ref() == Some(&issue.issue))
        .and_then(|issue| issue.key.as_ref());
    match key {
        Some(key) => key.verify(&message, &presented.signature),
        None => {
            let _ = exchange
                .deployment
                .decoy(algorithm)
                .verify(&message, &presented.signature);
            false
        }
    }
}

fn is_meant_for(exchange: &Exchange<'_>, presented: &TokenCredential) -> bool {
    let claims = &presented.claims;
    presented.typ.as_deref() == Some(TOKEN_TYP)
        && claims.issuer == exchange.settings().name
        && claims
            .audiences
            .iter()
            .any(|one| one == exchange.environment())
}

fn window(presented: &TokenCredential) -> Window {
    let claims = &presented.claims;
    let begins_s = claims
        .not_before_s
        .map_or(claims.issued_at_s, |nbf| nbf.max(claims.issued_at_s));
    Window {
        not_before_s: begins_s.saturating_sub(limits::TOKEN_AHEAD_S),
        expires_at_s: claims.expires_at_s,
    }
}
