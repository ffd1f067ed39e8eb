//! New keys.
use std::collections::BTreeMap;

use keyward_core::catalogue::Action;
use keyward_issuer::{IssuedKey, Secret, make_key_id};
use keyward_wire::event::EventName;
use keyward_wire::grants::GrantTable;
use serde::Deserialize;
use worker::{Env, Storage};

use super::again::{begins, is_over};
use super::stored::{Stored, payload};
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
    // First whether there may be such a key: what is refused reserves nothing in the directory.
    let actor = moment.admit(needs)?;
    if let Some(answer) = repeated(moment, &actor.id)? {
        return Ok(answer);
    }
    let key_id = make_key_id(&mut random::fill).map_err(refused)?;
    judge(moment, &actor, form.clone(), &key_id)?;
    reserve(moment, env, &key_id).await?;
    // Others were served meanwhile: the key is what it may be by now.
    moment.change(needs, |change| {
        if let Some(answer) = repeated(moment, &change.actor.id)? {
            return Ok(answer);
        }
        let (view, payload, secret) = judge(moment, change.actor, form, &key_id)?;
        let stored = Stored::insert(moment, view, payload)?;
        begins(change, &key_id)?;
        remember(change, &key_id)?;
        change.audit(EventName::KeyCreated, &key_id, None, Some(&stored.view))?;
        stored.issued(201, moment, Some(&secret))
    })
}

/// What the organisation decided, and new keys are held against.
pub(in crate::organisation) struct Basis {
    policy: Policy,
    roles: BTreeMap<String, GrantTable>,
}

impl Basis {
    pub(in crate::organisation) fn read(storage: &Storage) -> Result<Self, Refusal> {
        Ok(Self {
            policy: schema::policy(storage)?,
            roles: roles::own(storage)?,
        })
    }

    pub(in crate::organisation) fn checker<'a>(
        &'a self,
        moment: &'a Moment,
        by: &Actor,
    ) -> Checker<'a> {
        Checker {
            catalogue: &moment.configuration.catalogue,
            roles: &self.roles,
            organisation: &self.policy.name,
            life_days_max: self.policy.life_days_max,
            latest_s: by.keys_end_at_s(moment.now_s),
            now_s: moment.now_s,
            errors: Vec::new(),
        }
    }
}

/// The key as it is to be kept, with its secret, if he may have such a key at this moment.
fn judge(
    moment: &Moment,
    by: &Actor,
    form: KeyForm,
    key_id: &str,
) -> Result<(KeyView, String, Secret), Refusal> {
    let environment = form.environment.clone();
    let name = form.name.clone();
    let basis = Basis::read(&moment.storage)?;
    let checker = Checker {
        errors: moment.configuration.environment_faults(&environment),
        ..basis.checker(moment, by)
    };
    let checked = checker.new_key(form, key_id)?;
    let IssuedKey { record, secret } = moment
        .configuration
        .with_issuer(&environment, |issuer| {
            issuer.make(checked.new, moment.now_s, &mut random::fill)
        })
        .ok_or_else(|| Refusal::internal(&"the key's environment is gone"))?
        .map_err(refused)?;
    let about = About {
        name,
        owners: checked.owners,
        memo: checked.memo,
        created_at_s: moment.now_s,
        created_by: by.email.clone(),
        given_to: by.answers.clone(),
    };
    let view = KeyView::of(&record, about)
        .ok_or_else(|| Refusal::internal(&"a new key is a tombstone"))?;
    is_inside(moment, by, &view)?;
    name_is_free(moment, &view.name)?;
    let payload = payload(moment, &record)?;
    Ok((view, payload, secret))
}

async fn reserve(moment: &Moment, env: &Env, key_id: &str) -> Result<(), Refusal> {
    let question = Ask {
        about: moment.about.clone(),
        call: DirectoryCall::ReserveKey {
            key_id: key_id.to_owned(),
            organisation: schema::policy(&moment.storage)?.name,
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
    payload: String,
) -> Result<KeyView, Refusal> {
    let stored = Stored::insert(change.moment, view, payload)?;
    is_over(change, &stored.view.key_id)?;
    Ok(stored.view)
}

fn name_is_free(moment: &Moment, name: &str) -> Result<(), Refusal> {
    match taken(&moment.storage, "", name)? {
        None => Ok(()),
        Some(_) => Err(Refusal::taken(
            "name",
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
