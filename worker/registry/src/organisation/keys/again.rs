//! For who was given a secret and did not get the answer: another one, which voids the one that was
//! lost and no other.
use keyward_core::catalogue::Action;
use keyward_wire::event::EventName;
use serde::Deserialize;

use super::stored::Stored;
use super::{Inside, change, reissued};
use crate::call::Answer;
use crate::organisation::change::{Change, Moment, Needs};
use crate::policy::Area;
use crate::random;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

/// How long after a key was made or rotated, in seconds.
const AGAIN_S: u64 = 15 * 60;

/// Says that the secret arrived: from here on it is given nobody again.
pub(in crate::organisation) fn acknowledge(
    moment: &Moment,
    key_id: &str,
) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Noted {}
    moment.change(Needs::to(Action::Create, Area::Keys), |change| {
        let stored = Stored::read(change.storage(), key_id)?;
        if stored.given_by != change.actor.id {
            return Err(Code::Forbidden.into());
        }
        let noted: Option<Noted> = sql::row(
            change.storage(),
            "UPDATE keys SET acknowledged = 1 WHERE key_id = ? AND acknowledged = 0 RETURNING 1",
            args![key_id],
        )?;
        if noted.is_some() {
            change.audit::<()>(EventName::KeyAcknowledged, key_id, None, None)?;
        }
        Ok(Answer::empty())
    })
}

/// The key has a new secret, which who asks may not get.
pub(super) fn begins(change: &Change<'_>, key_id: &str) -> Result<(), Refusal> {
    given(change, key_id, false)
}

/// The key has a secret that is nobody's to ask for again.
pub(super) fn is_over(change: &Change<'_>, key_id: &str) -> Result<(), Refusal> {
    given(change, key_id, true)
}

fn given(change: &Change<'_>, key_id: &str, acknowledged: bool) -> Result<(), Refusal> {
    let statement =
        "UPDATE keys SET acknowledged = ?, given_by = ?, given_at_s = ? WHERE key_id = ?";
    let now_s = change.moment.now_s;
    let values = args![acknowledged, &change.actor.id, now_s, key_id];
    Ok(sql::run(change.storage(), statement, values)?)
}

/// Only to who was given the newest secret, and only until he has acknowledged it, the edge has
/// seen it used, or 15 minutes are over.
pub(in crate::organisation) fn secret_again(
    moment: &Moment,
    key_id: &str,
) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Create, Area::Keys).and_a_fresh_factor_or_signature();
    change(
        moment,
        needs,
        key_id,
        EventName::KeyReissued,
        Inside::BeforeAndAfter,
        |change, stored| {
            let is_rotated = stored.given_at_s > stored.view.created_at;
            let may_rotate = change.actor.role.permits(Area::Keys, Action::Update);
            if stored.given_by != change.actor.id || is_rotated && !may_rotate {
                return Err(Code::Forbidden.into());
            }
            // Of refusals nobody says which secret was shown: they count while there was but one.
            let newest = stored.view.issues.first();
            let is_used = newest.is_some_and(|one| stored.usage.issues.contains_key(&one.issue))
                || !is_rotated && stored.usage.is_used();
            let is_late = moment.now_s >= stored.given_at_s.saturating_add(AGAIN_S);
            if stored.acknowledged || is_used || is_late {
                let detail = "the newest secret was acknowledged or used, or is older than 15 minutes; rotate the key";
                return Err(Refusal::because(Code::Conflict, detail));
            }
            reissued(change, stored, |issuer, record| {
                issuer.replace(record, moment.now_s, &mut random::fill)
            })
        },
    )
}
