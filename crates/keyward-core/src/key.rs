//! A key, compiled once from its record so that each request costs as little as may be.
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::address::AddressSet;
use crate::catalogue::{Action, Actions, Catalogue, ResourceId};
use crate::jws::JwsAlgorithm;
use crate::limits;
use crate::mac::{Algorithm, MacKey};

mod parts;
mod signing;
mod token;

pub use parts::{BasicIssue, KeyParts, Material, SignedIssue};
pub use signing::{NoncePolicy, Profile, Profiles, ReplayPolicy, SigningRules};
pub(crate) use token::CompiledToken;
pub use token::{TokenIssue, TokenProfile};

/// A role that a key holds, with its grants as they were when the key was made.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub role: String,
    pub accounts: Accounts,
    pub grants: Vec<Grants>,
}

/// The actions that are permitted on one resource.
#[derive(Clone, Debug)]
pub struct Grants {
    pub api: String,
    pub resource: String,
    pub actions: Actions,
}

/// The accounts that an assignment reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// Present and future ones.
    All,
    Listed(BTreeSet<String>),
}

impl Accounts {
    pub(crate) fn contain(&self, account: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed(names) => names.contains(account),
        }
    }
}

/// Why a record cannot be compiled: it was signed by the registry and is wrong all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError(pub(crate) &'static str);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for KeyError {}

/// A compiled key.
#[derive(Debug)]
pub struct Key {
    pub(crate) key_id: String,
    pub(crate) organisation: String,
    pub(crate) environment: String,
    pub(crate) generation: u64,
    pub(crate) fresh_until_s: Option<u64>,
    pub(crate) not_before_s: Option<u64>,
    pub(crate) expires_at_s: u64,
    pub(crate) disabled: bool,
    pub(crate) addresses: Option<AddressSet>,
    pub(crate) assignments: Vec<CompiledAssignment>,
    pub(crate) secrets: Secrets,
}

#[derive(Debug)]
pub(crate) enum Secrets {
    Basic(Vec<CompiledBasic>),
    Signed {
        rules: SigningRules,
        issues: Vec<CompiledSigned>,
    },
    Token {
        algorithm: JwsAlgorithm,
        profile: TokenProfile,
        issues: Vec<CompiledToken>,
    },
}

pub(crate) struct CompiledBasic {
    pub(crate) issue: String,
    pub(crate) pepper: MacKey,
    pub(crate) mac: Zeroizing<[u8; 64]>,
    pub(crate) of_digest: bool,
    pub(crate) not_after_s: Option<u64>,
}

impl fmt::Debug for CompiledBasic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompiledBasic({}, ..)", self.issue)
    }
}

#[derive(Debug)]
pub(crate) struct CompiledSigned {
    pub(crate) issue: String,
    pub(crate) key: MacKey,
    pub(crate) not_after_s: Option<u64>,
}

/// An assignment with one set of actions for each resource of the catalogue.
#[derive(Debug)]
pub(crate) struct CompiledAssignment {
    pub(crate) role: String,
    pub(crate) accounts: Accounts,
    actions: Vec<Actions>,
}

impl CompiledAssignment {
    pub(crate) fn permits(&self, resource: ResourceId, action: Action) -> bool {
        self.actions
            .get(resource.index())
            .is_some_and(|actions| actions.contains(action))
    }
}

impl Key {
    /// Prepares a key for requests against a catalogue. Grants on resources that the catalogue
    /// does not have are without effect.
    ///
    /// # Errors
    /// When a bound is exceeded or there is nothing to verify with.
    pub fn compile(parts: KeyParts, catalogue: &Catalogue) -> Result<Self, KeyError> {
        if parts.assignments.len() > limits::ASSIGNMENTS_MAX {
            return Err(KeyError("too many assignments"));
        }
        let assignments = parts
            .assignments
            .into_iter()
            .map(|one| compile_assignment(one, catalogue))
            .collect::<Result<_, _>>()?;
        let secrets = match parts.material {
            Material::Basic(issues) => {
                check_issues(issues.len())?;
                Secrets::Basic(issues.into_iter().map(compile_basic).collect())
            }
            Material::Signed {
                algorithm,
                rules,
                issues,
            } => {
                check_issues(issues.len())?;
                Secrets::Signed {
                    rules,
                    issues: issues
                        .into_iter()
                        .map(|one| compile_signed(algorithm, one))
                        .collect(),
                }
            }
            Material::Token {
                algorithm,
                profile,
                issues,
            } => {
                check_issues(issues.len())?;
                Secrets::Token {
                    algorithm,
                    profile,
                    issues: issues
                        .into_iter()
                        .map(|one| CompiledToken::compile(algorithm, one))
                        .collect::<Result<_, _>>()?,
                }
            }
        };
        Ok(Self {
            key_id: parts.key_id,
            organisation: parts.organisation,
            environment: parts.environment,
            generation: parts.generation,
            fresh_until_s: parts.fresh_until_s,
            not_before_s: parts.not_before_s,
            expires_at_s: parts.expires_at_s,
            disabled: parts.disabled,
            addresses: match parts.addresses {
                Some(networks) => Some(
                    AddressSet::compile(networks).map_err(|_| KeyError("too many addresses"))?,
                ),
                None => None,
            },
            assignments,
            secrets,
        })
    }

    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    #[must_use]
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Counts the changes of the record; never goes down.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether the record may still be believed.
    #[must_use]
    pub fn is_fresh(&self, now_s: u64) -> bool {
        self.fresh_until_s.is_none_or(|until| now_s <= until)
    }
}

fn check_issues(count: usize) -> Result<(), KeyError> {
    if (1..=limits::ISSUES_MAX).contains(&count) {
        Ok(())
    } else {
        Err(KeyError("a key has one or two issues"))
    }
}

fn compile_assignment(
    one: Assignment,
    catalogue: &Catalogue,
) -> Result<CompiledAssignment, KeyError> {
    if matches!(&one.accounts, Accounts::Listed(names) if names.len() > limits::ACCOUNTS_MAX) {
        return Err(KeyError("too many accounts"));
    }
    let mut actions = vec![Actions::default(); catalogue.resource_count()];
    for grants in one.grants {
        let slot = catalogue
            .resource(&grants.api, &grants.resource)
            .and_then(|resource| actions.get_mut(resource.index()));
        if let Some(slot) = slot {
            *slot = slot.union(grants.actions);
        }
    }
    Ok(CompiledAssignment {
        role: one.role,
        accounts: one.accounts,
        actions,
    })
}

fn compile_basic(one: BasicIssue) -> CompiledBasic {
    CompiledBasic {
        issue: one.issue,
        pepper: MacKey::new(Algorithm::HmacSha512, &one.pepper),
        mac: Zeroizing::new(one.mac),
        of_digest: one.of_digest,
        not_after_s: one.not_after_s,
    }
}

fn compile_signed(algorithm: Algorithm, one: SignedIssue) -> CompiledSigned {
    CompiledSigned {
        issue: one.issue,
        key: MacKey::new(algorithm, &one.secret),
        not_after_s: one.not_after_s,
    }
}
