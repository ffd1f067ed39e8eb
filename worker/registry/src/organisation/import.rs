//! Keys that clients have already: each row is judged by itself, and those that are right become
//! keys in one transaction. The same row again, of the same operator, is known and not done twice, so that a
//! request whose answer was lost can be sent again.
mod known;
mod report;

use std::collections::BTreeSet;

use keyward_core::catalogue::Action;
use worker::Env;

use super::actor::Actor;
use super::change::{Change, Moment, Needs};
use super::{keys, schema};
use crate::automation;
use crate::call::{self, Answer, Ask, DIRECTORY, THE_DIRECTORY};
use crate::directory::DirectoryCall;
use crate::key::{About, Checker, ImportForm, ImportRow, KeyView, Own, ROWS_MAX, RowFault};
use crate::name;
use crate::policy::Area;
use crate::random;
use crate::refusal::{Code, FieldError, Refusal};
use keyward_wire::Record;
use keyward_wire::event::EventName;
use serde::Serialize;

use report::Outcome;
pub(crate) use report::Report;

/// What the keys of one request come to, in bytes of their records. What rows have in common is in
/// each of them.
const KEYS_BYTES_MAX: usize = 4 * 1024 * 1024;

fn needs() -> Needs {
    Needs::to(Action::Create, Area::Keys).and_a_fresh_factor_or_signature()
}

/// What became of each row; or with `dryRun`, what would.
pub(super) async fn import(
    moment: &Moment,
    env: &Env,
    form: ImportForm,
) -> Result<Answer, Refusal> {
    // First who asks, so that nobody else makes the directory say or reserve anything.
    let actor = moment.look(needs())?;
    if !moment.configuration.settings.imported_key_ids {
        let detail = "this deployment takes no key ids from elsewhere";
        return Err(Refusal::because(Code::Conflict, detail));
    }
    if !(1..=ROWS_MAX).contains(&form.rows.len()) {
        return Err(Refusal::field("rows", "must be 1 to 200"));
    }
    if form.defaults.names_a_key() {
        let detail = "may not have keyId, name, secret or sha256: they are a row's own";
        return Err(Refusal::field("defaults", detail));
    }
    let dry_run = form.dry_run;
    let mut report = Report::new(dry_run);
    let judge = Judge {
        moment,
        actor: &actor,
        basis: keys::Basis::read(&moment.storage)?,
        allow_short_secrets: form.allow_short_secrets,
    };
    let mut seen = Seen::default();
    let mut ready = Vec::new();
    let mut bytes = 0;
    for row in form.rows {
        let row = row.or(&form.defaults);
        let index = report.add(&row);
        match judge.row(row, &mut seen)? {
            Verdict::Ready(key) => {
                bytes += key.bytes;
                if bytes > KEYS_BYTES_MAX {
                    let detail = "come to more than 4 MiB of keys; send fewer at once";
                    return Err(Refusal::field("rows", detail));
                }
                ready.push((index, *key));
            }
            Verdict::Known => report.is(index, Outcome::ImportedBefore),
            Verdict::NeedsOverride(fault) => report.faulty(index, Outcome::NeedsOverride, fault),
            Verdict::Refused(fault) => report.faulty(index, Outcome::Refused, fault),
        }
    }
    let taken = taken(moment, env, &ready, dry_run).await?;
    let (taken, free): (Vec<_>, Vec<_>) = ready
        .into_iter()
        .partition(|(_, key)| taken.contains(&key.view.key_id));
    for (index, _) in taken {
        report.faulty(index, Outcome::Refused, RowFault::TakenId.into());
    }
    if dry_run {
        for (index, _) in free {
            report.is(index, Outcome::Ready);
        }
        return Answer::json(200, &report);
    }
    // A row that is refused by now keeps no other from being a key; what fails otherwise undoes all.
    moment.change(needs(), |change| {
        judge.basis.holds(change.storage())?;
        for (index, key) in free {
            match key.insert(change)? {
                Ok(outcome) => report.is(index, outcome),
                Err(fault) => report.faulty(index, Outcome::Refused, fault),
            }
        }
        Answer::json(200, &report)
    })
}

/// Why a row is not imported, field by field where it is about some.
struct Fault {
    code: RowFault,
    errors: Vec<FieldError>,
}

impl From<RowFault> for Fault {
    fn from(code: RowFault) -> Self {
        let errors = Vec::new();
        Self { code, errors }
    }
}

enum Verdict {
    Ready(Box<ReadyKey>),
    /// This very row was imported already.
    Known,
    NeedsOverride(Fault),
    Refused(Fault),
}

/// What earlier rows of the request are.
#[derive(Default)]
struct Seen {
    key_ids: BTreeSet<String>,
    names: BTreeSet<String>,
}

/// A key that is made, and not yet written.
struct ReadyKey {
    row: ImportRow,
    view: KeyView,
    record: Record,
    bytes: usize,
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
    fn insert(self, change: &Change<'_>) -> Result<Result<Outcome, Fault>, Refusal> {
        // Others were served while the directory was asked.
        let moment = change.moment;
        let key_id = &self.view.key_id;
        if known::is_known(moment, &change.actor.id, key_id, &self.row)? {
            return Ok(Ok(Outcome::ImportedBefore));
        }
        if let Err(fault) = free(moment, change.actor, &self.view)? {
            return Ok(Err(fault));
        }
        let view = keys::insert_imported(change, self.view, &self.record)?;
        known::remember(moment, &change.actor.id, &view.key_id, &self.row)?;
        let imported = Imported {
            key: &view,
            imported: true,
            short_secret_allowed: self.is_short,
        };
        change.audit(EventName::KeyCreated, &view.key_id, None, Some(&imported))?;
        Ok(Ok(Outcome::Imported))
    }
}

struct Judge<'a> {
    moment: &'a Moment,
    actor: &'a Actor,
    basis: keys::Basis,
    allow_short_secrets: bool,
}

impl Judge<'_> {
    fn row(&self, row: ImportRow, seen: &mut Seen) -> Result<Verdict, Refusal> {
        let Some(key_id) = row.valid_id().map(str::to_owned) else {
            return Ok(Verdict::Refused(RowFault::InvalidId.into()));
        };
        let own = match row.own() {
            Ok(own) => own,
            Err(fault) => return Ok(Verdict::Refused(fault.into())),
        };
        if seen.key_ids.contains(&key_id) {
            return Ok(Verdict::Refused(RowFault::DuplicateId.into()));
        }
        if known::is_known(self.moment, &self.actor.id, &key_id, &row)? {
            seen.key_ids.insert(key_id);
            return Ok(Verdict::Known);
        }
        let (view, record) = match self.key(&row, &key_id, &own)? {
            Ok(made) => made,
            Err(fault) => return Ok(Verdict::Refused(fault)),
        };
        let bytes = match keys::payload(self.moment, &record) {
            Ok(payload) => payload.len(),
            Err(refusal) => return faulty(refusal).map(Verdict::Refused),
        };
        // Who guesses one of these is an operator, or as good as one.
        if own.is_short() && automation::is_called_with(&view.roles) {
            return Ok(Verdict::Refused(RowFault::ShortSecret.into()));
        }
        if own.is_short() && !self.allow_short_secrets {
            return Ok(Verdict::NeedsOverride(RowFault::ShortSecret.into()));
        }
        if let Err(fault) = free(self.moment, self.actor, &view)? {
            return Ok(Verdict::Refused(fault));
        }
        // One that is refused anyway takes neither id nor name from another.
        if !seen.names.insert(name::folded(&view.name)) {
            return Ok(Verdict::Refused(RowFault::TakenName.into()));
        }
        seen.key_ids.insert(key_id);
        Ok(Verdict::Ready(Box::new(ReadyKey {
            row,
            view,
            record,
            bytes,
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
        let keys::Basis { policy, roles } = &self.basis;
        let checker = Checker {
            catalogue: &moment.configuration.catalogue,
            roles,
            organisation: &policy.name,
            life_days_max: policy.life_days_max,
            now_s: moment.now_s,
            errors: moment.configuration.environment_faults(&form.environment),
        };
        let (name, environment) = (form.name.clone(), form.environment.clone());
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
        };
        let view = KeyView::of(&record, about)
            .ok_or_else(|| Refusal::internal(&"an imported key is a tombstone"))?;
        Ok(Ok((view, record)))
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

/// Whether the key may be made by him, and nothing else has its id or its name.
fn free(moment: &Moment, actor: &Actor, view: &KeyView) -> Result<Result<(), Fault>, Refusal> {
    if let Err(errors) = actor.covers(view.facts(), moment.now_s) {
        let code = RowFault::BeyondMayGrant;
        return Ok(Err(Fault { code, errors }));
    }
    let taken = keys::taken(&moment.storage, &view.key_id, &view.name)?;
    Ok(match taken {
        None => Ok(()),
        Some(keys::Taken::Id) => Err(RowFault::TakenId.into()),
        Some(keys::Taken::Name) => Err(RowFault::TakenName.into()),
    })
}

/// The ids that are another organisation's. The others are reserved, unless it is a dry run.
async fn taken(
    moment: &Moment,
    env: &Env,
    ready: &[(usize, ReadyKey)],
    dry_run: bool,
) -> Result<BTreeSet<String>, Refusal> {
    let key_ids: Vec<_> = ready
        .iter()
        .map(|(_, key)| key.view.key_id.clone())
        .collect();
    if key_ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let organisation = schema::policy(&moment.storage)?.name;
    let question = Ask {
        about: moment.about.clone(),
        call: DirectoryCall::TakenKeys {
            key_ids,
            organisation,
            reserve: !dry_run,
        },
    };
    let answer = call::ask_for(env, DIRECTORY, THE_DIRECTORY, &question).await?;
    answer.map_err(|_| Refusal::internal(&"the directory does not look up key ids"))
}
