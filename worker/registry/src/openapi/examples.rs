//! Content that shows how each operation is meant.
use serde_json::{Value, json};

use crate::operation::Operation;

pub(super) fn example(operation: Operation) -> Option<Value> {
    use Operation as Op;
    Some(match operation {
        Op::FoundOrganisation => json!({ "name": "acme", "firmAdmin": "admin@acme.example" }),
        Op::Enrol => json!({
            "organisation": "acme", "email": "admin@acme.example",
            "invitation": INVITATION, "password": PASSWORD,
        }),
        Op::ConfirmEnrolment => json!({
            "organisation": "acme", "email": "admin@acme.example",
            "invitation": INVITATION, "code": "123456",
        }),
        Op::OpenSession => json!({
            "organisation": "acme", "email": "admin@acme.example",
            "password": PASSWORD, "code": "123456",
        }),
        Op::RefreshSession => json!({ "code": "123456" }),
        Op::CreateKey => json!({
            "name": "Reports: nightly", "kind": "signed", "environment": "production",
            "roles": [{ "role": "read-only", "accounts": "all" }],
            "owners": ["ops@firm.example"], "allowlist": "192.0.2.0/24, 2001:db8::/32", "lifeDays": 90,
        }),
        Op::EditKey => json!({ "allowlist": null, "memo": "moved to the new cluster" }),
        Op::RotateKey => json!({ "oldUntil": TIME_S }),
        Op::CreateRole => {
            json!({ "name": "support", "grants": { "management": { "users": "ru" } } })
        }
        Op::EditRole => json!({ "grants": { "management": { "users": "r" } }, "apply": true }),
        Op::AskOwner => json!({ "owner": "ops@firm.example" }),
        Op::DeclineNotices => json!({ "List-Unsubscribe": "One-Click" }),
        Op::EditOrganisation => json!({ "lifeDaysMax": 366 }),
        Op::InviteOperator => json!({
            "email": "clerk@acme.example", "role": { "custom": { "keys": "cru", "audit": "r" } },
            "mayGrant": {
                "roles": ["read-only"], "apis": "all", "environments": ["uat"], "accounts": "all",
                "lifeDaysMax": 90,
            },
        }),
        Op::EditOperator => json!({ "role": "auditor" }),
        Op::Reconcile => json!({ "after": "" }),
        Op::ImportKeys => json!({
            "defaults": {
                "kind": "signed", "environment": "production", "profiles": ["kong"],
                "roles": [{ "role": "read-only", "accounts": "all" }], "owners": ["ops@firm.example"],
            },
            "rows": [{
                "keyId": "reports", "name": "Reports",
                "secret": "YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcywgb3IgbW9yZQ",
            }],
        }),
        Op::ReportUsage => json!({ "keys": [{
            "organisation": "acme", "keyId": "reports", "allowed": 3, "lastUsedAt": TIME_S,
            "lastUsedFrom": "192.0.2.0/24", "issues": [["i1", TIME_S]], "denials": [["rate_limited", 1]],
        }] }),
        Op::Restore => json!({
            "lines": [{ "role": { "name": "support", "grants": { "management": { "users": "ru" } } } }],
            "seal": "what the backup's page ends with",
        }),
        Op::CreateWebhook => json!({
            "url": "https://hooks.firm.example/keyward", "events": ["key.created", "key.removed"],
        }),
        Op::EditWebhook => json!({ "disabled": true }),
        Op::RotateWebhook => json!({ "oldUntil": TIME_S }),
        Op::ConfirmOwner => json!({ "token": "acme.what stands behind the # of the link" }),
        _ => return None,
    })
}

const INVITATION: &str = "what the answer to the invitation has";
const PASSWORD: &str = "correct horse battery staple";
const TIME_S: u64 = 1_800_000_000;
