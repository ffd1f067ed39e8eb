//! Keys as they are asked for.
mod check;
mod import;

use keyward_issuer::NewKey;
use keyward_issuer::change::Edit;
use keyward_wire::grants::{Accounts, GrantTable};
use serde::{Deserialize, Deserializer, Serialize};

use super::Kind;

pub(crate) use check::Checker;
pub(crate) use import::{ImportForm, ImportRow, Own, ROWS_MAX, RowFault};

/// A new key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KeyForm {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) environment: String,
    /// The APIs that the roles are for; all of the catalogue when absent.
    apis: Option<Vec<String>>,
    /// Addresses and networks with commas between; absent: anywhere, empty: nowhere.
    allowlist: Option<String>,
    #[serde(default)]
    owners: Vec<String>,
    #[serde(default)]
    memo: String,
    roles: Vec<RoleForm>,
    algorithm: Option<String>,
    profiles: Option<Vec<String>>,
    nonce: Option<Nonce>,
    replay: Option<Replay>,
    not_before: Option<u64>,
    /// In seconds of Unix time; or in days from now, not both.
    expires_at: Option<u64>,
    life_days: Option<u64>,
}

/// A role that the key is to hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleForm {
    role: String,
    accounts: Accounts,
    /// Narrows the role.
    grants: Option<GrantTable>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Nonce {
    Optional,
    Required,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Replay {
    Window,
    Strict,
    StrictAll,
}

/// A change of a key. What is absent stays; `"allowlist": null` is anywhere.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct KeyEdit {
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    allowlist: Option<Option<String>>,
    owners: Option<Vec<String>>,
    memo: Option<String>,
    roles: Option<Vec<RoleForm>>,
    expires_at: Option<u64>,
}

/// Tells a member that is null from one that is not there.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
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
