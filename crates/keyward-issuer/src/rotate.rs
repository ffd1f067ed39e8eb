//! A new secret for a key that is there, and how long the old one stays valid beside it.
use alloc::vec::Vec;

use keyward_wire::record::{
    BasicIssue, Live, Material, Record, SignedIssue, State, TokenIssue, TokenProfile,
};

use crate::change::{changed, live};
use crate::error::IssueError;
use crate::make::{IssuedKey, Issuer};
use crate::random::Entropy;
use crate::secret::Secret;
use crate::token::Subject;

impl Issuer<'_> {
    /// The same key with a new secret besides the one that it has, which stays valid until
    /// `old_until_s`: at once no more when that is past, and never longer than the key.
    ///
    /// # Errors
    /// When the key was removed or has expired, is of another environment, or two of its secrets
    /// are valid already (see [`end_rotation`](crate::end_rotation)).
    pub fn rotate(
        &self,
        record: &Record,
        old_until_s: u64,
        now_s: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<IssuedKey, IssueError> {
        let expires_at_s = live(record)?.expires_at_s;
        self.reissue(record, expires_at_s, old_until_s, now_s, entropy)
    }

    /// The same key with another secret in place of its newest: one beside that stays as it is.
    ///
    /// # Errors
    /// When the key was removed or has expired, or is of another environment.
    pub fn replace(
        &self,
        record: &Record,
        now_s: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<IssuedKey, IssueError> {
        let mut older = live(record)?.clone();
        let older_until_s = match &mut older.material {
            Material::Basic(issues) => take_newest(issues),
            Material::Signed { issues, .. } => take_newest(issues),
            Material::Token { issues, .. } => take_newest(issues),
        };
        let expires_at_s = older.expires_at_s;
        let older = Record {
            state: State::Live(older),
            ..record.clone()
        };
        self.reissue(&older, expires_at_s, older_until_s, now_s, entropy)
    }

    /// [`Issuer::rotate`] with another end of the key, earlier or later. The secret or token
    /// that there is keeps its own.
    ///
    /// # Errors
    /// As [`Issuer::rotate`], and when the key would expire before now or before it begins.
    pub fn reissue(
        &self,
        record: &Record,
        expires_at_s: u64,
        old_until_s: u64,
        now_s: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<IssuedKey, IssueError> {
        if record.environment != self.environment {
            return Err(IssueError::OtherEnvironment);
        }
        let old = live(record)?;
        if old.expires_at_s <= now_s {
            return Err(IssueError::Expired);
        }
        if expires_at_s <= now_s {
            return Err(IssueError::ExpiresTooEarly);
        }
        let mut secret = Secret::make(entropy)?;
        let until_s = old_until_s.min(old.expires_at_s).min(expires_at_s);
        let material = match &old.material {
            Material::Basic(issues) => {
                let new =
                    self.basic_issue(&record.organisation, secret.reveal().as_bytes(), entropy)?;
                Material::Basic(overlap(new, issues, until_s, now_s)?)
            }
            Material::Signed {
                algorithm,
                rules,
                issues,
            } => {
                let bytes = secret.reveal().as_bytes();
                let new = self.signed_issue(
                    &record.organisation,
                    &record.key_id,
                    *algorithm,
                    bytes,
                    entropy,
                )?;
                Material::Signed {
                    algorithm: *algorithm,
                    rules: *rules,
                    issues: overlap(new, issues, until_s, now_s)?,
                }
            }
            Material::Token {
                algorithm,
                profile,
                issues,
            } => {
                let subject = Subject {
                    organisation: &record.organisation,
                    key_id: &record.key_id,
                    algorithm: *algorithm,
                    not_before_s: old.not_before_s,
                    expires_at_s,
                };
                let new = match profile {
                    TokenProfile::Keyward => {
                        let (new, token) = self.token_issue(&subject, now_s, entropy)?;
                        secret = token;
                        new
                    }
                    TokenProfile::JwtIss => {
                        self.token_secret(&subject, secret.reveal().as_bytes(), entropy)?
                    }
                };
                Material::Token {
                    algorithm: *algorithm,
                    profile: *profile,
                    issues: overlap(new, issues, until_s, now_s)?,
                }
            }
        };
        let next = changed(
            record,
            Live {
                expires_at_s,
                material,
                ..old.clone()
            },
        )?;
        next.check()?;
        Ok(IssuedKey {
            record: next,
            secret,
        })
    }
}

/// The new issue first, then the one that it replaces, until that ends.
fn overlap<I: Ends>(new: I, issues: &[I], until_s: u64, now_s: u64) -> Result<Vec<I>, IssueError> {
    let mut valid = issues
        .iter()
        .filter(|one| one.not_after_s().is_none_or(|end| now_s < end));
    let old = valid.next();
    if valid.next().is_some() {
        return Err(IssueError::RotationUnderWay);
    }
    let mut overlap = Vec::from([new]);
    if let Some(old) = old
        && now_s < until_s
    {
        let end_s = old
            .not_after_s()
            .map_or(until_s, |end_s| end_s.min(until_s));
        overlap.push(old.ending(end_s));
    }
    Ok(overlap)
}

/// Leaves what is beside the newest, and says until when that is valid.
fn take_newest<I: Ends>(issues: &mut Vec<I>) -> u64 {
    *issues = issues.iter().skip(1).cloned().collect();
    issues
        .first()
        .and_then(Ends::not_after_s)
        .unwrap_or_default()
}

/// An issue, of whichever kind of key.
trait Ends: Clone {
    fn not_after_s(&self) -> Option<u64>;
    fn ending(&self, not_after_s: u64) -> Self;
}

macro_rules! ends {
    ($($issue:ty),*) => {$(
        impl Ends for $issue {
            fn not_after_s(&self) -> Option<u64> {
                self.not_after_s
            }

            fn ending(&self, not_after_s: u64) -> Self {
                Self {
                    not_after_s: Some(not_after_s),
                    ..self.clone()
                }
            }
        }
    )*};
}

ends!(BasicIssue, SignedIssue, TokenIssue);
