//! What the registry can be asked for: each operation with its method and path.
use keyward_core::limits::KEY_ID_BYTES_MAX;

use crate::refusal::{Code, Refusal};

/// The methods that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One call of the API. Whoever adds one adds it to the table, and the compiler names the other
/// places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    FoundOrganisation,
    Enrol,
    ConfirmEnrolment,
    OpenSession,
    ShowSession,
    RefreshSession,
    CloseSession,
    ListKeys,
    CreateKey,
    ShowKey,
    EditKey,
    RemoveKey,
    DisableKey,
    EnableKey,
    RotateKey,
    EndRotation,
    SecretAgain,
    AcknowledgeKey,
    ListRoles,
    CreateRole,
    EditRole,
    RemoveRole,
    ShowOrganisation,
    EditOrganisation,
    ListOperators,
    InviteOperator,
    InviteOperatorAgain,
    EditOperator,
    RemoveOperator,
    ListAudit,
    ShowAuditHead,
    Reconcile,
    ImportKeys,
    ReportUsage,
    BackUp,
    Restore,
    ListWebhooks,
    CreateWebhook,
    ShowWebhook,
    EditWebhook,
    RemoveWebhook,
    RotateWebhook,
    EndWebhookRotation,
    TestWebhook,
    ListDeliveries,
    RetryDelivery,
    AskOwner,
    ConfirmOwner,
    ShowOwnerPage,
    DeclineNotices,
    ShowDecliningPage,
    ShowJwks,
    ShowOpenapi,
    ShowHealth,
}

impl Operation {
    /// Whether it has parameters after the path. Where there are none, none are taken.
    pub(crate) const fn has_query(self) -> bool {
        matches!(
            self,
            Self::ListKeys | Self::ListAudit | Self::ListDeliveries | Self::BackUp
        )
    }

    /// Whether it has content; the same holds.
    pub(crate) const fn has_content(self) -> bool {
        matches!(
            self,
            Self::FoundOrganisation
                | Self::Enrol
                | Self::ConfirmEnrolment
                | Self::OpenSession
                | Self::RefreshSession
                | Self::CreateKey
                | Self::EditKey
                | Self::RotateKey
                | Self::CreateRole
                | Self::EditRole
                | Self::EditOrganisation
                | Self::InviteOperator
                | Self::EditOperator
                | Self::Reconcile
                | Self::ImportKeys
                | Self::ReportUsage
                | Self::Restore
                | Self::CreateWebhook
                | Self::EditWebhook
                | Self::RotateWebhook
                | Self::AskOwner
                | Self::ConfirmOwner
                | Self::DeclineNotices
        )
    }

    /// What its content may be.
    pub(crate) const fn media_types(self) -> &'static [&'static str] {
        match self {
            // RFC 8058 section 3.2.
            Self::DeclineNotices => &["application/x-www-form-urlencoded", "multipart/form-data"],
            _ => &["application/json"],
        }
    }
}

/// A segment in braces is a parameter. The order is that of the table in README.md.
pub(crate) const TABLE: &[(Method, &str, Operation)] = {
    use Method::{Delete, Get, Patch, Post};
    use Operation as Op;
    &[
        (Post, "/v1/organisations", Op::FoundOrganisation),
        (Post, "/v1/enrolment", Op::Enrol),
        (Post, "/v1/enrolment/confirmation", Op::ConfirmEnrolment),
        (Post, "/v1/session", Op::OpenSession),
        (Get, "/v1/session", Op::ShowSession),
        (Post, "/v1/session/second-factor", Op::RefreshSession),
        (Delete, "/v1/session", Op::CloseSession),
        (Get, "/v1/keys", Op::ListKeys),
        (Post, "/v1/keys", Op::CreateKey),
        (Get, "/v1/keys/{keyId}", Op::ShowKey),
        (Patch, "/v1/keys/{keyId}", Op::EditKey),
        (Post, "/v1/keys/{keyId}/disable", Op::DisableKey),
        (Post, "/v1/keys/{keyId}/enable", Op::EnableKey),
        (Post, "/v1/keys/{keyId}/rotate", Op::RotateKey),
        (Post, "/v1/keys/{keyId}/end-rotation", Op::EndRotation),
        (Delete, "/v1/keys/{keyId}", Op::RemoveKey),
        (Post, "/v1/keys/{keyId}/secret", Op::SecretAgain),
        (Post, "/v1/keys/{keyId}/acknowledge", Op::AcknowledgeKey),
        (Post, "/v1/imports", Op::ImportKeys),
        (Post, "/v1/usage", Op::ReportUsage),
        (Get, "/v1/roles", Op::ListRoles),
        (Post, "/v1/roles", Op::CreateRole),
        (Patch, "/v1/roles/{name}", Op::EditRole),
        (Delete, "/v1/roles/{name}", Op::RemoveRole),
        (Get, "/v1/organisation", Op::ShowOrganisation),
        (Patch, "/v1/organisation", Op::EditOrganisation),
        (Get, "/v1/operators", Op::ListOperators),
        (Post, "/v1/operators", Op::InviteOperator),
        (
            Post,
            "/v1/operators/{id}/invitation",
            Op::InviteOperatorAgain,
        ),
        (Patch, "/v1/operators/{id}", Op::EditOperator),
        (Delete, "/v1/operators/{id}", Op::RemoveOperator),
        (Get, "/v1/audit", Op::ListAudit),
        (Get, "/v1/audit/head", Op::ShowAuditHead),
        (Post, "/v1/reconcile", Op::Reconcile),
        (Get, "/v1/backup", Op::BackUp),
        (Post, "/v1/restore", Op::Restore),
        (Get, "/v1/webhooks", Op::ListWebhooks),
        (Post, "/v1/webhooks", Op::CreateWebhook),
        (Get, "/v1/webhooks/{id}", Op::ShowWebhook),
        (Patch, "/v1/webhooks/{id}", Op::EditWebhook),
        (Post, "/v1/webhooks/{id}/rotate", Op::RotateWebhook),
        (
            Post,
            "/v1/webhooks/{id}/end-rotation",
            Op::EndWebhookRotation,
        ),
        (Post, "/v1/webhooks/{id}/test", Op::TestWebhook),
        (Delete, "/v1/webhooks/{id}", Op::RemoveWebhook),
        (Get, "/v1/deliveries", Op::ListDeliveries),
        (Post, "/v1/deliveries/{id}/retry", Op::RetryDelivery),
        (Post, "/v1/owners/question", Op::AskOwner),
        (Post, "/v1/owners/confirmation", Op::ConfirmOwner),
        (Get, "/owners/confirmation", Op::ShowOwnerPage),
        (
            Post,
            "/owners/notices/{organisation}/{token}",
            Op::DeclineNotices,
        ),
        (
            Get,
            "/owners/notices/{organisation}/{token}",
            Op::ShowDecliningPage,
        ),
        (Get, "/jwks/{environment}", Op::ShowJwks),
        (Get, "/openapi.json", Op::ShowOpenapi),
        (Get, "/health", Op::ShowHealth),
    ]
};

/// The operation of a request, and the values of its path's parameters, in their order.
///
/// # Errors
/// `method_not_allowed`, with the methods that there are, where only the path is right.
pub(crate) fn find(method: &str, path: &str) -> Result<(Operation, Vec<String>), Refusal> {
    let segments = segments(path)?;
    let mut allowed = Vec::new();
    for (of, pattern, operation) in TABLE {
        let Some(parameters) = parameters(pattern, &segments) else {
            continue;
        };
        if of.as_str() == method {
            return Ok((*operation, parameters));
        }
        allowed.push(of.as_str());
    }
    if allowed.is_empty() {
        return Err(Code::NotFound.into());
    }
    Err(Refusal {
        allow: Some(allowed.join(", ")),
        ..Code::MethodNotAllowed.into()
    })
}

/// What any path of ours is made of, as it was sent; all others lead nowhere.
fn segments(path: &str) -> Result<Vec<&str>, Refusal> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let rest = path.strip_prefix('/').ok_or(Code::NotFound)?;
    rest.split('/')
        .map(|segment| {
            let is_short = (1..=KEY_ID_BYTES_MAX).contains(&segment.len());
            let is_plain = is_short && segment.bytes().all(plain);
            if is_plain && !matches!(segment, "." | "..") {
                Ok(segment)
            } else {
                Err(Code::NotFound.into())
            }
        })
        .collect()
}

/// The values of a pattern's parameters, if the path has its form.
fn parameters(pattern: &str, segments: &[&str]) -> Option<Vec<String>> {
    let wanted: Vec<&str> = pattern.split('/').skip(1).collect();
    if wanted.len() != segments.len() {
        return None;
    }
    let mut parameters = Vec::new();
    for (wanted, segment) in wanted.into_iter().zip(segments) {
        if wanted.starts_with('{') {
            parameters.push((*segment).to_owned());
        } else if wanted != *segment {
            return None;
        }
    }
    Some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_plain() {
        let read = |path| segments(path).ok();
        assert_eq!(read("/v1/keys"), Some(vec!["v1", "keys"]));
        for path in [
            "",
            "/",
            "//",
            "/v1/",
            "/v1//keys",
            "/v1/../keys",
            "/v1/./keys",
            "/v1/%6beys",
            "/v1\\keys",
            "v1",
        ] {
            assert_eq!(read(path), None, "{path:?}");
        }
    }

    #[test]
    fn an_operation_is_found_by_method_and_path() {
        let found = find("PATCH", "/v1/keys/kwk_1").expect("an operation");
        assert_eq!(found, (Operation::EditKey, vec!["kwk_1".to_owned()]));
        let other = find("PUT", "/v1/keys/kwk_1").expect_err("a refusal");
        assert_eq!(other.code, Code::MethodNotAllowed);
        assert_eq!(other.allow.as_deref(), Some("GET, PATCH, DELETE"));
        for path in ["/v1", "/v1/key", "/v1/keys/a/b", "/v1/keys/a/rotate/b"] {
            let unknown = find("GET", path).expect_err("a refusal");
            assert_eq!(unknown.code, Code::NotFound, "{path}");
        }
    }

    #[test]
    fn each_operation_is_in_the_table_once_and_is_found_there() {
        for (at, (method, path, operation)) in TABLE.iter().enumerate() {
            let others = TABLE.iter().skip(at + 1);
            assert!(!others.map(|row| row.2).any(|other| other == *operation));
            let example = path.replace(['{', '}'], "");
            let found = find(method.as_str(), &example).expect("an operation");
            assert_eq!(found.0, *operation, "{path}");
        }
    }
}
