//! What is still to be published. A row says that a key changed; what is written is what the key
//! is when it is written, so that no order of rows and no repetition can bring an old state back.
use core::time::Duration;

use futures_util::future::{Either, join_all, select};
use keyward_issuer::Published;
use keyward_platform::{delete_alarm, set_alarm, transaction};
use keyward_wire::Record;
use serde::Deserialize;
use worker::{Delay, Env, Storage};

use super::head;
use super::schema;
use crate::clock;
use crate::configuration::Configuration;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// The KV namespace that the gateway reads.
pub(super) const BINDING: &str = "KEYS";
/// Writes of one alarm; the rest is the next one's. With KV that never answers they take as long as
/// an alarm may.
const WRITES_MAX: usize = 300;
/// Writes side by side. A Worker may have six connections, of which deliveries need some.
const SIDE_BY_SIDE: u64 = 4;
/// How often it is looked again, while deliveries are under way.
const PAUSE: Duration = Duration::from_millis(200);
/// KV takes one write a second for each key.
const APART_MS: u64 = 1_000;
/// Everything is written once more after this, against writes that were given up and arrive late.
const AGAIN_MS: u64 = 120_000;
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// After failures the next try is put off twice as long each time, up to the longer.
const BACKOFF_MS: (u64, u64) = (1_000, 300_000);
/// What an alarm that does not come to its end leaves behind.
const RETRY_MS: u64 = 60_000;

/// Notes that a key changed, in the transaction in which it did.
pub(super) fn note(storage: &Storage, key_id: &str) -> worker::Result<()> {
    sql::run(
        storage,
        "INSERT INTO publish VALUES (?1, ?2, 1, 2, 0, NULL) ON CONFLICT DO UPDATE SET
         due_at_ms = max(?2, min(coalesce(written_at_ms, 0), ?2) + ?3), changes = changes + 1, rounds = 2, failures = 0",
        args![key_id, clock::now_ms(), APART_MS],
    )
}

/// What a clock that was ahead has put off is done now.
pub(super) fn wake(storage: &Storage) -> worker::Result<()> {
    let (now_ms, (_, longest_ms)) = (clock::now_ms(), BACKOFF_MS);
    sql::run(
        storage,
        "UPDATE publish SET due_at_ms = ?1 WHERE due_at_ms > ?2",
        args![now_ms, now_ms.saturating_add(longest_ms)],
    )
}

/// Sets the alarm to when there is something to do, or takes it back.
pub(super) fn arm(storage: &Storage) -> worker::Result<()> {
    #[derive(Deserialize)]
    struct Next {
        at_ms: Option<u64>,
    }
    if !schema::is_there(storage)? {
        return Ok(());
    }
    let next: Option<Next> = sql::row(
        storage,
        "SELECT min(at_ms) AS at_ms FROM (SELECT min(due_at_ms) AS at_ms FROM publish
         UNION ALL SELECT min(renew_at_s) * 1000 FROM keys WHERE renew_at_s IS NOT NULL
         UNION ALL SELECT min(due_at_s) * 1000 FROM deliveries
         WHERE (channel = 'webhook') = 0 AND due_at_s IS NOT NULL
         UNION ALL SELECT min(due_at_s) * 1000 FROM deliveries
         WHERE (channel = 'webhook') = 1 AND due_at_s IS NOT NULL)",
        args![],
    )?;
    let head_at_ms = head::due_at_s(storage)?.map(|at_s| at_s.saturating_mul(1000));
    let next_ms = next
        .and_then(|next| next.at_ms)
        .into_iter()
        .chain(head_at_ms);
    match next_ms.min() {
        Some(at_ms) => set_alarm(storage, at_ms as f64),
        None => delete_alarm(storage),
    }
}

pub(super) fn try_again_later(storage: &Storage) -> worker::Result<()> {
    set_alarm(storage, clock::now_ms().saturating_add(RETRY_MS) as f64)
}

#[derive(Deserialize)]
struct Due {
    key_id: String,
    changes: u64,
    failures: u32,
    record: String,
}

/// Writes what is due, and goes on doing so while something slower is under way: an alarm begins
/// only when the one before has ended, and what is revoked is not to wait for somebody's mail
/// server.
pub(super) async fn drain_beside(
    env: &Env,
    storage: &Storage,
    configuration: &Configuration,
    slower: impl Future<Output = ()>,
) {
    let mut writes = drain(env, storage, configuration, WRITES_MAX).await;
    let mut slower = Box::pin(slower);
    while writes < WRITES_MAX {
        match select(slower, Box::pin(Delay::from(PAUSE))).await {
            Either::Left(_) => return,
            Either::Right((_, pending)) => slower = pending,
        }
        let left = WRITES_MAX.saturating_sub(writes);
        let drained = Box::pin(drain(env, storage, configuration, left));
        match select(slower, drained).await {
            Either::Left(((), drained)) => {
                drained.await;
                return;
            }
            Either::Right((done, pending)) => {
                writes = writes.saturating_add(done);
                slower = pending;
            }
        }
    }
    slower.await;
}

/// Writes what is due, so much of it, and gives how much it was. What fails is put off; nothing
/// is given up.
async fn drain(
    env: &Env,
    storage: &Storage,
    configuration: &Configuration,
    writes_max: usize,
) -> usize {
    let mut writes = 0;
    while writes < writes_max {
        let due = match due(storage) {
            Ok(due) if due.is_empty() => return writes,
            Ok(due) => due,
            // The log has why.
            Err(_) => return writes,
        };
        writes += due.len();
        let all = join_all(due.iter().map(|one| write(env, configuration, one))).await;
        for (one, outcome) in due.iter().zip(all) {
            if settle(storage, one, outcome).is_err() {
                return writes;
            }
        }
    }
    writes
}

/// The next keys, those among them whose freshness is to be renewed.
fn due(storage: &Storage) -> Result<Vec<Due>, Refusal> {
    let now_ms = clock::now_ms();
    transaction(storage, || {
        sql::run(
            storage,
            "INSERT INTO publish SELECT key_id, ?1, 1, 1, 0, NULL FROM keys WHERE renew_at_s <= ?2
             ORDER BY renew_at_s LIMIT ?3 ON CONFLICT DO NOTHING",
            args![now_ms, now_ms / 1000, SIDE_BY_SIDE],
        )?;
        sql::run(
            storage,
            "UPDATE keys SET renew_at_s = NULL WHERE renew_at_s <= ?
             AND key_id IN (SELECT key_id FROM publish)",
            args![now_ms / 1000],
        )?;
        let due = sql::rows(
            storage,
            "SELECT key_id, changes, failures, record FROM publish JOIN keys USING (key_id)
             WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?",
            args![now_ms, SIDE_BY_SIDE],
        )?;
        Ok(due)
    })
}

async fn write(env: &Env, configuration: &Configuration, due: &Due) -> Result<Published, Refusal> {
    let internal = |error: &dyn core::fmt::Display| Refusal::internal(error);
    let record = Record::from_payload(due.record.as_bytes()).map_err(|error| internal(&error))?;
    let publisher = &configuration.secrets.publisher;
    let published = keyward_issuer::publish(&record, publisher, clock::now_s())
        .map_err(|error| internal(&error))?;
    let put = async {
        let keys = env.kv(BINDING)?;
        let put = keys.put(&published.kv_name, &published.kv_text)?;
        Ok::<_, worker::Error>(put.execute().await?)
    };
    let outcome = match select(Box::pin(put), Box::pin(Delay::from(WRITE_TIMEOUT))).await {
        Either::Left((Ok(()), _)) => Ok(()),
        Either::Left((Err(error), _)) => Err(internal(&error)),
        Either::Right(_) => Err(internal(&"KV does not answer")),
    };
    outcome.map(|()| published)
}

fn settle(
    storage: &Storage,
    due: &Due,
    outcome: Result<Published, Refusal>,
) -> Result<(), Refusal> {
    let now_ms = clock::now_ms();
    transaction(storage, || {
        let Ok(published) = outcome else {
            let (first_ms, longest_ms) = BACKOFF_MS;
            let wait_ms = 1_u64
                .checked_shl(due.failures)
                .and_then(|times| times.checked_mul(first_ms))
                .map_or(longest_ms, |wait_ms| wait_ms.min(longest_ms));
            sql::run(
                storage,
                "UPDATE publish SET failures = failures + 1, due_at_ms = ? WHERE key_id = ?",
                args![now_ms.saturating_add(wait_ms), &due.key_id],
            )?;
            return Ok(());
        };
        // What changed during the write has to be written again, and is not done with this round.
        sql::run(
            storage,
            "UPDATE publish SET failures = 0, written_at_ms = ?1,
             rounds = CASE WHEN changes = ?2 THEN rounds - 1 ELSE rounds END,
             due_at_ms = ?1 + CASE WHEN changes = ?2 THEN ?3 ELSE ?4 END WHERE key_id = ?5",
            args![now_ms, due.changes, AGAIN_MS, APART_MS, &due.key_id],
        )?;
        sql::run(
            storage,
            "DELETE FROM publish WHERE key_id = ? AND rounds <= 0",
            args![&due.key_id],
        )?;
        sql::run(
            storage,
            "UPDATE keys SET renew_at_s = ? WHERE key_id = ?",
            args![published.renew_at_s, &due.key_id],
        )?;
        Ok(())
    })
}
