//! The head of the audit log, signed: who has an old one can tell that nothing before it was
//! changed since. Hourly it goes to KV, where it is out of this object's reach.
use core::time::Duration;

use futures_util::future::{Either, select};
use keyward_core::catalogue::Action;
use keyward_platform::transaction;
use keyward_wire::audit::{AuditHead, head_kv_name};
use keyward_wire::event::Event;
use serde::{Deserialize, Serialize};
use worker::{Delay, Env, Storage};

use super::change::{Moment, Needs};
use super::{deliveries, outbox, schema};
use crate::call::Answer;
use crate::clock;
use crate::configuration::Configuration;
use crate::policy::Area;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// So long after a head was stored the next one is, if there is one.
const HOURLY_S: u64 = 60 * 60;
/// After a failure the next try.
const RETRY_S: u64 = 60;
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The head, and the registry's word on it: an envelope as records have, for the name `a/<organisation>`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SignedHead {
    #[serde(flatten)]
    #[cfg_attr(test, schemars(with = "crate::openapi::AuditHead"))]
    head: AuditHead,
    signed: String,
}

#[derive(Deserialize)]
struct Last {
    sequence: u64,
    hash: String,
}

pub(super) fn signed(
    storage: &Storage,
    configuration: &Configuration,
    organisation: &str,
) -> Result<SignedHead, Refusal> {
    let last: Option<Last> = sql::row(
        storage,
        "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1",
        args![],
    )?;
    let last = last.ok_or_else(|| Refusal::internal(&"the audit log is empty"))?;
    let head = AuditHead {
        organisation: organisation.to_owned(),
        sequence: last.sequence,
        hash: last.hash,
        at: clock::now_s(),
    };
    let payload = serde_json::to_vec(&head).map_err(|error| Refusal::internal(&error))?;
    let publisher = &configuration.secrets.publisher;
    let signed = publisher
        .publish(&head_kv_name(organisation), &payload)
        .map_err(|error| Refusal::internal(&error))?;
    Ok(SignedHead { head, signed })
}

/// The head, signed, as it goes with what is exported of the log.
pub(super) fn text(moment: &Moment) -> Result<String, Refusal> {
    let organisation = schema::policy(&moment.storage)?.name;
    Ok(signed(&moment.storage, &moment.configuration, &organisation)?.signed)
}

pub(super) fn show(moment: &Moment) -> Result<Answer, Refusal> {
    moment.look(Needs::to(Action::Read, Area::Audit))?;
    let organisation = schema::policy(&moment.storage)?.name;
    Answer::json(
        200,
        &signed(&moment.storage, &moment.configuration, &organisation)?,
    )
}

/// Stores the head when an hour is over and it is another one.
pub(super) async fn publish(env: &Env, storage: &Storage, configuration: &Configuration) {
    if store(env, storage, configuration).await.is_err() {
        // The failure is in the log already. Were it due at once, alarms would follow each other.
        let tried_s = clock::now_s().saturating_sub(HOURLY_S.saturating_sub(RETRY_S));
        let statement = "UPDATE organisation SET head_at_s = ?";
        let _ = sql::run(storage, statement, args![tried_s]);
    }
}

async fn store(env: &Env, storage: &Storage, configuration: &Configuration) -> Result<(), Refusal> {
    let now_s = clock::now_s();
    if due_at_s(storage)?.is_none_or(|at_s| at_s > now_s) {
        return Ok(());
    }
    let organisation = schema::policy(storage)?.name;
    let signed = signed(storage, configuration, &organisation)?;
    let put = async {
        let keys = env.kv(outbox::BINDING)?;
        let put = keys.put(&head_kv_name(&organisation), &signed.signed)?;
        Ok::<_, worker::Error>(put.execute().await?)
    };
    match select(Box::pin(put), Box::pin(Delay::from(WRITE_TIMEOUT))).await {
        Either::Left((outcome, _)) => outcome?,
        Either::Right(_) => return Err(Refusal::internal(&"KV does not answer")),
    }
    let event = Event::AuditHead {
        organisation: organisation.clone(),
        sequence: signed.head.sequence,
        hash: signed.head.hash.clone(),
        at: signed.head.at,
        signed: signed.signed.clone(),
    };
    transaction(storage, || {
        sql::run(
            storage,
            "UPDATE organisation SET head_sequence = ?, head_at_s = ?",
            args![signed.head.sequence, now_s],
        )?;
        deliveries::announce(storage, event, now_s)
    })
}

/// A clock that was ahead keeps no head back.
pub(super) fn wake(storage: &Storage, now_s: u64) -> worker::Result<()> {
    let statement = "UPDATE organisation SET head_at_s = min(head_at_s, ?)";
    sql::run(storage, statement, args![now_s])
}

/// When the next head is to be stored; `None` while it is the one that is.
pub(super) fn due_at_s(storage: &Storage) -> worker::Result<Option<u64>> {
    #[derive(Deserialize)]
    struct Due {
        at_s: u64,
    }
    let due: Option<Due> = sql::row(
        storage,
        "SELECT head_at_s + ? AS at_s FROM organisation
         WHERE head_sequence < (SELECT max(sequence) FROM audit)",
        args![HOURLY_S],
    )?;
    Ok(due.map(|due| due.at_s))
}
