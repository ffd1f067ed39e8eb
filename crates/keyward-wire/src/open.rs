//! From the text in KV to the parts of a key.
use core::fmt;

use keyward_core::key::{self, KeyParts};
use zeroize::Zeroizing;

use crate::envelope::PublishRing;
use crate::record::{Live, Material, Record, State, TokenIssue};
use crate::ring::RingId;
use crate::seal::{DerivedKeys, SealContext, Unsealing};

/// What the host looked up, and where.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    pub deployment: &'a str,
    /// The environment of the authority that received the request.
    pub environment: &'a str,
    pub key_id: &'a str,
}

/// What a record turned out to be.
#[derive(Debug)]
pub enum Opened {
    Key(KeyParts),
    /// The key was removed.
    Tombstone {
        generation: u64,
    },
    /// The key is of another environment: nothing of it was unsealed.
    OtherEnvironment {
        generation: u64,
    },
}

/// Verifies, reads and unseals a record as it came from KV.
///
/// The environment is compared before anything is unsealed (rule 4 of the design).
///
/// # Errors
/// When the record cannot be believed or understood; the caller then knows nothing of the key and
/// answers 503.
pub fn open_record(
    text: &str,
    kv_name: &str,
    publish: &PublishRing,
    unsealing: &Unsealing,
    expect: Expect<'_>,
    now_s: u64,
) -> Result<Opened, RecordError> {
    let record = Record::from_payload(&publish.open(kv_name, text)?)?;
    if record.key_id != expect.key_id {
        return Err(RecordError::OtherKey);
    }
    let generation = record.generation;
    if record.environment != expect.environment {
        return Ok(Opened::OtherEnvironment { generation });
    }
    if let State::Live(live) = &record.state {
        check_fresh(live, now_s)?;
    }
    let keys = |organisation: &str, ring: &RingId| unsealing.keys(organisation, ring);
    Ok(match unsealed(record, expect.deployment, &keys)? {
        Some(parts) => Opened::Key(parts),
        None => Opened::Tombstone { generation },
    })
}

/// What gives the keys of an organisation under the master with an id.
pub type SealingKeys<'a> = dyn Fn(&str, &RingId) -> Result<DerivedKeys, RecordError> + 'a;

/// The key of a record, `None` when it was removed. For who has the record itself: it is believed
/// as it is, however old.
///
/// # Errors
/// When a secret does not open.
pub fn unsealed(
    record: Record,
    deployment: &str,
    keys: &SealingKeys<'_>,
) -> Result<Option<KeyParts>, RecordError> {
    let State::Live(live) = record.state else {
        return Ok(None);
    };
    let context = SealContext {
        deployment,
        environment: &record.environment,
        organisation: &record.organisation,
        key_id: &record.key_id,
        kind: live.material.kind(),
        issue: "",
        algorithm: "",
    };
    let material = unseal(&live.material, context, keys)?;
    Ok(Some(KeyParts {
        key_id: record.key_id,
        organisation: record.organisation,
        environment: record.environment,
        generation: record.generation,
        fresh_until_s: live.fresh_until_s,
        not_before_s: live.not_before_s,
        expires_at_s: live.expires_at_s,
        disabled: live.disabled,
        addresses: live.addresses,
        assignments: live
            .assignments
            .into_iter()
            .map(|one| key::Assignment {
                role: one.role,
                accounts: one.accounts.into_core(),
                grants: one.grants.to_core(),
            })
            .collect(),
        material,
    }))
}

/// Without an end of freshness only an expired key can be believed: it stays refused.
fn check_fresh(live: &Live, now_s: u64) -> Result<(), RecordError> {
    let fresh = match live.fresh_until_s {
        Some(until) => now_s <= until,
        None => live.expires_at_s <= now_s,
    };
    if fresh {
        Ok(())
    } else {
        Err(RecordError::Stale)
    }
}

fn unseal(
    material: &Material,
    context: SealContext<'_>,
    keys: &SealingKeys<'_>,
) -> Result<key::Material, RecordError> {
    Ok(match material {
        Material::Basic(issues) => key::Material::Basic(
            issues
                .iter()
                .map(|one| {
                    let keys = keys(context.organisation, &one.ring)?;
                    Ok(key::BasicIssue {
                        issue: one.issue.clone(),
                        pepper: Zeroizing::new(keys.pepper().to_vec()),
                        mac: one.mac,
                        of_digest: one.of_digest,
                        not_after_s: one.not_after_s,
                    })
                })
                .collect::<Result<_, RecordError>>()?,
        ),
        Material::Signed {
            algorithm,
            rules,
            issues,
        } => key::Material::Signed {
            algorithm: *algorithm,
            rules: *rules,
            issues: issues
                .iter()
                .map(|one| {
                    let keys = keys(context.organisation, &one.ring)?;
                    let context = SealContext {
                        issue: &one.issue,
                        algorithm: algorithm.as_str(),
                        ..context
                    };
                    Ok(key::SignedIssue {
                        issue: one.issue.clone(),
                        secret: keys.unseal(&context, &one.ring, &one.sealed)?,
                        not_after_s: one.not_after_s,
                    })
                })
                .collect::<Result<_, RecordError>>()?,
        },
        Material::Token {
            algorithm,
            profile,
            issues,
        } => key::Material::Token {
            algorithm: *algorithm,
            profile: *profile,
            issues: issues
                .iter()
                .map(|one| unseal_token(one, algorithm.as_str(), context, keys))
                .collect::<Result<_, RecordError>>()?,
        },
    })
}

fn unseal_token(
    one: &TokenIssue,
    algorithm: &str,
    context: SealContext<'_>,
    keys: &SealingKeys<'_>,
) -> Result<key::TokenIssue, RecordError> {
    let secret = match &one.secret {
        None => None,
        Some(secret) => {
            let keys = keys(context.organisation, &secret.ring)?;
            let context = SealContext {
                issue: &one.issue,
                algorithm,
                ..context
            };
            Some(keys.unseal(&context, &secret.ring, &secret.sealed)?)
        }
    };
    Ok(key::TokenIssue {
        issue: one.issue.clone(),
        secret,
        not_after_s: one.not_after_s,
    })
}

/// Why a record cannot be used. Says nothing of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// The text is larger than an envelope may be.
    TooLarge,
    /// It is not what the registry writes; the rule that is broken.
    Malformed(&'static str),
    /// It was written for a later version than this one.
    FutureVersion,
    /// It is signed with a key that is not in the publishing ring.
    UnknownPublishKey,
    /// It was not signed by the registry for this name.
    WrongSignature,
    /// It is the record of another key than the one that was looked up.
    OtherKey,
    /// It belongs to an organisation whose keys are not here.
    OtherOrganisation,
    /// It is sealed with a key that is not in the ring.
    UnknownSealingKey,
    /// It was sealed for another place, or changed.
    Unsealable,
    /// It was to be believed only until an earlier time.
    Stale,
}

impl RecordError {
    /// A stable snake_case name, for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "record_too_large",
            Self::Malformed(_) => "record_malformed",
            Self::FutureVersion => "record_future_version",
            Self::UnknownPublishKey => "record_unknown_publish_key",
            Self::WrongSignature => "record_wrong_signature",
            Self::OtherKey => "record_other_key",
            Self::OtherOrganisation => "record_other_organisation",
            Self::UnknownSealingKey => "record_unknown_sealing_key",
            Self::Unsealable => "record_unsealable",
            Self::Stale => "record_stale",
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(rule) => write!(f, "{}: {rule}", self.as_str()),
            _ => f.write_str(self.as_str()),
        }
    }
}

impl core::error::Error for RecordError {}
