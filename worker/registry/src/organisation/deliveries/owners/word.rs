//! An owner's word, yes or no, and an operator who asks for it once more.
use std::collections::BTreeSet;

use keyward_core::catalogue::Action;
use keyward_platform::transaction;
use keyward_wire::event::{Event, EventName};
use serde::{Deserialize, Serialize};
use worker::Storage;

use super::Owner;
use crate::call::{self, Answer};
use crate::email;
use crate::organisation::audit::{self, By};
use crate::organisation::change::{Moment, Needs};
use crate::organisation::deliveries::plan::announce;
use crate::organisation::{outbox, schema};
use crate::policy::Area;
use crate::random;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

/// Which owner is to be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerQuestion {
    #[cfg_attr(test, schemars(with = "crate::openapi::Email"))]
    owner: String,
}

/// The owner says that the address is his. What waited for that is sent.
pub(in crate::organisation) fn confirm(moment: &Moment, token: &str) -> Result<Answer, Refusal> {
    let now_s = moment.now_s;
    transaction(&moment.storage, || {
        let columns = Owner::COLUMNS;
        let statement =
            format!("SELECT {columns} FROM owners WHERE token_hash = ? AND token_until_s > ?");
        let args = args![random::hash(token), now_s];
        let owner: Option<Owner> = sql::row(&moment.storage, &statement, args)?;
        let Owner {
            address,
            confirmed_at_s,
            ..
        } = owner.ok_or_else(call::not_here)?;
        if confirmed_at_s.is_some() {
            return Ok(Answer::empty());
        }
        say_yes(&moment.storage, &address, now_s, now_s)?;
        let by = By::Owner { email: &address };
        audit::append::<()>(moment, by, EventName::OwnerConfirmed, &address, None, None)?;
        outbox::arm(&moment.storage)?;
        Ok(Answer::empty())
    })
}

/// What waited for it is due. As below, it is looked up by the address: with `+` not by what waits,
/// of which there is much.
pub(super) fn say_yes(
    storage: &Storage,
    address: &str,
    at_s: u64,
    now_s: u64,
) -> worker::Result<()> {
    sql::run(
        storage,
        "UPDATE owners SET confirmed_at_s = ?, declined_at_s = NULL WHERE address = ?",
        args![at_s, address],
    )?;
    sql::run(
        storage,
        "UPDATE deliveries SET waits_for = NULL, due_at_s = ?
         WHERE recipient = ? COLLATE NOCASE AND channel <> 'webhooks' AND +waits_for IN ('confirmation', 'declined')",
        args![now_s, address],
    )
}

/// What waited for a yes waits for another one, and a question that he got is none any more: nor is
/// one that was given up, and could be sent again.
pub(super) fn say_no(
    storage: &Storage,
    address: &str,
    at_s: u64,
    now_s: u64,
) -> worker::Result<()> {
    sql::run(
        storage,
        "UPDATE owners SET confirmed_at_s = NULL, declined_at_s = ?, token_hash = NULL WHERE address = ?",
        args![at_s, address],
    )?;
    sql::run(
        storage,
        "UPDATE deliveries SET state = 'passed', waits_for = NULL, due_at_s = NULL, changed_at_s = ?
         WHERE recipient = ? COLLATE NOCASE AND channel <> 'webhooks' AND event = 'owner.asked'
         AND +state IN ('waiting', 'sending', 'givenUp')",
        args![now_s, address],
    )?;
    sql::run(
        storage,
        "UPDATE deliveries SET waits_for = 'declined'
         WHERE recipient = ? COLLATE NOCASE AND channel <> 'webhooks' AND +waits_for = 'confirmation'",
        args![address],
    )
}

/// The owner says that he wants no mails, and the organisation is told.
pub(in crate::organisation) fn decline(moment: &Moment, id: &str) -> Result<Answer, Refusal> {
    let (storage, now_s) = (&moment.storage, moment.now_s);
    transaction(storage, || {
        let owner = Owner::find(storage, "id", id)?.ok_or_else(call::not_here)?;
        if owner.declined_at_s.is_some() {
            return Ok(Answer::empty());
        }
        let address = owner.address;
        say_no(storage, &address, now_s, now_s)?;
        let by = By::Owner { email: &address };
        audit::append::<()>(moment, by, EventName::OwnerDeclined, &address, None, None)?;
        let event = Event::OwnerDeclined {
            organisation: schema::policy(storage)?.name,
            owner: address.clone(),
        };
        announce(storage, event, now_s)?;
        outbox::arm(storage)?;
        Ok(Answer::empty())
    })
}

/// An operator has an owner asked again, who said no or nothing: as often as that may be at all.
pub(in crate::organisation) fn ask_again(
    moment: &Moment,
    question: &OwnerQuestion,
) -> Result<Answer, Refusal> {
    let address = &question.owner;
    if let Err(rule) = email::check(address) {
        return Err(Refusal::field("owner", rule));
    }
    moment.change(Needs::to(Action::Update, Area::Keys), |change| {
        let owner = Owner::read(change.storage(), address)?.ok_or_else(call::not_here)?;
        if owner.confirmed_at_s.is_some() {
            return Err(Refusal::because(Code::Conflict, "the owner has said yes"));
        }
        if !super::ask(moment, &owner.address)? {
            let detail = format!("asked too often; again from {}", owner.next_question_s());
            return Err(Refusal::because(Code::Conflict, detail));
        }
        change.audit::<()>(EventName::OwnerAsked, &owner.address, None, None)?;
        Ok(Answer::empty())
    })
}

/// Those of these owners who want no mails, folded.
pub(in crate::organisation) fn declined<'a>(
    storage: &Storage,
    owners: impl Iterator<Item = &'a String>,
) -> Result<BTreeSet<String>, Refusal> {
    #[derive(Deserialize)]
    struct Declined {
        address: String,
    }
    let folded: Vec<String> = owners.map(|owner| email::folded(owner)).collect();
    let folded = serde_json::to_string(&folded).map_err(|error| Refusal::internal(&error))?;
    let declined: Vec<Declined> = sql::rows(
        storage,
        "SELECT address FROM owners WHERE declined_at_s IS NOT NULL
         AND address IN (SELECT value FROM json_each(?))",
        args![folded],
    )?;
    Ok(declined.into_iter().map(|one| one.address).collect())
}
