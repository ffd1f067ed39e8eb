//! The tables of an organisation. They are made when it is founded, and not before.
use serde::Deserialize;
use worker::Storage;

use crate::policy::DAY_S;
use crate::refusal::Refusal;
use crate::sql::{self, args};

const TABLES: [&str; 20] = [
    "CREATE TABLE organisation (
        one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, founded_at_s INTEGER NOT NULL,
        life_days_max INTEGER NOT NULL, head_sequence INTEGER NOT NULL, head_at_s INTEGER NOT NULL) STRICT",
    "CREATE TABLE operators (
        id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL, may_grant TEXT NOT NULL,
        disabled INTEGER NOT NULL, created_at_s INTEGER NOT NULL, signed_in_at_s INTEGER) STRICT",
    "CREATE TABLE sessions (
        hash TEXT PRIMARY KEY, operator TEXT NOT NULL REFERENCES operators ON DELETE CASCADE,
        begun_at_s INTEGER NOT NULL, used_at_s INTEGER NOT NULL, second_factor_at_s INTEGER NOT NULL) STRICT",
    // `view` is what is answered, `record` what is published; names are kept when keys are removed.
    // `given_by` is who asked for the newest secret, `acknowledged` whether it arrived.
    "CREATE TABLE keys (
        key_id TEXT PRIMARY KEY, folded TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, environment TEXT NOT NULL,
        created_at_s INTEGER NOT NULL, expires_at_s INTEGER NOT NULL, disabled INTEGER NOT NULL,
        removed_at_s INTEGER, search TEXT NOT NULL, view TEXT NOT NULL, record TEXT NOT NULL,
        version INTEGER NOT NULL, renew_at_s INTEGER, acknowledged INTEGER NOT NULL,
        used_at_s INTEGER NOT NULL, given_by TEXT NOT NULL, given_at_s INTEGER NOT NULL) STRICT",
    "CREATE INDEX keys_by_renewal ON keys (renew_at_s) WHERE renew_at_s IS NOT NULL",
    // One row says that a key changed; what is written is what the key is by then.
    "CREATE TABLE publish (
        key_id TEXT PRIMARY KEY, due_at_ms INTEGER NOT NULL, changes INTEGER NOT NULL,
        rounds INTEGER NOT NULL, failures INTEGER NOT NULL, written_at_ms INTEGER) STRICT",
    // What it is filtered by is read from the entry, which the hash covers.
    "CREATE TABLE audit (
        sequence INTEGER PRIMARY KEY, entry TEXT NOT NULL, hash TEXT NOT NULL,
        subject TEXT AS (json_extract(entry, '$.subject')), action TEXT AS (json_extract(entry, '$.action')),
        actor TEXT AS (coalesce(json_extract(entry, '$.by.operator.id'), json_extract(entry, '$.by.key.id'),
          json_extract(entry, '$.by.owner.email'), json_extract(entry, '$.by')))) STRICT",
    "CREATE TABLE roles (name TEXT PRIMARY KEY, grants TEXT NOT NULL) STRICT",
    // Keys by their roles, but for those that were removed.
    "CREATE TABLE held (role TEXT NOT NULL, key_id TEXT NOT NULL, PRIMARY KEY (role, key_id)) STRICT, WITHOUT ROWID",
    "CREATE TABLE repeats (
        operator TEXT NOT NULL, key TEXT NOT NULL, content_hash TEXT NOT NULL, key_id TEXT NOT NULL,
        at_s INTEGER NOT NULL, PRIMARY KEY (operator, key)) STRICT",
    // What the edge said of a key: no part of it, and no change. `used_at_s` of a key is 0 for never.
    "CREATE TABLE usage (key_id TEXT PRIMARY KEY, usage TEXT NOT NULL) STRICT, WITHOUT ROWID",
    // Requests that keys have signed, until no copy would be fresh.
    "CREATE TABLE seen (replay TEXT PRIMARY KEY, until_s INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    // The latest factors of each operator that this object has heard of. His own object has them.
    "CREATE TABLE factors (operator TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT",
    // What is told to whom. What is not due has no `due_at_s`; `waits_for` says why it waits without one.
    "CREATE TABLE deliveries (
        id TEXT PRIMARY KEY, event TEXT NOT NULL, key_id TEXT, channel TEXT NOT NULL, recipient TEXT NOT NULL,
        told TEXT NOT NULL, state TEXT NOT NULL, failures INTEGER NOT NULL, try_at_s INTEGER NOT NULL,
        status INTEGER, waits_for TEXT, due_at_s INTEGER, created_at_s INTEGER NOT NULL,
        changed_at_s INTEGER NOT NULL, forget_at_s INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE webhooks (
        id TEXT PRIMARY KEY, url TEXT NOT NULL, events TEXT NOT NULL, secret TEXT, old_secret TEXT,
        old_until_s INTEGER, created_at_s INTEGER NOT NULL, created_by TEXT NOT NULL, disabled_at_s INTEGER,
        version INTEGER NOT NULL, status INTEGER, failures INTEGER NOT NULL, try_at_s INTEGER NOT NULL, delivered_at_s INTEGER) STRICT",
    // A backup brings none of these back.
    "CREATE TABLE removed_webhooks (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    // Addresses that mails are for, folded, and whether they said yes or no; `token_hash` is of the link
    // that was sent last, on `mailed_day`.
    "CREATE TABLE owners (
        address TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, asked INTEGER NOT NULL, asked_at_s INTEGER NOT NULL,
        confirmed_at_s INTEGER, declined_at_s INTEGER, token_hash TEXT UNIQUE, token_until_s INTEGER,
        mailbox TEXT, mailed_day INTEGER) STRICT",
    "CREATE TABLE mail_days (day INTEGER PRIMARY KEY, mails INTEGER NOT NULL) STRICT",
    // The latest time that was seen.
    "CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), at_s INTEGER NOT NULL) STRICT",
    // A MAC of the row that a key was imported from, until the key is removed.
    "CREATE TABLE imports (
        key_id TEXT PRIMARY KEY REFERENCES keys, operator TEXT NOT NULL, ring TEXT NOT NULL,
        mac TEXT NOT NULL) STRICT",
];

const INDICES: [&str; 18] = [
    "CREATE INDEX audit_by_subject ON audit (subject)",
    "CREATE INDEX audit_by_action ON audit (action)",
    "CREATE INDEX audit_by_actor ON audit (actor)",
    "CREATE INDEX audit_by_actor_and_action ON audit (actor, action)",
    "CREATE INDEX keys_by_creation ON keys (created_at_s, key_id)",
    // Searching reads this alone, and not the whole of every key.
    "CREATE INDEX keys_by_search ON keys (search, key_id)",
    "CREATE INDEX keys_by_expiry ON keys (expires_at_s, key_id)",
    "CREATE INDEX publish_by_time ON publish (due_at_ms)",
    "CREATE INDEX keys_by_use ON keys (used_at_s, key_id)",
    "CREATE INDEX seen_by_end ON seen (until_s)",
    // Webhooks have a queue of their own.
    "CREATE INDEX deliveries_by_time ON deliveries (channel = 'webhook', due_at_s, created_at_s) WHERE due_at_s IS NOT NULL",
    "CREATE INDEX deliveries_held ON deliveries (waits_for) WHERE waits_for IS NOT NULL",
    "CREATE INDEX deliveries_by_key ON deliveries (key_id, created_at_s, id) WHERE key_id IS NOT NULL",
    // What is nobody's delivery yet is not listed, and each key has some of that.
    "CREATE INDEX deliveries_by_recipient ON deliveries (recipient COLLATE NOCASE, created_at_s, id)
        WHERE channel <> 'webhooks'",
    "CREATE INDEX deliveries_by_state ON deliveries (state, created_at_s, id) WHERE channel <> 'webhooks'",
    "CREATE INDEX deliveries_by_creation ON deliveries (created_at_s, id) WHERE channel <> 'webhooks'",
    "CREATE INDEX deliveries_by_end ON deliveries (forget_at_s)",
    "CREATE INDEX owners_by_mailbox ON owners (mailbox, mailed_day)",
];

/// Whether the organisation was founded.
pub(super) fn is_there(storage: &Storage) -> worker::Result<bool> {
    #[derive(Deserialize)]
    struct Table {}
    let table: Option<Table> = sql::row(
        storage,
        "SELECT 1 FROM sqlite_master WHERE name = 'organisation'",
        args![],
    )?;
    Ok(table.is_some())
}

pub(super) fn create(storage: &Storage) -> worker::Result<()> {
    for statement in TABLES.iter().chain(&INDICES) {
        sql::run(storage, statement, args![])?;
    }
    Ok(())
}

/// What an organisation decided for all of its keys.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) life_days_max: u64,
}

pub(super) fn policy(storage: &Storage) -> worker::Result<Policy> {
    sql::row(
        storage,
        "SELECT name, life_days_max FROM organisation",
        args![],
    )?
    .ok_or_else(|| worker::Error::RustError("the organisation has no row".to_owned()))
}

impl Policy {
    /// # Errors
    /// `invalid` when a key may not end then.
    pub(super) fn allows_end(&self, end_s: u64, now_s: u64) -> Result<(), Refusal> {
        let longest_s = self.life_days_max.saturating_mul(DAY_S);
        if end_s > now_s.saturating_add(longest_s) {
            let days = self.life_days_max;
            let detail = format!("the organisation allows {days} days from now at most");
            return Err(Refusal::field("expiresAt", detail));
        }
        Ok(())
    }
}
