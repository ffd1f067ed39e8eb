//! A token is presented: its signature must be right, and it must be one that its key has now.
use alloc::string::String;
use alloc::vec::Vec;

use super::{Window, is_live};
use crate::denial::{Code, Denial};
use crate::key::{CompiledToken, Key, Secrets, TokenProfile};
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
    // The key's algorithm and profile count, the token's must be the same.
    let candidate = key.and_then(|key| match &key.secrets {
        Secrets::Token {
            algorithm,
            profile,
            issues,
        } if *algorithm == presented.algorithm && *profile == presented.profile => {
            Some((key, issues.as_slice()))
        }
        _ => None,
    });
    let issues = candidate.map(|(_, issues)| issues).unwrap_or_default();
    let mut named = issues
        .iter()
        .filter(|one| is_named(presented, one) && is_live(one.not_after_s, now_s));
    // The work depends on the token's algorithm alone, not on whether there is such a key.
    let issue = match presented.algorithm.mac() {
        None if is_evident(credential, presented) => named.next(),
        None => None,
        Some(algorithm) => find_by_mac(credential.exchange, presented, algorithm, named),
    };
    match (candidate, issue) {
        (Some((key, _)), Some(issue)) if is_meant_for(credential.exchange, presented) => {
            Ok((key, &issue.issue, window(presented)))
        }
        _ => Err(Code::InvalidCredentials.into()),
    }
}

/// Whether the token says that it is of this issue. Those of others do not know our issues.
fn is_named(presented: &TokenCredential, issue: &CompiledToken) -> bool {
    match presented.profile {
        TokenProfile::JwtIss => true,
        TokenProfile::Keyward => {
            let is = |named: &Option<String>| named.as_ref() == Some(&issue.issue);
            // With Ed25519 `kid` names the public key, and the evidence is of that one.
            is(&presented.claims.issue) && (issue.key.is_none() || is(&presented.kid))
        }
    }
}

/// Whether the host verified this very signature, under the key that `kid` names here.
fn is_evident(credential: &Credential<'_>, presented: &TokenCredential) -> bool {
    credential
        .signature_to_check()
        .is_some_and(|check| presented.evidence.as_ref() == Some(&check.wanted()))
}

/// The issue whose secret the token was signed with.
fn find_by_mac<'a>(
    exchange: &Exchange<'_>,
    presented: &TokenCredential,
    algorithm: Algorithm,
    issues: impl Iterator<Item = &'a CompiledToken>,
) -> Option<&'a CompiledToken> {
    let message = [presented.signing_input().as_bytes()];
    // A token made here names its one secret; of a holder's any may be the one.
    let compared_max = match presented.profile {
        TokenProfile::Keyward => 1,
        TokenProfile::JwtIss => limits::ISSUES_MAX,
    };
    let (mut compared, mut found) = (0_usize, None);
    for issue in issues {
        if let Some(key) = &issue.key {
            compared = compared.saturating_add(1);
            if key.verify(&message, &presented.signature) && found.is_none() {
                found = Some(issue);
            }
        }
    }
    if found.is_none() {
        // As much work as for a key with as many secrets as there can be; none can match.
        for _ in compared..compared_max {
            let decoy = exchange.deployment.decoy(algorithm);
            let _ = decoy.verify(&message, &presented.signature);
        }
    }
    found
}

/// Whether it is for this environment of this deployment.
fn is_meant_for(exchange: &Exchange<'_>, presented: &TokenCredential) -> bool {
    let claims = &presented.claims;
    let is_for_us = |all: &Vec<String>| all.iter().any(|one| one == exchange.environment());
    match presented.profile {
        TokenProfile::Keyward => {
            presented.typ.as_deref() == Some(TOKEN_TYP)
                && claims.issuer == exchange.settings().name
                && claims.audiences.as_ref().is_some_and(is_for_us)
        }
        // What it says at all must be right.
        TokenProfile::JwtIss => {
            claims.audiences.as_ref().is_none_or(is_for_us)
                && presented
                    .kid
                    .as_ref()
                    .is_none_or(|kid| *kid == claims.key_id)
        }
    }
}

fn window(presented: &TokenCredential) -> Window {
    let claims = &presented.claims;
    Window {
        not_before_s: claims.begins_at_s.saturating_sub(limits::TOKEN_AHEAD_S),
        expires_at_s: claims.expires_at_s,
    }
}
