//! Forward-auth (rules.md 19): a proxy asks whether it may pass a request on, and passes it on
//! itself. What it asks about stands in one set of fields, that of its kind; nothing of it is
//! looked at before the proxy has shown its secret.
use keyward_core::denial::{Code, Denial};
use keyward_core::deployment::Scheme;
use keyward_core::parse::Exchange;
use keyward_core::request::{ContentLength, Field, Request};
use keyward_wire::settings::ProxyKind;
use subtle::ConstantTimeEq;
use worker::Env;

use crate::answer;
use crate::log::Line;
use crate::state::State;
use crate::{Allowed, ContentAt, Way};

const PATH: &str = "/_keyward/authorize";
/// How the proxy proves itself.
const SECRET_FIELD: &str = "keyward-proxy-secret";

/// The request that a proxy asks about.
pub(crate) struct Asked<'a> {
    method: &'a str,
    scheme: Scheme,
    authority: &'a str,
    target: &'a str,
    fields: Vec<Field<'a>>,
}

/// The fields in which each kind of proxy says what it asks about: method, target, authority and
/// scheme. `None` stands for the asking request's own.
const fn names(kind: ProxyKind) -> [Option<&'static str>; 4] {
    match kind {
        ProxyKind::Nginx => [
            Some("x-original-method"),
            Some("x-original-uri"),
            Some("x-original-host"),
            Some("x-original-proto"),
        ],
        ProxyKind::Traefik | ProxyKind::Caddy => [
            Some("x-forwarded-method"),
            Some("x-forwarded-uri"),
            Some("x-forwarded-host"),
            Some("x-forwarded-proto"),
        ],
        // Envoy sends the request's head itself, its path behind ours.
        ProxyKind::Envoy => [None, None, None, Some("x-forwarded-proto")],
    }
}

/// What a request to the reserved path asks about; `None` for all other requests.
pub(crate) fn asked<'a>(state: &State, request: &Request<'a>) -> Option<Result<Asked<'a>, Denial>> {
    let settings = state.forward_auth.as_ref()?;
    let rest = request.target.strip_prefix(PATH)?;
    let exactly = matches!(settings.kind, ProxyKind::Envoy) == rest.starts_with('/');
    if !exactly || !(rest.is_empty() || rest.starts_with('/')) {
        return Some(Err(Code::NoRoute.into()));
    }
    let shown = single(request.fields, SECRET_FIELD);
    let trusted =
        shown.is_ok_and(|secret| bool::from(secret.as_bytes().ct_eq(settings.secret.as_bytes())));
    if !trusted {
        // As if there were nothing here.
        return Some(Err(Code::NoRoute.into()));
    }
    Some(read(settings.kind, request, rest))
}

fn read<'a>(kind: ProxyKind, request: &Request<'a>, rest: &'a str) -> Result<Asked<'a>, Denial> {
    let [method, target, authority, scheme] = names(kind);
    let value = |name: Option<&'static str>, own| match name {
        Some(name) => single(request.fields, name),
        None => Ok(own),
    };
    let said = [method, target, authority, scheme];
    Ok(Asked {
        method: value(method, request.method)?,
        target: value(target, rest)?,
        authority: value(authority, request.authority)?,
        scheme: Scheme::parse(value(scheme, "")?).ok_or_else(|| wrong("the scheme"))?,
        fields: request
            .fields
            .iter()
            .filter(|(name, _)| {
                // The proxy's own, and those of its connection to the gateway.
                let own = [
                    SECRET_FIELD,
                    "host",
                    "connection",
                    "content-length",
                    "transfer-encoding",
                ];
                !own.contains(name) && !said.contains(&Some(*name))
            })
            .copied()
            .collect(),
    })
}

/// A field that must be there exactly once. Two of them arrive as one, joined with a comma and a
/// space, which none of these values can hold.
fn single<'a>(fields: &[Field<'a>], name: &str) -> Result<&'a str, Denial> {
    let mut found = fields
        .iter()
        .filter(|(one, _)| *one == name)
        .map(|(_, value)| *value);
    match (found.next(), found.next()) {
        (Some(value), None) if !value.is_empty() && !value.contains(", ") => Ok(value),
        _ => Err(wrong(name)),
    }
}

fn wrong(name: &str) -> Denial {
    Denial::because(
        Code::InvalidHeader,
        format!("the proxy must send {name} exactly once"),
    )
}

/// The answer for the proxy: 200 with the fields for the origin, or the refusal.
pub(crate) async fn answer(
    state: &State,
    env: &Env,
    request: &web_sys::Request,
    asked: Result<Asked<'_>, Denial>,
    line: &mut Line,
) -> Result<web_sys::Response, Denial> {
    let answer = decide(state, env, request, asked, line).await;
    let kind = state.forward_auth.as_ref().map(|settings| settings.kind);
    match answer {
        Err(denial) if kind == Some(ProxyKind::Nginx) => in_words_of_nginx(denial, line),
        answer => answer,
    }
}

async fn decide(
    state: &State,
    env: &Env,
    request: &web_sys::Request,
    asked: Result<Asked<'_>, Denial>,
    line: &mut Line,
) -> Result<web_sys::Response, Denial> {
    let asked = asked?;
    let about = Request {
        method: asked.method,
        scheme: asked.scheme,
        authority: asked.authority,
        target: asked.target,
        fields: &asked.fields,
        // The proxy keeps the content; there may be some.
        content: match asked.method {
            "GET" | "HEAD" => ContentLength::None,
            _ => ContentLength::Unknown,
        },
    };
    let exchange = Exchange::parse(&state.settings.deployment, &state.catalogue, &about)?;
    line.describe(&exchange);
    let way = Way {
        state,
        env,
        request,
        content: ContentAt::TheOrigin,
    };
    way.admit(&exchange, &asked.fields, line, async |allowed| {
        answer::with_fields(200, &fields(allowed))
    })
    .await
}

fn fields(allowed: Allowed<'_>) -> Vec<(&'static str, String)> {
    let mut fields = allowed.grant.fields();
    fields.extend(
        allowed
            .assertion
            .map(|assertion| ("keyward-assertion", assertion)),
    );
    fields.extend(
        allowed
            .digest
            .map(|digest| ("keyward-content-digest", digest)),
    );
    fields
}

/// nginx knows 401 and 403; the rest is said in fields (`auth_request_set`, `error_page`).
fn in_words_of_nginx(denial: Denial, line: &mut Line) -> Result<web_sys::Response, Denial> {
    let code = denial.code();
    if matches!(code.status(), 401 | 403) {
        return Err(denial);
    }
    line.outcome = "deny";
    line.code = Some(code.as_str());
    answer::with_fields(
        403,
        &[
            ("keyward-status", code.status().to_string()),
            ("keyward-code", code.as_str().to_owned()),
        ],
    )
}
