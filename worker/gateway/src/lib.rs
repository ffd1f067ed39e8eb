//! The gateway: Worker 1, the data plane. It takes the steps of `keyward_core::verify` one by
//! one, with I/O in the two gaps that they leave, and forwards what is allowed.
mod adapter;
mod answer;
mod assertion;
mod confirm;
mod content;
mod forward;
mod forward_auth;
mod js;
mod log;
mod replay;
mod state;
mod store;
mod tokens;
mod upload;
mod usage;

use core::net::IpAddr;

use keyward_core::authenticate::{Authenticated, authenticate};
use keyward_core::authorize::{Grant, authorize};
use keyward_core::denial::{Code, Denial};
use keyward_core::key::Key;
use keyward_core::parse::{Credential, Exchange};
use keyward_core::request::Field;
use worker::{Context, Env, Result, event};

use adapter::Received;
use content::Content;
use log::Line;
use state::State;

/// Answers one request. Nothing in here may end in an error: what goes wrong has its own answer.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> Result<web_sys::Response> {
    let mut line = Line::default();
    let mut cors = Vec::new();
    let outcome = match State::of(&env) {
        Ok(state) => {
            let outcome = handle(&state, &env, &context, &request, &mut line, &mut cors).await;
            usage::report(&state, &env, &context);
            confirm::renew(&state, &env, &context);
            outcome
        }
        Err(error) => {
            line.reason = Some(error.to_string());
            Err(Code::StoreUnavailable.into())
        }
    };
    let response = match outcome {
        Ok(response) => response,
        Err(denial) => {
            line.outcome = "deny";
            line.code = Some(denial.code().as_str());
            answer::refusal(&denial, &request.method())?
        }
    };
    answer::add_fields(&response, &cors)?;
    line.status = response.status();
    line.write();
    Ok(response)
}

async fn handle(
    state: &State,
    env: &Env,
    context: &Context,
    request: &web_sys::Request,
    line: &mut Line,
    cors: &mut Vec<(&'static str, String)>,
) -> std::result::Result<web_sys::Response, Denial> {
    let received = Received::from(request)?;
    let fields = received.fields();
    let as_received = received.request(&fields);
    if let Some(asked) = forward_auth::asked(state, &as_received) {
        return forward_auth::answer(state, env, request, asked, line).await;
    }
    let exchange = Exchange::parse(&state.settings.deployment, &state.catalogue, &as_received)?;
    line.describe(&exchange);
    if let Some(response) = answer::reserved(state, &exchange)? {
        line.outcome = "answer";
        return Ok(response);
    }
    if let Some(answer) = exchange.preflight() {
        line.outcome = "answer";
        *cors = answer?;
        return answer::no_content();
    }
    *cors = exchange.cors_fields();
    let way = Way {
        state,
        env,
        request,
        content: ContentAt::Here,
    };
    way.admit(&exchange, &fields, line, async |allowed| {
        forward::forward(state, env, context, request, &exchange, allowed).await
    })
    .await
}

/// What a request needs on its way through the pipeline.
struct Way<'a> {
    state: &'a State,
    env: &'a Env,
    request: &'a web_sys::Request,
    content: ContentAt,
}

/// Who can check that content matches its digest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ContentAt {
    /// It is in the request.
    Here,
    /// It stayed at the proxy; the origin compares it with the digest that was signed.
    TheOrigin,
}

/// What was decided, and what is left of the content.
struct Judged<'a> {
    grant: Grant<'a>,
    content: Option<Content<'a>>,
    digest: Option<String>,
}

/// An allowed request, and what there is to say about its content.
struct Allowed<'a> {
    grant: &'a Grant<'a>,
    assertion: Option<String>,
    content: Option<Content<'a>>,
    /// The digest that is left to compare.
    digest: Option<String>,
}

impl Way<'_> {
    /// The steps of `keyward_core::verify`, with I/O where it has gaps; `then` if all of them
    /// allow the request.
    async fn admit<T>(
        &self,
        exchange: &Exchange<'_>,
        fields: &[Field<'_>],
        line: &mut Line,
        then: impl AsyncFnOnce(Allowed<'_>) -> std::result::Result<T, Denial>,
    ) -> std::result::Result<T, Denial> {
        let Self { state, env, .. } = *self;
        // Gap 1: the record of the key, and what the runtime says of a token's signature.
        let credential = Credential::parse(exchange)?;
        line.key_id = Some(credential.key_id().to_owned());
        let address =
            keyward_platform::client_address(&state.settings.client_address, self.request, fields);
        let looked_up = store::look_up(state, env, &credential, address, line).await?;
        let key = looked_up.as_deref();
        if let (Some(key), Some(confirmations)) = (key, &state.confirmations) {
            confirmations
                .require(state, env, key)
                .await
                .map_err(|reason| store::unavailable(line, reason.to_owned()))?;
        }
        let evidence = match credential.signature_to_check() {
            Some(asked) => state
                .tokens
                .check(&asked, key.map(Key::generation), line)
                .await
                .map_err(|reason| store::unavailable(line, reason))?,
            None => None,
        };
        let credential = credential.with_signature_evidence(evidence);
        // Read once: what follows belongs to one moment.
        let now_s = now_s();
        let judged = self.judge(exchange, &credential, key, address, now_s).await;
        if let (Some(key), Some(usage)) = (key, &state.usage) {
            let grant = judged.as_ref().map(|judged| &judged.grant);
            usage.note(key, grant, address, now_s);
        }
        let Judged {
            grant,
            content,
            digest,
        } = judged?;
        line.outcome = "allow";
        line.organisation = Some(grant.organisation.to_owned());
        let assertion = state.assert(&grant, now_s);
        then(Allowed {
            grant: &grant,
            assertion,
            content,
            digest,
        })
        .await
    }

    /// From the record on: what the key's owner may learn of it is decided in here.
    async fn judge<'a>(
        &'a self,
        exchange: &Exchange<'_>,
        credential: &'a Credential<'a>,
        key: Option<&'a Key>,
        address: Option<IpAddr>,
        now_s: u64,
    ) -> std::result::Result<Judged<'a>, Denial> {
        // Gap 2: the content, and where it can be only after the MAC was right.
        let (mut buffered, mut digest) = (None, None);
        let principal = match authenticate(credential, key, now_s)? {
            Authenticated::Principal(principal) => principal,
            Authenticated::AwaitingContent(awaiting) if self.content == ContentAt::TheOrigin => {
                let (principal, left) = awaiting.left_to_the_origin()?;
                digest = Some(left);
                principal
            }
            Authenticated::AwaitingContent(awaiting) => {
                let content = content::read(
                    self.state,
                    self.request,
                    awaiting.content_bytes_max(),
                    &awaiting.needs(),
                )
                .await?;
                let principal = awaiting.with_content(&content.evidence())?;
                buffered = Some(content);
                principal
            }
        };
        let grant = authorize(&principal, address)?;
        if let Some(replay) = grant.replay() {
            replay::insert(self.env, grant.organisation, grant.key_id, &replay)
                .await
                .map_err(|denial| exchange.challenged(denial))?;
        }
        Ok(Judged {
            grant,
            content: buffered,
            digest,
        })
    }
}

/// Seconds of Unix time. On Cloudflare it stands still between I/O.
fn now_s() -> u64 {
    // Whole, positive and far below 2^53.
    (js_sys::Date::now() / 1000.0) as u64
}
