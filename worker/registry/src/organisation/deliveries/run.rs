//! The alarm's part: what is due is written down as being sent, then sent, and then what came of
//! it is written down. A crash in between sends it once more, under the same id.
use core::time::Duration;
use std::rc::Rc;

use futures_util::future::join_all;
use keyward_issuer::notice::{Outcome, State};
use keyward_issuer::webhook::{self, TIMEOUT_S, sign};
use keyward_platform::transaction;
use worker::Env;

use super::due::{Job, Way, decide};
use super::row::{COLUMNS, Channel, Row, forget};
use crate::call::About;
use crate::clock;
use crate::configuration::Configuration;
use crate::mail::{self, Came};
use crate::organisation::change::Moment;
use crate::organisation::webhooks;
use crate::outgoing::Outgoing;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// Rows of one alarm; the rest is the next one's.
const ROWS_MAX: usize = 200;
/// Calls side by side: with those to KV as many connections as a Worker may have.
const SIDE_BY_SIDE: u64 = 2;
/// After so long an alarm begins no more calls, however much there is.
const BEGIN_S: u64 = 20;

/// Sends what is due. What fails is put off, for three days.
pub(in crate::organisation) async fn deliver(
    env: &Env,
    object: &worker::State,
    configuration: &Rc<Configuration>,
) {
    let begun_s = clock::now_s();
    let mut rows = 0;
    if forget(&object.storage(), begun_s, ROWS_MAX as u64).is_err() {
        return;
    }
    while rows < ROWS_MAX && clock::now_s() < begun_s.saturating_add(BEGIN_S) {
        let moment = moment(object, configuration);
        let mails_can_leave = mail::channel(env, configuration).is_some();
        let (looked_at, jobs) = match take(&moment, mails_can_leave) {
            Ok((0, _)) => return,
            Ok(taken) => taken,
            Err(refusal) => return drop(refusal),
        };
        rows += looked_at;
        let sent = join_all(jobs.iter().map(|job| send(env, configuration, job))).await;
        for (job, came) in jobs.iter().zip(sent) {
            if settle(&self::moment(object, configuration), job, came).is_err() {
                return;
            }
        }
    }
}

/// Nobody asks: the time has come.
fn moment(object: &worker::State, configuration: &Rc<Configuration>) -> Moment {
    Moment {
        storage: object.storage(),
        configuration: Rc::clone(configuration),
        now_s: clock::now_s(),
        about: About::default(),
        key: None,
    }
}

/// How many were due, and those among them that are to be sent.
fn take(moment: &Moment, mails_can_leave: bool) -> Result<(usize, Vec<Job>), Refusal> {
    let statement =
        format!("SELECT {COLUMNS} FROM deliveries WHERE due_at_s <= ? ORDER BY due_at_s LIMIT ?");
    transaction(&moment.storage, || {
        let args = args![moment.now_s, SIDE_BY_SIDE];
        let rows: Vec<Row> = sql::rows(&moment.storage, &statement, args)?;
        let count = rows.len();
        let mut jobs = Vec::new();
        for row in rows {
            match decide(moment, row.clone(), mails_can_leave) {
                Ok(job) => jobs.extend(job),
                // The log has why. It must not keep all others waiting.
                Err(_) => row.ends(&moment.storage, State::GivenUp, moment.now_s)?,
            }
        }
        Ok((count, jobs))
    })
}

async fn send(env: &Env, configuration: &Configuration, job: &Job) -> Came {
    match &job.way {
        Way::Mail(mail) => match job.row.notice_id() {
            Ok(id) => mail::send(env, configuration, &job.row.recipient, &id, mail).await,
            Err(_) => (Outcome::Refused, None),
        },
        Way::Webhook { url, secrets, body } => {
            let signed = sign(secrets, &job.row.id, clock::now_s(), body.as_bytes());
            let request = Outgoing {
                method: "POST",
                url,
                fields: Vec::from([
                    ("webhook-id", signed.id.as_str()),
                    ("webhook-timestamp", &signed.timestamp),
                    ("webhook-signature", &signed.signature),
                    ("user-agent", "Keyward"),
                ]),
                body,
                timeout: Duration::from_secs(TIMEOUT_S),
            };
            let status = request.send().await;
            (webhook::outcome(status), status)
        }
    }
}

fn settle(moment: &Moment, job: &Job, (outcome, status): Came) -> Result<(), Refusal> {
    let now_s = moment.now_s;
    transaction(&moment.storage, || {
        let progress = job.row.progress().settled(outcome, now_s);
        let due_at_s = (progress.state == State::Waiting).then_some(progress.try_at_s);
        job.row
            .becomes(&moment.storage, progress, status, due_at_s, now_s)?;
        if job.row.channel == Channel::Webhook {
            webhooks::note(moment, &job.row.recipient, outcome, status)?;
        }
        Ok(())
    })
}
