//! The JSON of a record. Everything optional is sorted out here, so that [`Record`] has no state
//! that makes no sense.
use alloc::string::String;
use alloc::vec::Vec;

use keyward_core::address::parse_network;
use keyward_core::key::{NoncePolicy, Profile, Profiles, ReplayPolicy, SigningRules};
use keyward_core::mac::Algorithm;
use serde::Serialize;

use super::{Assignment, BasicIssue, Live, Material, Record, SignedIssue, State};
use crate::base64url::Text;
use crate::open::RecordError;
use crate::ring::RingId;

mod read;
mod token;
mod write;

use token::TokenProfileJson;
pub(super) use write::write;

const VERSION: u64 = 1;

#[derive(Serialize)]
#[cfg_attr(test, derive(Debug, PartialEq, serde::Deserialize))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LiveJson {
    v: u64,
    key_id: String,
    organisation: String,
    environment: String,
    generation: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fresh_until: Option<u64>,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    algorithm: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profiles: Option<Vec<ProfileJson>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<Nonce>,
    // Not written where they have their defaults: versions before them read such records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replay: Option<ReplayJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allow_unsigned_query: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<u64>,
    expires_at: u64,
    disabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    addresses: Option<Vec<String>>,
    assignments: Vec<Assignment>,
    // Reserved: a limit that this version cannot keep must not be passed over in silence.
    #[serde(skip_serializing)]
    #[cfg_attr(test, serde(default, deserialize_with = "tests::is_there"))]
    rate_limit: bool,
    #[serde(skip_serializing)]
    #[cfg_attr(test, serde(default, deserialize_with = "tests::is_there"))]
    quota: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_profile: Option<TokenProfileJson>,
    issues: Vec<IssueJson>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(Debug, PartialEq, serde::Deserialize))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TombstoneJson {
    v: u64,
    key_id: String,
    organisation: String,
    environment: String,
    generation: u64,
    tombstone: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(Debug, serde::Deserialize))]
#[serde(rename_all = "lowercase")]
enum Kind {
    Basic,
    Signed,
    Token,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(Debug, serde::Deserialize))]
#[serde(rename_all = "lowercase")]
enum Nonce {
    Optional,
    Required,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(Debug, serde::Deserialize))]
#[serde(rename_all = "lowercase")]
enum ProfileJson {
    Rfc9421,
    Cloud9,
    Kong,
    Cavage,
}

impl From<ProfileJson> for Profile {
    fn from(json: ProfileJson) -> Self {
        match json {
            ProfileJson::Rfc9421 => Self::Rfc9421,
            ProfileJson::Cloud9 => Self::Cloud9,
            ProfileJson::Kong => Self::Kong,
            ProfileJson::Cavage => Self::Cavage,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(Debug, serde::Deserialize))]
#[serde(rename_all = "snake_case")]
enum ReplayJson {
    Window,
    Strict,
    StrictAll,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(Debug, serde::Deserialize))]
enum Digest {
    #[serde(rename = "sha-256")]
    Sha256,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(Debug, PartialEq, serde::Deserialize))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IssueJson {
    issue: String,
    // Absent where nothing is sealed: tokens with EdDSA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ring: Option<RingId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mac: Option<Text>,
    // Of basic keys: what the MAC is over, where that is not the secret itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_after: Option<u64>,
}

pub(super) fn read(payload: &[u8]) -> Result<Record, RecordError> {
    match read::version(payload) {
        Ok(VERSION) => {}
        Ok(_) => return Err(RecordError::FutureVersion),
        Err(_) => return Err(RecordError::Malformed("the payload has no version")),
    }
    if let Ok(json) = read::live(payload) {
        return read_live(json);
    }
    match read::tombstone(payload) {
        Ok(json) if json.tombstone => Ok(Record {
            key_id: json.key_id,
            organisation: json.organisation,
            environment: json.environment,
            generation: json.generation,
            state: State::Tombstone,
        }),
        _ => Err(RecordError::Malformed("the payload is not a record")),
    }
}

fn read_live(json: LiveJson) -> Result<Record, RecordError> {
    if json.rate_limit || json.quota {
        return Err(RecordError::Malformed(
            "the record has limits that this version cannot keep",
        ));
    }
    if json.token_profile.is_some() && json.kind != Kind::Token {
        return Err(RecordError::Malformed(
            "a key that is none of tokens has a field of theirs",
        ));
    }
    let addresses = json.addresses.map(|networks| {
        networks
            .iter()
            .map(|text| {
                parse_network(text).map_err(|_| RecordError::Malformed("an address is not one"))
            })
            .collect::<Result<_, _>>()
    });
    let material = match json.kind {
        Kind::Basic => {
            if json.algorithm.is_some()
                || json.profiles.is_some()
                || json.nonce.is_some()
                || json.replay.is_some()
                || json.allow_unsigned_query.is_some()
            {
                return Err(RecordError::Malformed(
                    "a basic key has fields of signed ones",
                ));
            }
            Material::Basic(
                json.issues
                    .into_iter()
                    .map(basic_issue)
                    .collect::<Result<_, _>>()?,
            )
        }
        Kind::Signed => Material::Signed {
            algorithm: json
                .algorithm
                .and_then(|name| Algorithm::parse(&name))
                .ok_or(RecordError::Malformed("the algorithm is not one"))?,
            rules: SigningRules {
                nonce: match json.nonce {
                    None | Some(Nonce::Optional) => NoncePolicy::Optional,
                    Some(Nonce::Required) => NoncePolicy::Required,
                },
                profiles: json.profiles.map_or(Ok(Profiles::default()), profiles)?,
                replay: match json.replay {
                    None | Some(ReplayJson::Window) => ReplayPolicy::Window,
                    Some(ReplayJson::Strict) => ReplayPolicy::Strict,
                    Some(ReplayJson::StrictAll) => ReplayPolicy::StrictAll,
                },
                allow_unsigned_query: json.allow_unsigned_query.unwrap_or(false),
            },
            issues: json
                .issues
                .into_iter()
                .map(signed_issue)
                .collect::<Result<_, _>>()?,
        },
        Kind::Token => {
            if json.profiles.is_some()
                || json.nonce.is_some()
                || json.replay.is_some()
                || json.allow_unsigned_query.is_some()
            {
                return Err(RecordError::Malformed(
                    "a token key has fields of signed ones",
                ));
            }
            token::material(json.algorithm.as_deref(), json.token_profile, json.issues)?
        }
    };
    Ok(Record {
        key_id: json.key_id,
        organisation: json.organisation,
        environment: json.environment,
        generation: json.generation,
        state: State::Live(Live {
            fresh_until_s: json.fresh_until,
            not_before_s: json.not_before,
            expires_at_s: json.expires_at,
            disabled: json.disabled,
            addresses: addresses.transpose()?,
            assignments: json.assignments,
            material,
        }),
    })
}

/// A list says all of them, so the native one, which nothing switches off, is in it.
fn profiles(list: Vec<ProfileJson>) -> Result<Profiles, RecordError> {
    if list.contains(&ProfileJson::Rfc9421) {
        Ok(Profiles::with(list.into_iter().map(Profile::from)))
    } else {
        Err(RecordError::Malformed("the profile rfc9421 is always on"))
    }
}

fn basic_issue(json: IssueJson) -> Result<BasicIssue, RecordError> {
    let IssueJson {
        issue,
        ring: Some(ring),
        sealed: None,
        mac: Some(Text(mac)),
        digest,
        not_after,
    } = json
    else {
        return Err(RecordError::Malformed(
            "an issue of a basic key has a MAC and nothing else",
        ));
    };
    let mac = mac
        .try_into()
        .map_err(|_| RecordError::Malformed("a MAC has 64 bytes"))?;
    Ok(BasicIssue {
        issue,
        ring,
        mac,
        of_digest: digest.is_some(),
        not_after_s: not_after,
    })
}

fn signed_issue(json: IssueJson) -> Result<SignedIssue, RecordError> {
    let IssueJson {
        issue,
        ring: Some(ring),
        sealed: Some(Text(sealed)),
        mac: None,
        digest: None,
        not_after,
    } = json
    else {
        return Err(RecordError::Malformed(
            "an issue of a signed key is sealed and nothing else",
        ));
    };
    Ok(SignedIssue {
        issue,
        ring,
        sealed,
        not_after_s: not_after,
    })
}

#[cfg(test)]
mod tests;
