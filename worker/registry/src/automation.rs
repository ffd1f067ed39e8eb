//! Programs call the registry with a key of its own API, `keyward`. Here is what keys may call, and
//! what of it they can be granted.
mod judge;
mod reach;
mod request;

use keyward_core::catalogue::Method::{self, Delete, Get, Patch, Post};
use keyward_core::catalogue::{Action, Actions, ApiDefinition, RouteDefinition};
use keyward_wire::catalogue::OWN_API;

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
    let routes = ROUTES
        .iter()
        .map(|(area, methods, path, action)| RouteDefinition {
            methods: methods.to_vec(),
            pattern: (*path).to_owned(),
            resource: area.as_str().to_owned(),
            action: *action,
            account: None,
            accounts_at_origin: false,
            allow_encoded_slash: false,
            allow_empty_segments: false,
            allow_semicolon: false,
            basic: false,
        });
    ApiDefinition {
        name: OWN_API.to_owned(),
        resources: Area::ALL.map(|area| area.as_str().to_owned()).to_vec(),
        cors: None,
        routes: routes.collect(),
    }
}
