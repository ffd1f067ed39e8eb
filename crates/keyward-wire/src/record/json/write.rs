//! From a record to its JSON.
use alloc::string::ToString;
use alloc::vec::Vec;

use keyward_core::key::{NoncePolicy, Profile, ReplayPolicy, SigningRules};

use super::token::{self, write_token};
use super::{
    Digest, IssueJson, Kind, LiveJson, Nonce, ProfileJson, ReplayJson, TombstoneJson, VERSION,
};
use crate::base64url::Text;
use crate::open::RecordError;
use crate::record::{BasicIssue, Live, Material, Record, SignedIssue, State};

pub(in crate::record) fn write(record: &Record) -> Result<Vec<u8>, RecordError> {
    match &record.state {
        State::Tombstone => serde_json::to_vec(&TombstoneJson {
            v: VERSION,
            key_id: record.key_id.clone(),
            organisation: record.organisation.clone(),
            environment: record.environment.clone(),
            generation: record.generation,
            tombstone: true,
        }),
        State::Live(live) => serde_json::to_vec(&write_live(record, live)),
    }
    .map_err(|_| RecordError::Malformed("the record cannot be written"))
}

fn write_live(record: &Record, live: &Live) -> LiveJson {
    let (algorithm, rules, issues) = match &live.material {
        Material::Basic(issues) => (None, None, issues.iter().map(write_basic).collect()),
        Material::Signed {
            algorithm,
            rules,
            issues,
        } => (
            Some(algorithm.as_str().to_string()),
            Some(rules),
            issues.iter().map(write_signed).collect(),
        ),
        Material::Token {
            algorithm, issues, ..
        } => (
            Some(algorithm.as_str().to_string()),
            None,
            issues.iter().map(write_token).collect(),
        ),
    };
    LiveJson {
        v: VERSION,
        key_id: record.key_id.clone(),
        organisation: record.organisation.clone(),
        environment: record.environment.clone(),
        generation: record.generation,
        fresh_until: live.fresh_until_s,
        kind: match &live.material {
            Material::Basic(_) => Kind::Basic,
            Material::Signed { .. } => Kind::Signed,
            Material::Token { .. } => Kind::Token,
        },
        algorithm,
        profiles: rules.map(|rules| rules.profiles.iter().map(write_profile).collect()),
        nonce: rules.map(|rules| match rules.nonce {
            NoncePolicy::Optional => Nonce::Optional,
            NoncePolicy::Required => Nonce::Required,
        }),
        replay: rules.and_then(write_replay),
        allow_unsigned_query: rules
            .is_some_and(|rules| rules.allow_unsigned_query)
            .then_some(true),
        not_before: live.not_before_s,
        expires_at: live.expires_at_s,
        disabled: live.disabled,
        addresses: live
            .addresses
            .as_ref()
            .map(|networks| networks.iter().map(ToString::to_string).collect()),
        assignments: live.assignments.clone(),
        rate_limit: false,
        quota: false,
        token_profile: match &live.material {
            Material::Token { profile, .. } => token::write_profile(*profile),
            Material::Basic(_) | Material::Signed { .. } => None,
        },
        issues,
    }
}

const fn write_profile(profile: Profile) -> ProfileJson {
    match profile {
        Profile::Rfc9421 => ProfileJson::Rfc9421,
        Profile::Cloud9 => ProfileJson::Cloud9,
        Profile::Kong => ProfileJson::Kong,
        Profile::Cavage => ProfileJson::Cavage,
    }
}

const fn write_replay(rules: &SigningRules) -> Option<ReplayJson> {
    match rules.replay {
        ReplayPolicy::Window => None,
        ReplayPolicy::Strict => Some(ReplayJson::Strict),
        ReplayPolicy::StrictAll => Some(ReplayJson::StrictAll),
    }
}

fn write_basic(one: &BasicIssue) -> IssueJson {
    IssueJson {
        issue: one.issue.clone(),
        ring: Some(one.ring.clone()),
        sealed: None,
        mac: Some(Text(one.mac.to_vec())),
        digest: one.of_digest.then_some(Digest::Sha256),
        not_after: one.not_after_s,
    }
}

fn write_signed(one: &SignedIssue) -> IssueJson {
    IssueJson {
        issue: one.issue.clone(),
        ring: Some(one.ring.clone()),
        sealed: Some(Text(one.sealed.clone())),
        mac: None,
        digest: None,
        not_after: one.not_after_s,
    }
}
