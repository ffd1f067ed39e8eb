//! The directory: one object that reserves the names of organisations and every key id of the
//! deployment, for ever.
use keyward_platform::transaction;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, Storage, durable_object};

use crate::call::{self, Answer, Ask};
use crate::clock;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

/// Organisations that can be founded within an hour: who steals the root token is slow, too.
const FOUNDED_AN_HOUR_MAX: u64 = 20;
/// Organisations in one page: small beside the subrequests that a Worker may make in one run, 50 at
/// the least, so that even then a run gets on.
const PAGE: u64 = 20;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum DirectoryCall {
    /// Reserves the name of an organisation; one that is reserved stays so.
    ReserveOrganisation { name: String },
    /// Reserves a key id, for one organisation only.
    ReserveKey {
        key_id: String,
        organisation: String,
    },
    /// Which of these are another organisation's; `reserve` reserves the rest.
    TakenKeys {
        key_ids: Vec<String>,
        organisation: String,
        reserve: bool,
    },
    /// Whose a key is.
    OrganisationOf { key_id: String },
    /// The next names to wake, after those that this one is the last of; without it, after the last
    /// that was ever said. None at the end: the next page is the first.
    ToWake { done: Option<String> },
}

#[expect(
    missing_debug_implementations,
    reason = "the runtime makes it, and nobody prints it"
)]
#[durable_object]
pub struct Directory {
    state: State,
}

impl DurableObject for Directory {
    fn new(state: State, _env: Env) -> Self {
        let directory = Self { state };
        for table in [
            "CREATE TABLE IF NOT EXISTS organisations (name TEXT PRIMARY KEY, reserved_at_s INTEGER NOT NULL) STRICT",
            "CREATE TABLE IF NOT EXISTS keys (key_id TEXT PRIMARY KEY, organisation TEXT NOT NULL) STRICT, WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS woken (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL) STRICT",
        ] {
            // An error here shows at the first call, which then fails.
            let _ = sql::run(&directory.state.storage(), table, args![]);
        }
        directory
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let Ask { call, .. } = call::read(request).await?;
        call::respond(answer(&self.state.storage(), &call))
    }
}

fn answer(storage: &Storage, call: &DirectoryCall) -> Result<Answer, Refusal> {
    match call {
        DirectoryCall::ReserveOrganisation { name } => reserve_organisation(storage, name),
        DirectoryCall::ReserveKey {
            key_id,
            organisation,
        } => reserve_key(storage, key_id, organisation),
        DirectoryCall::TakenKeys {
            key_ids,
            organisation,
            reserve,
        } => taken_keys(storage, key_ids, organisation, *reserve),
        DirectoryCall::OrganisationOf { key_id } => {
            Answer::json(200, &organisation_of(storage, key_id)?)
        }
        DirectoryCall::ToWake { done } => to_wake(storage, done.as_deref()),
    }
}

/// A run may end anywhere, with what its platform allows: the next one goes on from there.
fn to_wake(storage: &Storage, done: Option<&str>) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
    }
    transaction(storage, || {
        let through = |name: &str| {
            sql::run(
                storage,
                "INSERT INTO woken VALUES (1, ?1) ON CONFLICT DO UPDATE SET name = ?1",
                args![name],
            )
        };
        if let Some(name) = done {
            through(name)?;
        }
        let rows: Vec<Row> = sql::rows(
            storage,
            "SELECT name FROM organisations WHERE name > coalesce((SELECT name FROM woken), '')
             ORDER BY name LIMIT ?",
            args![PAGE],
        )?;
        if rows.is_empty() {
            through("")?;
        }
        let names: Vec<_> = rows.into_iter().map(|row| row.name).collect();
        Answer::json(200, &names)
    })
}

fn reserve_organisation(storage: &Storage, name: &str) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }
    let now_s = clock::now_s();
    transaction(storage, || {
        let known: Option<Count> = sql::row(
            storage,
            "SELECT 1 AS count FROM organisations WHERE name = ?",
            args![name],
        )?;
        if known.is_some() {
            return Ok(Answer::empty());
        }
        let recent: Option<Count> = sql::row(
            storage,
            "SELECT count(*) AS count FROM organisations WHERE reserved_at_s > ?",
            args![now_s.saturating_sub(60 * 60)],
        )?;
        if recent.is_some_and(|recent| recent.count >= FOUNDED_AN_HOUR_MAX) {
            return Err(Refusal {
                retry_after_s: Some(60 * 60),
                ..Code::TooManyAttempts.into()
            });
        }
        sql::run(
            storage,
            "INSERT INTO organisations VALUES (?, ?)",
            args![name, now_s],
        )?;
        Ok(Answer::empty())
    })
}

fn taken_keys(
    storage: &Storage,
    key_ids: &[String],
    organisation: &str,
    reserve: bool,
) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Other {}
    let taken: Vec<&String> = transaction(storage, || {
        let mut taken = Vec::new();
        for key_id in key_ids {
            let other: Option<Other> = sql::row(
                storage,
                "SELECT 1 FROM keys WHERE key_id = ? AND organisation <> ?",
                args![key_id, organisation],
            )?;
            if other.is_some() {
                taken.push(key_id);
            } else if reserve {
                sql::run(
                    storage,
                    "INSERT INTO keys VALUES (?, ?) ON CONFLICT DO NOTHING",
                    args![key_id, organisation],
                )?;
            }
        }
        Ok::<_, Refusal>(taken)
    })?;
    Answer::json(200, &taken)
}

/// Whose a taken id is, nobody is told.
fn reserve_key(storage: &Storage, key_id: &str, organisation: &str) -> Result<Answer, Refusal> {
    transaction(storage, || {
        sql::run(
            storage,
            "INSERT INTO keys VALUES (?, ?) ON CONFLICT DO NOTHING",
            args![key_id, organisation],
        )?;
        if organisation_of(storage, key_id)?.is_some_and(|one| one == organisation) {
            Ok(Answer::empty())
        } else {
            Err(Code::Conflict.into())
        }
    })
}

fn organisation_of(storage: &Storage, key_id: &str) -> worker::Result<Option<String>> {
    #[derive(Deserialize)]
    struct Row {
        organisation: String,
    }
    let statement = "SELECT organisation FROM keys WHERE key_id = ?";
    let row: Option<Row> = sql::row(storage, statement, args![key_id])?;
    Ok(row.map(|row| row.organisation))
}
