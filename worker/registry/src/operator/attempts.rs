//! Failures to sign in, by network. Those of an operator are kept, so that putting the object to
//! sleep forgets none; those of somebody who is none stay in memory, so that whoever asks cannot
//! fill the storage, and is told the same.
use core::cell::RefCell;
use core::net::IpAddr;
use std::collections::BTreeMap;

use serde::Deserialize;
use worker::Storage;

use crate::delay;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS attempts (
    network TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at_s INTEGER NOT NULL) STRICT";

/// Networks whose failures stay in memory.
const STRANGERS_MAX: usize = 1_000;

/// The failures of one network.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Failures {
    failures: u32,
    last_at_s: u64,
}

/// Failures to be somebody who is not there.
pub(super) type Strangers = RefCell<BTreeMap<String, Failures>>;

/// Where the failures of one object are.
pub(super) struct Attempts<'a> {
    pub(super) storage: &'a Storage,
    pub(super) strangers: &'a Strangers,
    /// Whether the object is an operator's.
    pub(super) is_known: bool,
    pub(super) now_s: u64,
}

impl Attempts<'_> {
    /// # Errors
    /// `too_many_attempts` while the last failure is too near.
    pub(super) fn may_try(&self, address: Option<IpAddr>) -> Result<(), Refusal> {
        let network = delay::network(address);
        let found = if self.is_known {
            sql::row(
                self.storage,
                "SELECT failures, last_at_s FROM attempts WHERE network = ?",
                args![network],
            )?
        } else {
            self.strangers.borrow().get(&network).copied()
        };
        let next_s = found.map_or(0, |found: Failures| {
            found.last_at_s.saturating_add(delay::after(found.failures))
        });
        match next_s.checked_sub(self.now_s) {
            None | Some(0) => Ok(()),
            Some(seconds) => Err(Refusal {
                retry_after_s: Some(seconds),
                ..Code::TooManyAttempts.into()
            }),
        }
    }

    /// Counts a failure, forgets them at a success.
    pub(super) fn note(&self, address: Option<IpAddr>, is_proven: bool) -> Result<(), Refusal> {
        let network = delay::network(address);
        if !self.is_known {
            self.note_stranger(network);
        } else if is_proven {
            sql::run(
                self.storage,
                "DELETE FROM attempts WHERE network = ?",
                args![network],
            )?;
        } else {
            sql::run(
                self.storage,
                "DELETE FROM attempts WHERE last_at_s < ?",
                args![self.now_s.saturating_sub(delay::FORGOTTEN_S)],
            )?;
            sql::run(
                self.storage,
                "INSERT INTO attempts VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET
                 failures = failures + 1, last_at_s = excluded.last_at_s",
                args![network, self.now_s],
            )?;
        }
        Ok(())
    }

    fn note_stranger(&self, network: String) {
        let mut strangers = self.strangers.borrow_mut();
        if strangers.len() >= STRANGERS_MAX {
            strangers.clear();
        }
        let failures = strangers.get(&network).map_or(0, |found| found.failures);
        let noted = Failures {
            failures: failures.saturating_add(1),
            last_at_s: self.now_s,
        };
        strangers.insert(network, noted);
    }
}
