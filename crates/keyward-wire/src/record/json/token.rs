//! The JSON of a token key: `algorithm`, and issues that are sealed with HMAC and bare with EdDSA.
use alloc::vec::Vec;

use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::TokenProfile;
use serde::Serialize;

use super::IssueJson;
use crate::base64url::Text;
use crate::open::RecordError;
use crate::record::{Material, SealedSecret, TokenIssue};

/// Not written for tokens made here: versions before it read such records.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(Debug, serde::Deserialize))]
#[serde(rename_all = "kebab-case")]
pub(super) enum TokenProfileJson {
    JwtIss,
}

pub(super) const fn write_profile(profile: TokenProfile) -> Option<TokenProfileJson> {
    match profile {
        TokenProfile::Keyward => None,
        TokenProfile::JwtIss => Some(TokenProfileJson::JwtIss),
    }
}

pub(super) fn material(
    algorithm: Option<&str>,
    profile: Option<TokenProfileJson>,
    issues: Vec<IssueJson>,
) -> Result<Material, RecordError> {
    let algorithm = algorithm
        .and_then(|name| JwsAlgorithm::parse(name).filter(|found| found.as_str() == name))
        .ok_or(RecordError::Malformed("the algorithm is not one of tokens"))?;
    Ok(Material::Token {
        algorithm,
        profile: match profile {
            None => TokenProfile::Keyward,
            Some(TokenProfileJson::JwtIss) => TokenProfile::JwtIss,
        },
        issues: issues
            .into_iter()
            .map(read_token)
            .collect::<Result<_, _>>()?,
    })
}

fn read_token(json: IssueJson) -> Result<TokenIssue, RecordError> {
    let secret = match (json.ring, json.sealed, json.mac, json.digest) {
        (None, None, None, None) => None,
        (Some(ring), Some(Text(sealed)), None, None) => Some(SealedSecret { ring, sealed }),
        _ => {
            return Err(RecordError::Malformed(
                "an issue of a token key is sealed under a ring, or neither",
            ));
        }
    };
    Ok(TokenIssue {
        issue: json.issue,
        secret,
        not_after_s: json.not_after,
    })
}

pub(super) fn write_token(one: &TokenIssue) -> IssueJson {
    let secret = one.secret.as_ref();
    IssueJson {
        issue: one.issue.clone(),
        ring: secret.map(|secret| secret.ring.clone()),
        sealed: secret.map(|secret| Text(secret.sealed.clone())),
        mac: None,
        digest: None,
        not_after: one.not_after_s,
    }
}
