//! Keys of the API `keyward`, with which programs call the registry.
use keyward_wire::catalogue::OWN_API;
use keyward_wire::grants::{Accounts, GrantTable};
use keyward_wire::record::Assignment;
use keyward_wire::roles::Preset;

use super::Checker;
use crate::automation::{SESSION, SESSION_ACTIONS, USAGE, USAGE_ACTIONS, grantable};
use crate::key::Kind;
use crate::policy::Area;

/// A role, with the API if its table names it: nobody gets it with "all APIs".
pub(super) fn added(
    assignment: Assignment,
    preset: Preset,
    table: Option<&GrantTable>,
) -> Assignment {
    let mut grants = assignment.grants;
    if table.is_some_and(grants_it) {
        for area in Area::ALL {
            let actions = preset.actions().intersect(grantable(area));
            grants.grant(OWN_API, area.as_str(), actions);
        }
        for (resource, most) in [(SESSION, SESSION_ACTIONS), (USAGE, USAGE_ACTIONS)] {
            grants.grant(OWN_API, resource, preset.actions().intersect(most));
        }
    }
    Assignment {
        grants,
        ..assignment
    }
}

fn grants_it(table: &GrantTable) -> bool {
    table.iter().any(|(api, _, _)| api == OWN_API)
}

impl Checker<'_> {
    /// Whether a key with these roles may call the registry, if any of them says so.
    pub(super) fn own_api(
        &mut self,
        assignments: &[Assignment],
        kind: Kind,
        profiles: Option<&[String]>,
    ) {
        let mut is_granted = false;
        for (index, one) in assignments.iter().enumerate() {
            if !grants_it(&one.grants) {
                continue;
            }
            is_granted = true;
            if one.accounts != Accounts::All {
                let detail = "must be all: the API keyward is of no account";
                self.fault(format!("roles[{index}].accounts"), detail);
            }
        }
        // A secret that is shown with each request could be used for another one.
        if is_granted && kind != Kind::Signed {
            self.fault("kind", "must be signed for the API keyward");
        }
        if is_granted && profiles.is_some_and(|names| names.iter().any(|name| name != "rfc9421")) {
            self.fault("profiles", "must be rfc9421 alone for the API keyward");
        }
    }
}
