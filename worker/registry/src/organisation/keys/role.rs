//! Keys by a role that they hold.
use keyward_issuer::change::Edit;
use keyward_wire::event::EventName;
use serde::Deserialize;
use worker::Storage;

use super::stored::Stored;
use super::{beyond, refused};
use crate::key::KeyView;
use crate::organisation::change::Change;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// The ids of so many keys that hold the role and were not removed, by their names. Not the keys:
/// all of an organisation's may hold one role, and are more than an isolate has room for.
pub(in crate::organisation) fn holders(
    storage: &Storage,
    role: &str,
    limit: usize,
) -> Result<Vec<String>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        key_id: String,
    }
    let rows: Vec<Row> = sql::rows(
        storage,
        "SELECT key_id FROM keys WHERE removed_at_s IS NULL AND EXISTS (
         SELECT 1 FROM json_each(view, '$.roles') WHERE json_extract(value, '$.role') = ?)
         ORDER BY folded LIMIT ?",
        args![role, limit as u64],
    )?;
    Ok(rows.into_iter().map(|row| row.key_id).collect())
}

/// A key as it is shown.
pub(in crate::organisation) fn view(storage: &Storage, key_id: &str) -> Result<KeyView, Refusal> {
    Ok(Stored::read(storage, key_id)?.view)
}

/// Takes grants away from a key, in a change that is under way. That needs no `mayGrant`, as
/// disabling does not; but a program's key reaches no other environment, through a role either.
pub(in crate::organisation) fn narrow(
    change: &Change<'_>,
    key_id: &str,
    edit: Edit,
) -> Result<(), Refusal> {
    let moment = change.moment;
    let stored = Stored::read(change.storage(), key_id)?;
    let reached = change.actor.reaches(&stored.view.environment);
    reached.map_err(beyond)?;
    let record = keyward_issuer::change::edit(&stored.record()?, edit, moment.now_s);
    let record = record.map_err(refused)?;
    let before = stored.view.clone();
    let view = before.clone().after(&record, moment.now_s);
    let stored = stored.becomes(moment, EventName::KeyNarrowed, view, &record)?;
    change.audit(
        EventName::KeyNarrowed,
        key_id,
        Some(&before),
        Some(&stored.view),
    )
}
