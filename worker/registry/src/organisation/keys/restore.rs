//! One key of a backup.
mod evidence;

use keyward_wire::Record;
use keyward_wire::event::EventName;
use serde::Serialize;

use super::again::is_over;
use super::stored::{Stored, payload};
use super::{Taken, is_inside, taken};
use crate::key::KeyView;
use crate::organisation::change::Change;
use crate::organisation::schema;
use crate::refusal::{Code, Refusal};

use evidence::{Evidence, Restored};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::organisation) enum Outcome {
    Restored,
    /// Removed before or after the backup, and so it stays.
    KeptRemoved,
    /// Restored and disabled: nothing says what became of it since.
    Unproven,
    /// Its secret is neither in the backup, here nor at the edge.
    NoSecret,
    BeyondMayGrant,
    TakenId,
    TakenName,
    Unusable,
}

/// Writes the key as it is to be, with its entry in the log. `edge` is what KV has of it.
pub(in crate::organisation) fn restore(
    change: &Change<'_>,
    kept: KeyView,
    kept_record: Option<&Record>,
    edge: Option<&Record>,
) -> Result<Outcome, Refusal> {
    let moment = change.moment;
    let stored = match Stored::read(change.storage(), &kept.key_id) {
        Ok(stored) => Some(stored),
        Err(refusal) if refusal.code == Code::NotFound => None,
        Err(refusal) => return Err(refusal),
    };
    let living = stored.as_ref().map(Stored::record).transpose()?;
    let organisation = schema::policy(change.storage())?.name;
    let restored = Evidence {
        organisation: &organisation,
        living: living.as_ref(),
        edge,
        kept: &kept,
        kept_record,
    }
    .restored();
    let (outcome, record) = match restored {
        Restored::Key(record) => (Outcome::Restored, record),
        Restored::Removed(record) => (Outcome::KeptRemoved, record),
        Restored::Unproven(record) => (Outcome::Unproven, record),
        Restored::NoSecret => return Ok(Outcome::NoSecret),
        Restored::Unusable => return Ok(Outcome::Unusable),
    };
    let is_removed = outcome == Outcome::KeptRemoved;
    if is_removed
        && stored
            .as_ref()
            .is_some_and(|one| one.view.removed_at.is_some())
    {
        return Ok(outcome);
    }
    let before = stored.as_ref().map(|one| one.view.clone());
    // Who the key is does not change, nor to whom its secrets were given.
    let given = before.iter().flat_map(|view| view.issues.clone());
    let view = KeyView {
        name: before
            .as_ref()
            .map_or(kept.name.clone(), |view| view.name.clone()),
        issues: given.chain(kept.issues).collect(),
        ..kept
    };
    let view = view.after(&record, moment.now_s);
    // As any other change: before and after.
    let may_change = |one: &KeyView| is_inside(moment, change.actor, one).is_ok();
    let may_restore = before.iter().all(may_change) && may_change(&view);
    if !is_removed && !may_restore {
        return Ok(Outcome::BeyondMayGrant);
    }
    let stored = match stored {
        Some(stored) => stored,
        None => match taken(change.storage(), &view.key_id, &view.name)? {
            Some(Taken::Id) => return Ok(Outcome::TakenId),
            Some(Taken::Name) => return Ok(Outcome::TakenName),
            None => Stored::insert_known(moment, view.clone(), payload(moment, &record)?)?,
        },
    };
    let stored = stored.becomes(moment, EventName::KeyRestored, view, &record)?;
    is_over(change, &stored.view.key_id)?;
    let key_id = &stored.view.key_id;
    change.audit(
        EventName::KeyRestored,
        key_id,
        before.as_ref(),
        Some(&stored.view),
    )?;
    Ok(outcome)
}
