//! What gateways tell and ask, over a service binding to the entrypoint `Edge`: no address leads here.
use core::time::Duration;
use std::collections::BTreeMap;

use futures_util::future::{Either, join_all, select};
use keyward_wire::usage::{Generation, KeyName, KeyUsage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Delay, Env};

use crate::call::{About, Answer};
use crate::organisation::OrganisationCall;
use crate::refusal::Refusal;
use crate::route::ask_organisation;

/// Far more than a gateway says at once.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
const KEYS_MAX: usize = 1_000;
/// Organisations that are asked at the same time.
const SIDE_BY_SIDE: usize = 6;
/// How long one that hangs may keep a gateway from what the others say.
const GENERATIONS_TIMEOUT: Duration = Duration::from_secs(2);

/// Notes the use of keys. Answers with the organisations that could not be told, as JSON: their
/// keys are reported again.
pub(crate) async fn note_usage(reports: &str, env: &Env) -> Result<String, Refusal> {
    let reports = by_organisation(reports, |one: &KeyUsage| one.organisation.clone())?;
    let told = each(reports, async |name, reports| {
        let call = OrganisationCall::NoteUsage(reports);
        let answer = ask_organisation(env, &name, About::default(), call).await;
        let status = answer.map_or_else(|refusal| refusal.code.status(), |answer| answer.status);
        // An organisation that is not there has nothing to note the next time, either.
        (status >= 500).then_some(name)
    });
    text(&told.await.into_iter().flatten().collect::<Vec<_>>())
}

/// The present generation of each key, as JSON. Keys of an organisation that does not answer are
/// left out.
pub(crate) async fn generations(keys: &str, env: &Env) -> Result<String, Refusal> {
    let keys = by_organisation(keys, |one: &KeyName| one.organisation.clone())?;
    let found = each(keys, async |name, keys| {
        let ids = keys.into_iter().map(|key| key.key_id).collect();
        let call = OrganisationCall::Generations(ids);
        let answer = ask_organisation(env, &name, About::default(), call);
        let late = Delay::from(GENERATIONS_TIMEOUT);
        let Either::Left((answer, _)) = select(Box::pin(answer), Box::pin(late)).await else {
            return None;
        };
        let answer = answer.ok().filter(Answer::is_ok)?;
        answer.read::<Vec<Generation>>().ok()
    });
    text(
        &found
            .await
            .into_iter()
            .flatten()
            .flatten()
            .collect::<Vec<_>>(),
    )
}

fn by_organisation<T: DeserializeOwned>(
    json: &str,
    organisation: impl Fn(&T) -> String,
) -> Result<BTreeMap<String, Vec<T>>, Refusal> {
    if json.len() > TEXT_BYTES_MAX {
        return Err(Refusal::internal(&"a gateway says too much at once"));
    }
    let all: Vec<T> = serde_json::from_str(json).map_err(|error| Refusal::internal(&error))?;
    if all.len() > KEYS_MAX {
        return Err(Refusal::internal(&"a gateway names too many keys at once"));
    }
    let mut sorted: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for one in all {
        sorted.entry(organisation(&one)).or_default().push(one);
    }
    Ok(sorted)
}

/// What is found for each organisation, a few of them at a time.
async fn each<T, U>(
    all: BTreeMap<String, Vec<T>>,
    find: impl AsyncFn(String, Vec<T>) -> U,
) -> Vec<U> {
    let mut all = all.into_iter();
    let mut found = Vec::new();
    loop {
        let some: Vec<_> = all.by_ref().take(SIDE_BY_SIDE).collect();
        if some.is_empty() {
            return found;
        }
        let asked = some.into_iter().map(|(name, keys)| find(name, keys));
        found.extend(join_all(asked).await);
    }
}

fn text(value: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|error| Refusal::internal(&error))
}
