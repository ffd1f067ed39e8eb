//! The use of keys, reported to the registry after the answer: never before it, at most once a
//! minute for each key, and not at all where there is no registry to report to.
use core::cell::{Cell, RefCell};
use core::net::IpAddr;
use core::time::Duration;
use std::rc::Rc;

use futures_util::future::{Either, select};
use js_sys::Promise;
use keyward_core::authorize::Grant;
use keyward_core::denial::Denial;
use keyward_core::key::Key;
use keyward_host::usage::{Report, Usage as Counts, Whose};
use keyward_wire::usage::KeyUsage;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{Context, Delay, Env};

use crate::js::property;
use crate::now_s;
use crate::state::State;

/// The service binding to the registry's entrypoint `Edge`.
pub(crate) const BINDING: &str = "REGISTRY";
/// A registry that takes longer is told the next time.
const REPORT_TIMEOUT: Duration = Duration::from_secs(10);
/// After this a report is over, whether or not the runtime let it end.
const ABANDONED_AFTER_S: u64 = 30;
/// Reports after one request; what has become due meanwhile goes along.
const ROUNDS_MAX: usize = 16;

#[wasm_bindgen]
extern "C" {
    type Edge;

    #[wasm_bindgen(method, catch)]
    fn usage(this: &Edge, reports: &str) -> Result<JsValue, JsValue>;
}

/// What the isolate has counted and not reported yet.
pub(crate) struct Usage {
    counts: RefCell<Counts>,
    /// There is one report at a time.
    busy_until_s: Cell<u64>,
}

impl Usage {
    pub(crate) fn of(env: &Env) -> Option<Self> {
        property(env, BINDING).map(|_| Self {
            counts: RefCell::default(),
            busy_until_s: Cell::new(0),
        })
    }

    /// Counts a request of a key that there is. That the gateway could not decide says nothing of
    /// the key.
    pub(crate) fn note(
        &self,
        key: &Key,
        grant: Result<&Grant<'_>, &Denial>,
        address: Option<IpAddr>,
        now_s: u64,
    ) {
        let whose = Whose {
            organisation: key.organisation(),
            key_id: key.key_id(),
        };
        let mut counts = self.counts.borrow_mut();
        match grant {
            Ok(grant) => counts.allowed(whose, grant.issue, address, now_s),
            Err(denial) if denial.code().status() < 500 => {
                counts.denied(whose, denial.code(), now_s);
            }
            Err(_) => {}
        }
    }
}

/// Begins a report, should one be due. The answer does not wait for it.
pub(crate) fn report(state: &Rc<State>, env: &Env, context: &Context) {
    let Some(usage) = &state.usage else { return };
    let begun_at_s = now_s();
    if !usage.counts.borrow().is_due(begun_at_s) || begun_at_s < usage.busy_until_s.get() {
        return;
    }
    usage
        .busy_until_s
        .set(begun_at_s.saturating_add(ABANDONED_AFTER_S));
    let (state, env) = (Rc::clone(state), env.clone());
    context.wait_until(async move {
        // The answer goes first.
        Delay::from(Duration::ZERO).await;
        let Some(usage) = &state.usage else { return };
        for _ in 0..ROUNDS_MAX {
            let reports = usage.counts.borrow_mut().take(now_s());
            if reports.is_empty() || !usage.tell(&env, reports).await {
                break;
            }
        }
        usage.busy_until_s.set(0);
    });
}

/// For the log.
#[derive(Serialize)]
struct Line {
    event: &'static str,
    reason: &'static str,
    keys: usize,
    dropped: u64,
}

impl Usage {
    /// Whether the registry has all of it now; what it has not is kept for the next report.
    async fn tell(&self, env: &Env, mut reports: Vec<Report>) -> bool {
        let outcome = send(env, &reports).await;
        let (refused, reason) = match outcome {
            Ok(refused) if refused.is_empty() => return true,
            Ok(refused) => (Some(refused), "organisations"),
            Err(reason) => (None, reason),
        };
        if let Some(refused) = refused {
            reports.retain(|report| refused.contains(&report.organisation));
        }
        let mut counts = self.counts.borrow_mut();
        let line = Line {
            event: "usage_not_reported",
            reason,
            keys: reports.len(),
            dropped: counts.dropped(),
        };
        if let Ok(line) = serde_json::to_string(&line) {
            worker::console_error!("{line}");
        }
        counts.put_back(reports, now_s());
        false
    }
}

/// The organisations whose keys the registry could not note.
async fn send(env: &Env, reports: &[Report]) -> Result<Vec<String>, &'static str> {
    let all: Vec<KeyUsage> = reports.iter().map(in_words).collect();
    let text = serde_json::to_string(&all).map_err(|_| "not_json")?;
    let answer = async {
        let edge: Edge = property(env, BINDING)
            .ok_or("registry_binding_missing")?
            .unchecked_into();
        let promise = edge.usage(&text).map_err(|_| "registry_failed")?;
        // What the runtime gives is no `Promise`, and can be awaited like one.
        let answer = JsFuture::from(Promise::resolve(&promise)).await;
        let text = answer.ok().and_then(|answer| answer.as_string());
        text.ok_or("registry_failed")
    };
    let answer = match select(Box::pin(answer), Box::pin(Delay::from(REPORT_TIMEOUT))).await {
        Either::Left((answer, _)) => answer?,
        Either::Right(_) => return Err("registry_timeout"),
    };
    serde_json::from_str(&answer).map_err(|_| "registry_failed")
}

fn in_words(report: &Report) -> KeyUsage {
    let counted = &report.counted;
    let denials = counted.denials.iter();
    let issues = counted.issues.iter();
    KeyUsage {
        organisation: report.organisation.clone(),
        key_id: report.key_id.clone(),
        allowed: counted.allowed,
        last_used_at: counted.last_at_s,
        last_used_from: counted.last_from.map(|network| network.to_string()),
        issues: issues.map(|(issue, at_s)| (issue.clone(), *at_s)).collect(),
        denials: denials
            .map(|(code, times)| (code.as_str().to_owned(), *times))
            .collect(),
    }
}
