//! The secret itself is presented: its MAC under each issue's pepper is compared.
use subtle::ConstantTimeEq;

use super::is_live;
use crate::denial::{Code, Denial};
use crate::deployment::Deployment;
use crate::key::{Key, Secrets};
use crate::mac::Algorithm;
use crate::parse::basic::BasicCredential;

pub(super) fn compare<'a>(
    deployment: &Deployment,
    presented: &BasicCredential,
    key: Option<&'a Key>,
    now_s: u64,
) -> Result<(&'a Key, &'a str), Denial> {
    let Some((key, issues)) = key.and_then(|key| match &key.secrets {
        Secrets::Basic(issues) => Some((key, issues)),
        Secrets::Signed { .. } | Secrets::Token { .. } => None,
    }) else {
        // As much work as for a key with one issue; it cannot match.
        let _ = deployment
            .decoy(Algorithm::HmacSha512)
            .verify(&[presented.secret()], &[0; 64]);
        return Err(Code::InvalidCredentials.into());
    };
    let mut matched = None;
    for issue in issues {
        let mac = issue.pepper.mac(&[presented.secret()]);
        let same: bool = mac.as_bytes().ct_eq(issue.mac.as_slice()).into();
        if same && is_live(issue.not_after_s, now_s) {
            matched = Some(issue.issue.as_str());
        }
    }
    match matched {
        Some(issue) => Ok((key, issue)),
        None => Err(Code::InvalidCredentials.into()),
    }
}
