//! A backup of this organisation, brought back page by page. What was removed or disabled since
//! stays so, secrets that were replaced since stay replaced, and every key gets a generation above all
//! that the edge may have seen.
use std::collections::BTreeMap;

use keyward_core::catalogue::Action;
use keyward_wire::event::EventName;
use keyward_wire::{PublishRing, Record, kv_name};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use worker::Env;

use super::backup::{Line, Seal, is_whole};
use super::change::{Change, Moment, Needs};
use super::keys::{self, RestoreOutcome};
use super::webhooks::{self, WebhookOutcome};
use super::{deliveries, operators, outbox, roles, schema, settings};
use crate::call::{self, Answer, Ask, DIRECTORY, THE_DIRECTORY};
use crate::directory::DirectoryCall;
use crate::key::KeyView;
use crate::policy::{Area, OperatorRole};
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

/// Lines of one page, of whatever kind.
pub(crate) const LINES_MAX: usize = 2_000;

/// A page with its seal, and that of the page before.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreForm {
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Seal>"))]
    previous: Option<String>,
    #[cfg_attr(test, schemars(with = "crate::openapi::Lines"))]
    lines: Vec<Map<String, Value>>,
    #[cfg_attr(test, schemars(with = "crate::openapi::Seal"))]
    seal: String,
}

/// What became of a page.
#[derive(Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RestoreReport {
    page: u64,
    /// Whether the backup has another page.
    more: bool,
    #[cfg_attr(test, schemars(with = "crate::openapi::RestoredKeys"))]
    keys: Vec<KeyReport>,
    /// Those that did not come back: beyond what who asks may grant, on what the deployment does not
    /// have any more, or too many.
    #[cfg_attr(test, schemars(with = "Vec<crate::openapi::Name>"))]
    roles: Vec<String>,
    /// Whom the backup has and the organisation has not: to be invited, if they are still wanted.
    #[cfg_attr(test, schemars(with = "crate::openapi::MissingOperators"))]
    operators: Vec<Missing>,
    #[cfg_attr(test, schemars(with = "crate::openapi::RestoredWebhooks"))]
    webhooks: Vec<WebhookReport>,
}

#[derive(Serialize)]
struct WebhookReport {
    id: String,
    outcome: WebhookOutcome,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyReport {
    key_id: String,
    outcome: RestoreOutcome,
}

#[derive(Serialize)]
struct Missing {
    email: String,
    role: OperatorRole,
}

fn needs() -> Needs {
    Needs::to(Action::Create, Area::Organisation).and_a_fresh_factor()
}

fn is_admin(role: &OperatorRole) -> Result<(), Refusal> {
    match role {
        OperatorRole::FirmAdmin => Ok(()),
        _ => Err(Code::Forbidden.into()),
    }
}

/// Restores what one page has. Nothing is done before the page was found to be the registry's own.
pub(super) async fn restore(
    moment: &Moment,
    env: &Env,
    form: RestoreForm,
) -> Result<Answer, Refusal> {
    is_admin(&moment.look(needs())?.role)?;
    let before = match &form.previous {
        None => None,
        Some(text) => Some(Seal::open(moment, text)?),
    };
    let seal = Seal::open(moment, &form.seal)?;
    // As they were hashed: the members in the order of their names.
    let lines: Vec<Value> = form.lines.into_iter().map(Value::Object).collect();
    let texts: Vec<String> = lines.iter().map(Value::to_string).collect();
    if texts.len() > LINES_MAX || !is_whole(before.as_ref(), &seal, &texts) {
        let detail = "are not those of the sealed page, or it does not follow the one before";
        return Err(Refusal::field("lines", detail));
    }
    let lines = lines.into_iter().map(serde_json::from_value::<Line>);
    let lines = lines.collect::<Result<Vec<_>, _>>();
    let lines = lines.map_err(|_| Refusal::field("lines", "are of another version"))?;
    let mut report = RestoreReport {
        page: seal.page,
        more: seal.more,
        ..RestoreReport::default()
    };
    let mut kept = Vec::new();
    for line in lines {
        match line {
            Line::Organisation {
                life_days_max,
                head,
                ..
            } => {
                moment.change(needs(), |change| begun(change, &seal, life_days_max, &head))?;
            }
            Line::Role { name, grants } => {
                let restore = |change: &Change<'_>| roles::restore(change, &name, &grants);
                if !moment.change(needs(), restore)? {
                    report.roles.push(name);
                }
            }
            Line::Operator { email, role, .. } => {
                if !operators::is_known(&moment.storage, &email)? {
                    report.operators.push(Missing { email, role });
                }
            }
            Line::Key { view, record } => kept.push((*view, record)),
            Line::Webhook(webhook) => {
                let restore = |change: &Change<'_>| webhooks::restore(change, &webhook);
                let outcome = moment.change(needs(), restore)?;
                let id = webhook.id;
                report.webhooks.push(WebhookReport { id, outcome });
            }
            Line::Owner(owner) => {
                moment.change(needs(), |change| deliveries::restore_owner(change, &owner))?;
            }
        }
    }
    let edge = edge(moment, env, &kept).await?;
    let taken = reserve(moment, env, &kept).await?;
    for (view, record) in kept {
        let key_id = view.key_id.clone();
        let record = match record {
            None => None,
            Some(record) => Record::from_payload(record.to_string().as_bytes()).ok(),
        };
        let outcome = if taken.contains(&key_id) {
            RestoreOutcome::TakenId
        } else {
            moment.change(needs(), |change| {
                is_admin(&change.actor.role)?;
                keys::restore(change, view, record.as_ref(), edge.get(&key_id))
            })?
        };
        report.keys.push(KeyReport { key_id, outcome });
    }
    Answer::json(200, &report)
}

/// Settings, and the entry that says where the log before this one ended.
fn begun(
    change: &Change<'_>,
    seal: &Seal,
    life_days_max: u64,
    head: &Value,
) -> Result<(), Refusal> {
    is_admin(&change.actor.role)?;
    if (1..=settings::LIFE_DAYS_MAX).contains(&life_days_max) {
        sql::run(
            change.storage(),
            "UPDATE organisation SET life_days_max = ?",
            args![life_days_max],
        )?;
    }
    let told = json!({
        "backup": seal.backup, "at": seal.at, "secrets": seal.secrets,
        "lifeDaysMax": life_days_max, "head": head,
    });
    let organisation = schema::policy(change.storage())?.name;
    change.audit(
        EventName::OrganisationRestored,
        &organisation,
        None,
        Some(&told),
    )
}

/// What the edge has of these keys, where the registry signed it.
async fn edge(
    moment: &Moment,
    env: &Env,
    kept: &[(KeyView, Option<Value>)],
) -> Result<BTreeMap<String, Record>, Refusal> {
    if kept.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<String> = kept.iter().map(|(view, _)| kv_name(&view.key_id)).collect();
    let publisher = &moment.configuration.secrets.publisher;
    let ring = PublishRing::new([(publisher.id().clone(), publisher.public_key())]);
    let ring = ring.map_err(|error| Refusal::internal(&error))?;
    let organisation = schema::policy(&moment.storage)?.name;
    let kv = env.kv(outbox::BINDING)?;
    let texts = kv.get_bulk(&names).text().await;
    let texts = texts.map_err(|error| Refusal::internal(&error))?;
    let read = |name: &str, text: &str| {
        let record = Record::from_payload(&ring.open(name, text).ok()?).ok()?;
        (record.organisation == organisation).then_some(record)
    };
    let found = texts.into_iter().filter_map(|(name, text)| {
        let record = read(&name, &text?)?;
        Some((record.key_id.clone(), record))
    });
    Ok(found.collect())
}

/// The ids that are another organisation's by now.
async fn reserve(
    moment: &Moment,
    env: &Env,
    kept: &[(KeyView, Option<Value>)],
) -> Result<Vec<String>, Refusal> {
    let question = Ask {
        about: moment.about.clone(),
        call: DirectoryCall::TakenKeys {
            key_ids: kept.iter().map(|(view, _)| view.key_id.clone()).collect(),
            organisation: schema::policy(&moment.storage)?.name,
            reserve: true,
        },
    };
    let answer = call::ask_for(env, DIRECTORY, THE_DIRECTORY, &question).await?;
    answer.map_err(|_| Refusal::internal(&"the directory does not reserve key ids"))
}
