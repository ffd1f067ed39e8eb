//! Programs call the registry with a key of its own API, `keyward`. Here is what keys may call, and
//! what of it they can be granted.
mod judge;
mod reach;
mod request;

use keyward_core::catalogue::Method::{self, Delete, Get, Patch, Post};
use keyward_core::catalogue::{Action, Actions, ApiDefinition, RouteDefinition};
use keyward_wire::catalogue::OWN_API;
use keyward_wire::record::Assignment;

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
    }
}

/// The resource that stands for the password of who made the key. It is of no area: operators have
/// sessions by being operators.
pub(crate) const SESSION: &str = "session";
pub(crate) const SESSION_ACTIONS: Actions = Actions::NONE.with(Action::Create);

/// Whether a key with these roles stands for the password of who made it.
pub(crate) fn is_password(assignments: &[Assignment]) -> bool {
    let on = |one: &Assignment| one.grants.on(OWN_API, SESSION);
    assignments.iter().any(|one| !on(one).is_empty())
}

const UPDATE: Option<Action> = Some(Action::Update);

/// What keys may call; all else is for operators only. What a call needs is asked once more where
/// it is done.
const ROUTES: [(Area, &[Method], &str, Option<Action>); 15] = [
    (Area::Keys, &[Get, Post], "/v1/keys", None),
    (Area::Keys, &[Get, Patch, Delete], "/v1/keys/{key}", None),
    (Area::Keys, &[Post], "/v1/keys/{key}/disable", UPDATE),
    (Area::Keys, &[Post], "/v1/keys/{key}/enable", UPDATE),
    (Area::Keys, &[Post], "/v1/keys/{key}/rotate", UPDATE),
    (Area::Keys, &[Post], "/v1/keys/{key}/end-rotation", UPDATE),
    (Area::Keys, &[Post], "/v1/keys/{key}/secret", None),
    (Area::Keys, &[Post], "/v1/keys/{key}/acknowledge", None),
    (Area::Operators, &[Get], "/v1/operators", None),
    (Area::Audit, &[Get], "/v1/audit", None),
    (Area::Audit, &[Get], "/v1/audit/head", None),
    (Area::Organisation, &[Get, Patch], "/v1/organisation", None),
    (Area::Organisation, &[Get, Post], "/v1/roles", None),
    (
        Area::Organisation,
        &[Patch, Delete],
        "/v1/roles/{role}",
        None,
    ),
    (Area::Organisation, &[Post], "/v1/reconcile", UPDATE),
];

/// The API, for the core.
fn api() -> ApiDefinition {
    let own = ROUTES.iter().map(|(area, methods, path, action)| {
        let resource = area.as_str();
        (resource, *methods, *path, *action)
    });
    let session: (_, &[Method], _, _) = (SESSION, &[Post], "/v1/session", None);
    let routes = own.chain([session]);
    let routes = routes.map(|(resource, methods, path, action)| RouteDefinition {
        methods: methods.to_vec(),
        pattern: path.to_owned(),
        resource: resource.to_owned(),
        action,
        account: None,
        accounts_at_origin: false,
        allow_encoded_slash: false,
        allow_empty_segments: false,
        allow_semicolon: false,
        basic: false,
    });
    let resources = Area::ALL.map(Area::as_str).into_iter().chain([SESSION]);
    ApiDefinition {
        name: OWN_API.to_owned(),
        resources: resources.map(str::to_owned).collect(),
        cors: None,
        routes: routes.collect(),
    }
}
