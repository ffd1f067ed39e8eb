//! Record v1: what the edge knows of a key (rules 20 to 24 of the design).
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ipnet::IpNet;
use keyward_core::address::is_network;
use keyward_core::deployment::is_name;
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::Profile;
pub use keyward_core::key::{SigningRules, TokenProfile};
use keyward_core::limits;
use keyward_core::mac::Algorithm;
use serde::{Deserialize, Serialize};

use crate::grants::{Accounts, GrantTable, is_account};
use crate::open::RecordError;
use crate::ring::RingId;

mod json;
mod token;

pub use token::{SealedSecret, TokenIssue};

/// A record: whose it is, and whether there still is a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub key_id: String,
    pub organisation: String,
    pub environment: String,
    /// Counts the changes of this record, from 1; never goes down.
    pub generation: u64,
    pub state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Live(Live),
    /// The key was removed. There is no way back.
    Tombstone,
}

/// A key that was not removed. Times are seconds of Unix time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Until when the record may be believed. `None` is for expired keys and while a record has
    /// not been published.
    pub fresh_until_s: Option<u64>,
    pub not_before_s: Option<u64>,
    pub expires_at_s: u64,
    pub disabled: bool,
    /// `None`: anywhere. An empty list: nowhere.
    pub addresses: Option<Vec<IpNet>>,
    pub assignments: Vec<Assignment>,
    pub material: Material,
}

/// A role that a key holds, with its grants resolved when the key was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    pub role: String,
    pub accounts: Accounts,
    pub grants: GrantTable,
}

/// What proves that the key was used: one issue, or two while the secret is being replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Material {
    Basic(Vec<BasicIssue>),
    Signed {
        algorithm: Algorithm,
        rules: SigningRules,
        issues: Vec<SignedIssue>,
    },
    Token {
        algorithm: JwsAlgorithm,
        profile: TokenProfile,
        issues: Vec<TokenIssue>,
    },
}

/// One secret of a basic key.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicIssue {
    pub issue: String,
    /// Which pepper the MAC was made with.
    pub ring: RingId,
    /// HMAC-SHA512(pepper, secret).
    pub mac: [u8; 64],
    /// The MAC is over the secret's SHA-256 instead: the key was brought along, and more was not
    /// known of it.
    pub of_digest: bool,
    pub not_after_s: Option<u64>,
}

/// One secret of a signed key.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIssue {
    pub issue: String,
    /// Which sealing key the secret is sealed with.
    pub ring: RingId,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
    pub not_after_s: Option<u64>,
}

impl fmt::Debug for BasicIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BasicIssue({}, ..)", self.issue)
    }
}

impl fmt::Debug for SignedIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedIssue({}, ..)", self.issue)
    }
}

impl Material {
    /// The name of the kind of key: `basic`, `signed` or `token`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Basic(_) => "basic",
            Self::Signed { .. } => "signed",
            Self::Token { .. } => "token",
        }
    }
}

impl Record {
    /// Reads a payload that came out of an envelope.
    ///
    /// # Errors
    /// `FutureVersion` when it has another version, `Malformed` when it is not exactly a record:
    /// unknown or repeated fields, fields of another kind of key, bounds exceeded.
    pub fn from_payload(payload: &[u8]) -> Result<Self, RecordError> {
        let record = json::read(payload)?;
        record.check()?;
        Ok(record)
    }

    /// The payload for an envelope.
    ///
    /// # Errors
    /// `Malformed`, with what [`Record::from_payload`] would find: what cannot be read is not
    /// written.
    pub fn to_payload(&self) -> Result<Vec<u8>, RecordError> {
        self.check()?;
        json::write(self)
    }

    /// Whether every name, list and number is one that a record may have.
    ///
    /// # Errors
    /// `Malformed` with the first rule that is broken.
    pub fn check(&self) -> Result<(), RecordError> {
        let must = |holds: bool, rule| {
            if holds {
                Ok(())
            } else {
                Err(RecordError::Malformed(rule))
            }
        };
        must(is_key_id(&self.key_id), "the key id is not one")?;
        must(
            is_name(&self.organisation),
            "the organisation is not a name",
        )?;
        must(is_name(&self.environment), "the environment is not a name")?;
        must(self.generation > 0, "generations count from 1")?;
        let State::Live(live) = &self.state else {
            return Ok(());
        };
        must(
            live.not_before_s
                .is_none_or(|from| from < live.expires_at_s),
            "the key would expire before it begins",
        )?;
        let networks = live.addresses.as_deref().unwrap_or_default();
        must(networks.len() <= limits::NETWORKS_MAX, "too many addresses")?;
        must(
            networks.iter().all(|network| is_network(*network)),
            "an address is not one",
        )?;
        must(
            live.assignments.len() <= limits::ASSIGNMENTS_MAX,
            "too many assignments",
        )?;
        for assignment in &live.assignments {
            must(is_name(&assignment.role), "a role is not a name")?;
            if let Accounts::Listed(names) = &assignment.accounts {
                must(names.len() <= limits::ACCOUNTS_MAX, "too many accounts")?;
                must(
                    names.iter().all(|name| is_account(name)),
                    "an account is not one",
                )?;
            }
            must(
                assignment
                    .grants
                    .iter()
                    .all(|(api, name, _)| is_name(api) && is_name(name)),
                "a grant names no API or resource",
            )?;
        }
        if let Material::Signed {
            algorithm, rules, ..
        } = &live.material
        {
            let cloud9 = rules.profiles.contains(Profile::Cloud9);
            must(
                !cloud9 || *algorithm == Algorithm::HmacSha512,
                "the profile cloud9 needs hmac-sha512",
            )?;
            must(
                cloud9 || !rules.allow_unsigned_query,
                "only the profile cloud9 has unsigned queries",
            )?;
        }
        let issues: Vec<&str> = match &live.material {
            Material::Basic(issues) => issues.iter().map(|one| one.issue.as_str()).collect(),
            Material::Signed { issues, .. } => {
                issues.iter().map(|one| one.issue.as_str()).collect()
            }
            Material::Token {
                algorithm,
                profile,
                issues,
            } => {
                must(
                    *profile == TokenProfile::Keyward || algorithm.mac().is_some(),
                    "tokens that the holder makes are signed with HMAC",
                )?;
                must(
                    issues.iter().all(|one| one.fits(*algorithm)),
                    "an issue of a token key is sealed with HMAC, and not with EdDSA",
                )?;
                issues.iter().map(|one| one.issue.as_str()).collect()
            }
        };
        if let Material::Signed { algorithm, .. } = &live.material {
            must(
                Algorithm::parse(algorithm.as_str()).is_some(),
                "the algorithm is not one of signed keys",
            )?;
        }
        must(
            (1..=limits::ISSUES_MAX).contains(&issues.len()),
            "a key has one or two issues",
        )?;
        must(
            issues.iter().all(|issue| is_issue(issue)),
            "an issue's id is not one",
        )?;
        must(
            !matches!(issues.as_slice(), [one, other] if one == other),
            "issues share an id",
        )
    }
}

/// Imported or made here; which of them is taken is the deployment's choice.
fn is_key_id(text: &str) -> bool {
    keyward_core::credential_text::is_key_id(text, true)
}

fn is_issue(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
