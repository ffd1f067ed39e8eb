//! Keys as they are asked for.
mod check;
mod import;
mod own_api;

use keyward_core::key::Profile;
#[cfg(test)]
use keyward_core::limits::ASSIGNMENTS_MAX;
use keyward_issuer::NewKey;
use keyward_issuer::change::Edit;
use keyward_wire::grants::{Accounts, GrantTable};
use serde::{Deserialize, Deserializer, Serialize};

use super::Kind;

pub(crate) use check::Checker;
pub(crate) use import::{ImportForm, ImportRow, Own, ROWS_MAX, RowFault};

const OWNERS_MAX: usize = 20;
pub(crate) const MEMO_CHARACTERS_MAX: usize = 1_000;
/// Each once.
const PROFILES_MAX: usize = Profile::ALL.len();

/// A new key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KeyForm {
    #[cfg_attr(test, schemars(with = "crate::openapi::KeyName"))]
    pub(crate) name: String,
    pub(crate) kind: Kind,
    #[cfg_attr(test, schemars(with = "crate::openapi::Name"))]
    pub(crate) environment: String,
    /// The APIs that the roles are for; all of the catalogue when absent.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Apis>"))]
    apis: Option<Vec<String>>,
    /// Addresses and networks with commas between; absent: anywhere, empty: nowhere.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Allowlist>"))]
    allowlist: Option<String>,
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Vec<crate::openapi::Email>", length(max = OWNERS_MAX)))]
    owners: Vec<String>,
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "crate::openapi::Memo"))]
    memo: String,
    #[cfg_attr(test, schemars(length(min = 1, max = ASSIGNMENTS_MAX)))]
    roles: Vec<RoleForm>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Algorithm>"))]
    algorithm: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<Vec<crate::openapi::Profile>>", length(max = PROFILES_MAX)))]
    profiles: Option<Vec<String>>,
    nonce: Option<Nonce>,
    replay: Option<Replay>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    not_before: Option<u64>,
    /// In seconds of Unix time; or in days from now, not both.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    expires_at: Option<u64>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Days>"))]
    life_days: Option<u64>,
}

/// A role that the key is to hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleForm {
    #[cfg_attr(test, schemars(with = "crate::openapi::Name"))]
    role: String,
    #[cfg_attr(test, schemars(with = "crate::openapi::Accounts"))]
    accounts: Accounts,
    /// Narrows the role.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Grants>"))]
    grants: Option<GrantTable>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Nonce {
    Optional,
    Required,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Replay {
    Window,
    Strict,
    StrictAll,
}

/// A change of a key. What is absent stays; `"allowlist": null` is anywhere, and nothing else is null.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct KeyEdit {
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Allowlist>"))]
    allowlist: Option<Option<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Vec<crate::openapi::Email>", length(max = OWNERS_MAX)))]
    owners: Option<Vec<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "crate::openapi::Memo"))]
    memo: Option<String>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Vec<RoleForm>", length(min = 1, max = ASSIGNMENTS_MAX)))]
    roles: Option<Vec<RoleForm>>,
    /// The APIs that these roles are for; those that the key reaches already when absent.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "crate::openapi::Apis"))]
    apis: Option<Vec<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "crate::openapi::Time"))]
    expires_at: Option<u64>,
}

/// A member that is there, null only where it may be.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A form in which every field is right.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) new: NewKey,
    pub(crate) owners: Vec<String>,
    pub(crate) memo: String,
}

/// The same of a change.
#[derive(Debug)]
pub(crate) struct CheckedEdit {
    pub(crate) record: Edit,
    pub(crate) owners: Option<Vec<String>>,
    pub(crate) memo: Option<String>,
}

#[cfg(test)]
mod tests;
