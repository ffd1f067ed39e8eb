//! A bound on revocation that does not depend on KV, where the settings ask for one (rules.md 23):
//! the registry confirms that the generation in memory is the present one. It is asked before an
//! isolate takes a key for the first time, and then again while the key is in use.
use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::rc::Rc;

use futures_util::future::{Either, select};
use js_sys::Promise;
use keyward_core::key::Key;
use keyward_core::sorted_map::SortedMap;
use keyward_host::keys::Confirmed;
use keyward_wire::usage::{Generation, KeyName};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{Context, Delay, Env};

use crate::js::property;
use crate::state::State;
use crate::usage::BINDING;

/// A registry that takes longer did not answer.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a registry that did not answer is not waited for again, where that can be afforded.
const SILENCE_MS: f64 = 5_000.0;
/// Keys of one question.
const CONFIRMED_AT_ONCE_MAX: usize = 250;
/// After this a question is over, whether or not the runtime let it end.
const ABANDONED_MS: f64 = 15_000.0;

#[wasm_bindgen]
extern "C" {
    type Edge;

    #[wasm_bindgen(method, catch)]
    fn generations(this: &Edge, keys: &str) -> Result<JsValue, JsValue>;
}

/// The keys that are to be asked about, and whether somebody answers.
#[derive(Default)]
pub(crate) struct Confirmations {
    /// By id: the environment, and whose key it is. They are all in memory, which is bounded.
    due: RefCell<SortedMap<String, (String, String)>>,
    busy_until_ms: Cell<f64>,
    silent_until_ms: Cell<f64>,
}

/// A key and its environment.
struct Asked {
    environment: String,
    name: KeyName,
}

impl Confirmations {
    /// # Errors
    /// Why the key may not be used: for the log.
    pub(crate) async fn require(
        &self,
        state: &State,
        env: &Env,
        key: &Key,
    ) -> Result<(), &'static str> {
        let known = || state.keys.borrow().confirmed(key, js_sys::Date::now());
        let before = known();
        match before {
            Confirmed::Lately => return Ok(()),
            Confirmed::Due => {
                self.due
                    .borrow_mut()
                    .get_or_insert_with(key.key_id().to_owned(), || {
                        (key.environment().to_owned(), key.organisation().to_owned())
                    });
                return Ok(());
            }
            Confirmed::LongAgo if js_sys::Date::now() < self.silent_until_ms.get() => return Ok(()),
            Confirmed::LongAgo | Confirmed::No => {}
        }
        let asked = Asked {
            environment: key.environment().to_owned(),
            name: KeyName {
                organisation: key.organisation().to_owned(),
                key_id: key.key_id().to_owned(),
            },
        };
        let answer = self.ask(state, env, &[asked]).await;
        match (known(), answer) {
            (Confirmed::Lately, _) => Ok(()),
            (_, Err(_)) if before == Confirmed::LongAgo => Ok(()),
            (_, Err(reason)) => Err(reason),
            (_, Ok(())) => Err("record_outdated"),
        }
    }

    /// # Errors
    /// When the registry does not answer for all of them.
    async fn ask(&self, state: &State, env: &Env, asked: &[Asked]) -> Result<(), &'static str> {
        // What is true when the question is sent is what the answer says at the least.
        let asked_at_ms = js_sys::Date::now();
        let found = send(env, asked).await.inspect_err(|_| {
            let until_ms = js_sys::Date::now() + SILENCE_MS;
            self.silent_until_ms.set(until_ms);
        })?;
        let asked = asked.iter();
        let asked = asked.map(|one| (one.environment.as_str(), one.name.key_id.as_str()));
        let mut keys = state.keys.borrow_mut();
        // An organisation that does not answer is no reason to take the keys of others unconfirmed.
        match keys.confirm_each(asked, &found, asked_at_ms) {
            true => Ok(()),
            false => Err("registry_unavailable"),
        }
    }

    /// Some of those that are due.
    fn take(&self) -> Vec<Asked> {
        let mut due = self.due.borrow_mut();
        let some = core::iter::from_fn(|| due.pop_first()).take(CONFIRMED_AT_ONCE_MAX);
        some.map(|(key_id, (environment, organisation))| Asked {
            environment,
            name: KeyName {
                organisation,
                key_id,
            },
        })
        .collect()
    }
}

/// Asks about the keys that were used and are to be confirmed again. The answer does not wait for it.
pub(crate) fn renew(state: &Rc<State>, env: &Env, context: &Context) {
    let Some(confirmations) = &state.confirmations else {
        return;
    };
    let now_ms = js_sys::Date::now();
    let is_busy =
        now_ms < confirmations.busy_until_ms.get() || now_ms < confirmations.silent_until_ms.get();
    if is_busy || confirmations.due.borrow().is_empty() {
        return;
    }
    confirmations.busy_until_ms.set(now_ms + ABANDONED_MS);
    let (state, env) = (Rc::clone(state), env.clone());
    context.wait_until(async move {
        Delay::from(Duration::ZERO).await;
        let Some(confirmations) = &state.confirmations else {
            return;
        };
        let asked = confirmations.take();
        // Who does not answer is asked again with the next request.
        let _ = confirmations.ask(&state, &env, &asked).await;
        confirmations.busy_until_ms.set(0.0);
    });
}

async fn send(env: &Env, asked: &[Asked]) -> Result<Vec<Generation>, &'static str> {
    let names: Vec<&KeyName> = asked.iter().map(|one| &one.name).collect();
    let text = serde_json::to_string(&names).map_err(|_| "registry_unavailable")?;
    let answer = async {
        let edge: Edge = property(env, BINDING)?.unchecked_into();
        let promise = edge.generations(&text).ok()?;
        // What the runtime gives is no `Promise`, and can be awaited like one.
        let answer = JsFuture::from(Promise::resolve(&promise)).await;
        serde_json::from_str(&answer.ok()?.as_string()?).ok()
    };
    match select(Box::pin(answer), Box::pin(Delay::from(CONFIRM_TIMEOUT))).await {
        Either::Left((answer, _)) => answer.ok_or("registry_unavailable"),
        Either::Right(_) => Err("registry_timeout"),
    }
}
