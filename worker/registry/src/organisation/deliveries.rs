//! What owners and webhooks are told, and what became of it. A delivery is a row that is written
//! in the transaction of what it tells; the alarm sends it, and writes down before that it does.
mod due;
mod listing;
mod mails;
mod owners;
mod plan;
mod row;
mod run;

pub(crate) use listing::DeliveryQuery;
#[cfg(test)]
pub(crate) use listing::{DeliveryPage, DeliveryView};
pub(super) use listing::{list, retry};
pub(crate) use owners::OwnerQuestion;
pub(super) use owners::{KeptOwner, ask_again, confirm, decline, declined, restore_owner};
pub(super) use plan::{announce, plan, tell_admins, test, trials};
pub(super) use run::deliver;

use std::rc::Rc;

use keyward_issuer::notice::State;
use serde::Deserialize;
use worker::Env;

use super::{head, webhooks};
use crate::configuration::Configuration;
use crate::mail;
use crate::refusal::Refusal;
use crate::sql::{self, args};

const DAY_S: u64 = 24 * 60 * 60;
/// A clock that is further behind than this went back.
const WENT_BACK_S: u64 = 60 * 60;

/// What waits for something else than time: a way for mails, or a clock that was ahead.
pub(super) fn wake(
    env: &Env,
    object: &worker::State,
    configuration: &Rc<Configuration>,
) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct Seen {
        at_s: u64,
    }
    let moment = run::moment(object, configuration);
    let (storage, now_s) = (&moment.storage, moment.now_s);
    if mail::channel(env, configuration).is_some() {
        sql::run(
            storage,
            "UPDATE deliveries SET waits_for = NULL, due_at_s = ? WHERE waits_for = 'channel'",
            args![now_s],
        )?;
    }
    let seen: Option<Seen> = sql::row(storage, "SELECT at_s FROM clock", args![])?;
    let behind_s = seen.map_or(0, |seen| seen.at_s.saturating_sub(now_s));
    if behind_s > WENT_BACK_S {
        // What passed while the clock was wrong may lie ahead again.
        sql::run(
            storage,
            "UPDATE deliveries SET due_at_s = ? WHERE state = ? AND key_id IS NOT NULL",
            args![now_s, row::name(State::Passed)],
        )?;
        // What was put off, or was being sent, was so by that clock. The plan says of the others
        // when they are due.
        sql::run(
            storage,
            "UPDATE deliveries SET due_at_s = ?1, try_at_s = min(try_at_s, ?1) WHERE due_at_s > ?1 AND (state = ?2
             OR (state = ?3 AND (failures > 0 OR waits_for = 'tomorrow' OR channel = 'webhook')))",
            args![
                now_s,
                row::name(State::Sending),
                row::name(State::Waiting)
            ],
        )?;
        webhooks::wake(storage, now_s)?;
        head::wake(storage, now_s)?;
        if !plan::plan_forgotten(&moment)? {
            // The next time goes on.
            return Ok(());
        }
    }
    sql::run(
        storage,
        "INSERT INTO clock VALUES (1, ?1) ON CONFLICT DO UPDATE SET at_s = ?1",
        args![now_s],
    )?;
    Ok(())
}
