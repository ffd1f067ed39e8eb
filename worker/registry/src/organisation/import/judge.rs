//! Whether a row becomes a key.
use std::collections::BTreeSet;

use keyward_wire::Record;
use keyward_wire::event::EventName;
use serde::Serialize;

use super::known;
use super::report::Outcome;
use crate::automation;
use crate::key::{About, Checker, ImportRow, KeyView, Own, RowFault};
use crate::name;
use crate::organisation::actor::Actor;
use crate::organisation::change::{Change, Moment};
use crate::organisation::keys;
use crate::random;
use crate::refusal::{Code, FieldError, Refusal};

/// What the keys of one request come to, in bytes of their records. What rows have in common is in
/// each of them.
const KEYS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why a row is not imported, field by field where it is about some.
pub(super) struct Fault {
    pub(super) code: RowFault,
    pub(super) errors: Vec<FieldError>,
}

impl From<RowFault> for Fault {
    fn from(code: RowFault) -> Self {
        let errors = Vec::new();
        Self { code, errors }
    }
}

pub(super) enum Verdict {
    Ready(Box<ReadyKey>),
    /// This very row was imported already.
    Known,
    /// `Refused` or `NeedsOverride`.
    Faulty(Outcome, Fault),
}

fn refused(fault: impl Into<Fault>) -> Verdict {
    Verdict::Faulty(Outcome::Refused, fault.into())
}

/// A key that is made, and not yet written.
pub(super) struct ReadyKey {
    view: KeyView,
    payload: String,
    is_short: bool,
}

/// The entry in the log: the key, and whether somebody answers for its secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Imported<'a> {
    #[serde(flatten)]
    key: &'a KeyView,
    imported: bool,
    short_secret_allowed: bool,
}

impl ReadyKey {
    pub(super) fn id(&self) -> String {
        self.view.key_id.clone()
    }

    /// Writes it, in the transaction in which its row was judged.
    pub(super) fn insert(self, change: &Change<'_>, row: &ImportRow) -> Result<(), Refusal> {
        let view = keys::insert_imported(change, self.view, self.payload)?;
        known::remember(change.moment, &change.actor.id, &view.key_id, row)?;
        let imported = Imported {
            key: &view,
            imported: true,
            short_secret_allowed: self.is_short,
        };
        change.audit(EventName::KeyCreated, &view.key_id, None, Some(&imported))
    }
}

/// Judges the rows of one request, as things are at one moment.
pub(super) struct Judge<'a> {
    moment: &'a Moment,
    actor: &'a Actor,
    basis: keys::Basis,
    allow_short_secrets: bool,
    /// What earlier rows are.
    key_ids: BTreeSet<String>,
    names: BTreeSet<String>,
    bytes: usize,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        moment: &'a Moment,
        actor: &'a Actor,
        allow_short_secrets: bool,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            moment,
            actor,
            basis: keys::Basis::read(&moment.storage)?,
            allow_short_secrets,
            key_ids: BTreeSet::new(),
            names: BTreeSet::new(),
            bytes: 0,
        })
    }

    /// # Errors
    /// When the whole request is to be refused.
    pub(super) fn row(&mut self, row: &ImportRow) -> Result<Verdict, Refusal> {
        let Some(key_id) = row.valid_id().map(str::to_owned) else {
            return Ok(refused(RowFault::InvalidId));
        };
        let own = match row.own() {
            Ok(own) => own,
            Err(fault) => return Ok(refused(fault)),
        };
        if self.key_ids.contains(&key_id) {
            return Ok(refused(RowFault::DuplicateId));
        }
        if known::is_known(self.moment, &self.actor.id, &key_id, row)? {
            self.key_ids.insert(key_id);
            return Ok(Verdict::Known);
        }
        let (view, record) = match self.key(row, &key_id, &own)? {
            Ok(made) => made,
            Err(fault) => return Ok(refused(fault)),
        };
        let payload = match keys::payload(self.moment, &record) {
            Ok(payload) => payload,
            Err(refusal) => return faulty(refusal).map(refused),
        };
        // Who guesses one of these is an operator, or as good as one.
        if own.is_short() && automation::is_called_with(&view.roles) {
            return Ok(refused(RowFault::ShortSecret));
        }
        if own.is_short() && !self.allow_short_secrets {
            let fault = RowFault::ShortSecret.into();
            return Ok(Verdict::Faulty(Outcome::NeedsOverride, fault));
        }
        if let Err(fault) = self.free(&view)? {
            return Ok(refused(fault));
        }
        // One that is refused anyway takes neither id nor name from another.
        if !self.names.insert(name::folded(&view.name)) {
            return Ok(refused(RowFault::TakenName));
        }
        self.key_ids.insert(key_id);
        self.bytes = self.bytes.saturating_add(payload.len());
        if self.bytes > KEYS_BYTES_MAX {
            let detail = "come to more than 4 MiB of keys; send fewer at once";
            return Err(Refusal::field("rows", detail));
        }
        Ok(Verdict::Ready(Box::new(ReadyKey {
            view,
            payload,
            is_short: own.is_short(),
        })))
    }

    fn key(
        &self,
        row: &ImportRow,
        key_id: &str,
        own: &Own,
    ) -> Result<Result<(KeyView, Record), Fault>, Refusal> {
        let form = match row.form() {
            Ok(form) => form,
            Err(missing) => {
                let missing = missing.into_iter();
                let errors = missing.map(|name| FieldError::new(name, "must be there"));
                return Ok(Err(invalid(errors.collect())));
            }
        };
        let moment = self.moment;
        let (name, environment) = (form.name.clone(), form.environment.clone());
        let checker = Checker {
            errors: moment.configuration.environment_faults(&environment),
            ..self.basis.checker(moment, self.actor)
        };
        let checked = match checker.imported_key(form, key_id) {
            Ok(checked) => checked,
            Err(refusal) => return Ok(Err(invalid(refusal.errors))),
        };
        let record = moment.configuration.with_issuer(&environment, |issuer| {
            let brought = own.brought(true);
            issuer.import(checked.new, brought, moment.now_s, &mut random::fill)
        });
        let record = record.ok_or_else(|| Refusal::internal(&"the key's environment is gone"))?;
        let record = match record.map_err(keys::refused) {
            Ok(record) => record,
            Err(refusal) => return faulty(refusal).map(Err),
        };
        let about = About {
            name,
            owners: checked.owners,
            memo: checked.memo,
            created_at_s: moment.now_s,
            created_by: self.actor.email.clone(),
            given_to: self.actor.answers.clone(),
        };
        let view = KeyView::of(&record, about)
            .ok_or_else(|| Refusal::internal(&"an imported key is a tombstone"))?;
        Ok(Ok((view, record)))
    }

    /// Whether the key may be made by him, and nothing else has its id or its name.
    fn free(&self, view: &KeyView) -> Result<Result<(), Fault>, Refusal> {
        if let Err(errors) = self.actor.covers(view.facts(), self.moment.now_s) {
            let code = RowFault::BeyondMayGrant;
            return Ok(Err(Fault { code, errors }));
        }
        let taken = keys::taken(&self.moment.storage, &view.key_id, &view.name)?;
        Ok(match taken {
            None => Ok(()),
            Some(keys::Taken::Id) => Err(RowFault::TakenId.into()),
            Some(keys::Taken::Name) => Err(RowFault::TakenName.into()),
        })
    }
}

/// A row's own, unless nothing of the row can mend it.
fn faulty(refusal: Refusal) -> Result<Fault, Refusal> {
    if refusal.code == Code::TemporarilyUnavailable {
        return Err(refusal);
    }
    Ok(invalid(match refusal.errors.is_empty() {
        true => Vec::from([FieldError::new("", refusal.detail.unwrap_or_default())]),
        false => refusal.errors,
    }))
}

fn invalid(errors: Vec<FieldError>) -> Fault {
    Fault {
        code: RowFault::Invalid,
        errors,
    }
}
