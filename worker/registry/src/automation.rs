//! Programs call the registry with a key of its own API, `keyward`. Here is what keys may call, and
//! what of it they can be granted.
mod judge;
mod reach;
mod request;

use keyward_core::catalogue::{Action, Actions, ApiDefinition, Method, RouteDefinition};
use keyward_wire::catalogue::OWN_API;
use keyward_wire::record::Assignment;

use crate::operation::{self, Operation};
use crate::policy::Area;

pub(crate) use judge::Automation;
pub(crate) use reach::Reach;
pub(crate) use request::{Signed, organisation};

/// What a key can be granted at most, whatever its role: operators are for people to change, and
/// the log for nobody.
pub(crate) fn grantable(area: Area) -> Actions {
    match area {
        Area::Keys | Area::Organisation => Actions::ALL,
        Area::Operators | Area::Audit => Actions::NONE.with(Action::Read),
        Area::Secrets => Actions::NONE,
    }
}

/// The resource that stands for the password of who made the key. It is of no area: operators have
/// sessions by being operators.
pub(crate) const SESSION: &str = "session";
pub(crate) const SESSION_ACTIONS: Actions = Actions::NONE.with(Action::Create);

/// The resource of servers that verify requests themselves, and say what became of them. It is of
/// no area either: people have nothing to report.
pub(crate) const USAGE: &str = "usage";
pub(crate) const USAGE_ACTIONS: Actions = Actions::NONE.with(Action::Create);

/// Whether a key with these roles stands for the password of who made it.
pub(crate) fn is_password(assignments: &[Assignment]) -> bool {
    let on = |one: &Assignment| one.grants.on(OWN_API, SESSION);
    assignments.iter().any(|one| !on(one).is_empty())
}

/// Whether a key with these roles calls the registry at all.
pub(crate) fn is_called_with(assignments: &[Assignment]) -> bool {
    let mut granted = assignments.iter().flat_map(|one| one.grants.iter());
    granted.any(|(api, _, _)| api == OWN_API)
}

/// What a key needs for an operation, as a resource and an action. `None`: it is for people, and so
/// is whatever is not here. What is needed is asked once more where it is done.
pub(crate) const fn needs(operation: Operation) -> Option<(&'static str, Action)> {
    use Action::{Create, Delete, Read, Update};
    use Area::{Audit, Keys, Operators, Organisation};
    use Operation as Op;
    Some(match operation {
        Op::OpenSession => (SESSION, Create),
        Op::ReportUsage => (USAGE, Create),
        Op::ListKeys | Op::ShowKey => (Keys.as_str(), Read),
        Op::CreateKey | Op::ImportKeys | Op::SecretAgain | Op::AcknowledgeKey => {
            (Keys.as_str(), Create)
        }
        Op::EditKey | Op::DisableKey | Op::EnableKey | Op::RotateKey | Op::EndRotation => {
            (Keys.as_str(), Update)
        }
        Op::RemoveKey => (Keys.as_str(), Delete),
        Op::ListOperators => (Operators.as_str(), Read),
        Op::ListAudit | Op::ShowAuditHead => (Audit.as_str(), Read),
        Op::ListRoles | Op::ShowOrganisation | Op::BackUp => (Organisation.as_str(), Read),
        Op::CreateRole => (Organisation.as_str(), Create),
        Op::EditRole | Op::EditOrganisation | Op::Reconcile => (Organisation.as_str(), Update),
        Op::RemoveRole => (Organisation.as_str(), Delete),
        _ => return None,
    })
}

/// The API, for the core.
fn api() -> ApiDefinition {
    let routes = operation::TABLE
        .iter()
        .filter_map(|(method, path, operation)| {
            let (resource, action) = needs(*operation)?;
            Some(RouteDefinition {
                methods: Method::parse(method.as_str()).into_iter().collect(),
                pattern: (*path).to_owned(),
                resource: resource.to_owned(),
                action: Some(action),
                account: None,
                accounts_at_origin: false,
                allow_encoded_slash: false,
                allow_empty_segments: false,
                allow_semicolon: false,
                basic: false,
            })
        });
    let resources = Area::ALL
        .map(Area::as_str)
        .into_iter()
        .chain([SESSION, USAGE]);
    ApiDefinition {
        name: OWN_API.to_owned(),
        resources: resources.map(str::to_owned).collect(),
        cors: None,
        routes: routes.collect(),
    }
}
