//! An owner's word, as a backup has it. What he said later holds, and where that cannot be told his no.
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};

use super::Owner;
use super::word::{say_no, say_yes};
use crate::email;
use crate::organisation::change::Change;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// As a backup has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::organisation) struct KeptOwner {
    address: String,
    id: String,
    asked: u64,
    asked_at: u64,
    confirmed_at: Option<u64>,
    declined_at: Option<u64>,
}

/// When something was said last, and whether it was no.
fn last(confirmed_at_s: Option<u64>, declined_at_s: Option<u64>) -> (Option<u64>, bool) {
    let at_s = confirmed_at_s.max(declined_at_s);
    (at_s, declined_at_s.is_some() && declined_at_s == at_s)
}

pub(in crate::organisation) fn restore(
    change: &Change<'_>,
    kept: &KeptOwner,
) -> Result<(), Refusal> {
    let (storage, now_s) = (change.storage(), change.moment.now_s);
    let here = match Owner::read(storage, &kept.address)? {
        Some(owner) => last(owner.confirmed_at_s, owner.declined_at_s),
        None => {
            // How often he was asked is kept, too: a restore is no way to ask him more.
            sql::run(
                storage,
                "INSERT INTO owners (address, id, asked, asked_at_s, mailbox) VALUES (?, ?, ?, ?, ?)",
                args![
                    &kept.address,
                    &kept.id,
                    kept.asked,
                    kept.asked_at,
                    email::mailbox(&kept.address)
                ],
            )?;
            (None, false)
        }
    };
    let said = last(kept.confirmed_at, kept.declined_at);
    let (Some(at_s), is_no) = said else {
        return Ok(());
    };
    if said <= here {
        return Ok(());
    }
    match is_no {
        true => say_no(storage, &kept.address, at_s, now_s)?,
        false => say_yes(storage, &kept.address, at_s, now_s)?,
    }
    change.audit(EventName::OwnerRestored, &kept.address, None, Some(kept))
}
