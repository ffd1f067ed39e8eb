//! The roles that every deployment has, and how an assignment narrows one.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use keyward_core::catalogue::{Action, Actions};

use crate::catalogue::CatalogueFile;
use crate::grants::{Accounts, GrantTable};
use crate::record::Assignment;

/// A role with the same actions on every resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    Admin,
    /// Everything but deleting.
    Developer,
    ReadOnly,
    /// Of all accounts, also future ones.
    GlobalAdmin,
    /// Of all accounts, also future ones.
    GlobalViewer,
    /// Of the accounts that are listed, never of all.
    AccountViewer,
}

impl Preset {
    pub const ALL: [Self; 6] = [
        Self::Admin,
        Self::Developer,
        Self::ReadOnly,
        Self::GlobalAdmin,
        Self::GlobalViewer,
        Self::AccountViewer,
    ];

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::ReadOnly => "read-only",
            Self::GlobalAdmin => "global-admin",
            Self::GlobalViewer => "global-viewer",
            Self::AccountViewer => "account-viewer",
        }
    }

    /// What it may do with every resource.
    #[must_use]
    pub const fn actions(self) -> Actions {
        let read = Actions::NONE.with(Action::Read);
        match self {
            Self::Admin | Self::GlobalAdmin => Actions::ALL,
            Self::Developer => read.with(Action::Create).with(Action::Update),
            Self::ReadOnly | Self::GlobalViewer | Self::AccountViewer => read,
        }
    }

    /// The assignment with a grant on each resource that the catalogue has now. One that is added
    /// later is not in it.
    ///
    /// # Errors
    /// When the role is for all accounts and some are listed, or the other way round.
    pub fn assign(
        self,
        accounts: Accounts,
        catalogue: &CatalogueFile,
    ) -> Result<Assignment, RoleError> {
        match (self, &accounts) {
            (Self::GlobalAdmin | Self::GlobalViewer, Accounts::Listed(_)) => {
                return Err(RoleError::IsGlobal(self));
            }
            (Self::AccountViewer, Accounts::All) => return Err(RoleError::NeedsAccounts(self)),
            (Self::AccountViewer, Accounts::Listed(names)) if names.is_empty() => {
                return Err(RoleError::NeedsAccounts(self));
            }
            _ => {}
        }
        let mut grants = GrantTable::default();
        for (api, resource) in catalogue.resources() {
            grants.grant(api, resource, self.actions());
        }
        Ok(Assignment {
            role: String::from(self.as_str()),
            accounts,
            grants,
        })
    }
}

impl Assignment {
    /// The same assignment with exactly the grants of `table`, all of which it must have already.
    ///
    /// # Errors
    /// With every grant that it does not have.
    pub fn narrow(mut self, table: GrantTable) -> Result<Self, RoleError> {
        let wider: Vec<_> = table
            .iter()
            .filter_map(|(api, resource, actions)| {
                let beyond = without(actions, self.grants.on(api, resource));
                (!beyond.is_empty()).then(|| alloc::format!("{api}/{resource}: {beyond}"))
            })
            .collect();
        if !wider.is_empty() {
            return Err(RoleError::Wider {
                role: self.role,
                grants: wider,
            });
        }
        self.grants = table;
        Ok(self)
    }
}

fn without(actions: Actions, taken: Actions) -> Actions {
    let left = Action::ALL
        .into_iter()
        .filter(|one| actions.contains(*one) && !taken.contains(*one));
    left.fold(Actions::NONE, Actions::with)
}

/// Why a role cannot be assigned so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleError {
    /// The role is for all accounts.
    IsGlobal(Preset),
    /// The role is for listed accounts.
    NeedsAccounts(Preset),
    /// The table has grants that the role does not have, as `api/resource: letters`.
    Wider { role: String, grants: Vec<String> },
}

impl fmt::Display for RoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsGlobal(role) => {
                write!(
                    f,
                    "role {} is for all accounts; none can be listed",
                    role.as_str()
                )
            }
            Self::NeedsAccounts(role) => {
                write!(f, "role {} needs a list of accounts", role.as_str())
            }
            Self::Wider { role, grants } => {
                write!(f, "role {role} does not have {}", grants.join(", "))
            }
        }
    }
}

impl core::error::Error for RoleError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::string::ToString;

    fn catalogue(resources: &str) -> CatalogueFile {
        CatalogueFile::parse(&alloc::format!(
            r#"{{ "apis": [ {{ "name": "management", "resources": {resources}, "routes": [], "origin": "o" }} ],
                 "origins": {{}} }}"#
        ))
        .unwrap()
    }

    fn table(json: &str) -> GrantTable {
        serde_json::from_str(json).unwrap()
    }

    fn listed(names: &[&str]) -> Accounts {
        Accounts::Listed(
            names
                .iter()
                .map(ToString::to_string)
                .collect::<BTreeSet<_>>(),
        )
    }

    #[test]
    fn presets_grant_what_their_names_say() {
        let catalogue = catalogue(r#"["users"]"#);
        for (preset, accounts, letters) in [
            (Preset::Admin, Accounts::All, "crud"),
            (Preset::Developer, Accounts::All, "cru"),
            (Preset::ReadOnly, listed(&["a1"]), "r"),
            (Preset::GlobalAdmin, Accounts::All, "crud"),
            (Preset::GlobalViewer, Accounts::All, "r"),
            (Preset::AccountViewer, listed(&["a1", "a2"]), "r"),
        ] {
            let held = preset.assign(accounts, &catalogue).unwrap();
            assert_eq!(
                held.grants.on("management", "users"),
                Actions::parse(letters).unwrap()
            );
            assert_eq!(Preset::parse(&held.role), Some(preset));
        }
    }

    #[test]
    fn a_resource_added_later_is_not_granted() {
        let held = Preset::Admin
            .assign(Accounts::All, &catalogue(r#"["users"]"#))
            .unwrap();
        let later = catalogue(r#"["users", "invoices"]"#);
        assert_eq!(later.resources().count(), 2);
        assert_eq!(
            held.grants,
            table(r#"{ "management": { "users": "crud" } }"#)
        );
    }

    #[test]
    fn accounts_must_suit_the_role() {
        let catalogue = catalogue(r#"["users"]"#);
        assert!(
            Preset::AccountViewer
                .assign(Accounts::All, &catalogue)
                .is_err()
        );
        assert!(
            Preset::AccountViewer
                .assign(listed(&[]), &catalogue)
                .is_err()
        );
        assert!(
            Preset::GlobalViewer
                .assign(listed(&["a1"]), &catalogue)
                .is_err()
        );
        assert!(
            Preset::GlobalAdmin
                .assign(listed(&["a1"]), &catalogue)
                .is_err()
        );
    }

    #[test]
    fn a_table_narrows_and_never_widens() {
        let held = Preset::Developer
            .assign(Accounts::All, &catalogue(r#"["keys", "users"]"#))
            .unwrap();
        let narrow = table(r#"{ "management": { "users": "ru" } }"#);
        assert_eq!(held.clone().narrow(narrow.clone()).unwrap().grants, narrow);

        let wide = table(
            r#"{ "billing": { "invoices": "r" }, "management": { "keys": "r", "users": "rud" } }"#,
        );
        assert_eq!(
            held.narrow(wide).unwrap_err().to_string(),
            "role developer does not have billing/invoices: r, management/users: d"
        );
    }
}
