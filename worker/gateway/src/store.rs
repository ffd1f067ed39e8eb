//! From a key id to a compiled key: isolate memory, then KV.
use core::net::IpAddr;
use core::time::Duration;
use std::rc::Rc;

use futures_util::future::{Either, select};
use keyward_core::denial::{Code, Denial};
use keyward_core::key::Key;
use keyward_core::parse::Credential;
use keyward_host::keys::{Asked, Known, Loaded, Outdated};
use keyward_wire::kv_name;
use keyward_wire::open::{Expect, Opened, open_record};
use worker::{Delay, Env};

use crate::log::Line;
use crate::state::State;

/// The KV binding.
const BINDING: &str = "KEYS";
/// The least that KV takes.
const KV_CACHE_TTL_S: u64 = 30;
/// A lookup that takes longer is given up.
const KV_TIMEOUT: Duration = Duration::from_secs(5);

/// # Errors
/// `store_unavailable` when nothing trustworthy is known, `rate_limited` when a network guesses.
pub(crate) async fn look_up(
    state: &State,
    env: &Env,
    credential: &Credential<'_>,
    address: Option<IpAddr>,
    line: &mut Line,
) -> Result<Option<Rc<Key>>, Denial> {
    let (environment, key_id) = (credential.environment(), credential.key_id());
    let asked = Asked {
        at_ms: js_sys::Date::now(),
        since: state.lookups.get(),
    };
    line.tier = Some("memory");
    match state.keys.borrow_mut().find(environment, key_id, asked) {
        Known::Key(key) => return Ok(Some(key)),
        Known::Absent => return Ok(None),
        Known::Nothing => {}
    }
    if state
        .keys
        .borrow()
        .is_guessing(environment, key_id, address, asked.at_ms)
    {
        return Err(Code::RateLimited.into());
    }
    line.tier = Some("kv");
    let kv_name = kv_name(key_id);
    let text = fetch(env, &kv_name)
        .await
        .map_err(|reason| unavailable(line, reason))?;
    state.lookups.set(state.lookups.get() + 1);
    let loaded = Loaded {
        at_ms: js_sys::Date::now(),
        number: state.lookups.get(),
    };
    let mut keys = state.keys.borrow_mut();
    let Some(text) = text else {
        keys.put_miss(environment, key_id, address, loaded);
        return Ok(None);
    };
    let (key, generation) = open(state, credential, &kv_name, &text, loaded.at_ms, line)
        .map_err(|reason| unavailable(line, reason))?;
    keys.put(
        environment,
        key_id,
        key.clone(),
        generation,
        text.len(),
        loaded,
    )
    .map_err(|Outdated| unavailable(line, "record_generation_went_back".to_owned()))?;
    Ok(key)
}

pub(crate) fn unavailable(line: &mut Line, reason: String) -> Denial {
    line.reason = Some(reason);
    Code::StoreUnavailable.into()
}

async fn fetch(env: &Env, kv_name: &str) -> Result<Option<String>, String> {
    let get = async {
        let kv = env
            .kv(BINDING)
            .map_err(|_| "kv_binding_missing".to_owned())?;
        kv.get(kv_name)
            .cache_ttl(KV_CACHE_TTL_S)
            .text()
            .await
            .map_err(|_| "kv_failed".to_owned())
    };
    match select(Box::pin(get), Box::pin(Delay::from(KV_TIMEOUT))).await {
        Either::Left((found, _)) => found,
        Either::Right(_) => Err("kv_timeout".to_owned()),
    }
}

/// The key of a record, `None` if the record says that there is none here.
fn open(
    state: &State,
    credential: &Credential<'_>,
    kv_name: &str,
    text: &str,
    now_ms: f64,
    line: &mut Line,
) -> Result<(Option<Rc<Key>>, u64), String> {
    let unsealing = state
        .secrets
        .environments
        .get(credential.environment())
        .ok_or_else(|| "no_keyring_for_environment".to_owned())?;
    let expect = Expect {
        deployment: &state.settings.deployment.settings().name,
        environment: credential.environment(),
        key_id: credential.key_id(),
    };
    let now_s = (now_ms / 1000.0) as u64;
    let opened = open_record(
        text,
        kv_name,
        &state.secrets.publish,
        unsealing,
        expect,
        now_s,
    )
    .map_err(|error| error.as_str().to_owned())?;
    Ok(match opened {
        Opened::Key(parts) => {
            let generation = parts.generation;
            let key = Key::compile(parts, &state.catalogue).map_err(|error| error.to_string())?;
            (Some(Rc::new(key)), generation)
        }
        Opened::Tombstone { generation } => {
            line.reason = Some("removed".to_owned());
            (None, generation)
        }
        Opened::OtherEnvironment { generation } => {
            line.reason = Some("other_environment".to_owned());
            (None, generation)
        }
    })
}
