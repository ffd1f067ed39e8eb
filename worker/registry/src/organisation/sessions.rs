//! Sessions of operators: random, kept as hashes, ended by whatever changes who one is.
use keyward_platform::transaction;
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};

use super::actor::{Actor, Proof};
use super::audit::{self, By};
use super::change::Moment;
use crate::call::Answer;
use crate::operator::Failures;
use crate::policy::{MayGrant, OperatorRole};
use crate::refusal::{Code, Refusal};
use crate::session::Times;
use crate::sql::{self, args};

/// Sessions that one operator has at a time; the oldest give way.
const SESSIONS_MAX: u64 = 10;

#[derive(Deserialize)]
struct Row {
    id: String,
    email: String,
    role: String,
    may_grant: String,
    begun_at_s: u64,
    used_at_s: u64,
    second_factor_at_s: u64,
}

/// # Errors
/// `unauthenticated` when there is no such session any more.
pub(super) fn actor(moment: &Moment) -> Result<Actor, Refusal> {
    let hash = moment
        .about
        .session
        .as_deref()
        .ok_or(Code::Unauthenticated)?;
    let row: Option<Row> = sql::row(
        &moment.storage,
        "SELECT id, email, role, may_grant, begun_at_s, used_at_s, second_factor_at_s
         FROM sessions JOIN operators ON operator = id WHERE hash = ? AND disabled = 0",
        args![hash],
    )?;
    let row = row.ok_or(Code::Unauthenticated)?;
    let times = Times {
        begun_at_s: row.begun_at_s,
        used_at_s: row.used_at_s,
        second_factor_at_s: row.second_factor_at_s,
    };
    if times.is_over(moment.now_s) {
        return Err(Code::Unauthenticated.into());
    }
    let parsed = |error: serde_json::Error| Refusal::internal(&error);
    Ok(Actor {
        answers: row.id.clone(),
        id: row.id,
        email: row.email,
        role: serde_json::from_str(&row.role).map_err(parsed)?,
        may_grant: serde_json::from_str(&row.may_grant).map_err(parsed)?,
        proof: Proof::Session(times),
    })
}

/// Notes that the session is in use, once a minute.
pub(super) fn touch(moment: &Moment, actor: &Actor) -> Result<(), Refusal> {
    if let Proof::Session(times) = &actor.proof
        && times.is_touch_due(moment.now_s)
    {
        sql::run(
            &moment.storage,
            "UPDATE sessions SET used_at_s = ? WHERE hash = ?",
            args![moment.now_s, moment.about.session.clone()],
        )?;
    }
    Ok(())
}

/// The operator of a session, as he is answered.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Who {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) role: OperatorRole,
    pub(crate) may_grant: MayGrant,
    pub(crate) second_factor_at: u64,
}

/// For the operator whose factors were shown, and nobody who has his address by now.
pub(super) fn open(
    moment: &Moment,
    id: &str,
    email: &str,
    session: &str,
    generation: u64,
) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Known {}
    let now_s = moment.now_s;
    transaction(&moment.storage, || {
        let known: Option<Known> = sql::row(
            &moment.storage,
            "UPDATE operators SET signed_in_at_s = ? WHERE id = ? AND email = ? AND disabled = 0 RETURNING 1",
            args![now_s, id, email],
        )?;
        known.ok_or(Code::SignInFailed)?;
        // The factors may have become others since they were shown.
        if hear_of(moment, id, generation)? == Heard::Later {
            return Err(Code::SignInFailed.into());
        }
        sql::run(
            &moment.storage,
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)",
            args![session, id, now_s, now_s, now_s],
        )?;
        sql::run(
            &moment.storage,
            "DELETE FROM sessions WHERE operator = ?1 AND hash NOT IN (
             SELECT hash FROM sessions WHERE operator = ?1 ORDER BY begun_at_s DESC, rowid DESC LIMIT ?2)",
            args![id, SESSIONS_MAX],
        )?;
        let by = By::Operator {
            id,
            email,
            second_factor_at: now_s,
        };
        audit::append::<()>(moment, by, EventName::OperatorSignedIn, id, None, None)?;
        Ok::<_, Refusal>(())
    })?;
    Ok(Answer::empty())
}

/// Who is asking; reading counts as use.
pub(super) fn show(moment: &Moment) -> Result<Answer, Refusal> {
    let actor = transaction(&moment.storage, || {
        let actor = actor(moment)?;
        touch(moment, &actor)?;
        Ok::<_, Refusal>(actor)
    })?;
    Answer::json(
        200,
        &Who {
            id: actor.id,
            email: actor.email,
            role: actor.role,
            may_grant: actor.may_grant,
            second_factor_at: actor.proof.second_factor_at_s(),
        },
    )
}

pub(super) fn refresh(moment: &Moment) -> Result<Answer, Refusal> {
    transaction(&moment.storage, || {
        actor(moment)?;
        sql::run(
            &moment.storage,
            "UPDATE sessions SET second_factor_at_s = ?1, used_at_s = ?1 WHERE hash = ?2",
            args![moment.now_s, moment.about.session.clone()],
        )?;
        Ok::<_, Refusal>(())
    })?;
    Ok(Answer::empty())
}

pub(super) fn close(moment: &Moment) -> Result<Answer, Refusal> {
    sql::run(
        &moment.storage,
        "DELETE FROM sessions WHERE hash = ?",
        args![moment.about.session.clone()],
    )?;
    Ok(Answer::empty())
}

/// The factors of an operator are others now: who signed in with the old ones is out.
pub(super) fn end_all(moment: &Moment, id: &str, generation: u64) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Known {
        email: String,
    }
    transaction(&moment.storage, || {
        let row: Option<Known> = sql::row(
            &moment.storage,
            "SELECT email FROM operators WHERE id = ?",
            args![id],
        )?;
        let Known { email } = row.ok_or(Code::SignInFailed)?;
        hear_of(moment, id, generation)?;
        let by = By::Operator {
            id,
            email: &email,
            second_factor_at: moment.now_s,
        };
        audit::append::<()>(moment, by, EventName::OperatorEnrolled, id, None, None)
    })?;
    Ok(Answer::empty())
}

pub(super) fn end(moment: &Moment, operator: &str) -> Result<(), Refusal> {
    sql::run(
        &moment.storage,
        "DELETE FROM sessions WHERE operator = ?",
        args![operator],
    )?;
    Ok(())
}

/// Those of whoever has this address: a first factor of his is not what it was.
pub(super) fn end_of(moment: &Moment, email: &str) -> Result<(), Refusal> {
    sql::run(
        &moment.storage,
        "DELETE FROM sessions WHERE operator IN (SELECT id FROM operators WHERE email = ?)",
        args![email],
    )?;
    Ok(())
}

/// What was known of an operator's factors before.
#[derive(PartialEq, Eq)]
enum Heard {
    EarlierOrThese,
    Later,
}

/// Ends the sessions that began with earlier factors than these.
fn hear_of(moment: &Moment, operator: &str, generation: u64) -> Result<Heard, Refusal> {
    #[derive(Deserialize)]
    struct Known {
        generation: u64,
    }
    let statement = "SELECT generation FROM factors WHERE operator = ?";
    let known: Option<Known> = sql::row(&moment.storage, statement, args![operator])?;
    let known = known.map_or(0, |known| known.generation);
    if known > generation {
        return Ok(Heard::Later);
    }
    if known < generation {
        end(moment, operator)?;
        sql::run(
            &moment.storage,
            "INSERT INTO factors VALUES (?, ?) ON CONFLICT DO UPDATE SET generation = excluded.generation",
            args![operator, generation],
        )?;
    }
    Ok(Heard::EarlierOrThese)
}

/// One entry for many failures: his object sums them up.
pub(super) fn note_failures(
    moment: &Moment,
    operator: &str,
    failures: &[Failures],
) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Known {}
    transaction(&moment.storage, || {
        let statement = "SELECT 1 FROM operators WHERE id = ?";
        let known: Option<Known> = sql::row(&moment.storage, statement, args![operator])?;
        known.ok_or(Code::SignInFailed)?;
        let after = Some(&failures);
        audit::append(
            moment,
            By::Nobody,
            EventName::OperatorRefused,
            operator,
            None,
            after,
        )
    })?;
    Ok(Answer::empty())
}
