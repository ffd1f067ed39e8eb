//! New keys, and new secrets for keys that are there.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ipnet::IpNet;
use keyward_core::credential_text::is_key_id;
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::SigningRules;
use keyward_core::mac::Algorithm;
use keyward_wire::MasterRing;
use keyward_wire::record::{
    Assignment, BasicIssue, Live, Material, Record, SignedIssue, State, TokenProfile,
};
use keyward_wire::seal::{SEAL_NONCE_BYTES, SealContext};

use crate::error::IssueError;
use crate::import::{Brought, is_imported_key_id};
use crate::random::{Entropy, bytes};
use crate::secret::{Secret, make_issue_id, make_key_id};
use crate::token::{Subject, TokenSigner};

const DAY_S: u64 = 24 * 60 * 60;
/// How long signed keys live where nothing else is said: 365 days.
pub const SIGNED_LIFE_S: u64 = 365 * DAY_S;
/// How long basic keys live where nothing else is said: 182 days. Their secret is sent along.
pub const BASIC_LIFE_S: u64 = 182 * DAY_S;
/// How long token keys live where nothing else is said: 182 days. A token is sent along too.
pub const TOKEN_LIFE_S: u64 = 182 * DAY_S;

/// Makes the keys of one environment.
#[derive(Clone, Copy, Debug)]
pub struct Issuer<'a> {
    /// The deployment's name; sealed secrets are bound to it.
    pub deployment: &'a str,
    pub environment: &'a str,
    pub masters: &'a MasterRing,
    /// Whether keys may bring ids of their own.
    pub imported_key_ids: bool,
    /// What signs tokens with Ed25519.
    pub token_signer: Option<&'a TokenSigner>,
}

/// What a key is to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub organisation: String,
    /// `None`: one is made.
    pub key_id: Option<NewKeyId>,
    pub kind: NewKind,
    pub not_before_s: Option<u64>,
    /// `None`: [`SIGNED_LIFE_S`], [`BASIC_LIFE_S`] or [`TOKEN_LIFE_S`] from now.
    pub expires_at_s: Option<u64>,
    /// `None`: anywhere. An empty list: nowhere.
    pub addresses: Option<Vec<IpNet>>,
    pub assignments: Vec<Assignment>,
}

/// An id that there is before its key.
#[derive(Clone, Debug)]
pub enum NewKeyId {
    /// Of [`make_key_id`].
    Made(String),
    /// From elsewhere.
    Brought(String),
}

/// How a key is used.
#[derive(Clone, Debug)]
pub enum NewKind {
    Basic,
    Signed {
        algorithm: Algorithm,
        rules: SigningRules,
    },
    /// `EdDsa` unless the client can verify nothing but HMAC.
    Token(JwsAlgorithm),
}

/// A record and the secret that goes with it, which nothing gives a second time. The secret of a
/// token key is the token.
pub struct IssuedKey {
    pub record: Record,
    pub secret: Secret,
}

impl fmt::Debug for IssuedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuedKey({}, ..)", self.record.key_id)
    }
}

impl Issuer<'_> {
    /// A new key with a new secret, in generation 1. `now_s` is Unix time in seconds.
    ///
    /// # Errors
    /// When an id is brought along and may not be, the key would expire before now, a name or
    /// list is none that a record may have, or the source of randomness is broken.
    pub fn make(
        &self,
        new: NewKey,
        now_s: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<IssuedKey, IssueError> {
        if let NewKind::Token(algorithm) = new.kind {
            return self.make_token(new, algorithm, now_s, entropy);
        }
        let secret = Secret::make(entropy)?;
        let own = Brought::Secret(secret.reveal().as_bytes());
        let record = self.record(new, own, now_s, entropy)?;
        Ok(IssuedKey { record, secret })
    }

    /// A new key with a secret that its owner has already. A token key is then one whose tokens its
    /// owner makes: plain JWTs with `iss` the key id, and with HMAC.
    ///
    /// # Errors
    /// As [`Issuer::make`], when a token key is not for HMAC, when [`Brought::check`] says so of the
    /// secret, that of a basic key has other characters than printable ASCII, or there is no more than a
    /// digest and the key is not basic.
    pub fn import(
        &self,
        new: NewKey,
        brought: Brought<'_>,
        now_s: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<Record, IssueError> {
        brought.check().map_err(|_| IssueError::Secret)?;
        let printable = |byte: &u8| (0x20..=0x7E).contains(byte);
        let is_digest = matches!(brought, Brought::Digest(_));
        match new.kind {
            NewKind::Basic if !is_digest && !brought.bytes().iter().all(printable) => {
                return Err(IssueError::BasicSecret);
            }
            NewKind::Basic => {}
            NewKind::Signed { .. } | NewKind::Token(_) if is_digest => {
                return Err(IssueError::Digest);
            }
            NewKind::Signed { .. } | NewKind::Token(_) => {}
        }
        self.record(new, brought, now_s, entropy)
    }

    fn record(
        &self,
        new: NewKey,
        brought: Brought<'_>,
        now_s: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<Record, IssueError> {
        let secret = brought.bytes();
        let key_id = self.key_id(&new, entropy)?;
        let (material, life_s) = match new.kind.clone() {
            NewKind::Token(algorithm) if algorithm.mac().is_none() => {
                return Err(IssueError::ImportedToken);
            }
            NewKind::Token(algorithm) => {
                let subject = Subject {
                    organisation: &new.organisation,
                    key_id: &key_id,
                    algorithm,
                    not_before_s: new.not_before_s,
                    expires_at_s: expires_at_s(&new, TOKEN_LIFE_S, now_s)?,
                };
                let issue = self.token_secret(&subject, secret, entropy)?;
                let material = Material::Token {
                    algorithm,
                    profile: TokenProfile::JwtIss,
                    issues: Vec::from([issue]),
                };
                (material, TOKEN_LIFE_S)
            }
            NewKind::Basic => {
                let issue = BasicIssue {
                    of_digest: matches!(brought, Brought::Digest(_)),
                    ..self.basic_issue(&new.organisation, secret, entropy)?
                };
                (Material::Basic(Vec::from([issue])), BASIC_LIFE_S)
            }
            NewKind::Signed { algorithm, rules } => {
                let issue =
                    self.signed_issue(&new.organisation, &key_id, algorithm, secret, entropy)?;
                let issues = Vec::from([issue]);
                (
                    Material::Signed {
                        algorithm,
                        rules,
                        issues,
                    },
                    SIGNED_LIFE_S,
                )
            }
        };
        let expires_at_s = expires_at_s(&new, life_s, now_s)?;
        self.checked_record(new, key_id, expires_at_s, material)
    }

    fn make_token(
        &self,
        new: NewKey,
        algorithm: JwsAlgorithm,
        now_s: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<IssuedKey, IssueError> {
        let key_id = self.key_id(&new, entropy)?;
        let expires_at_s = expires_at_s(&new, TOKEN_LIFE_S, now_s)?;
        let subject = Subject {
            organisation: &new.organisation,
            key_id: &key_id,
            algorithm,
            not_before_s: new.not_before_s,
            expires_at_s,
        };
        let (issue, secret) = self.token_issue(&subject, now_s, entropy)?;
        let material = Material::Token {
            algorithm,
            profile: TokenProfile::Keyward,
            issues: Vec::from([issue]),
        };
        let record = self.checked_record(new, key_id, expires_at_s, material)?;
        Ok(IssuedKey { record, secret })
    }

    fn key_id(&self, new: &NewKey, entropy: &mut Entropy<'_>) -> Result<String, IssueError> {
        match &new.key_id {
            None => make_key_id(entropy),
            Some(NewKeyId::Made(id)) if is_key_id(id, false) => Ok(id.clone()),
            Some(NewKeyId::Brought(_)) if !self.imported_key_ids => Err(IssueError::ImportedKeyIds),
            Some(NewKeyId::Brought(id)) if is_imported_key_id(id) => Ok(id.clone()),
            Some(NewKeyId::Made(_) | NewKeyId::Brought(_)) => Err(IssueError::KeyId),
        }
    }

    fn checked_record(
        &self,
        new: NewKey,
        key_id: String,
        expires_at_s: u64,
        material: Material,
    ) -> Result<Record, IssueError> {
        let record = Record {
            key_id,
            organisation: new.organisation,
            environment: String::from(self.environment),
            generation: 1,
            state: State::Live(Live {
                fresh_until_s: None,
                not_before_s: new.not_before_s,
                expires_at_s,
                disabled: false,
                addresses: new.addresses,
                assignments: new.assignments,
                material,
            }),
        };
        record.check()?;
        Ok(record)
    }

    pub(crate) fn basic_issue(
        &self,
        organisation: &str,
        secret: &[u8],
        entropy: &mut Entropy<'_>,
    ) -> Result<BasicIssue, IssueError> {
        let (ring, keys) = self.masters.sealing(organisation)?;
        Ok(BasicIssue {
            issue: make_issue_id(entropy)?,
            ring: ring.clone(),
            mac: keys.basic_mac(secret),
            of_digest: false,
            not_after_s: None,
        })
    }

    pub(crate) fn signed_issue(
        &self,
        organisation: &str,
        key_id: &str,
        algorithm: Algorithm,
        secret: &[u8],
        entropy: &mut Entropy<'_>,
    ) -> Result<SignedIssue, IssueError> {
        let (ring, keys) = self.masters.sealing(organisation)?;
        let issue = make_issue_id(entropy)?;
        let nonce = bytes::<SEAL_NONCE_BYTES>(entropy)?;
        let context = SealContext {
            deployment: self.deployment,
            environment: self.environment,
            organisation,
            key_id,
            kind: "signed",
            issue: &issue,
            algorithm: algorithm.as_str(),
        };
        let sealed = keys.seal(&context, ring, *nonce, secret)?;
        Ok(SignedIssue {
            issue,
            ring: ring.clone(),
            sealed,
            not_after_s: None,
        })
    }
}

fn expires_at_s(new: &NewKey, life_s: u64, now_s: u64) -> Result<u64, IssueError> {
    let expires_at_s = new.expires_at_s.unwrap_or(now_s.saturating_add(life_s));
    if expires_at_s <= now_s {
        Err(IssueError::ExpiresTooEarly)
    } else {
        Ok(expires_at_s)
    }
}
