//! What KV has, compared with what is true: what differs is published again.
use std::collections::BTreeMap;

use keyward_core::catalogue::Action;
use keyward_core::limits::KEY_ID_BYTES_MAX;
use keyward_issuer::is_published;
use keyward_platform::transaction;
use keyward_wire::{Record, kv_name};
use serde::{Deserialize, Serialize};
use worker::{Env, KvStore};

use super::change::{Moment, Needs};
use super::outbox;
use crate::call::Answer;
use crate::policy::Area;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// Keys of one call; the next call goes on.
const KEYS_MAX: usize = 1_000;
/// As many as KV gives at once.
const BULK: u64 = 100;
/// Their records together, in bytes, unless one alone is more: there are a hundred at a time, in KV's
/// words as well, and an isolate has little room.
const BULK_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// From where on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reconciliation {
    #[cfg_attr(test, schemars(length(max = KEY_ID_BYTES_MAX)))]
    after: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reconciled {
    compared: usize,
    /// The keys that KV had otherwise, or not at all.
    differing: Vec<String>,
    /// For `after`; `null` at the end.
    next: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    key_id: String,
    record: String,
}

pub(super) async fn reconcile(
    moment: &Moment,
    env: &Env,
    from: Reconciliation,
) -> Result<Answer, Refusal> {
    moment.look(Needs::to(Action::Update, Area::Organisation))?;
    if from.after.len() > KEY_ID_BYTES_MAX {
        return Err(Refusal::field("after", "must have 128 bytes at most"));
    }
    let kv = env.kv(outbox::BINDING)?;
    let mut found = Reconciled {
        compared: 0,
        differing: Vec::new(),
        next: Some(from.after),
    };
    while let Some(after) = found.next.take() {
        if found.compared >= KEYS_MAX {
            found.next = Some(after);
            break;
        }
        let rows: Vec<Row> = sql::rows(
            &moment.storage,
            "WITH asked AS (SELECT key_id AS id, length(record) AS own FROM keys WHERE key_id > ?
             ORDER BY key_id LIMIT ?),
             sized AS (SELECT id, own, sum(own) OVER (ORDER BY id) AS size FROM asked)
             SELECT key_id, record FROM sized CROSS JOIN keys ON key_id = id
             WHERE size <= ? OR size = own ORDER BY key_id",
            args![after, BULK, BULK_BYTES_MAX],
        )?;
        let Some(last) = rows.last() else { break };
        found.next = Some(last.key_id.clone());
        found.compared += rows.len();
        found.differing.extend(differing(moment, &kv, &rows).await?);
    }
    transaction(&moment.storage, || {
        for key_id in &found.differing {
            outbox::note(&moment.storage, key_id)?;
        }
        outbox::arm(&moment.storage)
    })?;
    Answer::json(200, &found)
}

async fn differing(moment: &Moment, kv: &KvStore, rows: &[Row]) -> Result<Vec<String>, Refusal> {
    let names: Vec<String> = rows.iter().map(|row| kv_name(&row.key_id)).collect();
    let texts: BTreeMap<String, Option<String>> = kv
        .get_bulk(&names)
        .text()
        .await
        .map_err(|error| Refusal::internal(&error))?
        .into_iter()
        .collect();
    let publisher = &moment.configuration.secrets.publisher;
    let mut differing = Vec::new();
    for (row, name) in rows.iter().zip(&names) {
        let record = Record::from_payload(row.record.as_bytes())
            .map_err(|error| Refusal::internal(&error))?;
        let is_same = texts
            .get(name)
            .and_then(Option::as_ref)
            .is_some_and(|text| is_published(&record, text, publisher, moment.now_s));
        if !is_same {
            differing.push(row.key_id.clone());
        }
    }
    Ok(differing)
}
