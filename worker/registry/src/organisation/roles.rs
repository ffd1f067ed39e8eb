//! Roles of the organisation's own. A key holds what its role granted when it was given, so
//! editing a role changes no key, unless one asks for it: then its keys become narrower, never
//! wider.
use std::collections::BTreeMap;

use keyward_core::catalogue::{Action, Actions};
use keyward_core::deployment::is_name;
use keyward_issuer::change::Edit;
use keyward_wire::event::EventName;
use keyward_wire::grants::GrantTable;
use keyward_wire::record::Assignment;
use keyward_wire::roles::Preset;
use serde::{Deserialize, Serialize};
use worker::Storage;

use super::change::{Change, Moment, Needs};
use super::keys;
use crate::call::{self, Answer};
use crate::policy::Area;
use crate::refusal::{Code, FieldError, Refusal};
use crate::sql::{self, args};

/// Roles of one organisation.
const ROLES_MAX: usize = 100;
/// Keys that one edit shows, and can make narrower.
const HOLDERS_MAX: usize = 1_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRole {
    #[cfg_attr(test, schemars(with = "crate::openapi::Name"))]
    name: String,
    #[cfg_attr(test, schemars(with = "crate::openapi::Grants"))]
    grants: GrantTable,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleEdit {
    #[cfg_attr(test, schemars(with = "crate::openapi::Grants"))]
    grants: GrantTable,
    /// Whether the keys that hold the role lose what it does not grant any more.
    #[serde(default)]
    apply: bool,
}

/// All roles.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Roles<'a> {
    items: Vec<RoleView<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RoleView<'a> {
    name: &'a str,
    /// Whether every deployment has it; then it cannot be changed.
    preset: bool,
    #[cfg_attr(test, schemars(with = "crate::openapi::Grants"))]
    grants: &'a GrantTable,
}

/// A key that holds a role.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    key_id: String,
    name: String,
    /// Whether it has more than the role grants now.
    wider: bool,
}

/// A role that was changed, and whom that concerns.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EditedRole<'a> {
    #[serde(flatten)]
    role: RoleView<'a>,
    holders: Vec<Holder>,
    /// Whether there are more than these.
    more: bool,
}

/// The organisation's own roles.
pub(super) fn own(storage: &Storage) -> Result<BTreeMap<String, GrantTable>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        grants: String,
    }
    let rows: Vec<Row> = sql::rows(storage, "SELECT * FROM roles", args![])?;
    rows.into_iter()
        .map(|row| {
            let grants = serde_json::from_str(&row.grants);
            Ok((row.name, grants.map_err(|error| Refusal::internal(&error))?))
        })
        .collect()
}

pub(super) fn list(moment: &Moment) -> Result<Answer, Refusal> {
    moment.look(Needs::to(Action::Read, Area::Organisation))?;
    let catalogue = &moment.configuration.catalogue;
    let presets = Preset::ALL.map(|preset| {
        let mut grants = GrantTable::default();
        for (api, resource) in catalogue.resources() {
            grants.grant(api, resource, preset.actions());
        }
        (preset.as_str(), grants)
    });
    let own = own(&moment.storage)?;
    let presets = presets.iter().map(|(name, grants)| (*name, grants, true));
    let own = own
        .iter()
        .map(|(name, grants)| (name.as_str(), grants, false));
    let items: Vec<_> = presets
        .chain(own)
        .map(|(name, grants, preset)| RoleView {
            name,
            preset,
            grants,
        })
        .collect();
    Answer::json(200, &Roles { items })
}

pub(super) fn create(moment: &Moment, new: &NewRole) -> Result<Answer, Refusal> {
    if !is_name(&new.name) {
        let rule = "must be 1 to 64 of a-z, 0-9 and -, and not begin with -";
        return Err(Refusal::field("name", rule));
    }
    let needs = Needs::to(Action::Create, Area::Organisation);
    moment.change(needs, |change| {
        is_within(change, &new.name, None, &new.grants)?;
        let own = own(change.storage())?;
        if Preset::parse(&new.name).is_some() || own.contains_key(&new.name) {
            return Err(Refusal::taken("name", "there is a role of this name"));
        }
        if own.len() >= ROLES_MAX {
            return Err(Refusal::because(Code::Conflict, "too many roles"));
        }
        write(change, &new.name, &new.grants)?;
        change.audit(EventName::RoleCreated, &new.name, None, Some(&new.grants))?;
        let view = RoleView {
            name: &new.name,
            preset: false,
            grants: &new.grants,
        };
        Answer::json(201, &view)
    })
}

/// Brings a role of a backup back, where there is none of its name: what was narrowed since stays so.
/// Says whether there is one now: it may be on what the deployment does not have any more.
pub(super) fn restore(
    change: &Change<'_>,
    name: &str,
    grants: &GrantTable,
) -> Result<bool, Refusal> {
    let own = own(change.storage())?;
    if Preset::parse(name).is_some() || own.contains_key(name) {
        return Ok(true);
    }
    let is_full = !is_name(name) || own.len() >= ROLES_MAX;
    if is_full || is_within(change, name, None, grants).is_err() {
        return Ok(false);
    }
    write(change, name, grants)?;
    change.audit(EventName::RoleRestored, name, None, Some(grants))?;
    Ok(true)
}

/// Answers with the keys that hold the role, so that whoever edits it sees whom it concerns.
pub(super) fn edit(moment: &Moment, name: &str, edit: &RoleEdit) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Update, Area::Organisation);
    moment.change(needs, |change| {
        let before = own(change.storage())?
            .remove(name)
            .ok_or_else(call::not_here)?;
        is_within(change, name, Some(&before), &edit.grants)?;
        if before != edit.grants {
            write(change, name, &edit.grants)?;
            change.audit(
                EventName::RoleEdited,
                name,
                Some(&before),
                Some(&edit.grants),
            )?;
        }
        let mut holders = Vec::new();
        let held_by = keys::holders(change.storage(), name, HOLDERS_MAX + 1)?;
        let more = held_by.len() > HOLDERS_MAX;
        if more && edit.apply {
            return Err(Refusal::because(
                Code::Conflict,
                "more than 1,000 keys hold it",
            ));
        }
        for key_id in held_by.into_iter().take(HOLDERS_MAX) {
            let view = keys::view(change.storage(), &key_id)?;
            let narrowed = narrowed(&view.roles, name, &edit.grants);
            let mut wider = narrowed != view.roles;
            if edit.apply && wider {
                let edit = Edit {
                    assignments: Some(narrowed),
                    ..Edit::default()
                };
                keys::narrow(change, &key_id, edit)?;
                wider = false;
            }
            holders.push(Holder {
                key_id,
                name: view.name,
                wider,
            });
        }
        let role = RoleView {
            name,
            preset: false,
            grants: &edit.grants,
        };
        Answer::json(
            200,
            &EditedRole {
                role,
                holders,
                more,
            },
        )
    })
}

/// A role that keys hold stays: they are listed by it.
pub(super) fn remove(moment: &Moment, name: &str) -> Result<Answer, Refusal> {
    moment.change(Needs::to(Action::Delete, Area::Organisation), |change| {
        let before = own(change.storage())?
            .remove(name)
            .ok_or_else(call::not_here)?;
        if !keys::holders(change.storage(), name, 1)?.is_empty() {
            return Err(Refusal::because(Code::Conflict, "keys hold the role"));
        }
        sql::run(
            change.storage(),
            "DELETE FROM roles WHERE name = ?",
            args![name],
        )?;
        change.audit(EventName::RoleRemoved, name, Some(&before), None)?;
        Ok(Answer::empty())
    })
}

fn narrowed(roles: &[Assignment], name: &str, grants: &GrantTable) -> Vec<Assignment> {
    let narrow = |one: &Assignment| Assignment {
        grants: match one.role == name {
            true => one.grants.intersect(grants),
            false => one.grants.clone(),
        },
        ..one.clone()
    };
    roles.iter().map(narrow).collect()
}

/// A role is a way to grant: only within what one may grant oneself, on what there is.
fn is_within(
    change: &Change<'_>,
    name: &str,
    before: Option<&GrantTable>,
    grants: &GrantTable,
) -> Result<(), Refusal> {
    let catalogue = &change.moment.configuration.catalogue;
    let mut errors = Vec::new();
    for (api, resource, _) in grants.iter() {
        if !catalogue.resources().any(|known| known == (api, resource)) {
            let detail = format!("{api}/{resource} is no resource of this deployment");
            errors.push(FieldError::new("grants", detail));
        }
    }
    if grants
        .iter()
        .all(|(_, _, actions)| actions == Actions::NONE)
    {
        errors.push(FieldError::new("grants", "grants nothing"));
    }
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors));
    }
    change
        .actor
        .may_grant
        .covers_role(name, before, grants)
        .map_err(|errors| Refusal {
            errors,
            ..Code::BeyondMayGrant.into()
        })
}

fn write(change: &Change<'_>, name: &str, grants: &GrantTable) -> Result<(), Refusal> {
    let grants = serde_json::to_string(grants).map_err(|error| Refusal::internal(&error))?;
    sql::run(
        change.storage(),
        "INSERT INTO roles VALUES (?, ?) ON CONFLICT DO UPDATE SET grants = excluded.grants",
        args![name, grants],
    )?;
    Ok(())
}
