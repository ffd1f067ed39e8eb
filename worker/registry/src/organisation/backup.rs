//! A backup: pages of JSON Lines, each sealed by the registry and bound to the one before it. There
//! are no sessions, factors or repeats in it, and sealed secrets only for who may read these.
mod seal;

use keyward_core::catalogue::Action;
use keyward_wire::event::EventName;
use keyward_wire::grants::GrantTable;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use worker::Storage;

use super::change::{Change, Fresh, Moment, Needs};
use super::deliveries::KeptOwner;
use super::webhooks::KeptWebhook;
use super::{head, schema};
use crate::call::{Answer, JSON_LINES};
use crate::key::KeyView;
use crate::policy::{Area, MayGrant, OperatorRole};
use crate::random;
use crate::refusal::{Code, Refusal};
use crate::sql::{self, args};

#[cfg(test)]
pub(crate) use seal::SEAL_BYTES_MAX;
pub(super) use seal::{Seal, is_whole};

/// Parts of one page: as many as KV gives at once, when keys are restored.
const PARTS_MAX: u64 = 100;
/// And so many characters of them, or one that is larger.
const PAGE_CHARACTERS: u64 = 256 * 1024;

/// Which page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BackupQuery {
    /// Whether sealed secrets are in it. That of the first page holds.
    #[serde(default)]
    pub(crate) secrets: bool,
    /// The seal of the page before.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Seal>"))]
    pub(crate) after: Option<String>,
}

/// A line of a backup.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Line {
    #[serde(rename_all = "camelCase")]
    Organisation {
        name: String,
        life_days_max: u64,
        /// How far the audit log had come, signed.
        head: Value,
    },
    Role {
        name: String,
        grants: GrantTable,
    },
    /// Whom the organisation had. Operators are invited anew, never restored.
    #[serde(rename_all = "camelCase")]
    Operator {
        email: String,
        role: OperatorRole,
        may_grant: MayGrant,
        disabled: bool,
    },
    Key {
        view: Box<KeyView>,
        /// With the sealed secrets.
        record: Option<Value>,
    },
    Webhook(KeptWebhook),
    /// What an owner said of mails.
    Owner(KeptOwner),
}

/// A page: what was true when it was made. A key that changes meanwhile is in it as it was or as
/// it is, and whole either way.
pub(super) fn page(moment: &Moment, query: &BackupQuery) -> Result<Answer, Refusal> {
    let before = match &query.after {
        None => None,
        Some(text) => Some(Seal::open(moment, text)?),
    };
    let secrets = before.as_ref().map_or(query.secrets, |seal| seal.secrets);
    let needs = Needs {
        fresh: if secrets {
            Fresh::Factor
        } else {
            Fresh::Nothing
        },
        ..Needs::to(Action::Read, Area::Organisation)
    };
    moment.change(needs, |change| {
        let may = |area| change.actor.role.permits(area, Action::Read);
        if !may(Area::Keys) || !may(Area::Operators) || (secrets && !may(Area::Secrets)) {
            return Err(Code::Forbidden.into());
        }
        if let Some(before) = &before {
            before.goes_on(moment, &change.actor.id)?;
        }
        let mut lines = Vec::new();
        if before.is_none() {
            lines = first(change)?;
            let organisation = schema::policy(&moment.storage)?.name;
            let exported = json!({ "secrets": secrets });
            change.audit(
                EventName::BackupExported,
                &organisation,
                None,
                Some(&exported),
            )?;
        }
        let from = before
            .as_ref()
            .map_or_else(String::new, |seal| seal.after.clone());
        let parts = parts(&moment.storage, &from)?;
        for part in &parts {
            let sees_urls = change
                .actor
                .role
                .permits(Area::Organisation, Action::Update);
            lines.push(text(&part.line(secrets, sees_urls)?)?);
        }
        let last = parts.last().map_or_else(|| from.clone(), Part::place);
        let more = !self::parts(&moment.storage, &last)?.is_empty();
        let seal = match before {
            None => Seal::first(moment, &change.actor.id, random::id()?, secrets)?,
            Some(before) => before.next(),
        };
        let signed = seal.over(&lines, &last, more).sign(moment)?;
        lines.push(text(&json!({ "seal": signed, "more": more }))?);
        Ok(Answer {
            status: 200,
            media_type: JSON_LINES,
            body: Some(lines.join("\n") + "\n"),
            ..Answer::default()
        })
    })
}

/// What stands before all else.
fn first(change: &Change<'_>) -> Result<Vec<String>, Refusal> {
    let moment = change.moment;
    let policy = schema::policy(&moment.storage)?;
    let head = head::signed(&moment.storage, &moment.configuration, &policy.name)?;
    Ok(Vec::from([text(&Line::Organisation {
        head: serde_json::to_value(&head).map_err(|error| Refusal::internal(&error))?,
        name: policy.name,
        life_days_max: policy.life_days_max,
    })?]))
}

/// A line as it is hashed: the members in the order of their names.
fn text(line: &impl Serialize) -> Result<String, Refusal> {
    let line = serde_json::to_value(line).map_err(|error| Refusal::internal(&error))?;
    Ok(line.to_string())
}

/// What a backup consists of, one table after the other: its place, its name, what tells its rows
/// apart, and what is in the backup of each.
const TABLES: [[&str; 6]; 5] = [
    ["1", "roles", "name", "grants", "''", "0"],
    ["2", "operators", "email", "may_grant", "role", "disabled"],
    ["3", "keys", "key_id", "view", "record", "0"],
    [
        "4",
        "webhooks",
        "id",
        "json_object('id', webhooks.id, 'url', url, 'events', json(events), 'createdAt', created_at_s,
         'createdBy', created_by, 'disabledAt', disabled_at_s)",
        "coalesce(secret, '')",
        "0",
    ],
    [
        "5",
        "owners",
        "address",
        "json_object('address', address, 'id', owners.id, 'asked', asked, 'askedAt', asked_at_s,
         'confirmedAt', confirmed_at_s, 'declinedAt', declined_at_s)",
        "''",
        "0",
    ],
];

struct Part {
    number: &'static str,
    row: Row,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    one: String,
    other: String,
    flag: u8,
}

impl Part {
    /// Where it stands in the order of all parts.
    fn place(&self) -> String {
        format!("{}/{}", self.number, self.row.id)
    }

    fn line(&self, secrets: bool, sees_urls: bool) -> Result<Line, Refusal> {
        let parsed = |error: serde_json::Error| Refusal::internal(&error);
        let Row {
            id,
            one,
            other,
            flag,
        } = &self.row;
        Ok(match self.number {
            "1" => Line::Role {
                name: id.clone(),
                grants: serde_json::from_str(one).map_err(parsed)?,
            },
            "2" => Line::Operator {
                email: id.clone(),
                role: serde_json::from_str(other).map_err(parsed)?,
                may_grant: serde_json::from_str(one).map_err(parsed)?,
                disabled: *flag != 0,
            },
            "3" => Line::Key {
                view: serde_json::from_str(one).map_err(parsed)?,
                record: match secrets {
                    true => Some(serde_json::from_str(other).map_err(parsed)?),
                    false => None,
                },
            },
            "4" => {
                let kept: KeptWebhook = serde_json::from_str(one).map_err(parsed)?;
                let secret = Some(other).filter(|sealed| secrets && !sealed.is_empty());
                Line::Webhook(KeptWebhook {
                    url: kept.url.filter(|_| sees_urls),
                    secret: secret.cloned(),
                    ..kept
                })
            }
            _ => Line::Owner(serde_json::from_str(one).map_err(parsed)?),
        })
    }
}

/// Those after this place, all of one table.
fn parts(storage: &Storage, after: &str) -> Result<Vec<Part>, Refusal> {
    let (reached, id) = after.split_once('/').unwrap_or(("", ""));
    // Numbers are in the order of their tables.
    for [number, table, key, one, other, flag] in TABLES {
        if number < reached {
            continue;
        }
        let after = if number == reached { id } else { "" };
        let statement = format!(
            "WITH asked AS (SELECT {key} AS id, length({one}) + length({other}) AS own FROM {table}
               WHERE {key} > ?1 ORDER BY {key} LIMIT ?2),
             sized AS (SELECT id, own, sum(own) OVER (ORDER BY id) AS size FROM asked)
             SELECT sized.id AS id, {one} AS one, {other} AS other, {flag} AS flag
             FROM sized CROSS JOIN {table} ON {table}.{key} = sized.id
             WHERE size <= ?3 OR size = own ORDER BY sized.id"
        );
        let rows: Vec<Row> = sql::rows(
            storage,
            &statement,
            args![after, PARTS_MAX, PAGE_CHARACTERS],
        )?;
        if !rows.is_empty() {
            return Ok(rows.into_iter().map(|row| Part { number, row }).collect());
        }
    }
    Ok(Vec::new())
}
