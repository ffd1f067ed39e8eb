//! Keys that clients have already: each row is judged by itself, and those that are right become
//! keys in one transaction. The same row again, of the same operator, is known and not done twice, so that a
//! request whose answer was lost can be sent again.
mod judge;
mod known;
mod report;

use std::collections::BTreeSet;

use keyward_core::catalogue::Action;
use worker::Env;

use super::change::{Moment, Needs};
use super::schema;
use crate::call::{self, Answer, Ask, DIRECTORY, THE_DIRECTORY};
use crate::directory::DirectoryCall;
use crate::key::{ImportForm, ImportRow, ROWS_MAX, RowFault};
use crate::policy::Area;
use crate::refusal::{Code, Refusal};

use judge::{Judge, Verdict};
use report::Outcome;
pub(crate) use report::Report;

fn needs() -> Needs {
    Needs::to(Action::Create, Area::Keys).and_a_fresh_factor_or_signature()
}

/// What became of each row; or with `dryRun`, what would.
pub(super) async fn import(
    moment: &Moment,
    env: &Env,
    form: ImportForm,
) -> Result<Answer, Refusal> {
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
    let rows = form.rows.into_iter().map(|row| row.or(&form.defaults));
    let rows: Vec<ImportRow> = rows.collect();
    let mut report = Report::new(form.dry_run);
    // First which of them may be keys: what is refused reserves nothing in the directory.
    let mut ready = Vec::new();
    let mut judge = Judge::new(moment, &actor, form.allow_short_secrets)?;
    for row in &rows {
        let index = report.add(row);
        match judge.row(row)? {
            Verdict::Ready(key) => ready.push((index, row, key.id())),
            Verdict::Known => report.is(index, Outcome::ImportedBefore),
            Verdict::Faulty(outcome, fault) => report.faulty(index, outcome, fault),
        }
    }
    let key_ids = ready.iter().map(|(_, _, key_id)| key_id.clone()).collect();
    let taken = taken(moment, env, key_ids, form.dry_run).await?;
    ready.retain(|(index, _, key_id)| {
        let is_taken = taken.contains(key_id);
        if is_taken {
            report.faulty(*index, Outcome::Refused, RowFault::TakenId.into());
        }
        !is_taken
    });
    if form.dry_run {
        for (index, ..) in ready {
            report.is(index, Outcome::Ready);
        }
        return Answer::json(200, &report);
    }
    // Others were served meanwhile: the keys are what they may be by now. A row that is refused by
    // now keeps no other from being a key; what fails otherwise undoes all.
    moment.change(needs(), |change| {
        let mut judge = Judge::new(moment, change.actor, form.allow_short_secrets)?;
        for (index, row, _) in ready {
            match judge.row(row)? {
                Verdict::Ready(key) => {
                    key.insert(change, row)?;
                    report.is(index, Outcome::Imported);
                }
                Verdict::Known => report.is(index, Outcome::ImportedBefore),
                Verdict::Faulty(outcome, fault) => report.faulty(index, outcome, fault),
            }
        }
        Answer::json(200, &report)
    })
}

/// The ids that are another organisation's. The others are reserved, unless it is a dry run.
async fn taken(
    moment: &Moment,
    env: &Env,
    key_ids: Vec<String>,
    dry_run: bool,
) -> Result<BTreeSet<String>, Refusal> {
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
