//! The roles of a form, as what they grant.
use std::collections::BTreeSet;

use keyward_core::limits::{ACCOUNTS_MAX, APIS_MAX, ASSIGNMENTS_MAX};
use keyward_wire::catalogue::OWN_API;
use keyward_wire::grants::{Accounts, GrantTable, is_account};
use keyward_wire::record::Assignment;
use keyward_wire::roles::Preset;

use super::super::{RoleForm, own_api};
use super::Checker;
use crate::key::KeyView;

impl Checker<'_> {
    /// The roles that a key is to have instead of its own, on the APIs that are named, or else on
    /// those that it reaches: another role is not to open another API unasked.
    pub(super) fn other_roles(
        &mut self,
        roles: Option<Vec<RoleForm>>,
        apis: Option<Vec<String>>,
        key: &KeyView,
    ) -> Option<Vec<Assignment>> {
        if roles.is_none() && apis.is_some() {
            self.fault("apis", "must stand beside roles");
        }
        let apis = apis.unwrap_or_else(|| {
            let reached = key.roles.iter().flat_map(|one| one.grants.iter());
            let reached: BTreeSet<_> = reached.map(|(api, _, _)| api).collect();
            let there = reached.into_iter().filter(|api| self.is_api(api));
            there.map(str::to_owned).collect()
        });
        roles.map(|roles| self.roles(roles, Some(&apis)))
    }

    fn is_api(&self, name: &str) -> bool {
        name == OWN_API || self.catalogue.apis.iter().any(|one| one.name == name)
    }

    pub(super) fn roles(
        &mut self,
        roles: Vec<RoleForm>,
        apis: Option<&[String]>,
    ) -> Vec<Assignment> {
        if apis.is_some_and(|apis| apis.len() > APIS_MAX) {
            self.fault("apis", "must be 64 at most");
            return Vec::new();
        }
        for (index, api) in apis.into_iter().flatten().enumerate() {
            if !self.is_api(api) {
                self.fault(format!("apis[{index}]"), "is not an API of this deployment");
            }
        }
        if roles.is_empty() || roles.len() > ASSIGNMENTS_MAX {
            self.fault("roles", "must be 1 to 16");
            return Vec::new();
        }
        let mut assignments: Vec<Assignment> = Vec::new();
        for (index, form) in roles.into_iter().enumerate() {
            let faults = self.errors.len();
            if let Accounts::Listed(names) = &form.accounts
                && (names.len() > ACCOUNTS_MAX || !names.iter().all(|name| is_account(name)))
            {
                self.fault(
                    format!("roles[{index}].accounts"),
                    "must be at most 1,000 accounts of 1 to 256 visible characters, without / and not *",
                );
                continue;
            }
            let assigned = match (Preset::parse(&form.role), self.roles.get(&form.role)) {
                (Some(preset), _) => preset
                    .assign(form.accounts, self.catalogue)
                    .map(|one| own_api::added(one, preset, form.grants.as_ref())),
                (None, Some(grants)) => Ok(Assignment {
                    role: form.role,
                    accounts: form.accounts,
                    grants: grants.clone(),
                }),
                (None, None) => {
                    self.fault(format!("roles[{index}].role"), "is not a role");
                    continue;
                }
            };
            let assigned = assigned.map(|one| of_apis(one, apis));
            match (assigned, form.grants) {
                (Err(error), _) => self.fault(format!("roles[{index}].accounts"), error),
                (Ok(assigned), None) => assignments.push(assigned),
                (Ok(assigned), Some(table)) => match assigned.narrow(table) {
                    Ok(narrow) => assignments.push(narrow),
                    Err(error) => self.fault(format!("roles[{index}].grants"), error),
                },
            }
            let grants_nothing = assignments
                .last()
                .is_some_and(|one| one.grants.iter().next().is_none());
            if self.errors.len() == faults && grants_nothing {
                self.fault(format!("roles[{index}]"), "grants nothing on these APIs");
            }
        }
        assignments
    }
}

/// Without the grants on other APIs.
fn of_apis(assignment: Assignment, apis: Option<&[String]>) -> Assignment {
    let Some(apis) = apis else { return assignment };
    let mut grants = GrantTable::default();
    for (api, resource, actions) in assignment.grants.iter() {
        if apis.iter().any(|one| one == api) {
            grants.grant(api, resource, actions);
        }
    }
    Assignment {
        grants,
        ..assignment
    }
}
