//! The organisation's operators. Nobody gives more than he has himself.
use keyward_core::catalogue::Action;
use keyward_platform::transaction;
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};
use worker::Storage;

use super::actor::Actor;
use super::audit::{self, By};
use super::change::{Change, Moment, Needs};
use super::{outbox, schema, sessions, settings};
use crate::call::Answer;
use crate::policy::{Area, MayGrant, OperatorRole};
use crate::random;
use crate::refusal::{Code, FieldError, Refusal};
use crate::sql::{self, args};
use crate::{call, email};

/// Operators of one organisation.
const OPERATORS_MAX: u64 = 1_000;
/// Of a `mayGrant` as JSON: all operators are listed at once.
const MAY_GRANT_BYTES_MAX: usize = 16 * 1024;

/// An operator to be invited.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewOperator {
    #[cfg_attr(test, schemars(with = "crate::openapi::Email"))]
    email: String,
    role: OperatorRole,
    may_grant: MayGrant,
}

/// A change of an operator. What is absent stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OperatorEdit {
    role: Option<OperatorRole>,
    may_grant: Option<MayGrant>,
    disabled: Option<bool>,
}

/// All operators.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Operators {
    items: Vec<OperatorView>,
}

/// An operator as he is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperatorView {
    id: String,
    email: String,
    role: OperatorRole,
    may_grant: MayGrant,
    disabled: bool,
    created_at: u64,
    /// `null` until he accepts his invitation and signs in.
    signed_in_at: Option<u64>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    email: String,
    role: String,
    may_grant: String,
    disabled: u8,
    created_at_s: u64,
    signed_in_at_s: Option<u64>,
}

impl Row {
    fn view(self) -> Result<OperatorView, Refusal> {
        let parsed = |error: serde_json::Error| Refusal::internal(&error);
        Ok(OperatorView {
            role: serde_json::from_str(&self.role).map_err(parsed)?,
            may_grant: serde_json::from_str(&self.may_grant).map_err(parsed)?,
            id: self.id,
            email: self.email,
            disabled: self.disabled != 0,
            created_at: self.created_at_s,
            signed_in_at: self.signed_in_at_s,
        })
    }
}

/// Makes the organisation, with its first firm-admin.
pub(super) fn found(
    moment: &Moment,
    id: String,
    name: &str,
    email: &str,
) -> Result<Answer, Refusal> {
    let first = OperatorView {
        id,
        email: email::folded(email),
        role: OperatorRole::FirmAdmin,
        may_grant: MayGrant::everything(settings::LIFE_DAYS_MAX),
        disabled: false,
        created_at: moment.now_s,
        signed_in_at: None,
    };
    transaction(&moment.storage, || {
        schema::create(&moment.storage)?;
        sql::run(
            &moment.storage,
            "INSERT INTO organisation VALUES (1, ?, ?, ?, 0, 0)",
            args![name, moment.now_s, settings::LIFE_DAYS],
        )?;
        write(moment, &first)?;
        audit::append(
            moment,
            By::Root,
            EventName::OrganisationFounded,
            name,
            None,
            Some(&first),
        )?;
        outbox::arm(&moment.storage)?;
        Ok::<_, Refusal>(())
    })?;
    Answer::json(201, &first)
}

pub(super) fn list(moment: &Moment) -> Result<Answer, Refusal> {
    moment.look(Needs::to(Action::Read, Area::Operators))?;
    let rows: Vec<Row> = sql::rows(
        &moment.storage,
        "SELECT * FROM operators ORDER BY email",
        args![],
    )?;
    let items: Vec<_> = rows.into_iter().map(Row::view).collect::<Result<_, _>>()?;
    Answer::json(200, &Operators { items })
}

/// Whether somebody has this address.
pub(super) fn is_known(storage: &Storage, email: &str) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Known {}
    let known: Option<Known> = sql::row(
        storage,
        "SELECT 1 FROM operators WHERE email = ?",
        args![email::folded(email)],
    )?;
    Ok(known.is_some())
}

pub(super) fn invite(moment: &Moment, new: NewOperator) -> Result<Answer, Refusal> {
    if let Err(rule) = email::check(&new.email) {
        return Err(Refusal::field("email", rule));
    }
    let needs = Needs::to(Action::Create, Area::Operators).and_a_fresh_factor();
    moment.change(needs, |change| {
        #[derive(Deserialize)]
        struct Count {
            count: u64,
            same: Option<u64>,
        }
        let email = email::folded(&new.email);
        let count: Option<Count> = sql::row(
            change.storage(),
            "SELECT count(*) AS count, sum(email = ?) AS same FROM operators",
            args![&email],
        )?;
        let count = count.unwrap_or(Count {
            count: 0,
            same: None,
        });
        if count.same.unwrap_or_default() > 0 {
            return Err(Refusal::taken("email", "an operator has this address"));
        }
        if count.count >= OPERATORS_MAX {
            return Err(Refusal::because(Code::Conflict, "too many operators"));
        }
        let view = OperatorView {
            id: random::id()?,
            email,
            role: new.role,
            may_grant: new.may_grant,
            disabled: false,
            created_at: moment.now_s,
            signed_in_at: None,
        };
        is_within(change.actor, &view)?;
        write(moment, &view)?;
        change.audit(EventName::OperatorInvited, &view.id, None, Some(&view))?;
        Answer::json(201, &view)
    })
}

/// For who lost his factors, or his invitation.
pub(super) fn invite_again(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Update, Area::Operators).and_a_fresh_factor();
    moment.change(needs, |change| {
        let view = read(change, id)?;
        is_within(change.actor, &view)?;
        change.audit(EventName::OperatorInvited, id, Some(&view), Some(&view))?;
        Answer::json(200, &view)
    })
}

pub(super) fn edit(moment: &Moment, id: &str, edit: OperatorEdit) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Update, Area::Operators).and_a_fresh_factor();
    moment.change(needs, |change| {
        let before = read(change, id)?;
        is_within(change.actor, &before)?;
        let after = OperatorView {
            role: edit.role.unwrap_or_else(|| before.role.clone()),
            may_grant: edit.may_grant.unwrap_or_else(|| before.may_grant.clone()),
            disabled: edit.disabled.unwrap_or(before.disabled),
            ..before.clone()
        };
        is_within(change.actor, &after)?;
        if after != before {
            sql::run(
                change.storage(),
                "DELETE FROM operators WHERE id = ?",
                args![id],
            )?;
            write(moment, &after)?;
            sessions::end(moment, id)?;
            an_admin_is_left(moment)?;
            change.audit(EventName::OperatorEdited, id, Some(&before), Some(&after))?;
        }
        Answer::json(200, &after)
    })
}

pub(super) fn remove(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Delete, Area::Operators).and_a_fresh_factor();
    moment.change(needs, |change| {
        let before = read(change, id)?;
        is_within(change.actor, &before)?;
        sessions::end(moment, id)?;
        sql::run(
            change.storage(),
            "DELETE FROM operators WHERE id = ?",
            args![id],
        )?;
        sql::run(
            change.storage(),
            "DELETE FROM factors WHERE operator = ?",
            args![id],
        )?;
        an_admin_is_left(moment)?;
        change.audit(EventName::OperatorRemoved, id, Some(&before), None)?;
        Ok(Answer::empty())
    })
}

fn read(change: &Change<'_>, id: &str) -> Result<OperatorView, Refusal> {
    let row: Option<Row> = sql::row(
        change.storage(),
        "SELECT * FROM operators WHERE id = ?",
        args![id],
    )?;
    row.ok_or_else(call::not_here)?.view()
}

fn write(moment: &Moment, view: &OperatorView) -> Result<(), Refusal> {
    let text =
        |value: Result<String, serde_json::Error>| value.map_err(|error| Refusal::internal(&error));
    view.may_grant.check().map_err(Refusal::invalid)?;
    let may_grant = text(serde_json::to_string(&view.may_grant))?;
    if may_grant.len() > MAY_GRANT_BYTES_MAX {
        return Err(Refusal::field("mayGrant", "must be 16 KiB at most"));
    }
    sql::run(
        &moment.storage,
        "INSERT INTO operators VALUES (?, ?, ?, ?, ?, ?, ?)",
        args![
            &view.id,
            &view.email,
            text(serde_json::to_string(&view.role))?,
            may_grant,
            view.disabled,
            view.created_at,
            view.signed_in_at,
        ],
    )?;
    Ok(())
}

/// Who changes an operator must have at least as much himself.
fn is_within(actor: &Actor, other: &OperatorView) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    if !other.role.is_within(&actor.role) {
        errors.push(FieldError::new("role", "permits more than your own"));
    }
    if !other.may_grant.is_within(&actor.may_grant) {
        errors.push(FieldError::new("mayGrant", "allows more than your own"));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal {
            errors,
            ..Code::BeyondMayGrant.into()
        })
    }
}

/// Without one nobody could ever invite operators again.
fn an_admin_is_left(moment: &Moment) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct Admin {}
    let admin: Option<Admin> = sql::row(
        &moment.storage,
        "SELECT 1 FROM operators WHERE role = '\"firm-admin\"' AND disabled = 0
         AND signed_in_at_s IS NOT NULL LIMIT 1",
        args![],
    )?;
    match admin {
        Some(_) => Ok(()),
        None => Err(Refusal::because(
            Code::Conflict,
            "an organisation needs a firm-admin who has signed in",
        )),
    }
}
