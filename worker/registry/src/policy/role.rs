//! What operators may do.
use keyward_core::catalogue::{Action, Actions};
use keyward_wire::catalogue::OWN_API;
use keyward_wire::record::Assignment;
use serde::{Deserialize, Serialize};

use super::Area;
use crate::refusal::FieldError;

/// A role of operators: a name that every deployment has, or a table of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OperatorRole {
    FirmAdmin,
    KeyManager,
    /// Reads everything and changes nothing.
    Auditor,
    Custom(Permissions),
}

/// The actions in each area, as letters of `crud`; what is left out is not permitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(transform = crate::openapi::optional_members))]
pub(crate) struct Permissions {
    #[serde(with = "letters")]
    #[cfg_attr(test, schemars(with = "crate::openapi::Letters"))]
    keys: Actions,
    #[serde(with = "letters")]
    #[cfg_attr(test, schemars(with = "crate::openapi::Letters"))]
    operators: Actions,
    #[serde(with = "letters")]
    #[cfg_attr(test, schemars(with = "crate::openapi::Letters"))]
    audit: Actions,
    #[serde(with = "letters")]
    #[cfg_attr(test, schemars(with = "crate::openapi::Letters"))]
    organisation: Actions,
    #[serde(with = "letters")]
    #[cfg_attr(test, schemars(with = "crate::openapi::Letters"))]
    secrets: Actions,
}

impl OperatorRole {
    /// The table with these actions.
    pub(crate) fn with(actions: impl Fn(Area) -> Actions) -> Self {
        Self::Custom(Permissions {
            keys: actions(Area::Keys),
            operators: actions(Area::Operators),
            audit: actions(Area::Audit),
            organisation: actions(Area::Organisation),
            secrets: actions(Area::Secrets),
        })
    }

    pub(crate) fn permits(&self, area: Area, action: Action) -> bool {
        self.actions(area).contains(action)
    }

    fn actions(&self, area: Area) -> Actions {
        let read = Actions::NONE.with(Action::Read);
        match (self, area) {
            (Self::FirmAdmin, _) | (Self::KeyManager, Area::Keys) => Actions::ALL,
            (Self::KeyManager | Self::Auditor, Area::Secrets) => Actions::NONE,
            (Self::KeyManager | Self::Auditor, _) => read,
            (Self::Custom(table), Area::Keys) => table.keys,
            (Self::Custom(table), Area::Operators) => table.operators,
            (Self::Custom(table), Area::Audit) => table.audit,
            (Self::Custom(table), Area::Organisation) => table.organisation,
            (Self::Custom(table), Area::Secrets) => table.secrets,
        }
    }

    /// Whether a key calls the registry for nothing that the role does not permit.
    ///
    /// # Errors
    /// With every assignment that does more.
    pub(crate) fn covers(&self, assignments: &[Assignment]) -> Result<(), Vec<FieldError>> {
        let mut beyond = Vec::new();
        for (index, one) in assignments.iter().enumerate() {
            for area in Area::ALL {
                let granted = one.grants.on(OWN_API, area.as_str());
                if !granted.is_subset_of(self.actions(area)) {
                    let detail = format!("{OWN_API}/{}: more than your own role", area.as_str());
                    beyond.push(FieldError::new(format!("roles[{index}].grants"), detail));
                }
            }
        }
        if beyond.is_empty() {
            Ok(())
        } else {
            Err(beyond)
        }
    }

    /// Whether it permits nothing that the other one does not.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let mut areas = Area::ALL.into_iter().chain([Area::Secrets]);
        areas.all(|area| self.actions(area).is_subset_of(other.actions(area)))
    }
}

mod letters {
    use keyward_core::catalogue::Actions;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(actions: &Actions, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(actions)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Actions, D::Error> {
        Actions::parse(&String::deserialize(from)?)
            .ok_or_else(|| D::Error::custom("actions are some letters of crud, in this order"))
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    fn role(json: serde_json::Value) -> OperatorRole {
        from_value(json).expect("a role")
    }

    #[test]
    fn roles_permit_what_their_names_say() {
        for area in Area::ALL {
            assert!(role(json!("firm-admin")).permits(area, Action::Delete));
            assert!(role(json!("auditor")).permits(area, Action::Read));
            assert!(!role(json!("auditor")).permits(area, Action::Create));
        }
        let manager = role(json!("key-manager"));
        assert!(manager.permits(Area::Keys, Action::Create));
        assert!(!manager.permits(Area::Operators, Action::Create));
        // Who reads everything reads no sealed secrets.
        assert!(role(json!("firm-admin")).permits(Area::Secrets, Action::Read));
        for reader in ["key-manager", "auditor"] {
            assert!(!role(json!(reader)).permits(Area::Secrets, Action::Read));
        }
        assert!(role(json!({ "custom": { "secrets": "r" } })).permits(Area::Secrets, Action::Read));
        let custom = role(json!({ "custom": { "keys": "ru", "audit": "r" } }));
        assert!(custom.permits(Area::Keys, Action::Update));
        assert!(!custom.permits(Area::Keys, Action::Create));
        assert!(!custom.permits(Area::Operators, Action::Read));
        for bad in [
            json!("root"),
            json!({ "custom": { "keys": "ur" } }),
            json!({ "custom": { "key": "r" } }),
        ] {
            assert!(from_value::<OperatorRole>(bad).is_err());
        }
    }

    #[test]
    fn who_gives_a_key_the_registry_may_do_as_much_himself() {
        let fields = |of: serde_json::Value, grants: serde_json::Value| -> Vec<String> {
            let assignment =
                json!([{ "role": "admin", "accounts": "all", "grants": { "keyward": grants } }]);
            let assignments: Vec<Assignment> = from_value(assignment).expect("assignments");
            let errors = role(of).covers(&assignments).err().unwrap_or_default();
            errors.into_iter().map(|error| error.detail).collect()
        };
        assert!(
            fields(
                json!("firm-admin"),
                json!({ "keys": "crud", "organisation": "crud" })
            )
            .is_empty()
        );
        assert!(
            fields(
                json!("key-manager"),
                json!({ "keys": "crud", "operators": "r" })
            )
            .is_empty()
        );
        let beyond = fields(
            json!("key-manager"),
            json!({ "operators": "crud", "organisation": "u" }),
        );
        assert_eq!(beyond.len(), 2, "{beyond:?}");
        assert_eq!(fields(json!("auditor"), json!({ "keys": "c" })).len(), 1);
    }

    #[test]
    fn nobody_makes_an_operator_above_himself() {
        let admin = role(json!("firm-admin"));
        let manager = role(json!("key-manager"));
        let auditor = role(json!("auditor"));
        assert!(manager.is_within(&admin) && auditor.is_within(&manager));
        assert!(!admin.is_within(&manager));
        assert!(!role(json!({ "custom": { "operators": "c" } })).is_within(&manager));
    }
}
