//! A network that people sign in from: an object for each, which counts what fails. It does not
//! know who is an operator, so whoever is asked for is counted alike, and it is asked before a
//! password is hashed, so that nobody keeps us busy with the passwords of many.
use keyward_platform::{delete_alarm, set_alarm, transaction};
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, Storage, durable_object};

use crate::call::{self, Answer, Ask};
use crate::clock;
use crate::delay;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

/// A network may fail once in so many seconds, whoever it is asked for,
const APART_S: u64 = 2;
/// and be ahead of that by so many, which is 60 tries at once.
const AHEAD_S: u64 = 120;
/// What is further ahead than this was noted by a clock that was.
const WENT_BACK_S: u64 = 60 * 60;

const TABLES: [&str; 2] = [
    // Until when the network has used up what it may.
    "CREATE TABLE IF NOT EXISTS pace (one INTEGER PRIMARY KEY CHECK (one = 1), used_until_s INTEGER NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS attempts (
        person TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at_s INTEGER NOT NULL) STRICT",
];

/// Somebody of this network tries to be a person, who is told by a hash.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum NetworkCall {
    /// Counts as a failure until it is known to be none: many at once are not one. Without an
    /// address everybody shares one network, and one of them could keep out all.
    Try { person: String, has_address: bool },
    /// It was none, and those before it are forgotten.
    Forget { person: String },
}

#[expect(
    missing_debug_implementations,
    reason = "the runtime makes it, and nobody prints it"
)]
#[durable_object]
pub struct Network {
    state: State,
}

impl DurableObject for Network {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let Ask { call, .. } = call::read(request).await?;
        let storage = self.state.storage();
        let now_s = clock::now_s();
        call::respond(transaction(&storage, || match &call {
            NetworkCall::Try {
                person,
                has_address,
            } => note(&storage, person, *has_address, now_s),
            NetworkCall::Forget { person } => forget(&storage, person),
        }))
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let storage = self.state.storage();
        // First of all the next try: an alarm that fails six times is dropped for good.
        let _ = set_alarm(&storage, tomorrow_ms());
        let past_s = clock::now_s().saturating_sub(delay::FORGOTTEN_S);
        let statement = "DELETE FROM attempts WHERE last_at_s < ?";
        let _ = sql::run(&storage, statement, args![past_s]);
        let left: worker::Result<Option<Attempts>> =
            sql::row(&storage, "SELECT * FROM attempts LIMIT 1", args![]);
        if matches!(left, Ok(None)) {
            // Of who stays away nothing is left.
            let _ = storage.delete_all().await;
            let _ = delete_alarm(&storage);
        }
        Response::empty()
    }
}

fn tomorrow_ms() -> f64 {
    let forgotten_ms = delay::FORGOTTEN_S.saturating_mul(1000);
    clock::now_ms().saturating_add(forgotten_ms) as f64
}

#[derive(Deserialize)]
struct Attempts {
    failures: u32,
    last_at_s: u64,
}

fn note(storage: &Storage, person: &str, has_address: bool, now_s: u64) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Pace {
        used_until_s: u64,
    }
    for table in TABLES {
        sql::run(storage, table, args![])?;
    }
    let pace: Option<Pace> = sql::row(storage, "SELECT used_until_s FROM pace", args![])?;
    if pace.is_none() {
        set_alarm(storage, tomorrow_ms())?;
    }
    let used_until_s = pace
        .map(|pace| pace.used_until_s)
        .filter(|until_s| *until_s <= now_s.saturating_add(WENT_BACK_S));
    let used_until_s = used_until_s.unwrap_or(now_s).max(now_s);
    let used_until_s = used_until_s.saturating_add(APART_S);
    if has_address {
        may_go_on(used_until_s.saturating_sub(AHEAD_S), now_s)?;
    }
    let statement =
        "SELECT failures, last_at_s FROM attempts WHERE person = ? AND last_at_s BETWEEN ? AND ?";
    let since_s = now_s.saturating_sub(delay::FORGOTTEN_S);
    let attempts: Option<Attempts> = sql::row(storage, statement, args![person, since_s, now_s])?;
    let failures = attempts.as_ref().map_or(0, |attempts| attempts.failures);
    if let Some(attempts) = attempts {
        may_go_on(
            attempts.last_at_s.saturating_add(delay::after(failures)),
            now_s,
        )?;
    }
    sql::run(
        storage,
        "INSERT INTO pace VALUES (1, ?) ON CONFLICT DO UPDATE SET used_until_s = excluded.used_until_s",
        args![used_until_s],
    )?;
    sql::run(
        storage,
        "INSERT INTO attempts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
         failures = excluded.failures, last_at_s = excluded.last_at_s",
        args![person, u64::from(failures.saturating_add(1)), now_s],
    )?;
    Ok(Answer::empty())
}

/// # Errors
/// `too_many_attempts` before this time.
fn may_go_on(next_s: u64, now_s: u64) -> Result<(), Refusal> {
    match next_s.checked_sub(now_s) {
        None | Some(0) => Ok(()),
        Some(seconds) => Err(Refusal {
            retry_after_s: Some(seconds),
            ..Code::TooManyAttempts.into()
        }),
    }
}

fn forget(storage: &Storage, person: &str) -> Result<Answer, Refusal> {
    let back = "UPDATE pace SET used_until_s = used_until_s - ?";
    sql::run(storage, back, args![APART_S])?;
    let statement = "DELETE FROM attempts WHERE person = ?";
    sql::run(storage, statement, args![person])?;
    Ok(Answer::empty())
}
