//! Which keys operators may make and change: `mayGrant`, which a key has to be inside of before
//! and after a change.
use keyward_core::deployment::is_name;
use keyward_core::limits::ACCOUNTS_MAX;
use keyward_wire::grants::{Accounts, GrantTable, is_account};
use keyward_wire::record::Assignment;
use serde::{Deserialize, Serialize};

use super::DAY_S;
#[cfg(test)]
use crate::organisation::LIFE_DAYS_MAX;
use crate::refusal::FieldError;

/// Which keys an operator may make and change. `"all"` or a list each; nothing is the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MayGrant {
    #[cfg_attr(test, schemars(with = "crate::openapi::Names"))]
    pub(crate) roles: Accounts,
    #[cfg_attr(test, schemars(with = "crate::openapi::Names"))]
    pub(crate) apis: Accounts,
    #[cfg_attr(test, schemars(with = "crate::openapi::Names"))]
    pub(crate) environments: Accounts,
    #[cfg_attr(test, schemars(with = "crate::openapi::Accounts"))]
    pub(crate) accounts: Accounts,
    /// The longest life that is left to a key, in days.
    #[cfg_attr(test, schemars(range(max = LIFE_DAYS_MAX)))]
    pub(crate) life_days_max: u64,
}

/// What of a key is compared with a `mayGrant`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) environment: &'a str,
    pub(crate) assignments: &'a [Assignment],
    pub(crate) allowlist: Option<&'a str>,
    pub(crate) expires_at_s: u64,
}

impl MayGrant {
    /// Everything, with lives as long as the organisation allows.
    pub(crate) fn everything(life_days_max: u64) -> Self {
        Self {
            roles: Accounts::All,
            apis: Accounts::All,
            environments: Accounts::All,
            accounts: Accounts::All,
            life_days_max,
        }
    }

    /// Whether a key is inside.
    ///
    /// # Errors
    /// With every field that goes beyond it.
    pub(crate) fn covers(&self, key: Facts<'_>, now_s: u64) -> Result<(), Vec<FieldError>> {
        let mut beyond = Vec::new();
        if !has(&self.environments, key.environment) {
            beyond.push(FieldError::new("environment", key.environment));
        }
        for (index, one) in key.assignments.iter().enumerate() {
            let at = |member: &str| format!("roles[{index}].{member}");
            if !has(&self.roles, &one.role) {
                beyond.push(FieldError::new(at("role"), &one.role));
            }
            for api in one.grants.iter().map(|(api, _, _)| api) {
                if !has(&self.apis, api) {
                    let error = FieldError::new(at("grants"), format!("API {api}"));
                    if !beyond.contains(&error) {
                        beyond.push(error);
                    }
                }
            }
            if !is_within(&one.accounts, &self.accounts) {
                let detail = "accounts beyond those that may be granted";
                beyond.push(FieldError::new(at("accounts"), detail));
            }
        }
        if key.expires_at_s > now_s.saturating_add(self.life_days_max.saturating_mul(DAY_S)) {
            let detail = format!("more than {} days from now", self.life_days_max);
            beyond.push(FieldError::new("expiresAt", detail));
        }
        if beyond.is_empty() {
            Ok(())
        } else {
            Err(beyond)
        }
    }

    /// Whether a role may have these grants, whatever the accounts. Who may grant some roles only
    /// says nothing of what they grant, but that it becomes less: he would grant himself the rest.
    ///
    /// # Errors
    /// With every field that goes beyond it.
    pub(crate) fn covers_role(
        &self,
        name: &str,
        before: Option<&GrantTable>,
        grants: &GrantTable,
    ) -> Result<(), Vec<FieldError>> {
        let mut beyond = Vec::new();
        let is_narrower = before.is_some_and(|before| before.intersect(grants) == *grants);
        if self.roles != Accounts::All && !(is_narrower && has(&self.roles, name)) {
            beyond.push(FieldError::new("name", name));
        }
        for api in grants.iter().map(|(api, _, _)| api) {
            let error = FieldError::new("grants", format!("API {api}"));
            if !has(&self.apis, api) && !beyond.contains(&error) {
                beyond.push(error);
            }
        }
        if beyond.is_empty() {
            Ok(())
        } else {
            Err(beyond)
        }
    }

    /// # Errors
    /// With every list that has something in it which is no name.
    pub(crate) fn check(&self) -> Result<(), Vec<FieldError>> {
        let lists = [
            ("roles", &self.roles, is_name as fn(&str) -> bool),
            ("apis", &self.apis, is_name),
            ("environments", &self.environments, is_name),
            ("accounts", &self.accounts, is_account),
        ];
        let mut faults = Vec::new();
        for (member, list, is_one) in lists {
            let Accounts::Listed(names) = list else {
                continue;
            };
            let detail = if names.len() > ACCOUNTS_MAX {
                "must be 1,000 at most"
            } else if names.iter().all(|name| is_one(name)) {
                continue;
            } else {
                "has something that is no name"
            };
            faults.push(FieldError::new(format!("mayGrant.{member}"), detail));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    /// Whether it allows nothing that the other one does not.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        is_within(&self.roles, &other.roles)
            && is_within(&self.apis, &other.apis)
            && is_within(&self.environments, &other.environments)
            && is_within(&self.accounts, &other.accounts)
            && self.life_days_max <= other.life_days_max
    }
}

fn has(list: &Accounts, name: &str) -> bool {
    match list {
        Accounts::All => true,
        Accounts::Listed(names) => names.contains(name),
    }
}

pub(crate) fn is_within(inner: &Accounts, outer: &Accounts) -> bool {
    match (inner, outer) {
        (_, Accounts::All) => true,
        (Accounts::All, Accounts::Listed(_)) => false,
        (Accounts::Listed(inner), Accounts::Listed(outer)) => inner.is_subset(outer),
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    fn may_grant() -> MayGrant {
        from_value(json!({
            "roles": ["read-only"], "apis": ["management"], "environments": ["uat"],
            "accounts": ["a1", "a2"], "lifeDaysMax": 30
        }))
        .expect("a mayGrant")
    }

    fn assignment(role: &str, accounts: serde_json::Value, api: &str) -> Assignment {
        from_value(
            json!({ "role": role, "accounts": accounts, "grants": { api: { "users": "r" } } }),
        )
        .expect("an assignment")
    }

    #[test]
    fn a_key_is_inside_or_every_excess_is_named() {
        let now_s = 1_000_000;
        let inside = [assignment("read-only", json!(["a1"]), "management")];
        let facts = Facts {
            environment: "uat",
            assignments: &inside,
            allowlist: None,
            expires_at_s: now_s + 30 * DAY_S,
        };
        assert_eq!(may_grant().covers(facts, now_s), Ok(()));
        let beyond = [assignment("admin", json!("all"), "billing")];
        let facts = Facts {
            environment: "production",
            assignments: &beyond,
            allowlist: None,
            expires_at_s: now_s + 30 * DAY_S + 1,
        };
        let errors = may_grant().covers(facts, now_s).expect_err("errors");
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "environment",
                "roles[0].role",
                "roles[0].grants",
                "roles[0].accounts",
                "expiresAt"
            ]
        );
        assert_eq!(MayGrant::everything(31).covers(facts, now_s), Ok(()));
    }

    #[test]
    fn who_may_grant_some_roles_makes_none_of_them_wider() {
        let table = |letters: &str| -> GrantTable {
            from_value(json!({ "management": { "users": letters } })).expect("grants")
        };
        let fields = |may_grant: &MayGrant, name, before: Option<&str>, after| {
            let before = before.map(table);
            let covered = may_grant.covers_role(name, before.as_ref(), &table(after));
            let errors = covered.err().unwrap_or_default();
            Vec::from_iter(errors.into_iter().map(|error| error.field))
        };
        assert!(fields(&may_grant(), "read-only", Some("rd"), "r").is_empty());
        assert_eq!(fields(&may_grant(), "read-only", Some("r"), "rd"), ["name"]);
        assert_eq!(fields(&may_grant(), "read-only", None, "r"), ["name"]);
        assert_eq!(fields(&may_grant(), "other", Some("rd"), "r"), ["name"]);
        let all = MayGrant::everything(1);
        assert!(fields(&all, "other", Some("r"), "rd").is_empty());
        assert!(fields(&all, "other", None, "rd").is_empty());
    }

    #[test]
    fn lists_are_of_names() {
        assert_eq!(may_grant().check(), Ok(()));
        let names = |json| from_value(json).expect("a list");
        let many: Vec<_> = (0..=ACCOUNTS_MAX).map(|at| format!("a{at}")).collect();
        let bad = MayGrant {
            roles: names(json!([""])),
            apis: names(json!(["A"])),
            accounts: names(json!(many)),
            ..may_grant()
        };
        let faults = bad.check().expect_err("faults");
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            ["mayGrant.roles", "mayGrant.apis", "mayGrant.accounts"]
        );
    }

    #[test]
    fn may_grant_is_handed_on_narrower_only() {
        let all = MayGrant::everything(365);
        assert!(may_grant().is_within(&all) && !all.is_within(&may_grant()));
        let longer = MayGrant {
            life_days_max: 31,
            ..may_grant()
        };
        assert!(!longer.is_within(&may_grant()));
        let other = MayGrant {
            accounts: from_value(json!(["a1", "a3"])).expect("accounts"),
            ..may_grant()
        };
        assert!(!other.is_within(&may_grant()));
    }
}
