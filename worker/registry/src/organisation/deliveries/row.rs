//! The row of a delivery.
use keyward_issuer::notice::{Address, Notice, NoticeId, Planned, Progress, Recipient, State};
use keyward_wire::event::{Event, EventName};
use serde::{Deserialize, Serialize};
use worker::Storage;

use super::DAY_S;
use crate::random;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// How long what was told is kept, after it and after the end that it is about.
const KEPT_S: u64 = 90 * DAY_S;
/// Stands for all webhooks that there are when the time comes.
pub(super) const EVERY_WEBHOOK: &str = "*";

pub(super) const COLUMNS: &str =
    "id, event, key_id, channel, recipient, told, state, failures, try_at_s,
    status, waits_for, due_at_s, created_at_s, changed_at_s";

/// What is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Told {
    /// Of the row's key.
    Key(Notice),
    Event(Event),
    /// Asks an owner whether his address is his.
    OwnerAsked,
}

impl Told {
    /// Until when it is kept that was made then, and until when its links are good.
    pub(super) fn kept_until_s(&self, created_at_s: u64) -> u64 {
        let about_s = match self {
            Self::Key(Notice::Expires { expires_at_s, .. }) => created_at_s.max(*expires_at_s),
            _ => created_at_s,
        };
        about_s.saturating_add(KEPT_S)
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum Channel {
    Mail,
    Webhook,
    /// To be made into one row for each webhook, when the time comes.
    Webhooks,
}

/// For what else than time a row waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum WaitsFor {
    /// A way for mails.
    Channel,
    /// The owner's word that the address is his.
    Confirmation,
    /// The same of one who has said that he wants no mails.
    Declined,
    /// The day's mails are used up.
    Tomorrow,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) event: EventName,
    pub(super) key_id: Option<String>,
    pub(super) channel: Channel,
    pub(super) recipient: String,
    pub(super) told: String,
    pub(super) state: State,
    pub(super) failures: u32,
    pub(super) try_at_s: u64,
    pub(super) status: Option<u16>,
    pub(super) waits_for: Option<WaitsFor>,
    pub(super) due_at_s: Option<u64>,
    pub(super) created_at_s: u64,
    pub(super) changed_at_s: u64,
}

/// A state as it is stored and answered.
pub(super) const fn name(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Sending => "sending",
        State::Sent => "sent",
        State::Passed => "passed",
        State::GivenUp => "givenUp",
    }
}

impl Channel {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::Webhooks => "webhooks",
        }
    }
}

impl WaitsFor {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Confirmation => "confirmation",
            Self::Declined => "declined",
            Self::Tomorrow => "tomorrow",
        }
    }
}

impl Row {
    pub(super) fn read(storage: &Storage, id: &str) -> Result<Option<Self>, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM deliveries WHERE id = ?");
        Ok(sql::row(storage, &statement, args![id])?)
    }

    pub(super) fn told(&self) -> Result<Told, Refusal> {
        serde_json::from_str(&self.told).map_err(|error| Refusal::internal(&error))
    }

    pub(super) fn notice_id(&self) -> Result<NoticeId, Refusal> {
        let text = serde_json::Value::String(self.id.clone());
        serde_json::from_value(text).map_err(|error| Refusal::internal(&error))
    }

    /// As the plan of a key has it.
    pub(super) fn planned(&self, notice: Notice) -> Result<Planned, Refusal> {
        let recipient = match self.channel {
            Channel::Mail => Recipient::Owner(
                Address::parse(&self.recipient)
                    .ok_or_else(|| Refusal::internal(&"a recipient is no address"))?,
            ),
            Channel::Webhook | Channel::Webhooks => Recipient::Webhook(self.recipient.clone()),
        };
        Ok(Planned {
            id: self.notice_id()?,
            notice,
            recipient,
            state: self.state,
            failures: self.failures,
            try_at_s: self.try_at_s,
        })
    }

    pub(super) const fn progress(&self) -> Progress {
        Progress {
            state: self.state,
            failures: self.failures,
            try_at_s: self.try_at_s,
        }
    }

    /// Writes how far it is. What waits is due at `due_at_s`, the rest no more.
    pub(super) fn becomes(
        &self,
        storage: &Storage,
        progress: Progress,
        status: Option<u16>,
        due_at_s: Option<u64>,
        now_s: u64,
    ) -> worker::Result<()> {
        sql::run(
            storage,
            "UPDATE deliveries SET state = ?, failures = ?, try_at_s = ?, status = ?, waits_for = NULL,
             due_at_s = ?, changed_at_s = ? WHERE id = ?",
            args![
                name(progress.state),
                u64::from(progress.failures),
                progress.try_at_s,
                status.map(u64::from),
                due_at_s,
                now_s,
                &self.id,
            ],
        )
    }

    /// The same where only the state is another one.
    pub(super) fn ends(&self, storage: &Storage, state: State, now_s: u64) -> worker::Result<()> {
        let progress = Progress {
            state,
            ..self.progress()
        };
        self.becomes(storage, progress, self.status, None, now_s)
    }

    /// Puts it off, without having tried.
    pub(super) fn waits(
        &self,
        storage: &Storage,
        why: Option<WaitsFor>,
        until_s: Option<u64>,
    ) -> worker::Result<()> {
        sql::run(
            storage,
            "UPDATE deliveries SET state = ?, waits_for = ?, due_at_s = ? WHERE id = ?",
            args![
                name(State::Waiting),
                why.map(WaitsFor::name),
                until_s,
                &self.id
            ],
        )
    }
}

/// A row to be written.
pub(super) struct New<'a> {
    pub(super) id: &'a str,
    pub(super) key_id: Option<&'a str>,
    pub(super) event: EventName,
    pub(super) channel: Channel,
    pub(super) recipient: &'a str,
    pub(super) told: &'a Told,
    pub(super) state: State,
    pub(super) due_at_s: Option<u64>,
}

impl New<'_> {
    /// One that is there already stays as it is.
    pub(super) fn insert(&self, storage: &Storage, now_s: u64) -> Result<(), Refusal> {
        let told = serde_json::to_string(self.told).map_err(|error| Refusal::internal(&error))?;
        sql::run(
            storage,
            "INSERT INTO deliveries (id, event, key_id, channel, recipient, told, state, failures, try_at_s,
             due_at_s, created_at_s, changed_at_s, forget_at_s)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, ?9, ?9, ?10) ON CONFLICT DO NOTHING",
            args![
                self.id,
                self.event.as_str(),
                self.key_id,
                self.channel.name(),
                self.recipient,
                told,
                name(self.state),
                self.due_at_s,
                now_s,
                self.told.kept_until_s(now_s),
            ],
        )?;
        Ok(())
    }
}

/// Writes something that is told at once, and of no key; gives its id.
pub(super) fn tell(
    storage: &Storage,
    event: EventName,
    channel: Channel,
    recipient: &str,
    told: &Told,
    now_s: u64,
) -> Result<String, Refusal> {
    let id = random::id()?;
    let new = New {
        id: &id,
        key_id: None,
        event,
        channel,
        recipient,
        told,
        state: State::Waiting,
        due_at_s: Some(now_s),
    };
    new.insert(storage, now_s)?;
    Ok(id)
}

/// What nobody asks for any more, so much of it at once. What is due is told first, however late.
pub(super) fn forget(storage: &Storage, now_s: u64, limit: u64) -> worker::Result<()> {
    sql::run(
        storage,
        "DELETE FROM deliveries WHERE id IN (
         SELECT id FROM deliveries WHERE forget_at_s <= ? AND due_at_s IS NULL ORDER BY forget_at_s LIMIT ?)",
        args![now_s, limit],
    )
}
