//! Changes of keys that are there. Each gives the next generation of the record; one that would
//! change nothing gives the record as it is.
use alloc::vec::Vec;

use ipnet::IpNet;
use keyward_wire::record::{Assignment, Live, Material, Record, State};

use crate::error::IssueError;

/// The key, refused until it is enabled again.
///
/// # Errors
/// When it was removed.
pub fn disable(record: &Record) -> Result<Record, IssueError> {
    set_disabled(record, true)
}

/// The key, taken again.
///
/// # Errors
/// When it was removed.
pub fn enable(record: &Record) -> Result<Record, IssueError> {
    set_disabled(record, false)
}

/// The key with its newest secret alone: the one before it is no longer valid.
///
/// # Errors
/// When it was removed.
pub fn end_rotation(record: &Record) -> Result<Record, IssueError> {
    let old = live(record)?;
    let material = match &old.material {
        Material::Basic(issues) => Material::Basic(newest(issues)),
        Material::Signed {
            algorithm,
            rules,
            issues,
        } => Material::Signed {
            algorithm: *algorithm,
            rules: *rules,
            issues: newest(issues),
        },
        Material::Token {
            algorithm,
            profile,
            issues,
        } => Material::Token {
            algorithm: *algorithm,
            profile: *profile,
            issues: newest(issues),
        },
    };
    changed(
        record,
        Live {
            material,
            ..old.clone()
        },
    )
}

/// The key with an earlier end, which its tokens have too: what they say themselves is only the
/// latest. Longer it lives by [`Issuer::reissue`](crate::Issuer::reissue) alone.
///
/// # Errors
/// When it was removed, the end would be later, or not after its beginning.
pub fn shorten(record: &Record, expires_at_s: u64) -> Result<Record, IssueError> {
    let old = live(record)?;
    if expires_at_s > old.expires_at_s {
        return Err(IssueError::Lengthens);
    }
    let shorter = changed(
        record,
        Live {
            expires_at_s,
            ..old.clone()
        },
    )?;
    shorter.check()?;
    Ok(shorter)
}

/// What of a key may be another without a new secret. `None`: as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The inner `None`: anywhere. An empty list: nowhere.
    pub addresses: Option<Option<Vec<IpNet>>>,
    pub assignments: Option<Vec<Assignment>>,
    pub expires_at_s: Option<u64>,
}

/// The key as it was edited. A token says itself when it ends, so token keys are
/// [reissued](crate::Issuer::reissue) to live longer.
///
/// # Errors
/// When the key was removed, has expired and would live again, would expire before now or before
/// it begins, is a token key that would live longer, or a list is none that a record may have.
pub fn edit(record: &Record, edit: Edit, now_s: u64) -> Result<Record, IssueError> {
    let old = live(record)?;
    let expires_at_s = edit.expires_at_s.unwrap_or(old.expires_at_s);
    if edit.expires_at_s.is_some() {
        if old.expires_at_s <= now_s {
            return Err(IssueError::Expired);
        }
        if expires_at_s <= now_s {
            return Err(IssueError::ExpiresTooEarly);
        }
        let is_token = matches!(old.material, Material::Token { .. });
        if is_token && expires_at_s > old.expires_at_s {
            return Err(IssueError::Lengthens);
        }
    }
    let edited = changed(
        record,
        Live {
            expires_at_s,
            addresses: edit.addresses.unwrap_or_else(|| old.addresses.clone()),
            assignments: edit.assignments.unwrap_or_else(|| old.assignments.clone()),
            ..old.clone()
        },
    )?;
    edited.check()?;
    Ok(edited)
}

/// A tombstone in place of the key, for ever.
///
/// # Errors
/// When it was removed already.
pub fn remove(record: &Record) -> Result<Record, IssueError> {
    live(record)?;
    next(record, State::Tombstone)
}

fn set_disabled(record: &Record, disabled: bool) -> Result<Record, IssueError> {
    changed(
        record,
        Live {
            disabled,
            ..live(record)?.clone()
        },
    )
}

/// Rotation puts the newest first.
fn newest<I: Clone>(issues: &[I]) -> Vec<I> {
    issues.iter().take(1).cloned().collect()
}

pub(crate) fn live(record: &Record) -> Result<&Live, IssueError> {
    match &record.state {
        State::Live(live) => Ok(live),
        State::Tombstone => Err(IssueError::Removed),
    }
}

pub(crate) fn changed(record: &Record, live: Live) -> Result<Record, IssueError> {
    if matches!(&record.state, State::Live(old) if *old == live) {
        return Ok(record.clone());
    }
    next(record, State::Live(live))
}

fn next(record: &Record, state: State) -> Result<Record, IssueError> {
    let generation = record
        .generation
        .checked_add(1)
        .ok_or(IssueError::Generations)?;
    Ok(Record {
        generation,
        state,
        ..record.clone()
    })
}
