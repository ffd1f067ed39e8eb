//! What the edge asks, and the use of keys as it and servers report it. It is no change of a key: no entry in the audit log,
//! no other `ETag`, and nothing to publish.
use keyward_platform::transaction;
use keyward_wire::usage::{Generation, KeyUsage};
use serde::{Deserialize, Serialize};
use worker::Storage;

use super::actor::Proof;
use super::change::Moment;
use super::{automation, schema, sessions};
use crate::call::Answer;
use crate::key::Usage;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

/// Keys of one report.
pub(crate) const REPORTS_MAX: usize = 500;

/// What a server counted of keys.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UsageForm {
    #[cfg_attr(test, schemars(with = "crate::openapi::UsageReports"))]
    keys: Vec<KeyUsage>,
}

/// Adds what an isolate counted. A key that is not here is left out.
pub(super) fn note(moment: &Moment, reports: &[KeyUsage]) -> Result<Answer, Refusal> {
    transaction(&moment.storage, || {
        add(moment, reports, |_| true)?;
        Ok(Answer::empty())
    })
}

/// The same for a server that has a key for it: what it says is believed of keys of its own
/// environment, and left out of all others.
pub(super) fn report(moment: &Moment, form: &UsageForm) -> Result<Answer, Refusal> {
    transaction(&moment.storage, || {
        let Some(signer) = &moment.key else {
            sessions::actor(moment)?;
            return Err(Refusal::because(Code::Forbidden, "with a key alone"));
        };
        if form.keys.len() > REPORTS_MAX {
            let detail = format!("has more than {REPORTS_MAX} entries");
            return Err(Refusal::field("keys", detail));
        }
        // That it may was judged with its signature.
        let Proof::Signature { reach, .. } = automation::actor(moment, signer)?.proof else {
            return Err(Code::Forbidden.into());
        };
        let own = schema::policy(&moment.storage)?.name;
        let reports = form.keys.iter().filter(|one| one.organisation == own);
        add(moment, reports, |environment| {
            reach.is_environment(environment)
        })?;
        Ok(Answer::empty())
    })
}

fn add<'a>(
    moment: &Moment,
    reports: impl IntoIterator<Item = &'a KeyUsage>,
    is_known_to: impl Fn(&str) -> bool,
) -> Result<(), Refusal> {
    for report in reports {
        if let Some((environment, known)) = read(&moment.storage, &report.key_id)?
            && is_known_to(&environment)
        {
            let usage = known.with(report, moment.now_s);
            write(&moment.storage, &report.key_id, &usage)?;
        }
    }
    Ok(())
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

/// With the key's environment; `None` if there is no such key.
fn read(storage: &Storage, key_id: &str) -> Result<Option<(String, Usage)>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        environment: String,
        usage: Option<String>,
    }
    let row: Option<Row> = sql::row(
        storage,
        "SELECT environment, usage FROM keys LEFT JOIN usage USING (key_id) WHERE key_id = ?",
        args![key_id],
    )?;
    row.map(|row| Ok((row.environment, parse(row.usage.as_deref())?)))
        .transpose()
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
