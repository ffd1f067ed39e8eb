//! The alarm's part: what is due is written down as being sent, then sent, and then what came of
//! it is written down. A crash in between sends it once more, under the same id.
use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use futures_util::future::join;
use keyward_issuer::notice::{Outcome, State};
use keyward_issuer::webhook::{self, TIMEOUT_S, sign};
use keyward_platform::transaction;
use worker::{Delay, Env};

use super::due::{Job, Way, decide};
use super::mails;
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
/// One call of each queue at a time: with those to KV as many connections as a Worker may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Queue {
    /// To owners and to those who manage the organisation.
    Mails,
    /// Receivers that take their time do not keep mails waiting.
    Webhooks,
}
/// After so long an alarm begins no more calls, however much there is.
const BEGIN_S: u64 = 20;
/// How often a queue is looked at again, while the other one is at work.
const PAUSE: Duration = Duration::from_millis(200);

/// Sends what is due. What fails is put off, for three days.
pub(in crate::organisation) async fn deliver(
    env: &Env,
    object: &worker::State,
    configuration: &Rc<Configuration>,
) {
    if forget(&object.storage(), clock::now_s(), ROWS_MAX as u64).is_err() {
        return;
    }
    let working = Cell::new([true; 2]);
    join(
        work(env, object, configuration, Queue::Mails, &working),
        work(env, object, configuration, Queue::Webhooks, &working),
    )
    .await;
}

/// Sends what is due of one queue, and looks again while the other one is at work: the next alarm
/// begins only when both have ended.
async fn work(
    env: &Env,
    object: &worker::State,
    configuration: &Rc<Configuration>,
    queue: Queue,
    working: &Cell<[bool; 2]>,
) {
    let is_working = |is_working| {
        let [mails, webhooks] = working.get();
        working.set(match queue {
            Queue::Mails => [is_working, webhooks],
            Queue::Webhooks => [mails, is_working],
        });
    };
    let begun_s = clock::now_s();
    for _ in 0..ROWS_MAX {
        let moment = moment(object, configuration);
        if moment.now_s >= begun_s.saturating_add(BEGIN_S) {
            break;
        }
        let mails_can_leave = mail::channel(env, configuration).is_some();
        let job = match take(&moment, queue, mails_can_leave) {
            Ok(Taken::Nothing) => {
                is_working(false);
                if working.get() != [false; 2] {
                    Delay::from(PAUSE).await;
                }
                // What came meanwhile is the next alarm's, which has both queues again.
                if working.get() == [false; 2] {
                    break;
                }
                continue;
            }
            Ok(Taken::Decided) => continue,
            Ok(Taken::ToSend(job)) => job,
            // The log has why.
            Err(_) => break,
        };
        is_working(true);
        let came = send(env, configuration, &job).await;
        let after = self::moment(object, configuration);
        let took_s = after.now_s.saturating_sub(moment.now_s);
        if settle(&after, &job, came, took_s).is_err() {
            break;
        }
    }
    is_working(false);
}

/// Nobody asks: the time has come.
pub(super) fn moment(object: &worker::State, configuration: &Rc<Configuration>) -> Moment {
    Moment {
        storage: object.storage(),
        configuration: Rc::clone(configuration),
        now_s: clock::now_s(),
        about: About::default(),
        key: None,
    }
}

/// What became of the next row of a queue.
enum Taken {
    /// None is due.
    Nothing,
    /// There is nothing to be sent.
    Decided,
    ToSend(Box<Job>),
}

fn take(moment: &Moment, queue: Queue, mails_can_leave: bool) -> Result<Taken, Refusal> {
    let statement = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE (channel = 'webhook') = ? AND due_at_s <= ?
         ORDER BY due_at_s, created_at_s LIMIT 1"
    );
    transaction(&moment.storage, || {
        let args = args![queue == Queue::Webhooks, moment.now_s];
        let row: Option<Row> = sql::row(&moment.storage, &statement, args)?;
        let Some(row) = row else {
            return Ok(Taken::Nothing);
        };
        match decide(moment, row.clone(), mails_can_leave) {
            Ok(Some(job)) => return Ok(Taken::ToSend(Box::new(job))),
            Ok(None) => {}
            // The log has why. It must not keep all others waiting.
            Err(_) => row.ends(&moment.storage, State::GivenUp, moment.now_s)?,
        }
        Ok(Taken::Decided)
    })
}

async fn send(env: &Env, configuration: &Configuration, job: &Job) -> Came {
    match &job.way {
        Way::Mail(mail) => match job.row.notice_id() {
            Ok(id) => {
                let Row {
                    recipient, event, ..
                } = &job.row;
                mail::send(env, configuration, recipient, &id, *event, mail).await
            }
            Err(_) => Came::with(Outcome::Refused, None),
        },
        Way::Webhook { url, secrets, body } => {
            let signed = sign(secrets, &job.row.id, clock::now_s(), body.as_bytes());
            let request = Outgoing {
                method: "POST",
                url,
                content_type: "application/json",
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
            Came::with(webhook::outcome(status), status)
        }
    }
}

fn settle(moment: &Moment, job: &Job, came: Came, took_s: u64) -> Result<(), Refusal> {
    let now_s = moment.now_s;
    let Came {
        outcome,
        status,
        is_refused,
    } = came;
    transaction(&moment.storage, || {
        let progress = job.row.progress().settled(outcome, now_s);
        let due_at_s = (progress.state == State::Waiting).then_some(progress.try_at_s);
        job.row
            .becomes(&moment.storage, progress, status, due_at_s, now_s)?;
        if job.row.channel == Channel::Webhook {
            webhooks::note(moment, &job.row.recipient, outcome, status, took_s)?;
        } else if is_refused {
            mails::was_not_sent(&moment.storage, now_s)?;
        }
        Ok(())
    })
}
