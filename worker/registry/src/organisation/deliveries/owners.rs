//! Owners say once that their address is theirs. Until then they get that question and nothing
//! else, so that nobody can have mails sent to strangers; and who says no gets nothing at all.
mod restore;
mod word;

use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_issuer::notice::mail::{Mail, OwnerFacts};
use keyward_wire::event::EventName;
use serde::Deserialize;
use worker::Storage;
use zeroize::Zeroizing;

use super::DAY_S;
use super::row::{Channel, Row, Told, tell};
use crate::organisation::change::Moment;
use crate::refusal::Refusal;
use crate::sql::{self, args};
use crate::{confirmation, declining, email, random};

pub(in crate::organisation) use restore::{KeptOwner, restore as restore_owner};
pub(crate) use word::OwnerQuestion;
pub(in crate::organisation) use word::{ask_again, confirm, decline, declined};

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

/// An address, folded, and what was said of it: yes or no, whichever was later.
#[derive(Deserialize)]
pub(super) struct Owner {
    /// By which its links name it.
    id: String,
    address: String,
    asked: u64,
    asked_at_s: u64,
    pub(super) confirmed_at_s: Option<u64>,
    pub(super) declined_at_s: Option<u64>,
}

impl Owner {
    const COLUMNS: &str = "id, address, asked, asked_at_s, confirmed_at_s, declined_at_s";

    pub(super) fn read(storage: &Storage, address: &str) -> Result<Option<Self>, Refusal> {
        Self::find(storage, "address", &email::folded(address))
    }

    fn find(storage: &Storage, column: &str, value: &str) -> Result<Option<Self>, Refusal> {
        let columns = Self::COLUMNS;
        let statement = format!("SELECT {columns} FROM owners WHERE {column} = ?");
        Ok(sql::row(storage, &statement, args![value])?)
    }

    /// When the next question is allowed.
    const fn next_question_s(&self) -> u64 {
        let wait_s = match self.asked < ASKED_MAX {
            true => ASK_AGAIN_S,
            false => ASK_ANEW_S,
        };
        self.asked_at_s.saturating_add(wait_s)
    }

    /// Where he takes his yes back, in this mail.
    pub(super) fn unsubscribe(
        &self,
        moment: &Moment,
        organisation: &str,
        row: &Row,
    ) -> Result<String, Refusal> {
        let until_s = row.told()?.kept_until_s(row.created_at_s);
        declining::link(&moment.configuration, organisation, &self.id, until_s)
    }
}

/// Asks, and says whether it did: not when that was done often enough, or just now.
pub(super) fn ask(moment: &Moment, address: &str) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Asked {}
    let now_s = moment.now_s;
    let asked: Option<Asked> = sql::row(
        &moment.storage,
        "INSERT INTO owners (address, asked, asked_at_s, mailbox, id) VALUES (?1, 1, ?2, ?6, ?7)
         ON CONFLICT (address) DO UPDATE SET asked = CASE WHEN asked_at_s <= ?5 THEN 1 ELSE asked + 1 END, asked_at_s = ?2
         WHERE (asked < ?3 AND asked_at_s <= ?4) OR asked_at_s <= ?5 RETURNING 1",
        args![
            email::folded(address),
            now_s,
            ASKED_MAX,
            now_s.saturating_sub(ASK_AGAIN_S),
            now_s.saturating_sub(ASK_ANEW_S),
            email::mailbox(address),
            random::id()?
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
    Ok(asked.is_some())
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

/// The mail that asks. A repeat of it has the same links.
pub(super) fn request(
    moment: &Moment,
    row: &Row,
    organisation: &str,
    unsubscribe: &str,
) -> Result<Mail, Refusal> {
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
        unsubscribe,
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
