//! What the organisation is told of an operator's factors: that they are others, and what failed.
use keyward_platform::{delete_alarm, set_alarm, transaction};
use worker::Storage;

use super::factors::{self, Factors};
use super::{Operator, failures};
use crate::call::{self, About, Ask, ORGANISATION};
use crate::clock;
use crate::organisation::OrganisationCall;
use crate::refusal::Refusal;

/// How long after a failure the organisation is asked again.
const RETRY_MS: u64 = 5_000;

/// When the organisation is asked again.
pub(super) fn later_ms() -> f64 {
    clock::now_ms().saturating_add(RETRY_MS) as f64
}

/// Sets the alarm to when the organisation has to be told something, or takes it back.
pub(super) fn arm(storage: &Storage) -> Result<(), Refusal> {
    let Some(factors) = Factors::read(storage)? else {
        return Ok(delete_alarm(storage)?);
    };
    if factors.is_untold != 0 {
        return Ok(set_alarm(storage, later_ms())?);
    }
    match failures::due_at_s(storage, factors.told_at_s)? {
        Some(at_s) => set_alarm(storage, at_s as f64 * 1000.0)?,
        None => delete_alarm(storage)?,
    }
    Ok(())
}

impl Operator {
    /// Has the organisation end the sessions that began with other factors. The alarm goes on
    /// until it has.
    pub(super) async fn end_sessions(&self, about: About) {
        let storage = self.state.storage();
        let Ok(Some(factors)) = Factors::read(&storage) else {
            return;
        };
        if factors.is_untold == 0 {
            return;
        }
        let call = OrganisationCall::EndSessions {
            operator: factors.operator.clone(),
            generation: factors.generation,
        };
        if self.tells(&factors, about, call).await {
            let _ = transaction(&storage, || {
                factors::is_told(&storage, factors.generation)?;
                arm(&storage)
            });
        }
    }

    /// Has the organisation note in its audit log what failed.
    pub(super) async fn tell_failures(&self) {
        let storage = self.state.storage();
        let now_s = clock::now_s();
        let due = || {
            let factors = Factors::read(&storage)?;
            let Some(factors) = factors else {
                return Ok(None);
            };
            let due_at_s = failures::due_at_s(&storage, factors.told_at_s)?;
            if due_at_s.is_none_or(|at_s| at_s > now_s) {
                return Ok(None);
            }
            Ok::<_, Refusal>(Some((factors, failures::all(&storage)?)))
        };
        let Ok(Some((factors, failures))) = due() else {
            return;
        };
        let call = OrganisationCall::NoteFailures {
            operator: factors.operator.clone(),
            failures: failures.clone(),
        };
        if self.tells(&factors, About::default(), call).await {
            let _ = transaction(&storage, || {
                failures::told(&storage, &failures)?;
                factors::set_told_at(&storage, now_s)
            });
        }
    }

    /// Whether the organisation knows it now.
    async fn tells(&self, factors: &Factors, about: About, call: OrganisationCall) -> bool {
        let name = &factors.person.organisation;
        let told = call::ask(&self.env, ORGANISATION, name, &Ask { about, call }).await;
        // 401: there is no such operator any more, so it is nothing to him.
        told.is_ok_and(|answer| answer.is_ok() || answer.status == 401)
    }
}
