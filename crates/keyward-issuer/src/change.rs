//! Changes of keys that are there. Each gives the next generation of the record; one that would
//! change nothing gives the record as it is.
use alloc::vec::Vec;

use keyward_wire::record::{Live, Material, Record, State};

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
