//! What failed, for the audit log: summed up, so that nobody fills it.
use serde::{Deserialize, Serialize};
use worker::Storage;

use crate::refusal::Refusal;
use crate::sql::{self, args};

pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS failures (
    network TEXT PRIMARY KEY, failures INTEGER NOT NULL, with_password INTEGER NOT NULL,
    first_at_s INTEGER NOT NULL) STRICT";

/// Networks that are told apart between two entries of the log.
const NETWORKS_MAX: u64 = 20;
/// All others.
const OTHERS: &str = "others";
/// How long failures are collected before they are told, in seconds,
const COLLECTED_S: u64 = 60;
/// and how long after they were told the next are.
const APART_S: u64 = 60 * 60;

/// The failures of one network.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub(crate) struct Failures {
    network: String,
    failures: u64,
    /// Those in which the password was right, and the second factor was not.
    #[serde(alias = "withPassword")]
    with_password: u64,
}

/// Notes a failure, in the transaction of the attempt.
pub(super) fn note(
    storage: &Storage,
    network: &str,
    is_password: bool,
    now_s: u64,
) -> Result<(), Refusal> {
    sql::run(
        storage,
        "INSERT INTO failures SELECT CASE WHEN (SELECT count(*) FROM failures WHERE network <> ?1) < ?2
           THEN ?1 ELSE ?3 END, 1, ?4, ?5 WHERE true
         ON CONFLICT DO UPDATE SET failures = failures + 1, with_password = with_password + excluded.with_password",
        args![network, NETWORKS_MAX, OTHERS, is_password, now_s],
    )?;
    Ok(())
}

/// When they are to be told.
pub(super) fn due_at_s(storage: &Storage, told_at_s: u64) -> Result<Option<u64>, Refusal> {
    #[derive(Deserialize)]
    struct First {
        at_s: Option<u64>,
    }
    let statement = "SELECT min(first_at_s) AS at_s FROM failures";
    let first: Option<First> = sql::row(storage, statement, args![])?;
    Ok(first.and_then(|first| first.at_s).map(|first_at_s| {
        let collected_s = first_at_s.saturating_add(COLLECTED_S);
        collected_s.max(told_at_s.saturating_add(APART_S))
    }))
}

pub(super) fn all(storage: &Storage) -> Result<Vec<Failures>, Refusal> {
    let statement = "SELECT network, failures, with_password FROM failures ORDER BY network";
    Ok(sql::rows(storage, statement, args![])?)
}

/// They were told. Others may have been noted meanwhile.
pub(super) fn told(storage: &Storage, all: &[Failures]) -> Result<(), Refusal> {
    for one in all {
        sql::run(
            storage,
            "UPDATE failures SET failures = failures - ?, with_password = with_password - ? WHERE network = ?",
            args![one.failures, one.with_password, &one.network],
        )?;
    }
    sql::run(storage, "DELETE FROM failures WHERE failures <= 0", args![])?;
    Ok(())
}
