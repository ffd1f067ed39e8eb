//! What a restored key is: a backup brings back what was granted, and never what was taken away.
use keyward_wire::record::{Live, Record, State};

use keyward_core::address::parse_networks;

use crate::key::KeyView;

/// Everything that is known of a key.
pub(super) struct Evidence<'a> {
    pub(super) organisation: &'a str,
    /// What the organisation has; `None` when it was lost.
    pub(super) living: Option<&'a Record>,
    /// What the edge has, with the registry's signature.
    pub(super) edge: Option<&'a Record>,
    pub(super) kept: &'a KeyView,
    /// The backup's, where secrets are in it.
    pub(super) kept_record: Option<&'a Record>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Restored {
    Key(Record),
    /// Removed, by then or since.
    Removed(Record),
    /// Nobody can say what became of it since: it comes back disabled.
    Unproven(Record),
    /// Its secret is nowhere.
    NoSecret,
    /// The generation cannot grow any more, or the backup's list of addresses is none.
    Unusable,
}

impl Evidence<'_> {
    /// The key in a generation that is above all that were seen.
    pub(super) fn restored(&self) -> Restored {
        let records = [self.living, self.edge, self.kept_record];
        let seen = records.into_iter().flatten().map(|one| one.generation);
        let highest = seen.fold(self.kept.generation, u64::max);
        let Some(generation) = highest.checked_add(1) else {
            return Restored::Unusable;
        };
        let record = |state| Record {
            key_id: self.kept.key_id.clone(),
            organisation: self.organisation.to_owned(),
            environment: self.kept.environment.clone(),
            generation,
            state,
        };
        let is_tombstone = |one: &Record| one.state == State::Tombstone;
        if self.kept.removed_at.is_some() || records.into_iter().flatten().any(is_tombstone) {
            return Restored::Removed(record(State::Tombstone));
        }
        // What is from before the backup says nothing of what became of the key since.
        let is_recent = |one: &&Record| one.generation >= self.kept.generation;
        let (living, edge) = (self.living.filter(is_recent), self.edge.filter(is_recent));
        let newest = match (living, edge) {
            (Some(living), Some(edge)) if edge.generation > living.generation => Some(edge),
            (Some(living), _) => Some(living),
            (None, edge) => edge,
        };
        let Some(base) = newest.or(self.kept_record) else {
            return Restored::NoSecret;
        };
        let State::Live(live) = &base.state else {
            return Restored::Unusable;
        };
        let Ok(addresses) = self
            .kept
            .allowlist
            .as_deref()
            .map(parse_networks)
            .transpose()
        else {
            return Restored::Unusable;
        };
        // Where the organisation is gone, what the edge has later than the backup is the truth.
        let is_later = self.living.is_none() && base.generation > self.kept.generation;
        let (addresses, assignments) = if is_later {
            (live.addresses.clone(), live.assignments.clone())
        } else {
            (addresses, self.kept.roles.clone())
        };
        let is_disabled = |one: &Record| matches!(&one.state, State::Live(live) if live.disabled);
        let disabled = self.kept.disabled
            || records.into_iter().flatten().any(is_disabled)
            || newest.is_none();
        let state = State::Live(Live {
            fresh_until_s: None,
            not_before_s: live.not_before_s,
            expires_at_s: live.expires_at_s.min(self.kept.expires_at),
            disabled,
            addresses,
            assignments,
            // The newest secret: one that was replaced does not come back.
            material: live.material.clone(),
        });
        let restored = record(state);
        match (restored.check(), newest) {
            (Err(_), _) => Restored::Unusable,
            (Ok(()), Some(_)) => Restored::Key(restored),
            (Ok(()), None) => Restored::Unproven(restored),
        }
    }
}

#[cfg(test)]
mod tests;
