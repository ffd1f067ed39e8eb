//! Answers that are Keyward's own.
use keyward_core::catalogue::Method;
use keyward_core::denial::{Code, Denial};
use keyward_core::parse::Exchange;
use keyward_wire::problem::{self, MEDIA_TYPE};
use web_sys::{Headers, ResponseInit};
use worker::Result;

use crate::state::State;

/// The paths that never reach an origin.
const RESERVED: &str = "/_keyward";

/// The answer to a refused request.
pub(crate) fn refusal(denial: &Denial, method: &str) -> Result<web_sys::Response> {
    let code = denial.code();
    let headers = Headers::new()?;
    for (name, value) in denial.fields() {
        headers.set(name, value)?;
    }
    headers.set("content-type", MEDIA_TYPE)?;
    headers.set("cache-control", "no-store")?;
    // Clients whose clock is wrong find out here.
    headers.set("date", &String::from(js_sys::Date::new_0().to_utc_string()))?;
    let body = problem::body(denial);
    respond(
        code.status(),
        &headers,
        (method != "HEAD").then_some(body.as_str()),
    )
}

/// The answer on a reserved path, `None` on all others.
///
/// # Errors
/// `no_route` when there is nothing on this path.
pub(crate) fn reserved(
    state: &State,
    exchange: &Exchange<'_>,
) -> std::result::Result<Option<web_sys::Response>, Denial> {
    let path = exchange.target().path();
    let Some(rest) = path.strip_prefix(RESERVED) else {
        return Ok(None);
    };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Ok(None);
    }
    if !matches!(exchange.method(), Method::Get | Method::Head) {
        return Err(Code::NoRoute.into());
    }
    match (rest, &state.assertions) {
        ("/health", _) => json(
            "application/health+json",
            "no-store",
            r#"{"status":"pass"}"#,
        ),
        ("/jwks.json", Some(assertions)) => {
            // Origins may keep it: keys are added long before they are used.
            json(
                "application/jwk-set+json",
                "public, max-age=300",
                &assertions.borrow().jwks(),
            )
        }
        _ => Err(Code::NoRoute.into()),
    }
}

fn json(
    media_type: &str,
    cache_control: &str,
    body: &str,
) -> std::result::Result<Option<web_sys::Response>, Denial> {
    let answer = || {
        let headers = Headers::new()?;
        headers.set("content-type", media_type)?;
        headers.set("cache-control", cache_control)?;
        respond(200, &headers, Some(body))
    };
    answer()
        .map(Some)
        .map_err(|_: worker::Error| Code::StoreUnavailable.into())
}

/// The answer to a preflight; its fields are added like those of other cross-origin answers.
pub(crate) fn no_content() -> std::result::Result<web_sys::Response, Denial> {
    let answer = || respond(204, &Headers::new()?, None);
    answer().map_err(|_: worker::Error| Code::StoreUnavailable.into())
}

/// An answer without content, for a program.
pub(crate) fn with_fields(
    status: u16,
    fields: &[(&'static str, String)],
) -> std::result::Result<web_sys::Response, Denial> {
    let answer = || {
        let headers = Headers::new()?;
        headers.set("cache-control", "no-store")?;
        let response = respond(status, &headers, None)?;
        add_fields(&response, fields)?;
        Ok(response)
    };
    answer().map_err(|_: worker::Error| Code::StoreUnavailable.into())
}

/// Adds fields to an answer that was made here.
pub(crate) fn add_fields(
    response: &web_sys::Response,
    fields: &[(&'static str, String)],
) -> Result<()> {
    let headers = response.headers();
    for (name, value) in fields {
        if *name == "vary" {
            headers.append(name, value)?;
        } else {
            headers.set(name, value)?;
        }
    }
    Ok(())
}

fn respond(status: u16, headers: &Headers, body: Option<&str>) -> Result<web_sys::Response> {
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(headers);
    Ok(web_sys::Response::new_with_opt_str_and_init(body, &init)?)
}
