//! Texts, numbers and tables that other crates define, and what may stand in them.
use std::borrow::Cow;

use keyward_core::catalogue::{Action, Actions};
use keyward_core::denial;
use keyward_core::key::Profile as Known;
use keyward_core::limits::{
    ACCOUNT_BYTES_MAX, ACCOUNTS_MAX, APIS_MAX, KEY_ID_BYTES_MAX, RESOURCES_MAX,
};
use keyward_wire::event::{EventName, Place};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::key::MEMO_CHARACTERS_MAX;
use crate::name::NAME_CHARACTERS_MAX;
use crate::organisation::{
    CURSOR_BYTES_MAX, LIFE_DAYS_MAX, LINES_MAX, NAMED_BYTES_MAX, REPORTS_MAX, SEAL_BYTES_MAX,
    SEQUENCE_MAX, TIME_S_MAX,
};
use crate::refusal::Code;

const NAME: &str = "^[a-z0-9][a-z0-9-]{0,63}$";
/// No control characters but line breaks and tabs, and none that turn the direction of text.
const MEMO: &str = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$";
/// What stands in paths.
const PLAIN: &str = "^[A-Za-z0-9._~-]+$";

/// A type that is nothing but its schema.
macro_rules! shapes {
    ($($name:ident $schema:tt)*) => {$(
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

shapes! {
    Name { "type": "string", "pattern": NAME, "maxLength": 64 }
    KeyName { "type": "string", "minLength": 1, "maxLength": NAME_CHARACTERS_MAX, "pattern": "^\\S(.*\\S)?$" }
    Memo { "type": "string", "maxLength": MEMO_CHARACTERS_MAX, "pattern": MEMO }
    KeyId { "type": "string", "pattern": PLAIN, "maxLength": KEY_ID_BYTES_MAX }
    Email { "type": "string", "format": "email", "maxLength": 254, "pattern": EMAIL }
    Time { "type": "integer", "minimum": 0, "maximum": TIME_S_MAX }
    Days { "type": "integer", "minimum": 1, "maximum": LIFE_DAYS_MAX }
    Sequence { "type": "integer", "minimum": 0, "maximum": SEQUENCE_MAX }
    Subject { "type": "string", "maxLength": NAMED_BYTES_MAX }
    Cursor { "type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": CURSOR_BYTES_MAX }
    Apis { "type": "array", "items": { "type": "string", "pattern": NAME }, "maxItems": APIS_MAX }
    Allowlist { "type": "string", "maxLength": ALLOWLIST_CHARACTERS_MAX, "examples": ["192.0.2.0/24, 2001:db8::/32"] }
    Algorithm { "enum": ["hmac-sha512", "hmac-sha256", "EdDSA", "HS512"] }
    Profile { "enum": (Known::ALL.map(Known::as_str)) }
    Event { "enum": (events(|_| true)) }
    AuditedEvent { "enum": (events(|name| name.appears_in(Place::Audit))) }
    Actor { "type": "string", "maxLength": NAMED_BYTES_MAX }
    WebhookUrl { "type": "string", "format": "uri", "maxLength": 2048, "pattern": WEBHOOK_URL }
    WebhookEvents { "type": "array", "items": { "enum": (events(|name| name.appears_in(Place::Webhook))) }, "minItems": 1, "maxItems": (EventName::ALL.len()) }
    DeliveryState { "enum": ["waiting", "sending", "sent", "passed", "givenUp"] }
    Page { "type": "string" }
    OneClick {
        "type": "object",
        "properties": { "List-Unsubscribe": { "const": "One-Click" } },
        "required": ["List-Unsubscribe"],
    }
    KeyState { "enum": ["active", "removed", "expired", "disabled", "pending"] }
    Accounts { "anyOf": [
        { "const": "all" },
        {
            "type": "array",
            "items": { "type": "string", "pattern": ACCOUNT, "maxLength": ACCOUNT_BYTES_MAX },
            "maxItems": ACCOUNTS_MAX,
            "uniqueItems": true,
        },
    ] }
    Names { "anyOf": [
        { "const": "all" },
        {
            "type": "array",
            "items": { "type": "string", "pattern": NAME },
            "maxItems": ACCOUNTS_MAX,
            "uniqueItems": true,
        },
    ] }
    Letters { "enum": (letters()) }
    Health { "type": "object", "properties": { "status": { "const": "pass" } }, "required": ["status"] }
    JwkSet {
        "type": "object",
        "properties": { "keys": { "type": "array", "items": {
            "type": "object",
            "properties": {
                "kty": { "const": "OKP" }, "crv": { "const": "Ed25519" }, "x": { "type": "string" },
                "kid": { "type": "string" }, "use": { "const": "sig" }, "alg": { "const": "EdDSA" },
            },
            "required": ["kty", "crv", "x", "kid", "use", "alg"],
        } } },
        "required": ["keys"],
    }
    JsonLines { "type": "string" }
    Document { "type": "object" }
    Seal { "type": "string", "maxLength": SEAL_BYTES_MAX }
    Lines { "type": "array", "items": { "type": "object" }, "maxItems": LINES_MAX }
    UsageReports { "type": "array", "maxItems": REPORTS_MAX, "items": {
        "type": "object",
        "properties": {
            "organisation": { "type": "string" },
            "keyId": { "type": "string" },
            "allowed": (count()),
            "lastUsedAt": { "anyOf": [(count()), { "type": "null" }] },
            "lastUsedFrom": { "type": ["string", "null"], "description": "An IPv4 /24 or an IPv6 /48." },
            "issues": (counts("The minute of the last use of each secret or token, by its id.")),
            "denials": (counts("Refused requests, by their code.")),
        },
        "required": ["organisation", "keyId", "allowed", "issues", "denials"],
        "additionalProperties": false,
    } }
    Base64url { "type": "string", "pattern": "^[A-Za-z0-9_-]*$", "maxLength": SECRET_CHARACTERS_MAX }
    Sha256 { "type": "string", "pattern": "^[A-Za-z0-9+/_-]*=?$", "maxLength": 64 }
    KeyAlgorithm { "enum": ["hmac-sha512", "hmac-sha256", "EdDSA", "HS256", "HS384", "HS512"] }
    ImportedAlgorithm { "enum": ["hmac-sha512", "hmac-sha256", "HS256", "HS384", "HS512"] }
    RestoredKeys { "type": "array", "items": {
        "type": "object",
        "properties": {
            "keyId": { "type": "string" },
            "outcome": { "type": "string", "description": "`restored`, or why not; there may be others." },
        },
        "required": ["keyId", "outcome"],
    } }
    RestoredWebhooks { "type": "array", "items": {
        "type": "object",
        "properties": {
            "id": { "type": "string" },
            "outcome": { "type": "string", "description": "`kept` when it is here, or what became of it; there may be others." },
        },
        "required": ["id", "outcome"],
    } }
    MissingOperators { "type": "array", "items": {
        "type": "object",
        "properties": { "email": { "type": "string" }, "role": {} },
        "required": ["email", "role"],
    } }
}

const ACCOUNT: &str = r"^(?!\*$)[ -.0-~]+$";
/// More than 512 bytes have in base64: how long a secret may be, its row says.
const SECRET_CHARACTERS_MAX: usize = 4_096;
/// All that content may be is the bound; entries are counted, too.
const ALLOWLIST_CHARACTERS_MAX: usize = crate::front::CONTENT_BYTES_MAX;
const EMAIL: &str = "^(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+([.][A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@\
([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$";

/// A dotted name of the public internet; what else may not be is refused.
const WEBHOOK_URL: &str = "^https://([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z]{2,20}(/[A-Za-z0-9._~/-]*)?([?][A-Za-z0-9._~/=&-]*)?$";

fn events(is_there: impl Fn(EventName) -> bool) -> Vec<&'static str> {
    let all = EventName::ALL.iter().copied();
    all.filter(|name| is_there(*name))
        .map(EventName::as_str)
        .collect()
}

/// Every reader of JSON has numbers up to here.
fn count() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": (1_u64 << 53) - 1 })
}

/// Numbers by name.
fn counts(about: &str) -> Value {
    json!({ "type": "array", "description": about, "items": {
        "type": "array", "prefixItems": [{ "type": "string" }, count()], "minItems": 2, "items": false,
    } })
}

/// Every set of actions, as it is written.
fn letters() -> Vec<String> {
    let all = [Action::Create, Action::Read, Action::Update, Action::Delete];
    let sets = (0..16_u8).map(|bits| {
        let chosen = all
            .iter()
            .enumerate()
            .filter(|(at, _)| bits & (1 << at) != 0);
        chosen.fold(Actions::NONE, |set, (_, action)| set.with(*action))
    });
    sets.map(|set| set.to_string()).collect()
}

/// Resources of APIs, and the actions on them.
pub(crate) struct Grants;

impl JsonSchema for Grants {
    fn schema_name() -> Cow<'static, str> {
        "Grants".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let actions: Vec<_> = letters()
            .into_iter()
            .filter(|set| !set.is_empty())
            .collect();
        json_schema!({
            "type": "object",
            "description": "Actions on the resources of APIs, as letters of `crud`.",
            "propertyNames": { "pattern": NAME },
            "maxProperties": APIS_MAX,
            "additionalProperties": {
                "type": "object",
                "propertyNames": { "pattern": NAME },
                "maxProperties": RESOURCES_MAX,
                "additionalProperties": { "enum": actions },
            },
            "examples": [{ "management": { "users": "cru" } }],
        })
    }
}

/// A role that a key holds, with what it granted when it was given.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is nothing but its schema")]
pub(crate) struct Assignment {
    #[schemars(with = "Name")]
    role: String,
    accounts: Accounts,
    grants: Grants,
}

/// How far an audit log had come.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is nothing but its schema")]
pub(crate) struct AuditHead {
    #[schemars(with = "Name")]
    organisation: String,
    sequence: u64,
    hash: String,
    at: u64,
}

/// What the core can say of a request that a key has signed. The gate says the rest before, in its
/// own words, or the registry has nothing of the kind.
const fn is_of_signatures(code: denial::Code) -> bool {
    use denial::Code as Said;
    match code {
        Said::UpgradeNotSupported
        | Said::AmbiguousTarget
        | Said::InvalidHeader
        | Said::UnexpectedContent
        | Said::MethodOverride
        | Said::MultipleCredentials
        | Said::MalformedCredentials
        | Said::UnsupportedComponent
        | Said::InsufficientCoverage
        | Said::InvalidCredentials
        | Said::SignatureStale
        | Said::NonceRequired
        | Said::ContentDigestMismatch
        | Said::KeyNotYetValid
        | Said::KeyDisabled
        | Said::KeyExpired
        | Said::AddressNotAllowed
        | Said::NoRoute
        | Said::PermissionDenied
        | Said::Replayed => true,
        Said::MisdirectedRequest
        | Said::InsecureTransport
        | Said::MethodNotAllowed
        | Said::ContentTooLarge
        | Said::MissingCredentials
        | Said::StoreUnavailable
        | Said::ContentTimeout
        | Said::ContentBuffersFull
        | Said::OriginNotAllowed
        | Said::RateLimited
        | Said::ReplayStoreUnavailable
        | Said::OriginUnavailable
        | Said::OriginTimeout => false,
    }
}

/// Those of signatures.
pub(super) fn signature_codes() -> impl Iterator<Item = Code> {
    let all = denial::Code::ALL.into_iter();
    all.filter(|code| is_of_signatures(*code)).map(Code::Denied)
}

/// And the registry's own before them.
pub(super) fn all_codes() -> impl Iterator<Item = Code> {
    Code::ALL.into_iter().chain(signature_codes())
}

/// Codes are added, so whoever reads one must expect others.
impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": (all_codes().map(Self::as_str).collect::<Vec<_>>()) })
    }
}

/// What stands for a parameter of a path.
pub(super) fn path_parameter(name: &str) -> Value {
    match name {
        "name" | "environment" | "organisation" => json!({ "type": "string", "pattern": NAME }),
        _ => json!({ "type": "string", "pattern": PLAIN, "maxLength": KEY_ID_BYTES_MAX }),
    }
}
