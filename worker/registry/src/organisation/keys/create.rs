//! New keys.
use std::collections::BTreeMap;

use keyward_core::catalogue::Action;
use keyward_issuer::IssuedKey;
use keyward_wire::Record;
use keyward_wire::event::EventName;
use keyward_wire::grants::GrantTable;
use serde::Deserialize;
use worker::{Env, Storage};

use super::again::is_over;
use super::stored::Stored;
use super::{is_inside, refused};
use crate::call::{self, Answer, Ask, DIRECTORY, Idempotency, THE_DIRECTORY};
use crate::directory::DirectoryCall;
use crate::key::{About, Checker, KeyForm, KeyView};
use crate::name;
use crate::organisation::actor::Actor;
use crate::organisation::change::{Change, Moment, Needs};
use crate::organisation::roles;
use crate::organisation::schema::{self, Policy};
use crate::policy::Area;
use crate::random;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

/// How long an `Idempotency-Key` is known, in seconds.
const REPEAT_S: u64 = 24 * 60 * 60;

/// Makes a key. Its secret is in this one answer; the same request again gets the key without it.
pub(in crate::organisation) async fn create(
    moment: &Moment,
    env: &Env,
    form: KeyForm,
) -> Result<Answer, Refusal> {
    let needs = Needs::to(Action::Create, Area::Keys).and_a_fresh_factor_or_signature();
    // First who asks, so that nobody else makes the directory reserve anything.
    let actor = moment.admit(needs)?;
    if let Some(answer) = repeated(moment, &actor.id)? {
        return Ok(answer);
    }
    let basis = Basis::read(&moment.storage)?;
    let (issued, about) = make(moment, &basis, form, &actor)?;
    let key_id = &issued.record.key_id;
    reserve(moment, env, key_id, &issued.record.organisation).await?;
    let view = KeyView::of(&issued.record, about)
        .ok_or_else(|| Refusal::internal(&"a new key is a tombstone"))?;
    moment.change(needs, |change| {
        // Others were served while the directory was asked.
        if let Some(answer) = repeated(moment, &change.actor.id)? {
            return Ok(answer);
        }
        basis.holds(change.storage())?;
        is_inside(change, &view)?;
        name_is_free(change, &view.name)?;
        let stored = Stored::insert(moment, view, &issued.record)?;
        remember(change, key_id)?;
        change.audit(EventName::KeyCreated, key_id, None, Some(&stored.view))?;
        stored.issued(201, moment, Some(&issued.secret))
    })
}

/// What the organisation decided, and new keys are held against.
#[derive(PartialEq, Eq)]
pub(in crate::organisation) struct Basis {
    pub(in crate::organisation) policy: Policy,
    pub(in crate::organisation) roles: BTreeMap<String, GrantTable>,
}

impl Basis {
    pub(in crate::organisation) fn read(storage: &Storage) -> Result<Self, Refusal> {
        Ok(Self {
            policy: schema::policy(storage)?,
            roles: roles::own(storage)?,
        })
    }

    /// Whether nothing of it was changed meanwhile.
    ///
    /// # Errors
    /// `conflict` when something was.
    pub(in crate::organisation) fn holds(&self, storage: &Storage) -> Result<(), Refusal> {
        if Self::read(storage)? == *self {
            return Ok(());
        }
        let detail = "roles or settings were changed meanwhile; try again";
        Err(Refusal::because(Code::Conflict, detail))
    }
}

fn make(
    moment: &Moment,
    basis: &Basis,
    form: KeyForm,
    by: &Actor,
) -> Result<(IssuedKey, About), Refusal> {
    let environment = form.environment.clone();
    let name = form.name.clone();
    let checker = Checker {
        catalogue: &moment.configuration.catalogue,
        roles: &basis.roles,
        organisation: &basis.policy.name,
        life_days_max: basis.policy.life_days_max,
        now_s: moment.now_s,
        errors: Vec::new(),
    };
    let latest_s = by.keys_end_at_s().filter(|_| form.names_no_end());
    let mut checked = checker.new_key(form)?;
    if let Some(latest_s) = latest_s {
        let usual_s = checked.new.expires_at_s.unwrap_or(latest_s);
        checked.new.expires_at_s = Some(usual_s.min(latest_s));
    }
    let issued = moment
        .configuration
        .with_issuer(&environment, |issuer| {
            issuer.make(checked.new, moment.now_s, &mut random::fill)
        })
        .ok_or_else(|| Refusal::field("environment", "is not one of this deployment"))?
        .map_err(refused)?;
    let about = About {
        name,
        owners: checked.owners,
        memo: checked.memo,
        created_at_s: moment.now_s,
        created_by: by.email.clone(),
    };
    Ok((issued, about))
}

async fn reserve(
    moment: &Moment,
    env: &Env,
    key_id: &str,
    organisation: &str,
) -> Result<(), Refusal> {
    let question = Ask {
        about: moment.about.clone(),
        call: DirectoryCall::ReserveKey {
            key_id: key_id.to_owned(),
            organisation: organisation.to_owned(),
        },
    };
    let answer = call::ask(env, DIRECTORY, THE_DIRECTORY, &question).await?;
    match answer.status {
        204 => Ok(()),
        409 => Err(Refusal::because(Code::Conflict, "the key id is taken")),
        _ => Err(Refusal::internal(&"the directory refuses a key id")),
    }
}

/// What of a new key another one of the organisation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::organisation) enum Taken {
    Id,
    Name,
}

/// Names are never used again, not even those of keys that were removed.
pub(in crate::organisation) fn taken(
    storage: &Storage,
    key_id: &str,
    name: &str,
) -> Result<Option<Taken>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        key_id: String,
    }
    let row: Option<Row> = sql::row(
        storage,
        "SELECT key_id FROM keys WHERE key_id = ?1 OR folded = ?2 ORDER BY key_id <> ?1 DESC",
        args![key_id, name::folded(name)],
    )?;
    Ok(row.map(|row| {
        if row.key_id == key_id {
            Taken::Id
        } else {
            Taken::Name
        }
    }))
}

/// Writes a key whose secret its owner has: nobody is given another one for it.
pub(in crate::organisation) fn insert_imported(
    change: &Change<'_>,
    view: KeyView,
    record: &Record,
) -> Result<KeyView, Refusal> {
    let stored = Stored::insert(change.moment, view, record)?;
    is_over(change, &stored.view.key_id)?;
    Ok(stored.view)
}

fn name_is_free(change: &Change<'_>, name: &str) -> Result<(), Refusal> {
    match taken(change.storage(), "", name)? {
        None => Ok(()),
        Some(_) => Err(Refusal::because(
            Code::NameTaken,
            "a key of the organisation has or had this name, or one that looks like it",
        )),
    }
}

/// The answer to a request that was answered before: the key, without its secret.
fn repeated(moment: &Moment, operator: &str) -> Result<Option<Answer>, Refusal> {
    #[derive(Deserialize)]
    struct Row {
        content_hash: String,
        key_id: String,
    }
    let Some(Idempotency { key, content_hash }) = &moment.about.idempotency else {
        return Ok(None);
    };
    let row: Option<Row> = sql::row(
        &moment.storage,
        "SELECT content_hash, key_id FROM repeats WHERE operator = ? AND key = ? AND at_s > ?",
        args![operator, key, moment.now_s.saturating_sub(REPEAT_S)],
    )?;
    let Some(row) = row else { return Ok(None) };
    if row.content_hash != *content_hash {
        return Err(Code::IdempotencyMismatch.into());
    }
    let stored = Stored::read(&moment.storage, &row.key_id)?;
    stored.issued(200, moment, None).map(Some)
}

fn remember(change: &Change<'_>, key_id: &str) -> Result<(), Refusal> {
    let Some(Idempotency { key, content_hash }) = &change.moment.about.idempotency else {
        return Ok(());
    };
    let now_s = change.moment.now_s;
    sql::run(
        change.storage(),
        "DELETE FROM repeats WHERE at_s <= ?",
        args![now_s.saturating_sub(REPEAT_S)],
    )?;
    sql::run(
        change.storage(),
        "INSERT INTO repeats VALUES (?, ?, ?, ?, ?)",
        args![&change.actor.id, key, content_hash, key_id, now_s],
    )?;
    Ok(())
}
