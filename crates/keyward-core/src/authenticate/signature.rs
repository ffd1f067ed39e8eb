//! A signature is presented: its MAC is computed again with each issue's secret.
use alloc::format;

use super::is_live;
use crate::denial::{Code, Denial};
use crate::deployment::{Deployment, Settings};
use crate::key::{Key, NoncePolicy, Secrets};
use crate::mac::Algorithm;
use crate::parse::signature::SignatureCredential;

pub(super) fn compare<'a>(
    deployment: &Deployment,
    presented: &SignatureCredential,
    key: Option<&'a Key>,
    now_s: u64,
) -> Result<(&'a Key, &'a str), Denial> {
    let message = [presented.base.as_bytes()];
    let candidate = key.and_then(|key| match &key.secrets {
        Secrets::Signed { nonce, issues } => Some((key, *nonce, issues)),
        Secrets::Basic(_) | Secrets::Token { .. } => None,
    });
    // The key's algorithm counts, the request's must be the same one.
    let candidate = candidate.filter(|(_, _, issues)| {
        issues
            .iter()
            .all(|issue| Some(issue.key.algorithm()) == presented.algorithm)
    });
    let Some((key, nonce, issues)) = candidate else {
        let algorithm = presented.algorithm.unwrap_or(Algorithm::HmacSha512);
        let _ = deployment.decoy(algorithm).verify(&message, &presented.mac);
        return Err(invalid(presented));
    };
    let mut matched = None;
    for issue in issues {
        if issue.key.verify(&message, &presented.mac) && is_live(issue.not_after_s, now_s) {
            matched = Some(issue.issue.as_str());
        }
    }
    let issue = matched.ok_or_else(|| invalid(presented))?;
    require_fresh(presented, deployment.settings(), now_s)?;
    if nonce == NoncePolicy::Required && !presented.has_nonce {
        return Err(Code::NonceRequired.into());
    }
    Ok((key, issue))
}

fn invalid(presented: &SignatureCredential) -> Denial {
    let denial = Denial::new(Code::InvalidCredentials);
    match &presented.shown_base {
        Some(base) => denial.with_signature_base(base.clone()),
        None => denial,
    }
}

/// The window of `created`, and `expires`, which can only shorten it.
fn require_fresh(
    presented: &SignatureCredential,
    settings: &Settings,
    now_s: u64,
) -> Result<(), Denial> {
    let stale = |detail| Err(Denial::because(Code::SignatureStale, detail));
    let age_s = now_s.saturating_sub(presented.created_s);
    if age_s > settings.created_age_s_max {
        return stale(format!(
            "created is {age_s} s ago, at most {} s are accepted",
            settings.created_age_s_max
        ));
    }
    let ahead_s = presented.created_s.saturating_sub(now_s);
    if ahead_s > settings.created_ahead_s_max {
        return stale(format!(
            "created is {ahead_s} s ahead, at most {} s are accepted",
            settings.created_ahead_s_max
        ));
    }
    match presented.expires_s {
        Some(expires_s) if expires_s <= now_s => stale(format!(
            "expires was {} s ago",
            now_s.saturating_sub(expires_s)
        )),
        _ => Ok(()),
    }
}
