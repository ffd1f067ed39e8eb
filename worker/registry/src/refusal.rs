//! What the registry does not do, and how it says so (RFC 9457).
use keyward_core::denial::{self, Denial};
use serde::Serialize;

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Codes are a contract: they are added, not renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Misdirected,
    InsecureTransport,
    MethodNotAllowed,
    Malformed,
    ContentTooLarge,
    UnsupportedMediaType,
    WrongOrigin,
    Unauthenticated,
    SignInFailed,
    TooManyAttempts,
    StepUpRequired,
    Forbidden,
    BeyondMayGrant,
    NotFound,
    Conflict,
    NameTaken,
    PreconditionFailed,
    PreconditionRequired,
    Invalid,
    IdempotencyMismatch,
    TemporarilyUnavailable,
    /// What the core says of a request that a key has signed.
    Denied(denial::Code),
}

impl Code {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 21] = [
        Self::Misdirected,
        Self::InsecureTransport,
        Self::MethodNotAllowed,
        Self::Malformed,
        Self::ContentTooLarge,
        Self::UnsupportedMediaType,
        Self::WrongOrigin,
        Self::Unauthenticated,
        Self::SignInFailed,
        Self::TooManyAttempts,
        Self::StepUpRequired,
        Self::Forbidden,
        Self::BeyondMayGrant,
        Self::NotFound,
        Self::Conflict,
        Self::NameTaken,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::Invalid,
        Self::IdempotencyMismatch,
        Self::TemporarilyUnavailable,
    ];

    /// Code, status, title.
    const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::Misdirected => ("misdirected", 421, "Not served under this authority"),
            Self::InsecureTransport => ("insecure_transport", 400, "Not over this scheme"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "No such method here"),
            Self::Malformed => ("malformed", 400, "The request cannot be read"),
            Self::ContentTooLarge => ("content_too_large", 413, "Too much content"),
            Self::UnsupportedMediaType => ("unsupported_media_type", 415, "Not JSON"),
            Self::WrongOrigin => ("wrong_origin", 403, "Sent by a page of another origin"),
            Self::Unauthenticated => ("unauthenticated", 401, "Not signed in"),
            Self::SignInFailed => ("sign_in_failed", 401, "Signing in failed"),
            Self::TooManyAttempts => ("too_many_attempts", 429, "Too many attempts"),
            Self::StepUpRequired => ("step_up_required", 403, "The second factor is asked again"),
            Self::Forbidden => ("forbidden", 403, "Not permitted"),
            Self::BeyondMayGrant => ("beyond_may_grant", 403, "More than may be granted"),
            Self::NotFound => ("not_found", 404, "Not found"),
            Self::Conflict => ("conflict", 409, "Not in this state"),
            Self::NameTaken => ("name_taken", 409, "The name is taken"),
            Self::PreconditionFailed => ("precondition_failed", 412, "Changed meanwhile"),
            Self::PreconditionRequired => ("precondition_required", 428, "If-Match is needed"),
            Self::IdempotencyMismatch => (
                "idempotency_mismatch",
                422,
                "The Idempotency-Key was used for another request",
            ),
            Self::Invalid => ("invalid", 422, "Not valid"),
            Self::TemporarilyUnavailable => {
                ("temporarily_unavailable", 503, "Temporarily unavailable")
            }
            Self::Denied(code) => (code.as_str(), code.status(), code.title()),
        }
    }

    pub(crate) const fn status(self) -> u16 {
        self.row().1
    }

    #[cfg(test)]
    pub(crate) const fn as_str(self) -> &'static str {
        self.row().0
    }

    #[cfg(test)]
    pub(crate) const fn title(self) -> &'static str {
        self.row().2
    }
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FieldError {
    /// The member's name, with a path where it is inside of others: `roles[0].grants`.
    pub(crate) field: String,
    pub(crate) detail: String,
}

impl FieldError {
    pub(crate) fn new(field: impl Into<String>, detail: impl ToString) -> Self {
        Self {
            field: field.into(),
            detail: detail.to_string(),
        }
    }
}

/// An answer other than the one that was hoped for. Holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) detail: Option<String>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) retry_after_s: Option<u64>,
    /// The methods that there are instead.
    pub(crate) allow: Option<String>,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            retry_after_s: None,
            allow: None,
        }
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        let missing = denial.missing_components().iter();
        Self {
            detail: denial.detail().map(str::to_owned),
            errors: missing
                .map(|name| FieldError::new(*name, "must be covered by the signature"))
                .collect(),
            ..Code::Denied(denial.code()).into()
        }
    }
}

/// What a runtime says of its failures is for the log, not for clients.
impl From<worker::Error> for Refusal {
    fn from(error: worker::Error) -> Self {
        Self::internal(&error)
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    #[cfg_attr(test, schemars(with = "Code"))]
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Refusal {
    pub(crate) fn because(code: Code, detail: impl ToString) -> Self {
        Self {
            detail: Some(detail.to_string()),
            ..code.into()
        }
    }

    /// `invalid`, with every field that is.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Code::Invalid.into()
        }
    }

    /// The same for one field.
    pub(crate) fn field(field: &str, detail: impl ToString) -> Self {
        Self::invalid(Vec::from([FieldError::new(field, detail)]))
    }

    /// `name_taken`, with the field whose content it is.
    pub(crate) fn taken(field: &str, detail: &str) -> Self {
        Self {
            errors: Vec::from([FieldError::new(field, detail)]),
            ..Code::NameTaken.into()
        }
    }

    /// There are two secrets already, until this second of Unix time.
    pub(crate) fn rotation_under_way(until_s: u64) -> Self {
        let detail =
            format!("two secrets are valid until {until_s}; end-rotation ends the older one now");
        Self::because(Code::Conflict, detail)
    }

    /// What should not happen: the client is told to come again, the log why.
    pub(crate) fn internal(error: &dyn core::fmt::Display) -> Self {
        let line = serde_json::json!({ "event": "registry_failure", "error": error.to_string() });
        worker::console_error!("{line}");
        Self {
            retry_after_s: Some(1),
            ..Code::TemporarilyUnavailable.into()
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let (code, status, title) = self.code.row();
        let problem = Problem {
            kind: format!("urn:keyward:problem:{code}"),
            title,
            status,
            code,
            detail: self.detail.as_deref(),
            errors: &self.errors,
        };
        // Strings and numbers only: it cannot fail. Should it ever, the status says enough.
        serde_json::to_string(&problem).unwrap_or_else(|_| "{}".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart() {
        let mut codes: Vec<_> = Code::ALL.iter().map(|code| code.row().0).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
    }

    #[test]
    fn a_refusal_names_its_fields() {
        let json = Refusal::field("allowlist", "10.0.0.1/8: has bits behind its prefix").to_json();
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value["status"], 422);
        assert_eq!(value["type"], "urn:keyward:problem:invalid");
        assert_eq!(value["errors"][0]["field"], "allowlist");
    }
}
