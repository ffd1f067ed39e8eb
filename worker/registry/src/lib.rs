//! The registry: Worker 2, the control plane. Keys are made, changed and published here, and
//! nowhere else. This Worker is the gate; what is true is in its objects.
mod call;
mod clock;
mod configuration;
mod confirmation;
mod delay;
mod directory;
mod email;
mod front;
mod key;
mod mail;
mod name;
mod operator;
mod organisation;
mod outgoing;
mod password;
mod policy;
mod random;
mod refusal;
mod route;
mod sealed;
mod session;
mod sign_in;
mod sql;
mod totp;

use web_sys::{Headers, ResponseInit};
use worker::{Context, Env, Result, ScheduleContext, ScheduledEvent, event};

use call::{About, Answer, Ask, DIRECTORY, ORGANISATION, THE_DIRECTORY};
use configuration::Configuration;
use directory::DirectoryCall;
use organisation::OrganisationCall;

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
    let asked = front::admit(&configuration, request, request_id).await?;
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
    if answer.media_type == confirmation::HTML {
        headers.set("content-security-policy", &confirmation::policy())?;
        headers.set("referrer-policy", "no-referrer")?;
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

/// The backstop: every organisation is woken, and sets its alarm again should it have been lost.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let mut after = String::new();
    loop {
        let question = Ask {
            about: About::default(),
            call: DirectoryCall::Organisations { after },
        };
        let page = call::ask_for::<_, Vec<String>>(&env, DIRECTORY, THE_DIRECTORY, &question).await;
        let Ok(Ok(names)) = page else { return };
        for name in &names {
            let wake = Ask {
                about: About::default(),
                call: OrganisationCall::Wake,
            };
            // What fails is woken the next time.
            let _ = call::ask(&env, ORGANISATION, name, &wake).await;
        }
        match names.into_iter().next_back() {
            Some(last) => after = last,
            None => return,
        }
    }
}
