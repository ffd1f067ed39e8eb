//! How far a key reaches that makes other keys: no further than it goes itself.
use std::collections::BTreeSet;

use ipnet::IpNet;
use keyward_core::address::parse_networks;
use keyward_core::catalogue::Actions;
use keyward_wire::catalogue::OWN_API;
use keyward_wire::grants::Accounts;
use keyward_wire::record::Assignment;

use crate::policy::{Facts, MayGrant, OperatorRole, is_within};
use crate::refusal::FieldError;

/// What a key is, as far as it bounds the keys that it makes.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    environment: String,
    assignments: Vec<Assignment>,
    /// `None`: anywhere.
    networks: Option<BTreeSet<IpNet>>,
    expires_at_s: u64,
}

impl Reach {
    pub(crate) fn of(key: Facts<'_>) -> Self {
        Self {
            environment: key.environment.to_owned(),
            assignments: key.assignments.to_vec(),
            networks: networks(key.allowlist),
            expires_at_s: key.expires_at_s,
        }
    }

    /// What it may call, as a role of operators.
    pub(crate) fn role(&self) -> OperatorRole {
        OperatorRole::with(|area| {
            let everywhere = |one: &&Assignment| one.accounts == Accounts::All;
            let granted = self.assignments.iter().filter(everywhere);
            let granted = granted.fold(Actions::NONE, |actions, one| {
                actions.union(one.grants.on(OWN_API, area.as_str()))
            });
            granted.intersect(super::grantable(area))
        })
    }

    /// Roles that it may make narrower. Keys are held against [`Reach::covers`], which says more.
    pub(crate) fn may_grant(&self) -> MayGrant {
        let roles = self.assignments.iter().map(|one| one.role.clone());
        let tables = self.assignments.iter().flat_map(|one| one.grants.iter());
        MayGrant {
            roles: Accounts::Listed(roles.collect()),
            apis: Accounts::Listed(tables.map(|(api, _, _)| api.to_owned()).collect()),
            environments: Accounts::Listed(BTreeSet::from([self.environment.clone()])),
            accounts: Accounts::Listed(BTreeSet::new()),
            life_days_max: 0,
        }
    }

    pub(crate) const fn expires_at_s(&self) -> u64 {
        self.expires_at_s
    }

    pub(crate) fn is_environment(&self, name: &str) -> bool {
        self.environment == name
    }

    /// Whether another key has nothing that this one has not: the same environment, and for each
    /// of its roles the same one here with as many grants and accounts; no further networks, and no
    /// longer life.
    ///
    /// # Errors
    /// With every field that goes beyond it.
    pub(crate) fn covers(&self, key: Facts<'_>) -> Result<(), Vec<FieldError>> {
        let mut beyond = Vec::new();
        if !self.is_environment(key.environment) {
            beyond.push(FieldError::new(
                "environment",
                "is not that of the key that asks",
            ));
        }
        for (index, one) in key.assignments.iter().enumerate() {
            let is_held = self.assignments.iter().any(|own| {
                own.role == one.role
                    && is_within(&one.accounts, &own.accounts)
                    && one.grants.intersect(&own.grants) == one.grants
            });
            if !is_held {
                let detail = "is more than the key that asks holds in this role";
                beyond.push(FieldError::new(format!("roles[{index}]"), detail));
            }
        }
        if !self.covers_networks(key.allowlist) {
            let detail = "allows more than that of the key that asks";
            beyond.push(FieldError::new("allowlist", detail));
        }
        if key.expires_at_s > self.expires_at_s {
            let detail = "is after the end of the key that asks";
            beyond.push(FieldError::new("expiresAt", detail));
        }
        if beyond.is_empty() {
            Ok(())
        } else {
            Err(beyond)
        }
    }

    fn covers_networks(&self, allowlist: Option<&str>) -> bool {
        match (&self.networks, networks(allowlist)) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => others.into_iter().all(|network| {
                let wider = core::iter::successors(Some(network), IpNet::supernet);
                wider.into_iter().any(|one| own.contains(&one))
            }),
        }
    }
}

/// Of an allowlist as it is shown. One that cannot be read reaches nowhere.
fn networks(allowlist: Option<&str>) -> Option<BTreeSet<IpNet>> {
    let parsed = parse_networks(allowlist?).unwrap_or_default();
    Some(parsed.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Area;
    use keyward_core::catalogue::Action;
    use serde_json::{Value, from_value, json};

    fn assignments(json: Value) -> Vec<Assignment> {
        from_value(json).expect("assignments")
    }

    fn own() -> Vec<Assignment> {
        assignments(json!([
            { "role": "admin", "accounts": "all", "grants": { "keyward": { "keys": "cru", "operators": "crud" } } },
            { "role": "developer", "accounts": ["a1", "a2"], "grants": { "api": { "users": "cru" }, "keyward": { "audit": "r" } } },
        ]))
    }

    fn facts<'a>(assignments: &'a [Assignment], allowlist: Option<&'a str>) -> Facts<'a> {
        Facts {
            environment: "uat",
            assignments,
            allowlist,
            expires_at_s: 1_000,
        }
    }

    #[test]
    fn it_may_call_what_it_is_granted_on_all_accounts_and_keys_may_call() {
        let role = Reach::of(facts(&own(), None)).role();
        assert!(role.permits(Area::Keys, Action::Update));
        assert!(!role.permits(Area::Keys, Action::Delete));
        assert!(role.permits(Area::Operators, Action::Read));
        assert!(!role.permits(Area::Operators, Action::Create));
        assert!(!role.permits(Area::Audit, Action::Read));
    }

    #[test]
    fn what_it_makes_goes_no_further_than_itself() {
        let own = own();
        let reach = Reach::of(facts(&own, Some("192.0.2.0/24, 2001:db8::/32")));
        let less = assignments(json!([
            { "role": "developer", "accounts": ["a1"], "grants": { "api": { "users": "r" } } },
        ]));
        let near = Some("192.0.2.7, 2001:db8:1::/48");
        let fields = |key: Facts<'_>| -> Vec<String> {
            let errors = reach.covers(key).err().unwrap_or_default();
            errors.into_iter().map(|error| error.field).collect()
        };
        assert!(fields(facts(&less, near)).is_empty());
        assert!(fields(facts(&own, near)).is_empty());
        assert!(fields(facts(&less, Some(""))).is_empty());
        assert_eq!(fields(facts(&less, None)), ["allowlist"]);
        for wide in ["192.0.2.0/23", "198.51.100.1", "2001:db8::/31", "::/1"] {
            assert_eq!(fields(facts(&less, Some(wide))), ["allowlist"], "{wide}");
        }
        for more in [
            json!([{ "role": "developer", "accounts": "all", "grants": { "api": { "users": "r" } } }]),
            json!([{ "role": "developer", "accounts": ["a3"], "grants": { "api": { "users": "r" } } }]),
            json!([{ "role": "developer", "accounts": ["a1"], "grants": { "api": { "users": "crud" } } }]),
            json!([{ "role": "developer", "accounts": ["a1"], "grants": { "api": { "bills": "r" } } }]),
            // Origins are told the names of roles.
            json!([{ "role": "global-admin", "accounts": ["a1"], "grants": { "api": { "users": "r" } } }]),
            json!([{ "role": "admin", "accounts": "all", "grants": { "keyward": { "keys": "crud" } } }]),
        ] {
            let more = assignments(more);
            assert_eq!(fields(facts(&more, near)), ["roles[0]"], "{more:?}");
        }
        let elsewhere = Facts {
            environment: "production",
            expires_at_s: 1_001,
            ..facts(&less, near)
        };
        assert_eq!(fields(elsewhere), ["environment", "expiresAt"]);
    }
}
