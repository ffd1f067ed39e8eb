//! Calls from the Worker to its objects, and from one object to another: a request with JSON,
//! whose answer is already the client's.
use core::net::IpAddr;
use core::time::Duration;

use futures_util::future::{Either, select};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use worker::{Delay, Env, Method, Request, RequestInit, Response};

use crate::automation::Signed;
use crate::clock;
use crate::refusal::{Code, MEDIA_TYPE, Refusal};

pub(crate) const DIRECTORY: &str = "DIRECTORY";
pub(crate) const ORGANISATION: &str = "ORGANISATION";
pub(crate) const OPERATOR: &str = "OPERATOR";
pub(crate) const NETWORK: &str = "NETWORK";
/// There is one directory.
pub(crate) const THE_DIRECTORY: &str = "directory";

/// An object that takes longer is given up. What it was doing may still happen.
const TIMEOUT: Duration = Duration::from_secs(10);

/// So much of what was asked for is in one answer, however many parts it may have: an isolate
/// has little room, and others' requests are in it.
pub(crate) const PAGE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// What a call says of the request that it was made for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) request_id: String,
    pub(crate) address: Option<IpAddr>,
    /// The hash of the session's secret.
    pub(crate) session: Option<String>,
    pub(crate) if_match: Option<String>,
    pub(crate) idempotency: Option<Idempotency>,
    /// The request itself, where a key has signed it.
    pub(crate) signed: Option<Signed>,
}

/// A request that may be sent again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Idempotency {
    pub(crate) key: String,
    /// Of the whole content.
    pub(crate) content_hash: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Ask<C> {
    pub(crate) about: About,
    pub(crate) call: C,
}

/// What an object answers, as it goes to the client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    pub(crate) body: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) retry_after: Option<String>,
    /// The signed head of the audit log that is answered.
    pub(crate) audit_head: Option<String>,
    /// How long an object took for it, in milliseconds; for the log.
    pub(crate) object_ms: Option<u64>,
    /// The Worker's own: objects are asked for nothing that there is not.
    pub(crate) allow: Option<String>,
}

impl Answer {
    /// What is told besides the body.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("allow", &self.allow),
            ("etag", &self.etag),
            ("retry-after", &self.retry_after),
            (AUDIT_HEAD, &self.audit_head),
        ];
        let present = fields.into_iter();
        present.filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    pub(crate) fn json(status: u16, body: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_string(body).map_err(|error| Refusal::internal(&error))?;
        Ok(Self {
            status,
            media_type: "application/json",
            body: Some(body),
            ..Self::default()
        })
    }

    pub(crate) fn empty() -> Self {
        Self {
            status: 204,
            ..Self::default()
        }
    }

    pub(crate) fn is_ok(&self) -> bool {
        self.status < 300
    }

    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_str(self.body.as_deref().unwrap_or_default())
            .map_err(|error| Refusal::internal(&error))
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: refusal.code.status(),
            media_type: MEDIA_TYPE,
            body: Some(refusal.to_json()),
            retry_after: refusal.retry_after_s.map(|seconds| seconds.to_string()),
            allow: refusal.allow,
            ..Self::default()
        }
    }
}

/// Asks the object with this name.
///
/// # Errors
/// When it does not answer, or not in time. What it refuses is an answer.
pub(crate) async fn ask<C: Serialize>(
    env: &Env,
    binding: &str,
    name: &str,
    ask: &Ask<C>,
) -> Result<Answer, Refusal> {
    let body = serde_json::to_string(ask).map_err(|error| Refusal::internal(&error))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_body(Some(JsValue::from_str(&body)));
    let request = Request::new_with_init("https://object/", &init)?;
    let stub = env.durable_object(binding)?.get_by_name(name)?;
    let begun_ms = clock::now_ms();
    let answer = async {
        let mut response = stub.fetch_with_request(request).await?;
        let field = |name: &str| response.headers().get(name);
        let (etag, retry_after, audit_head) =
            (field("etag")?, field("retry-after")?, field(AUDIT_HEAD)?);
        let media_type = match field("content-type")?.as_deref() {
            Some(MEDIA_TYPE) => MEDIA_TYPE,
            Some(JSON_LINES) => JSON_LINES,
            _ => "application/json",
        };
        let status = response.status_code();
        let body = match status {
            204 => None,
            _ => Some(response.text().await?),
        };
        Ok::<_, worker::Error>(Answer {
            status,
            media_type,
            body,
            etag,
            retry_after,
            audit_head,
            object_ms: Some(clock::now_ms().saturating_sub(begun_ms)),
            allow: None,
        })
    };
    match select(Box::pin(answer), Box::pin(Delay::from(TIMEOUT))).await {
        Either::Left((answer, _)) => Ok(answer?),
        Either::Right(_) => Err(Refusal::internal(&format!("{binding} does not answer"))),
    }
}

/// The same, where a refusal is the caller's, too.
///
/// # Errors
/// The object's own refusal, as its answer, in `Ok(Err(_))`.
pub(crate) async fn ask_for<C: Serialize, T: DeserializeOwned>(
    env: &Env,
    binding: &str,
    name: &str,
    question: &Ask<C>,
) -> Result<Result<T, Answer>, Refusal> {
    let answer = ask(env, binding, name, question).await?;
    Ok(if answer.is_ok() {
        Ok(answer.read()?)
    } else {
        Err(answer)
    })
}

const AUDIT_HEAD: &str = "keyward-audit-head";
pub(crate) const JSON_LINES: &str = "application/jsonl";

/// Reads a call, in an object.
pub(crate) async fn read<C: DeserializeOwned>(mut request: Request) -> worker::Result<Ask<C>> {
    let text = request.text().await?;
    serde_json::from_str(&text).map_err(|error| worker::Error::RustError(error.to_string()))
}

/// The object's answer on its way to the Worker.
pub(crate) fn respond(outcome: Result<Answer, Refusal>) -> worker::Result<Response> {
    let answer = outcome.unwrap_or_else(Answer::from);
    let mut response = match &answer.body {
        Some(body) => Response::ok(body.clone())?,
        None => Response::empty()?,
    }
    .with_status(answer.status);
    let headers = response.headers_mut();
    if !answer.media_type.is_empty() {
        headers.set("content-type", answer.media_type)?;
    }
    for (name, value) in answer.fields() {
        headers.set(name, value)?;
    }
    Ok(response)
}

/// A refusal of a call that nobody should have made.
pub(crate) fn not_here() -> Refusal {
    Code::NotFound.into()
}
