//! The registry: Worker 2, the control plane. Keys are made, changed and published here, and
//! nowhere else. This Worker is the gate; what is true is in its objects.
mod automation;
mod call;
mod clock;
mod configuration;
mod confirmation;
mod declining;
mod delay;
mod directory;
mod edge;
mod email;
mod front;
mod key;
mod mail;
mod name;
mod network;
mod object;
#[cfg(test)]
mod openapi;
mod operation;
mod operator;
mod organisation;
mod outgoing;
mod page;
mod password;
mod policy;
mod random;
mod refusal;
mod route;
mod sealed;
mod session;
mod sign_in;
mod sql;
mod wake;

use wasm_bindgen::prelude::*;
use web_sys::{Headers, ResponseInit};
use worker::{Context, Env, Result, ScheduleContext, ScheduledEvent, event};

use call::Answer;
use configuration::Configuration;

/// What a signature has to cover (RFC 9421 section 5.1).
const ACCEPT_SIGNATURE: &str =
    r#"keyward=("@method" "@target-uri" "content-digest");created;keyid;nonce;tag="keyward""#;

/// Answers one request. Nothing in here may end in an error: what goes wrong has its own answer.
#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    _context: Context,
) -> Result<web_sys::Response> {
    let request_id = random::id().unwrap_or_default();
    let outcome = handle(&env, &request, &request_id).await;
    let (answer, cookie) = outcome.unwrap_or_else(|refusal| (refusal.into(), None));
    let line = serde_json::json!({
        "event": "admin_request",
        "requestId": request_id,
        "method": request.method(),
        "status": answer.status,
        "objectMs": answer.object_ms,
    });
    worker::console_log!("{line}");
    respond(&answer, cookie.as_deref(), &request_id)
}

async fn handle(
    env: &Env,
    request: &web_sys::Request,
    request_id: &str,
) -> std::result::Result<(Answer, Option<String>), refusal::Refusal> {
    let configuration = Configuration::of(env)?;
    let mut asked = front::admit(&configuration, request, request_id).await?;
    if let Some(signed) = &asked.about.signed {
        let found = automation::organisation(env, &configuration, &asked.about, signed).await?;
        asked.organisation = Some(found);
    }
    route::answer(env, &configuration, asked).await
}

fn respond(answer: &Answer, cookie: Option<&str>, request_id: &str) -> Result<web_sys::Response> {
    let headers = Headers::new()?;
    headers.set("cache-control", "no-store")?;
    headers.set("x-content-type-options", "nosniff")?;
    headers.set("request-id", request_id)?;
    if answer.body.is_some() {
        headers.set("content-type", answer.media_type)?;
    }
    for (name, value) in answer.fields() {
        headers.set(name, value)?;
    }
    if answer.media_type == page::HTML {
        headers.set("content-security-policy", &page::policy())?;
        headers.set("referrer-policy", "no-referrer")?;
    }
    if answer.status == 401 {
        // What programs can do about it; browsers know none of this and ask nobody for a password.
        headers.set("www-authenticate", "Signature realm=\"keyward\"")?;
        headers.set("accept-signature", ACCEPT_SIGNATURE)?;
    }
    if let Some(cookie) = cookie {
        headers.set("set-cookie", cookie)?;
    }
    let init = ResponseInit::new();
    init.set_status(answer.status);
    init.set_headers(&headers);
    let body = answer.body.as_deref();
    Ok(web_sys::Response::new_with_opt_str_and_init(body, &init)?)
}

/// What a gateway counted, as JSON.
///
/// # Errors
/// When it cannot be read.
#[wasm_bindgen]
pub async fn usage(reports: String, env: Env) -> std::result::Result<String, JsValue> {
    edge::note_usage(&reports, &env)
        .await
        .map_err(|refusal| JsValue::from_str(&refusal.to_json()))
}

/// Which generations of keys are the present ones, as JSON.
///
/// # Errors
/// When the question cannot be read.
#[wasm_bindgen]
pub async fn generations(keys: String, env: Env) -> std::result::Result<String, JsValue> {
    edge::generations(&keys, &env)
        .await
        .map_err(|refusal| JsValue::from_str(&refusal.to_json()))
}

/// The backstop: every organisation is woken, and sets its alarm again should it have been lost.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    wake::all(&env).await;
}
