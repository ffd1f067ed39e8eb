//! What is answered. The order of the members is fixed, so the same call has the same bytes as
//! its answer in every runtime.
use std::borrow::Cow;

use keyward_core::authorize::Grant;
use keyward_core::denial::Denial;
use keyward_core::key::Accounts;
use keyward_core::parse::Exchange;
use keyward_wire::problem;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(crate) enum DecideAnswer<'a> {
    Allow {
        grant: GrantJson<'a>,
    },
    Deny {
        status: u16,
        code: &'static str,
        /// Fields of the answer besides those of its body.
        fields: Vec<(&'static str, &'static str)>,
        problem: Box<RawValue>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantJson<'a> {
    key_id: &'a str,
    organisation: &'a str,
    environment: &'a str,
    generation: u64,
    issue: &'a str,
    roles: &'a [&'a str],
    api: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<AccountsJson<'a>>,
    /// What the host still has to do before it forwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<ReplayJson>,
    forward: Forward<'a>,
}

/// To be remembered until then, if it is not known yet; otherwise the answer is `replayed`.
#[derive(Serialize)]
struct ReplayJson {
    /// Lower-case hex.
    key: String,
    /// Seconds of Unix time.
    until: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AccountsJson<'a> {
    All(&'static str),
    Listed(Vec<&'a str>),
}

/// What goes on to the origin.
#[derive(Serialize)]
struct Forward<'a> {
    target: String,
    /// The client's own, then what the origin is told of the key.
    fields: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> DecideAnswer<'a> {
    pub(crate) fn allow(grant: &'a Grant<'a>, exchange: &Exchange<'a>) -> Self {
        let mut target = String::new();
        exchange.target().write_forward(&mut target);
        let mut fields = exchange.forwarded_fields(grant);
        fields.extend(
            grant
                .fields()
                .into_iter()
                .map(|(name, value)| (name, Cow::Owned(value))),
        );
        Self::Allow {
            grant: GrantJson {
                key_id: grant.key_id,
                organisation: grant.organisation,
                environment: grant.environment,
                generation: grant.generation,
                issue: grant.issue,
                roles: &grant.roles,
                api: grant.api,
                account: grant.account.as_deref(),
                accounts: grant.accounts.as_ref().map(|accounts| match accounts {
                    Accounts::All => AccountsJson::All("all"),
                    Accounts::Listed(names) => {
                        AccountsJson::Listed(names.iter().map(String::as_str).collect())
                    }
                }),
                replay: grant.replay().map(|replay| ReplayJson {
                    key: replay
                        .key
                        .iter()
                        .map(|byte| format!("{byte:02x}"))
                        .collect(),
                    until: replay.until_s,
                }),
                forward: Forward { target, fields },
            },
        }
    }

    pub(crate) fn deny(denial: &'a Denial) -> Self {
        Self::Deny {
            status: denial.code().status(),
            code: denial.code().as_str(),
            fields: denial.fields(),
            problem: RawValue::from_string(problem::body(denial)).expect("JSON"),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct SignAnswer {
    /// To be added to the request.
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// The API was used wrongly. Holds nothing of the call.
#[derive(Debug, Serialize)]
pub(crate) struct CallError {
    code: &'static str,
    message: String,
}

impl CallError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

#[derive(Serialize)]
struct Failed<'a> {
    error: &'a CallError,
}

pub(crate) fn write<T: Serialize>(answer: &T) -> String {
    // Strings, numbers and lists only: it cannot fail. Should it ever, this is no allow.
    serde_json::to_string(answer).unwrap_or_else(|_| String::from(r#"{"error":{}}"#))
}

pub(crate) fn write_or_error<T: Serialize>(answer: Result<T, CallError>) -> String {
    match answer {
        Ok(answer) => write(&answer),
        Err(error) => write(&Failed { error: &error }),
    }
}
