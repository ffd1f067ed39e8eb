//! An allowed request goes on to its origin, and the answer comes back.
use core::time::Duration;

use futures_util::future::{Either, select};
use js_sys::{Promise, Uint8Array};
use keyward_core::catalogue::Method;
use keyward_core::decide::is_confined;
use keyward_core::denial::{Code, Denial};
use keyward_core::parse::Exchange;
use keyward_wire::catalogue::Origin;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestCache, RequestInit, RequestRedirect, ResponseInit};
use worker::{Delay, Env};

use crate::Allowed;
use crate::js::{global, property};
use crate::state::State;

/// # Errors
/// `origin_unavailable`, `origin_timeout`.
pub(crate) async fn forward(
    state: &State,
    env: &Env,
    request: &web_sys::Request,
    exchange: &Exchange<'_>,
    allowed: Allowed<'_>,
) -> Result<web_sys::Response, Denial> {
    let grant = allowed.grant;
    let unavailable = || Denial::new(Code::OriginUnavailable);
    let origin = state
        .file
        .origin(grant.api, grant.environment)
        .ok_or_else(unavailable)?;
    let abort = AbortController::new().map_err(|_| unavailable())?;
    let init = init(request, exchange, &allowed).map_err(|_| unavailable())?;
    init.set_signal(Some(&abort.signal()));

    let answer = send(env, origin, exchange, &init).ok_or_else(unavailable)?;
    let limit = Delay::from(Duration::from_secs(state.settings.origin_timeout_s));
    match select(JsFuture::from(answer), limit).await {
        Either::Left((Ok(response), _)) => {
            let response = response.dyn_into().map_err(|_| unavailable())?;
            cleaned(&response).map_err(|_| unavailable())
        }
        Either::Left((Err(_), _)) => Err(unavailable()),
        Either::Right(_) => {
            abort.abort();
            Err(Code::OriginTimeout.into())
        }
    }
}

/// The request's options: fields, body, and no help from caches or redirects.
fn init(
    request: &web_sys::Request,
    exchange: &Exchange<'_>,
    allowed: &Allowed<'_>,
) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in exchange.forwarded_fields(allowed.grant) {
        // The runtime sets the length of what it sends.
        if !name.eq_ignore_ascii_case("content-length") {
            headers.append(name, &value)?;
        }
    }
    for (name, value) in allowed.grant.fields() {
        headers.set(name, &value)?;
    }
    if let Some(assertion) = &allowed.assertion {
        headers.set("keyward-assertion", assertion)?;
    }
    let init = RequestInit::new();
    init.set_method(exchange.method().as_str());
    init.set_headers(&headers);
    init.set_redirect(RequestRedirect::Manual);
    init.set_cache(RequestCache::NoStore);
    match (exchange.method(), &allowed.content) {
        (Method::Get | Method::Head, _) => {}
        (_, Some(content)) if content.bytes.is_empty() => {}
        (_, Some(content)) => init.set_body(&Uint8Array::from(content.bytes.as_slice())),
        (_, None) => {
            if let Some(stream) = request.body() {
                init.set_body(&stream);
            }
        }
    }
    Ok(init)
}

/// Starts the subrequest: exactly the path that was authorised.
fn send(
    env: &Env,
    origin: &Origin,
    exchange: &Exchange<'_>,
    init: &RequestInit,
) -> Option<Promise> {
    match origin {
        Origin::Url(base) => {
            let mut url = base.as_str().to_owned();
            exchange.target().write_forward(&mut url);
            Some(global().fetch_with_str_and_init(&url, init))
        }
        Origin::Service(name) => {
            let mut url = exchange.base_url();
            exchange.target().write_forward(&mut url);
            let service = property(env, name)?;
            let fetch: js_sys::Function = property(&service, "fetch")?.dyn_into().ok()?;
            fetch
                .call2(&service, &JsValue::from_str(&url), init)
                .ok()?
                .dyn_into()
                .ok()
        }
    }
}

/// The origin's answer without what belongs to its connection or is Keyward's to say.
fn cleaned(response: &web_sys::Response) -> Result<web_sys::Response, JsValue> {
    // A copy: the headers of a fetched response cannot be changed.
    let headers = Headers::new_with_headers(&response.headers())?;
    let connection = headers.get("connection")?.unwrap_or_default();
    for (name, _) in worker::Headers(response.headers()).entries() {
        if is_confined(&name, &connection) {
            headers.delete(&name)?;
        }
    }
    headers.set(
        "cache-control",
        &private(headers.get("cache-control")?.as_deref()),
    )?;
    let init = ResponseInit::new();
    init.set_status(response.status());
    init.set_status_text(&response.status_text());
    init.set_headers(&headers);
    web_sys::Response::new_with_opt_readable_stream_and_init(response.body().as_ref(), &init)
}

/// `Cache-Control` that keeps the answer out of shared caches and is otherwise the origin's.
fn private(origins: Option<&str>) -> String {
    let directives = || {
        let mut quoted = false;
        let comma = move |c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        };
        origins.unwrap_or_default().split(comma).map(str::trim)
    };
    let is = |directive: &str, name: &str| {
        directive
            .split('=')
            .next()
            .is_some_and(|found| found.trim().eq_ignore_ascii_case(name))
    };
    let stricter = |one: &str| one.eq_ignore_ascii_case("private") || is(one, "no-store");
    if directives().any(stricter) {
        return origins.unwrap_or_default().to_owned();
    }
    let mut value = String::from("private");
    for one in directives().filter(|one| !one.is_empty()) {
        if !["public", "s-maxage", "private"]
            .iter()
            .any(|name| is(one, name))
        {
            value.push_str(", ");
            value.push_str(one);
        }
    }
    value
}
