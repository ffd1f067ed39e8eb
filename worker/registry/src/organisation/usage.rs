//! What the edge asks, and the use of keys as it reports it. It is no change of a key: no entry in the audit log,
//! no other `ETag`, and nothing to publish.
use keyward_platform::transaction;
use keyward_wire::usage::{Generation, KeyUsage};
use serde::Deserialize;
use worker::Storage;

use super::change::Moment;
use crate::call::Answer;
use crate::key::Usage;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// Adds what an isolate counted. A key that is not here is left out.
pub(super) fn note(moment: &Moment, reports: &[KeyUsage]) -> Result<Answer, Refusal> {
    transaction(&moment.storage, || {
        for report in reports {
            let Some(known) = read(&moment.storage, &report.key_id)? else {
                continue;
            };
            let usage = known.with(report, moment.now_s);
            write(&moment.storage, &report.key_id, &usage)?;
        }
        Ok(Answer::empty())
    })
}

/// The present generation of each key.
pub(super) fn generations(moment: &Moment, keys: Vec<String>) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        generation: u64,
    }
    let all = keys.into_iter().map(|key_id| {
        let row: Option<Row> = sql::row(
            &moment.storage,
            "SELECT json_extract(view, '$.generation') AS generation FROM keys WHERE key_id = ?",
            args![&key_id],
        )?;
        Ok((key_id, row.map(|row| row.generation)))
    });
    let all: Vec<Generation> = all.collect::<Result<_, Refusal>>()?;
    Answer::json(200, &all)
}

/// `None` if there is no such key.
fn read(storage: &Storage, key_id: &str) -> Result<Option<Usage>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        usage: Option<String>,
    }
    let row: Option<Row> = sql::row(
        storage,
        "SELECT usage FROM keys LEFT JOIN usage USING (key_id) WHERE key_id = ?",
        args![key_id],
    )?;
    row.map(|row| parse(row.usage.as_deref())).transpose()
}

/// What is kept of a key's use; nothing for one that was never used.
pub(super) fn parse(kept: Option<&str>) -> Result<Usage, Refusal> {
    let Some(kept) = kept else {
        return Ok(Usage::default());
    };
    serde_json::from_str(kept).map_err(|error| Refusal::internal(&error))
}

fn write(storage: &Storage, key_id: &str, usage: &Usage) -> Result<(), Refusal> {
    let text = serde_json::to_string(usage).map_err(|error| Refusal::internal(&error))?;
    sql::run(
        storage,
        "INSERT INTO usage VALUES (?1, ?2) ON CONFLICT DO UPDATE SET usage = ?2",
        args![key_id, text],
    )?;
    sql::run(
        storage,
        "UPDATE keys SET used_at_s = ?1 WHERE key_id = ?2 AND used_at_s <> ?1",
        args![usage.seen.last_used_at.unwrap_or_default(), key_id],
    )?;
    Ok(())
}
