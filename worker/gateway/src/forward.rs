//! An allowed request goes on to its origin, and the answer comes back.
use core::convert::Infallible;
use core::time::Duration;

use futures_util::future::{Either, FusedFuture, select};
use js_sys::{Promise, Uint8Array};
use keyward_core::catalogue::Method;
use keyward_core::decide::is_confined;
use keyward_core::denial::{Code, Denial};
use keyward_core::parse::Exchange;
use keyward_wire::catalogue::Origin;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestCache, RequestInit, RequestRedirect, ResponseInit};
use worker::{Context, Delay, Env};

use crate::Allowed;
use crate::js::{global, property};
use crate::state::State;
use crate::upload::{self, Upload};

/// # Errors
/// `origin_unavailable`, `origin_timeout`; `content_timeout` of content that is streamed.
pub(crate) async fn forward(
    state: &State,
    env: &Env,
    context: &Context,
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
    let limit = Duration::from_secs(state.settings.origin_timeout_s);
    let abort = AbortController::new().map_err(|_| unavailable())?;
    let init = init(exchange, &allowed).map_err(|_| unavailable())?;
    init.set_signal(Some(&abort.signal()));
    let mut upload =
        set_content(&init, request, exchange, &allowed, limit).map_err(|_| unavailable())?;

    let answer = send(env, origin, exchange, &init).ok_or_else(unavailable)?;
    let too_late = Box::pin(async {
        if let Some(upload) = &mut upload {
            (&mut upload.ended).await?;
        }
        // The origin's own time begins when it was asked everything.
        Delay::from(limit).await;
        Err::<Infallible, _>(Denial::new(Code::OriginTimeout))
    });
    let response = match select(JsFuture::from(answer), too_late).await {
        Either::Left((Ok(response), _)) => response.dyn_into().map_err(|_| unavailable())?,
        Either::Left((Err(_), _)) => return Err(unavailable()),
        Either::Right((Err(denial), _)) => {
            abort.abort();
            return Err(denial);
        }
    };
    // An origin may answer while it is still being asked.
    if let Some(Upload { ended, .. }) = upload.filter(|upload| !upload.ended.is_terminated()) {
        context.wait_until(async {
            let _ = ended.await;
        });
    }
    cleaned(&response).map_err(|_| unavailable())
}

/// The request's options: fields, and no help from caches or redirects.
fn init(exchange: &Exchange<'_>, allowed: &Allowed<'_>) -> Result<RequestInit, JsValue> {
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
    Ok(init)
}

/// Gives the request its content: what was checked, or a stream of what comes.
fn set_content(
    init: &RequestInit,
    request: &web_sys::Request,
    exchange: &Exchange<'_>,
    allowed: &Allowed<'_>,
    origin_pause_max: Duration,
) -> Result<Option<Upload>, JsValue> {
    if matches!(exchange.method(), Method::Get | Method::Head) {
        return Ok(None);
    }
    let Some(content) = &allowed.content else {
        let upload = upload::start(request, origin_pause_max)?;
        if let Some(upload) = &upload {
            init.set_body(&upload.stream);
        }
        return Ok(upload);
    };
    if !content.bytes.is_empty() {
        init.set_body(&Uint8Array::from(content.bytes.as_slice()));
    }
    Ok(None)
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

/// Fields that speak to shared caches alone and go before `Cache-Control` there (RFC 9213, Edge
/// Architecture): no answer to a key is for them.
const SHARED_CACHES: [&str; 3] = [
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "surrogate-control",
];

/// The origin's answer without what belongs to its connection or is Keyward's to say.
fn cleaned(response: &web_sys::Response) -> Result<web_sys::Response, JsValue> {
    // A copy: the headers of a fetched response cannot be changed.
    let headers = Headers::new_with_headers(&response.headers())?;
    let connection = headers.get("connection")?.unwrap_or_default();
    for (name, _) in worker::Headers(response.headers()).entries() {
        if is_confined(&name, &connection) || SHARED_CACHES.contains(&name.as_str()) {
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
