//! Codes that were wrong after the password was right. There are a million, so how often one may
//! guess is bounded for the operator as a whole, however many networks it comes from.
use serde::Deserialize;
use worker::Storage;

use crate::delay;
use crate::refusal::Refusal;
use crate::sql::{self, args};

pub(super) const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS guesses (
        one INTEGER PRIMARY KEY CHECK (one = 1), failures INTEGER NOT NULL, last_at_s INTEGER NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS known_networks (network TEXT PRIMARY KEY, at_s INTEGER NOT NULL) STRICT",
];

/// Networks that an operator is known to sign in from; the oldest give way.
const NETWORKS_MAX: u64 = 20;
/// How long one is known after he last did, in seconds.
const KNOWN_S: u64 = 90 * 24 * 60 * 60;

/// Whether the operator has signed in from here. Then guesses of others are nothing to him: each
/// network waits for its own failures alone.
pub(super) fn is_known(storage: &Storage, network: &str, now_s: u64) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Known {}
    let statement = "SELECT 1 FROM known_networks WHERE network = ? AND at_s > ?";
    let since_s = now_s.saturating_sub(KNOWN_S);
    let known: Option<Known> = sql::row(storage, statement, args![network, since_s])?;
    Ok(known.is_some())
}

/// The operator has signed in from here.
pub(super) fn know(storage: &Storage, network: &str, now_s: u64) -> Result<(), Refusal> {
    sql::run(
        storage,
        "INSERT INTO known_networks VALUES (?, ?) ON CONFLICT DO UPDATE SET at_s = excluded.at_s",
        args![network, now_s],
    )?;
    sql::run(
        storage,
        "DELETE FROM known_networks WHERE network NOT IN (
         SELECT network FROM known_networks ORDER BY at_s DESC, rowid DESC LIMIT ?)",
        args![NETWORKS_MAX],
    )?;
    Ok(())
}

#[derive(Deserialize)]
struct Guesses {
    failures: u32,
    last_at_s: u64,
}

fn read(storage: &Storage, now_s: u64) -> Result<Option<Guesses>, Refusal> {
    // What is later than now was noted by a clock that was ahead.
    let statement = "SELECT failures, last_at_s FROM guesses WHERE last_at_s BETWEEN ? AND ?";
    let since_s = now_s.saturating_sub(delay::FORGOTTEN_S);
    Ok(sql::row(storage, statement, args![since_s, now_s])?)
}

/// Whether another code is looked at already.
pub(super) fn may_try(storage: &Storage, now_s: u64) -> Result<bool, Refusal> {
    let guesses = read(storage, now_s)?;
    Ok(guesses.is_none_or(|guesses| {
        now_s
            >= guesses
                .last_at_s
                .saturating_add(delay::after_guesses(guesses.failures))
    }))
}

/// A code was wrong. Signing in does not forget it: who guesses does not stop when the operator
/// comes by.
pub(super) fn note(storage: &Storage, now_s: u64) -> Result<(), Refusal> {
    let failures = read(storage, now_s)?.map_or(0, |guesses| guesses.failures);
    sql::run(
        storage,
        "INSERT INTO guesses VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET
         failures = excluded.failures, last_at_s = excluded.last_at_s",
        args![u64::from(failures.saturating_add(1)), now_s],
    )?;
    Ok(())
}
