//! Requests that a key signed: judged with the key as it is, each taken once.
use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_core::replay::Replay;
use keyward_platform::transaction;
use serde::{Deserialize, Serialize};

use super::actor::{Actor, Proof};
use super::change::Moment;
use super::keys;
use crate::automation::{Reach, Signed};
use crate::call::Answer;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

/// The key that asks, and the secret that it signed with.
pub(super) struct Signer {
    pub(super) key_id: String,
    issue: String,
}

/// Judges a request, and notes it so that no copy is taken. From here on the key asks.
///
/// # Errors
/// What the core refuses; `replayed` for a copy.
pub(super) fn admit(moment: &Moment, signed: &Signed) -> Result<Signer, Refusal> {
    let configuration = &moment.configuration;
    let key = match keys::record(&moment.storage, &signed.key_id)? {
        None => None,
        Some(record) => {
            let secrets = configuration.secrets.environments.get(&record.environment);
            let secrets =
                secrets.ok_or_else(|| Refusal::internal(&"the key's environment is gone"))?;
            let deployment = &configuration.settings.deployment;
            configuration
                .automation
                .compile(record, deployment, secrets)?
        }
    };
    let address = moment.about.address;
    let automation = &configuration.automation;
    let (issue, replay) = automation.judge(signed, key.as_ref(), address, moment.now_s)?;
    transaction(&moment.storage, || note(moment, &replay))?;
    let key_id = signed.key_id.clone();
    Ok(Signer { key_id, issue })
}

/// Who asks, as the key is at this moment: it may have changed since its request was judged.
///
/// # Errors
/// `unauthenticated` when it is not valid any more, or nobody answers for its secret.
pub(super) fn actor(moment: &Moment, signer: &Signer) -> Result<Actor, Refusal> {
    let view = keys::view(&moment.storage, &signer.key_id)?;
    let issue = view.issues.iter().find(|one| one.issue == signer.issue);
    let Some(issue) = issue.filter(|_| view.state(moment.now_s) == "active") else {
        return Err(Code::Unauthenticated.into());
    };
    let given_to = operator(moment, issue.given_to.as_deref())?;
    let reach = Reach::of(view.facts());
    Ok(Actor {
        role: reach.role(),
        may_grant: reach.may_grant(),
        id: view.key_id.clone(),
        email: view.key_id,
        answers: given_to,
        proof: Proof::Signature {
            name: view.name,
            reach,
        },
    })
}

/// The operator who was given a secret, as long as he is one: who has left may still have it.
///
/// # Errors
/// `unauthenticated` when there is none any more, or he is disabled.
fn operator(moment: &Moment, given_to: Option<&str>) -> Result<String, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
    }
    let statement = "SELECT id FROM operators WHERE id = ? AND disabled = 0";
    let row: Option<Row> = sql::row(&moment.storage, statement, args![given_to])?;
    row.map(|row| row.id).ok_or_else(|| {
        let detail = "who was given this secret of the key is no operator any more; rotate the key";
        Refusal::because(Code::Unauthenticated, detail)
    })
}

/// Who made a key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Maker {
    pub(crate) id: String,
    pub(crate) email: String,
}

/// The operator who made the key that asks: himself, and nobody who had his address before or has
/// it now.
///
/// # Errors
/// `sign_in_failed` when there is no such operator.
pub(super) fn maker(moment: &Moment) -> Result<Answer, Refusal> {
    let signer = moment.key.as_ref().ok_or(Code::Unauthenticated)?;
    let view = keys::view(&moment.storage, &signer.key_id)?;
    let maker: Option<Maker> = sql::row(
        &moment.storage,
        "SELECT id, email FROM operators WHERE email = ? AND created_at_s <= ? AND disabled = 0",
        args![&view.created_by, view.created_at],
    )?;
    Answer::json(200, &maker.ok_or(Code::SignInFailed)?)
}

fn note(moment: &Moment, replay: &Replay) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct First {}
    let storage = &moment.storage;
    let past = "DELETE FROM seen WHERE until_s < ?";
    sql::run(storage, past, args![moment.now_s])?;
    let first: Option<First> = sql::row(
        storage,
        "INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1",
        args![
            Base64UrlUnpadded::encode_string(&replay.key),
            replay.until_s
        ],
    )?;
    // What is past would be forgotten at once, and a copy be the first again.
    if first.is_none() || replay.until_s < moment.now_s {
        return Err(keyward_core::denial::Denial::new(keyward_core::denial::Code::Replayed).into());
    }
    Ok(())
}
