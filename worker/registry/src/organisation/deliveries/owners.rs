//! Owners say once that their address is theirs. Until then they get that question and nothing
//! else, so that nobody can have mails sent to strangers.
use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_issuer::notice::mail::{Mail, OwnerFacts};
use keyward_platform::transaction;
use keyward_wire::event::EventName;
use serde::Deserialize;
use worker::Storage;
use zeroize::Zeroizing;

use super::DAY_S;
use super::row::{Channel, Row, Told, tell};
use crate::call::{self, Answer};
use crate::confirmation;
use crate::organisation::audit::{self, By};
use crate::organisation::change::Moment;
use crate::organisation::outbox;
use crate::refusal::Refusal;
use crate::sql::{self, args};
use crate::{email, random};

/// How long a link is good.
const LINK_S: u64 = 14 * DAY_S;
/// An address is asked so often at most, not sooner than this after the last time, and after a
/// long time as if it never was.
const ASKED_MAX: u64 = 3;
const ASK_AGAIN_S: u64 = 7 * DAY_S;
const ASK_ANEW_S: u64 = 90 * DAY_S;
/// Of a mailbox with many addresses, as `+` gives them, so many are asked in a day.
const ASKED_A_DAY_MAX: u64 = 3;
const TOKEN_BYTES: usize = 32;

pub(super) fn is_confirmed(storage: &Storage, address: &str) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Confirmed {}
    let confirmed: Option<Confirmed> = sql::row(
        storage,
        "SELECT 1 FROM owners WHERE address = ? AND confirmed_at_s IS NOT NULL",
        args![email::folded(address)],
    )?;
    Ok(confirmed.is_some())
}

/// Asks, unless that was done often enough, or just now.
pub(super) fn ask(moment: &Moment, address: &str) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct Asked {}
    let now_s = moment.now_s;
    let asked: Option<Asked> = sql::row(
        &moment.storage,
        "INSERT INTO owners (address, asked, asked_at_s, mailbox) VALUES (?1, 1, ?2, ?6)
         ON CONFLICT DO UPDATE SET asked = CASE WHEN asked_at_s <= ?5 THEN 1 ELSE asked + 1 END, asked_at_s = ?2
         WHERE (asked < ?3 AND asked_at_s <= ?4) OR asked_at_s <= ?5 RETURNING 1",
        args![
            email::folded(address),
            now_s,
            ASKED_MAX,
            now_s.saturating_sub(ASK_AGAIN_S),
            now_s.saturating_sub(ASK_ANEW_S),
            email::mailbox(address)
        ],
    )?;
    if asked.is_some() {
        tell(
            &moment.storage,
            EventName::OwnerAsked,
            Channel::Mail,
            address,
            &Told::OwnerAsked,
            now_s,
        )?;
    }
    Ok(())
}

/// Whether the link of a mail that asks would not be good any more.
pub(super) const fn is_over(row: &Row, now_s: u64) -> bool {
    row.created_at_s.saturating_add(LINK_S) <= now_s
}

/// Whether others of the same mailbox were asked too often today: by one name after the other,
/// somebody could be sent a mail for each.
pub(super) fn is_pestered(moment: &Moment, address: &str) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }
    let count: Option<Count> = sql::row(
        &moment.storage,
        "SELECT count(*) AS count FROM owners WHERE mailbox = ? AND mailed_day = ? AND address <> ?",
        args![
            email::mailbox(address),
            moment.now_s / DAY_S,
            email::folded(address)
        ],
    )?;
    Ok(count.is_some_and(|row| row.count >= ASKED_A_DAY_MAX))
}

/// The mail that asks. A repeat of it has the same link.
pub(super) fn request(moment: &Moment, row: &Row, organisation: &str) -> Result<Mail, Refusal> {
    let token = token(moment, row, organisation)?;
    let until_s = row.created_at_s.saturating_add(LINK_S);
    sql::run(
        &moment.storage,
        "UPDATE owners SET token_hash = ?, token_until_s = ?, mailed_day = ? WHERE address = ?",
        args![
            random::hash(&token),
            until_s,
            moment.now_s / DAY_S,
            email::folded(&row.recipient)
        ],
    )?;
    let origin = moment.configuration.settings.origin();
    let link = Zeroizing::new(confirmation::link(&origin, organisation, &token));
    Ok(Mail::of_owner(&OwnerFacts {
        organisation,
        link: &link,
        until_s,
    }))
}

/// Nobody can guess it, and it need not be kept to be sent again.
fn token(moment: &Moment, row: &Row, organisation: &str) -> Result<Zeroizing<String>, Refusal> {
    let masters = &moment.configuration.secrets.operators;
    let (_, keys) = masters
        .sealing(organisation)
        .map_err(|error| Refusal::internal(&error))?;
    let address = email::folded(&row.recipient);
    let mac = keys.basic_mac(format!("keyward-owner-v1\0{address}\0{}", row.id).as_bytes());
    let bytes = mac.get(..TOKEN_BYTES).unwrap_or_default();
    Ok(Zeroizing::new(Base64UrlUnpadded::encode_string(bytes)))
}

/// The owner says that the address is his. What waited for that is sent.
pub(in crate::organisation) fn confirm(moment: &Moment, token: &str) -> Result<Answer, Refusal> {
    #[derive(Deserialize)]
    struct Owner {
        address: String,
        confirmed_at_s: Option<u64>,
    }
    let now_s = moment.now_s;
    transaction(&moment.storage, || {
        let owner: Option<Owner> = sql::row(
            &moment.storage,
            "SELECT address, confirmed_at_s FROM owners WHERE token_hash = ? AND token_until_s > ?",
            args![random::hash(token), now_s],
        )?;
        let Owner {
            address,
            confirmed_at_s,
        } = owner.ok_or_else(call::not_here)?;
        if confirmed_at_s.is_some() {
            return Ok(Answer::empty());
        }
        sql::run(
            &moment.storage,
            "UPDATE owners SET confirmed_at_s = ? WHERE address = ?",
            args![now_s, &address],
        )?;
        sql::run(
            &moment.storage,
            "UPDATE deliveries SET waits_for = NULL, due_at_s = ?
             WHERE waits_for = 'confirmation' AND recipient = ? COLLATE NOCASE",
            args![now_s, &address],
        )?;
        let by = By::Owner { email: &address };
        audit::append::<()>(moment, by, EventName::OwnerConfirmed, &address, None, None)?;
        outbox::arm(&moment.storage)?;
        Ok(Answer::empty())
    })
}
