//! Keys that clients have already, as they are asked for: rows, and what they have in common.
mod own;

use keyward_issuer::import::is_imported_key_id;
use serde::{Deserialize, Serialize};

#[cfg(test)]
use super::{ASSIGNMENTS_MAX, OWNERS_MAX, PROFILES_MAX};
use super::{KeyForm, Nonce, Replay, RoleForm};
use crate::key::Kind;

use own::Hidden;
pub(crate) use own::Own;

/// Rows of one request.
pub(crate) const ROWS_MAX: usize = 200;

/// Keys to import.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ImportForm {
    /// Only says what would become of each row.
    #[serde(default)]
    pub(crate) dry_run: bool,
    /// Who asks answers for secrets that may be guessed.
    #[serde(default)]
    pub(crate) allow_short_secrets: bool,
    /// What holds for rows that do not say it themselves.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("properties" = no_key_of_their_own())))]
    pub(crate) defaults: ImportRow,
    #[cfg_attr(test, schemars(length(min = 1, max = ROWS_MAX)))]
    pub(crate) rows: Vec<ImportRow>,
}

/// What only rows may have.
#[cfg(test)]
fn no_key_of_their_own() -> serde_json::Value {
    let none = serde_json::json!({ "type": "null" });
    let names = ["keyId", "name", "secret", "sha256"];
    names
        .map(|name| (name.to_owned(), none.clone()))
        .into_iter()
        .collect()
}

/// A key as in [`KeyForm`], with the id and the secret that it has.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ImportRow {
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::KeyId>"))]
    key_id: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::KeyName>"))]
    pub(crate) name: Option<String>,
    kind: Option<Kind>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Name>"))]
    environment: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Apis>"))]
    apis: Option<Vec<String>>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Allowlist>"))]
    allowlist: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<Vec<crate::openapi::Email>>", length(max = OWNERS_MAX)))]
    owners: Option<Vec<String>>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Memo>"))]
    memo: Option<String>,
    #[cfg_attr(test, schemars(length(min = 1, max = ASSIGNMENTS_MAX)))]
    roles: Option<Vec<RoleForm>>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::ImportedAlgorithm>"))]
    algorithm: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<Vec<crate::openapi::Profile>>", length(max = PROFILES_MAX)))]
    profiles: Option<Vec<String>>,
    nonce: Option<Nonce>,
    replay: Option<Replay>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    not_before: Option<u64>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    expires_at: Option<u64>,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Days>"))]
    life_days: Option<u64>,
    /// Of signed and token keys: the secret's bytes, as base64url without padding.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Base64url>"))]
    secret: Option<Hidden>,
    /// Of basic keys: the SHA-256 of the secret, in hex or base64.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Sha256>"))]
    sha256: Option<Hidden>,
}

/// Why a row does not become a key; codes are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum RowFault {
    BeyondMayGrant,
    DuplicateId,
    Invalid,
    InvalidDigest,
    InvalidId,
    LongSecret,
    MistypedSecret,
    NoSecret,
    NotBase64,
    ShortSecret,
    TakenId,
    TakenName,
}

impl ImportRow {
    /// Whether it names one key: what all have in common may not.
    pub(crate) const fn names_a_key(&self) -> bool {
        self.key_id.is_some()
            || self.name.is_some()
            || self.secret.is_some()
            || self.sha256.is_some()
    }

    /// With what the others say where it says nothing.
    pub(crate) fn or(self, defaults: &Self) -> Self {
        // One end of a key stands for the other.
        let ends = self.expires_at.is_some() || self.life_days.is_some();
        let (expires_at, life_days) = match ends {
            true => (self.expires_at, self.life_days),
            false => (defaults.expires_at, defaults.life_days),
        };
        // What one kind has, others have not.
        let is_same_kind = self.kind.is_none() || self.kind == defaults.kind;
        let of_kind = is_same_kind.then_some(defaults);
        Self {
            kind: self.kind.or(defaults.kind),
            environment: self.environment.or_else(|| defaults.environment.clone()),
            apis: self.apis.or_else(|| defaults.apis.clone()),
            allowlist: self.allowlist.or_else(|| defaults.allowlist.clone()),
            owners: self.owners.or_else(|| defaults.owners.clone()),
            memo: self.memo.or_else(|| defaults.memo.clone()),
            roles: self.roles.or_else(|| defaults.roles.clone()),
            algorithm: self.algorithm.or_else(|| of_kind?.algorithm.clone()),
            profiles: self.profiles.or_else(|| of_kind?.profiles.clone()),
            nonce: self.nonce.or_else(|| of_kind?.nonce),
            replay: self.replay.or_else(|| of_kind?.replay),
            not_before: self.not_before.or(defaults.not_before),
            expires_at,
            life_days,
            ..self
        }
    }

    /// Its id, if a key may have it. In a column that slipped it could be a secret, so any other is
    /// not repeated.
    pub(crate) fn valid_id(&self) -> Option<&str> {
        self.key_id.as_deref().filter(|id| is_imported_key_id(id))
    }

    pub(crate) fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// # Errors
    /// With what is wrong with its secret or digest, whatever may be overridden.
    pub(crate) fn own(&self) -> Result<Own, RowFault> {
        Own::read(self.secret.as_ref(), self.sha256.as_ref())
    }

    /// What it asks for besides; members that are missing.
    ///
    /// # Errors
    /// The members that have to be there, and are not.
    pub(crate) fn form(&self) -> Result<KeyForm, Vec<&'static str>> {
        let (Some(name), Some(kind), Some(environment), Some(roles)) =
            (&self.name, self.kind, &self.environment, &self.roles)
        else {
            let all = [
                ("name", self.name.is_none()),
                ("kind", self.kind.is_none()),
                ("environment", self.environment.is_none()),
                ("roles", self.roles.is_none()),
            ];
            let missing = all.into_iter().filter(|(_, is_missing)| *is_missing);
            return Err(missing.map(|(name, _)| name).collect());
        };
        Ok(KeyForm {
            name: name.clone(),
            kind,
            environment: environment.clone(),
            apis: self.apis.clone(),
            allowlist: self.allowlist.clone(),
            owners: self.owners.clone().unwrap_or_default(),
            memo: self.memo.clone().unwrap_or_default(),
            roles: roles.clone(),
            algorithm: self.algorithm.clone(),
            profiles: self.profiles.clone(),
            nonce: self.nonce,
            replay: self.replay,
            not_before: self.not_before,
            expires_at: self.expires_at,
            life_days: self.life_days,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64ct::{Base64UrlUnpadded, Encoding};
    use serde_json::{Value, from_value, json};

    fn row(json: Value) -> ImportRow {
        from_value(json).expect("a row")
    }

    #[test]
    fn a_row_says_itself_what_defaults_say_otherwise() {
        let defaults = json!({
            "kind": "signed", "environment": "uat", "algorithm": "hmac-sha256", "profiles": ["kong"],
            "roles": [{ "role": "admin", "accounts": "all" }], "lifeDays": 30, "owners": ["a@b.example"],
        });
        let defaults = row(defaults);
        let form = row(json!({ "keyId": "a", "name": "a" }))
            .or(&defaults)
            .form();
        let form = form.expect("a form");
        assert_eq!(
            (form.environment.as_str(), form.life_days),
            ("uat", Some(30))
        );
        assert_eq!(form.profiles, Some(Vec::from(["kong".to_owned()])));
        // Another kind has no profiles, and one end of a key stands for the other.
        let token = json!({ "name": "b", "kind": "token", "expiresAt": 5, "owners": [] });
        let form = row(token).or(&defaults).form().expect("a form");
        assert_eq!((form.profiles, form.algorithm), (None, None));
        assert_eq!((form.life_days, form.expires_at), (None, Some(5)));
        assert!(form.owners.is_empty());
        let missing = row(json!({ "name": "c" })).or(&ImportRow::default()).form();
        assert_eq!(
            missing.err(),
            Some(Vec::from(["kind", "environment", "roles"]))
        );
    }

    #[test]
    fn nothing_prints_a_secret() {
        let secret = Base64UrlUnpadded::encode_string(b"a secret of thirty-two bytes, or more");
        let row = row(json!({ "keyId": "a", "secret": secret, "sha256": secret }));
        assert!(!format!("{row:?}").contains(&secret));
        let own = self::row(json!({ "secret": secret }))
            .own()
            .expect("a secret");
        assert_eq!(format!("{own:?}"), "Own(..)");
        assert!(!own.is_short());
    }
}
