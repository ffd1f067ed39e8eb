//! Keys: made and changed, each time with the entry in the log and the note to publish.
mod again;
mod create;
mod restore;
mod role;
mod stored;

use keyward_core::catalogue::Action;
use keyward_issuer::{IssueError, IssuedKey, Issuer, Secret};
use keyward_wire::Record;
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::change::{Change, Moment, Needs};
use super::{schema, sessions, version};
use crate::automation;
use crate::call::Answer;
use crate::key::{KeyEdit, KeyView};
use crate::policy::Area;
use crate::random;
use crate::refusal::{Code, FieldError, Refusal};

pub(super) use again::{acknowledge, secret_again};
pub(super) use create::{Basis, Taken, create, insert_imported, taken};
pub(super) use restore::{Outcome as RestoreOutcome, restore};
pub(super) use role::{holders, narrow, view};
#[cfg(test)]
pub(crate) use stored::KeyWithSecret;
pub(crate) use stored::ShownKey;
use stored::Stored;
pub(super) use stored::{payload, record};

/// The end of the year 9999, beyond which nobody means a time.
pub(crate) const TIME_S_MAX: u64 = 253_402_300_799;

/// A new secret, and what becomes of the one that there is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Rotation {
    /// Until when the old one is valid beside it, in seconds of Unix time. Absent: no longer.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    old_until: Option<u64>,
    /// Another end of the key; what a token key needs to live longer.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    expires_at: Option<u64>,
}

/// What a change comes to.
struct Changed {
    record: Record,
    view: KeyView,
    secret: Option<Secret>,
}

pub(super) fn show(moment: &Moment, key_id: &str) -> Result<Answer, Refusal> {
    moment.look(Needs::to(Action::Read, Area::Keys))?;
    Stored::read(&moment.storage, key_id)?.answer(moment)
}

pub(super) fn edit(moment: &Moment, key_id: &str, edit: KeyEdit) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Update, Area::Keys);
    change(
        moment,
        needs,
        key_id,
        EventName::KeyEdited,
        Inside::BeforeAndAfter,
        |change, stored| {
            version::is_said(moment)?;
            let basis = Basis::read(&moment.storage)?;
            let checker = basis.checker(moment, change.actor);
            let edit = checker.edit(edit, &stored.view)?;
            let record = keyward_issuer::change::edit(&stored.record()?, edit.record, moment.now_s)
                .map_err(refused)?;
            let view = KeyView {
                owners: edit.owners.unwrap_or_else(|| stored.view.owners.clone()),
                memo: edit.memo.unwrap_or_else(|| stored.view.memo.clone()),
                ..stored.view.clone()
            };
            Ok(Changed {
                view: view.after(&record, moment.now_s),
                record,
                secret: None,
            })
        },
    )
}

pub(super) fn disable(moment: &Moment, key_id: &str) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Update, Area::Keys);
    with_record(
        moment,
        needs,
        key_id,
        EventName::KeyDisabled,
        Inside::Neither,
        keyward_issuer::disable,
    )
}

pub(super) fn enable(moment: &Moment, key_id: &str) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Update, Area::Keys);
    with_record(
        moment,
        needs,
        key_id,
        EventName::KeyEnabled,
        Inside::BeforeAndAfter,
        keyward_issuer::enable,
    )
}

pub(super) fn remove(moment: &Moment, key_id: &str) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Delete, Area::Keys);
    with_record(
        moment,
        needs,
        key_id,
        EventName::KeyRemoved,
        Inside::Neither,
        keyward_issuer::remove,
    )
}

pub(super) fn end_rotation(moment: &Moment, key_id: &str) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Update, Area::Keys);
    let end = keyward_issuer::end_rotation;
    with_record(
        moment,
        needs,
        key_id,
        EventName::KeyRotationEnded,
        Inside::BeforeAndAfter,
        end,
    )
}

pub(super) fn rotate(
    moment: &Moment,
    key_id: &str,
    rotation: &Rotation,
) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Update, Area::Keys).and_a_fresh_factor_or_signature();
    change(
        moment,
        needs,
        key_id,
        EventName::KeyRotated,
        Inside::BeforeAndAfter,
        |change, stored| {
            if rotation
                .old_until
                .is_some_and(|until_s| until_s > TIME_S_MAX)
            {
                return Err(Refusal::field(
                    "oldUntil",
                    "must be a time before the year 10000",
                ));
            }
            if let Some(end_s) = rotation.expires_at {
                schema::policy(&moment.storage)?.allows_end(end_s, moment.now_s)?;
            }
            again::begins(change, key_id)?;
            let end_s = rotation.expires_at.unwrap_or(stored.view.expires_at);
            let old_until_s = rotation.old_until.unwrap_or_default();
            reissued(change, stored, |issuer, record| {
                issuer.reissue(record, end_s, old_until_s, moment.now_s, &mut random::fill)
            })
        },
    )
}

/// The key with a new secret.
fn reissued(
    change: &Change<'_>,
    stored: &Stored,
    next: impl FnOnce(&Issuer<'_>, &Record) -> Result<IssuedKey, IssueError>,
) -> Result<Changed, Refusal> {
    let moment = change.moment;
    let record = stored.record()?;
    let issued = moment
        .configuration
        .with_issuer(&record.environment, |issuer| next(issuer, &record))
        .ok_or_else(|| Refusal::internal(&"the key's environment is gone"))?;
    let under_way_until_s = stored.view.issues.get(1).and_then(|one| one.not_after);
    let IssuedKey { record, secret } = issued.map_err(|error| match under_way_until_s {
        Some(until_s) if error == IssueError::RotationUnderWay => {
            Refusal::rotation_under_way(until_s)
        }
        _ => refused(error),
    })?;
    let view = stored.view.clone();
    Ok(Changed {
        view: view.reissued(&record, moment.now_s, &change.actor.answers),
        record,
        secret: Some(secret),
    })
}

/// When the key must be inside of what who asks may grant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    BeforeAndAfter,
    /// What takes something away needs the permission alone.
    Neither,
}

fn with_record(
    moment: &Moment,
    needs: Needs,
    key_id: &str,
    action: EventName,
    inside: Inside,
    next: impl FnOnce(&Record) -> Result<Record, IssueError>,
) -> Result<Answer, Refusal> {
    change(moment, needs, key_id, action, inside, |_, stored| {
        let record = next(&stored.record()?).map_err(refused)?;
        Ok(Changed {
            view: stored.view.clone().after(&record, moment.now_s),
            record,
            secret: None,
        })
    })
}

fn change(
    moment: &Moment,
    needs: Needs,
    key_id: &str,
    action: EventName,
    inside: Inside,
    next: impl FnOnce(&Change<'_>, &Stored) -> Result<Changed, Refusal>,
) -> Result<Answer, Refusal> {
    moment.change(needs, |change| {
        let stored = Stored::read(change.storage(), key_id)?;
        version::is_seen(moment, stored.version)?;
        let may_grant = |view: &KeyView| match inside {
            Inside::Neither => change.actor.reaches(&view.environment).map_err(beyond),
            Inside::BeforeAndAfter => is_inside(moment, change.actor, view),
        };
        may_grant(&stored.view)?;
        let changed = next(change, &stored)?;
        may_grant(&changed.view)?;
        if changed.view == stored.view {
            return stored.answer(moment);
        }
        let before = stored.view.clone();
        let stored = stored.becomes(moment, action, changed.view, &changed.record)?;
        if is_password_lost(&before, &stored.view) {
            sessions::end_of(moment, &before.created_by)?;
        }
        change.audit(action, key_id, Some(&before), Some(&stored.view))?;
        stored.answer_with(moment, changed.secret.as_ref())
    })
}

fn is_inside(moment: &Moment, actor: &Actor, view: &KeyView) -> Result<(), Refusal> {
    // Who had its secret would have somebody else's first factor.
    if automation::is_password(&view.roles) && view.created_by != actor.email {
        let detail = "a key to sign in with is its maker's alone";
        return Err(beyond(Vec::from([FieldError::new("roles", detail)])));
    }
    actor.covers(view.facts(), moment.now_s).map_err(beyond)
}

/// Whether somebody may be signed in with the key who could not sign in with it any more.
fn is_password_lost(before: &KeyView, after: &KeyView) -> bool {
    let is_kept = automation::is_password(&after.roles)
        && !after.disabled
        && after.removed_at.is_none()
        && after.issues == before.issues;
    automation::is_password(&before.roles) && !is_kept
}

fn beyond(errors: Vec<FieldError>) -> Refusal {
    Refusal {
        errors,
        ..Code::BeyondMayGrant.into()
    }
}

/// Why a key cannot be made or changed, in terms of the request.
pub(super) fn refused(error: IssueError) -> Refusal {
    match error {
        IssueError::ExpiresTooEarly | IssueError::Lengthens => Refusal::field("expiresAt", error),
        IssueError::Secret | IssueError::BasicSecret => Refusal::field("secret", error),
        IssueError::Digest => Refusal::field("sha256", error),
        IssueError::Record(error) => Refusal::because(Code::Invalid, error),
        IssueError::Removed
        | IssueError::Expired
        | IssueError::RotationUnderWay
        | IssueError::Generations => Refusal::because(Code::Conflict, error),
        _ => Refusal::internal(&error),
    }
}
