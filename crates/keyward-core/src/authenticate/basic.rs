//! The secret itself is presented: its MAC under each issue's pepper is compared.
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::is_live;
use crate::denial::{Code, Denial};
use crate::deployment::Deployment;
use crate::key::{Key, Secrets};
use crate::limits;
use crate::mac::Algorithm;
use crate::parse::basic::BasicCredential;

pub(super) fn compare<'a>(
    deployment: &Deployment,
    presented: &BasicCredential,
    key: Option<&'a Key>,
    now_s: u64,
) -> Result<(&'a Key, &'a str), Denial> {
    let issues = match key.map(|key| &key.secrets) {
        Some(Secrets::Basic(issues)) => issues.as_slice(),
        Some(Secrets::Signed { .. } | Secrets::Token { .. }) | None => &[],
    };
    // Both MACs each time, whichever is kept: how long it takes says nothing of where a key is from.
    let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(presented.secret())));
    let mut matched = None;
    for issue in issues {
        let is_kept = |part: &[u8]| {
            let mac = issue.pepper.mac(&[part]);
            mac.as_bytes().ct_eq(issue.mac.as_slice())
        };
        let (of_secret, of_digest) = (is_kept(presented.secret()), is_kept(digest.as_slice()));
        let which = Choice::from(u8::from(issue.of_digest));
        let same = Choice::conditional_select(&of_secret, &of_digest, which);
        if bool::from(same) && is_live(issue.not_after_s, now_s) {
            matched = Some(issue.issue.as_str());
        }
    }
    if let (Some(key), Some(issue)) = (key, matched) {
        return Ok((key, issue));
    }
    // As much work as for a key with as many issues as there can be; none can match.
    for _ in issues.len()..limits::ISSUES_MAX {
        let decoy = deployment.decoy(Algorithm::HmacSha512);
        let _ = decoy.verify(&[presented.secret()], &[0; 64]);
        let _ = decoy.verify(&[digest.as_slice()], &[0; 64]);
    }
    Err(Code::InvalidCredentials.into())
}
