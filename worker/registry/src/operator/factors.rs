//! What is kept of an operator's factors: a slow hash, a sealed secret, hashes of recovery codes.
use keyward_issuer::random::base62;
use keyward_totp::SECRET_BYTES;
use serde::{Deserialize, Serialize};
use worker::Storage;
use zeroize::Zeroizing;

use super::Proven;
use crate::clock;
use crate::configuration::Configuration;
use crate::random;
use crate::refusal::Refusal;
use crate::sealed::Belongs;
use crate::sql::{self, args};

const TABLES: [&str; 5] = [
    "CREATE TABLE IF NOT EXISTS factors (
        one INTEGER PRIMARY KEY CHECK (one = 1), organisation TEXT NOT NULL, email TEXT NOT NULL,
        operator TEXT NOT NULL, password TEXT, totp TEXT, last_step INTEGER, next_password TEXT, next_totp TEXT,
        invitation TEXT, invitation_until_s INTEGER, generation INTEGER NOT NULL DEFAULT 0,
        is_untold INTEGER NOT NULL DEFAULT 0, told_at_s INTEGER NOT NULL DEFAULT 0) STRICT",
    "CREATE TABLE IF NOT EXISTS recovery (hash TEXT PRIMARY KEY) STRICT",
    super::failures::TABLE,
    super::guesses::TABLES[0],
    super::guesses::TABLES[1],
];

/// Whose factors they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) organisation: String,
    pub(crate) email: String,
}

/// The row. Sealed secrets are `<ring id>.<base64url>`.
#[derive(Clone, Deserialize)]
pub(super) struct Factors {
    #[serde(flatten)]
    pub(super) person: Person,
    /// The operator's id: another one with the same address has other factors.
    pub(super) operator: String,
    pub(super) password: Option<String>,
    pub(super) totp: Option<String>,
    pub(super) last_step: Option<u64>,
    pub(super) next_totp: Option<String>,
    pub(super) invitation: Option<String>,
    pub(super) invitation_until_s: Option<u64>,
    /// Grows with each change of the factors.
    pub(super) generation: u64,
    /// Whether the organisation does not know that they are others now.
    pub(super) is_untold: u8,
    /// When the organisation was told of failures.
    pub(super) told_at_s: u64,
}

impl Factors {
    /// `None` for somebody who was never invited; nothing is written for him.
    pub(super) fn read(storage: &Storage) -> Result<Option<Self>, Refusal> {
        #[derive(Deserialize)]
        struct Table {}
        let table: Option<Table> = sql::row(
            storage,
            "SELECT 1 FROM sqlite_master WHERE name = 'factors'",
            args![],
        )?;
        if table.is_none() {
            return Ok(None);
        }
        Ok(sql::row(storage, "SELECT * FROM factors", args![])?)
    }

    pub(super) fn proven(&self) -> Proven {
        Proven {
            operator: self.operator.clone(),
            generation: self.generation,
        }
    }
}

impl Person {
    /// The name of the object with his factors.
    pub(crate) fn object_name(&self) -> String {
        format!("{}/{}", self.organisation, self.email)
    }

    pub(super) fn seal(
        &self,
        configuration: &Configuration,
        secret: &[u8; SECRET_BYTES],
    ) -> Result<String, Refusal> {
        self.second_factor().seal(configuration, secret)
    }

    pub(super) fn unseal(
        &self,
        configuration: &Configuration,
        sealed: &str,
    ) -> Result<Zeroizing<[u8; SECRET_BYTES]>, Refusal> {
        let secret = self.second_factor().unseal(configuration, sealed);
        secret
            .and_then(|secret| secret.as_slice().try_into().ok().map(Zeroizing::new))
            .ok_or_else(|| Refusal::internal(&"a second factor does not open"))
    }

    fn second_factor(&self) -> Belongs<'_> {
        Belongs {
            organisation: &self.organisation,
            id: &self.email,
            kind: "operator",
            issue: "totp",
            algorithm: "sha1",
        }
    }
}

pub(super) fn invite(
    storage: &Storage,
    person: &Person,
    operator: &str,
    invitation_hash: &str,
    until_s: u64,
) -> Result<(), Refusal> {
    for table in TABLES {
        sql::run(storage, table, args![])?;
    }
    sql::run(
        storage,
        "INSERT INTO factors (one, organisation, email, operator, invitation, invitation_until_s)
         VALUES (1, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET invitation = excluded.invitation,
         invitation_until_s = excluded.invitation_until_s, next_password = NULL, next_totp = NULL",
        args![
            &person.organisation,
            &person.email,
            operator,
            invitation_hash,
            until_s
        ],
    )?;
    Ok(())
}

pub(super) fn forget(storage: &Storage) -> Result<(), Refusal> {
    sql::run(storage, "DELETE FROM factors", args![])?;
    for table in ["recovery", "failures", "guesses", "known_networks"] {
        sql::run(storage, &format!("DELETE FROM {table}"), args![])?;
    }
    Ok(())
}

/// What will be the factors once the app has shown a code.
pub(super) fn set_next(storage: &Storage, password: &str, totp: &str) -> Result<(), Refusal> {
    sql::run(
        storage,
        "UPDATE factors SET next_password = ?, next_totp = ?",
        args![password, totp],
    )?;
    Ok(())
}

/// A generation is the time, where that is later: so it grows, too, when those before it were
/// forgotten.
pub(super) fn use_next(
    storage: &Storage,
    step: u64,
    recovery_codes: &[String],
) -> Result<(), Refusal> {
    sql::run(
        storage,
        "UPDATE factors SET password = next_password, totp = next_totp, last_step = ?,
         next_password = NULL, next_totp = NULL, invitation = NULL, invitation_until_s = NULL,
         generation = max(generation + 1, ?), is_untold = 1",
        args![step, clock::now_ms()],
    )?;
    sql::run(storage, "DELETE FROM recovery", args![])?;
    for code in recovery_codes {
        sql::run(
            storage,
            "INSERT INTO recovery VALUES (?)",
            args![random::hash(code)],
        )?;
    }
    Ok(())
}

/// The organisation knows that the factors are those of this generation.
pub(super) fn is_told(storage: &Storage, generation: u64) -> Result<(), Refusal> {
    let statement = "UPDATE factors SET is_untold = 0 WHERE generation = ?";
    Ok(sql::run(storage, statement, args![generation])?)
}

pub(super) fn set_told_at(storage: &Storage, at_s: u64) -> Result<(), Refusal> {
    let statement = "UPDATE factors SET told_at_s = ?";
    Ok(sql::run(storage, statement, args![at_s])?)
}

pub(super) fn set_last_step(storage: &Storage, step: u64) -> Result<(), Refusal> {
    sql::run(storage, "UPDATE factors SET last_step = ?", args![step])?;
    Ok(())
}

/// Twenty characters of base62 are 119 bits: no slow hash is needed.
pub(super) fn recovery_code() -> Result<String, Refusal> {
    let code = base62(20, &mut random::fill).map_err(|error| Refusal::internal(&error))?;
    let groups: Vec<_> = code
        .as_bytes()
        .chunks(5)
        .map(String::from_utf8_lossy)
        .collect();
    Ok(groups.join("-"))
}

pub(super) fn use_recovery_code(storage: &Storage, code: &str) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Row {}
    let gone: Option<Row> = sql::row(
        storage,
        "DELETE FROM recovery WHERE hash = ? RETURNING hash",
        args![random::hash(code)],
    )?;
    Ok(gone.is_some())
}
