//! For who made a key and did not get the answer: a new secret, which voids the one that was lost.
use keyward_core::catalogue::Action;
use keyward_wire::event::EventName;
use serde::Deserialize;

use super::stored::Stored;
use super::{Inside, Rotation, change, reissued};
use crate::call::Answer;
use crate::organisation::change::{Change, Moment, Needs};
use crate::policy::Area;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

/// How long after a key was made, in seconds.
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
        if stored.view.created_by != change.actor.email {
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

/// The key has a secret that is not its maker's to ask for again.
pub(super) fn is_over(change: &Change<'_>, key_id: &str) -> Result<(), Refusal> {
    let statement = "UPDATE keys SET acknowledged = 1 WHERE key_id = ?";
    Ok(sql::run(change.storage(), statement, args![key_id])?)
}

/// Only to who made the key, and only until he has acknowledged it, the edge has seen it used, or
/// 15 minutes are over.
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
            if stored.view.created_by != change.actor.email {
                return Err(Code::Forbidden.into());
            }
            let is_late = moment.now_s >= stored.view.created_at.saturating_add(AGAIN_S);
            if stored.acknowledged || stored.usage.is_used() || is_late {
                let detail = "the secret was acknowledged, used or rotated, or the key is older than 15 minutes; rotate it";
                return Err(Refusal::because(Code::Conflict, detail));
            }
            reissued(change, stored, &Rotation::default())
        },
    )
}
