//! The row of a key.
use std::collections::BTreeSet;

use keyward_issuer::Secret;
use keyward_wire::Record;
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};
use worker::Storage;

use crate::call::{self, Answer};
use crate::email;
use crate::key::{KeyView, Seen, Usage};
use crate::name;
use crate::organisation::change::Moment;
use crate::organisation::version::tagged;
use crate::organisation::{deliveries, outbox, usage};
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// A key as it is kept.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) view: KeyView,
    record: String,
    pub(super) version: u64,
    /// Whether who asked for the newest secret said that he has it.
    pub(super) acknowledged: bool,
    /// The id of the operator or key that asked for it, and when.
    pub(super) given_by: String,
    pub(super) given_at_s: u64,
    pub(super) usage: Usage,
}

/// A key as it is answered.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownKey<'a> {
    #[serde(flatten)]
    key: KeyView,
    #[cfg_attr(test, schemars(with = "crate::openapi::KeyState"))]
    state: &'static str,
    /// Its owners who want no mails.
    owners_declined: Vec<String>,
    /// Whether it has owners, and none of them wants mails: nobody is told of its end.
    unheard: bool,
    #[serde(flatten)]
    seen: &'a Seen,
}

impl<'a> ShownKey<'a> {
    /// `declined`: addresses that want no mails, folded.
    pub(crate) fn new(
        view: KeyView,
        usage: &'a Usage,
        declined: &BTreeSet<String>,
        now_s: u64,
    ) -> Self {
        let declined = |owner: &&String| declined.contains(&email::folded(owner));
        let owners_declined: Vec<String> = view.owners.iter().filter(declined).cloned().collect();
        Self {
            state: view.state(now_s),
            unheard: !owners_declined.is_empty() && owners_declined.len() == view.owners.len(),
            owners_declined,
            key: view.with_use(usage),
            seen: &usage.seen,
        }
    }
}

/// The same with its secret, this once.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct KeyWithSecret<'a> {
    #[serde(flatten)]
    shown: ShownKey<'a>,
    secret: Option<&'a str>,
}

impl Stored {
    /// # Errors
    /// `not_found`, whether or not another organisation has such a key.
    pub(super) fn read(storage: &Storage, key_id: &str) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Row {
            view: String,
            record: String,
            version: u64,
            acknowledged: u8,
            given_by: String,
            given_at_s: u64,
            usage: Option<String>,
        }
        let row: Option<Row> = sql::row(
            storage,
            "SELECT view, record, version, acknowledged, given_by, given_at_s, usage
             FROM keys LEFT JOIN usage USING (key_id) WHERE key_id = ?",
            args![key_id],
        )?;
        let row = row.ok_or_else(call::not_here)?;
        Ok(Self {
            view: serde_json::from_str(&row.view).map_err(|error| Refusal::internal(&error))?,
            record: row.record,
            version: row.version,
            acknowledged: row.acknowledged != 0,
            given_by: row.given_by,
            given_at_s: row.given_at_s,
            usage: usage::parse(row.usage.as_deref())?,
        })
    }

    pub(super) fn record(&self) -> Result<Record, Refusal> {
        Record::from_payload(self.record.as_bytes()).map_err(|error| Refusal::internal(&error))
    }

    /// Writes a new key, whose record is of [`payload`].
    pub(super) fn insert(moment: &Moment, view: KeyView, record: String) -> Result<Self, Refusal> {
        let stored = Self::written(moment, view, record)?;
        deliveries::plan(moment, EventName::KeyCreated, None, &stored.view)?;
        Ok(stored)
    }

    /// Writes a key that is not new, but was not here: its owners are told of its end alone.
    pub(super) fn insert_known(
        moment: &Moment,
        view: KeyView,
        record: String,
    ) -> Result<Self, Refusal> {
        let stored = Self::written(moment, view, record)?;
        let unplanned = KeyView {
            expires_at: 0,
            ..stored.view.clone()
        };
        deliveries::plan(
            moment,
            EventName::KeyRestored,
            Some(&unplanned),
            &stored.view,
        )?;
        Ok(stored)
    }

    fn written(moment: &Moment, view: KeyView, record: String) -> Result<Self, Refusal> {
        let stored = Self {
            record,
            view,
            version: 1,
            acknowledged: true,
            given_by: String::new(),
            given_at_s: moment.now_s,
            usage: Usage::default(),
        };
        sql::run(
            &moment.storage,
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, NULL, 1, 0, '', ?)",
            args![
                &stored.view.key_id,
                name::folded(&stored.view.name),
                stored.view.kind.as_str(),
                &stored.view.environment,
                stored.view.created_at,
                stored.view.expires_at,
                stored.view.disabled,
                search_text(&stored.view),
                json(&stored.view)?,
                &stored.record,
                stored.version,
                stored.given_at_s,
            ],
        )?;
        hold(&moment.storage, None, &stored.view)?;
        outbox::note(&moment.storage, &stored.view.key_id)?;
        Ok(stored)
    }

    /// Writes what the key is now, by a change that the log calls `event`.
    pub(super) fn becomes(
        self,
        moment: &Moment,
        event: EventName,
        view: KeyView,
        record: &Record,
    ) -> Result<Self, Refusal> {
        let next = Self {
            record: payload(moment, record)?,
            view,
            version: self.version.saturating_add(1),
            acknowledged: self.acknowledged,
            given_by: self.given_by,
            given_at_s: self.given_at_s,
            usage: self.usage,
        };
        let key_id = &next.view.key_id;
        sql::run(
            &moment.storage,
            "UPDATE keys SET expires_at_s = ?, disabled = ?, removed_at_s = ?, search = ?, view = ?,
             record = ?, version = ? WHERE key_id = ?",
            args![
                next.view.expires_at,
                next.view.disabled,
                next.view.removed_at,
                search_text(&next.view),
                json(&next.view)?,
                &next.record,
                next.version,
                key_id,
            ],
        )?;
        if next.view.removed_at.is_some() {
            // What is kept of an imported secret goes with it.
            sql::run(
                &moment.storage,
                "DELETE FROM imports WHERE key_id = ?",
                args![key_id],
            )?;
        }
        hold(&moment.storage, Some(&self.view), &next.view)?;
        if next.record != self.record {
            outbox::note(&moment.storage, key_id)?;
        }
        deliveries::plan(moment, event, Some(&self.view), &next.view)?;
        Ok(next)
    }

    pub(super) fn answer(&self, moment: &Moment) -> Result<Answer, Refusal> {
        let answer = Answer::json(200, &self.shown(moment)?)?;
        Ok(tagged(answer, self.version))
    }

    /// With the secret, where there is a new one.
    pub(super) fn answer_with(
        &self,
        moment: &Moment,
        secret: Option<&Secret>,
    ) -> Result<Answer, Refusal> {
        match secret {
            None => self.answer(moment),
            Some(secret) => self.issued(200, moment, Some(secret)),
        }
    }

    pub(super) fn issued(
        &self,
        status: u16,
        moment: &Moment,
        secret: Option<&Secret>,
    ) -> Result<Answer, Refusal> {
        let issued = KeyWithSecret {
            shown: self.shown(moment)?,
            secret: secret.map(Secret::reveal),
        };
        Ok(tagged(Answer::json(status, &issued)?, self.version))
    }

    fn shown(&self, moment: &Moment) -> Result<ShownKey<'_>, Refusal> {
        let declined = deliveries::declined(&moment.storage, self.view.owners.iter())?;
        let view = self.view.clone();
        Ok(ShownKey::new(view, &self.usage, &declined, moment.now_s))
    }
}

/// The record of a key, if there ever was such a key here.
pub(in crate::organisation) fn record(
    storage: &Storage,
    key_id: &str,
) -> Result<Option<Record>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        record: String,
    }
    let statement = "SELECT record FROM keys WHERE key_id = ?";
    let row: Option<Row> = sql::row(storage, statement, args![key_id])?;
    let read = |row: Row| Record::from_payload(row.record.as_bytes());
    let record = row.map(read).transpose();
    record.map_err(|error| Refusal::internal(&error))
}

/// The record as it is kept, if it can be published: what could not would be stuck in the outbox.
pub(in crate::organisation) fn payload(
    moment: &Moment,
    record: &Record,
) -> Result<String, Refusal> {
    let publisher = &moment.configuration.secrets.publisher;
    keyward_issuer::publish(record, publisher, moment.now_s).map_err(super::refused)?;
    let payload = record
        .to_payload()
        .map_err(|error| Refusal::internal(&error))?;
    String::from_utf8(payload).map_err(|error| Refusal::internal(&error))
}

fn json(view: &KeyView) -> Result<String, Refusal> {
    serde_json::to_string(view).map_err(|error| Refusal::internal(&error))
}

/// Notes the roles by which the key is found.
fn hold(storage: &Storage, before: Option<&KeyView>, after: &KeyView) -> Result<(), Refusal> {
    let (before, after_roles) = (before.map(held).unwrap_or_default(), held(after));
    for role in before.difference(&after_roles) {
        let statement = "DELETE FROM held WHERE role = ? AND key_id = ?";
        sql::run(storage, statement, args![*role, &after.key_id])?;
    }
    for role in after_roles.difference(&before) {
        let statement = "INSERT INTO held VALUES (?, ?)";
        sql::run(storage, statement, args![*role, &after.key_id])?;
    }
    Ok(())
}

/// None for a key that was removed: what its roles become is nothing to it.
fn held(view: &KeyView) -> BTreeSet<&str> {
    let roles = view.roles.iter().filter(|_| view.removed_at.is_none());
    roles.map(|one| one.role.as_str()).collect()
}

/// What a search looks through, in lower case.
fn search_text(view: &KeyView) -> String {
    let roles = view.roles.iter().map(|one| one.role.as_str());
    let given_to = view.issues.iter().filter_map(|one| one.given_to.as_deref());
    let words: Vec<_> = [view.name.as_str(), &view.key_id, &view.memo]
        .into_iter()
        .chain(view.owners.iter().map(String::as_str))
        .chain(roles)
        .chain(given_to)
        .collect();
    words.join("\n").to_lowercase()
}
