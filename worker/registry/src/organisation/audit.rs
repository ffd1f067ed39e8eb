//! The audit log: appended to in the transaction of each change, chained by hashes, never
//! changed.
use core::net::IpAddr;

use keyward_core::catalogue::Action;
use keyward_issuer::audit::{AuditHash, export_line};
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};

use super::change::{Moment, Needs};
use super::{head, schema};
use crate::call::{Answer, JSON_LINES, PAGE_BYTES_MAX};
use crate::email;
use crate::policy::Area;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// Entries in one answer.
const LINES_MAX: u64 = 1_000;
/// Of what an entry is about, and who did it, an e-mail address is the longest.
pub(crate) const NAMED_BYTES_MAX: usize = 254;
/// As many digits as numbers in queries have.
#[cfg(test)]
pub(crate) const SEQUENCE_MAX: u64 = 999_999_999_999_999;

/// Who did it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum By<'a> {
    /// Who has the root token.
    Root,
    /// Who did not prove to be anybody.
    Nobody,
    /// Nobody asked: a time had come.
    Registry,
    /// Who has a mail's link.
    Owner { email: &'a str },
    Operator {
        id: &'a str,
        email: &'a str,
        second_factor_at: u64,
    },
    /// A key of the API `keyward`.
    Key { id: &'a str, name: &'a str },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a, T> {
    sequence: u64,
    at: u64,
    organisation: &'a str,
    by: By<'a>,
    address: Option<IpAddr>,
    request_id: &'a str,
    action: EventName,
    subject: &'a str,
    before: Option<&'a T>,
    after: Option<&'a T>,
}

#[derive(Deserialize)]
struct Row {
    sequence: u64,
    entry: String,
    hash: String,
}

/// Appends an entry, in the transaction of what it tells. It holds nothing secret.
pub(super) fn append<T: Serialize>(
    moment: &Moment,
    by: By<'_>,
    action: EventName,
    subject: &str,
    before: Option<&T>,
    after: Option<&T>,
) -> Result<(), Refusal> {
    let organisation = schema::policy(&moment.storage)?.name;
    let last: Option<Row> = sql::row(
        &moment.storage,
        "SELECT sequence, entry, hash FROM audit ORDER BY sequence DESC LIMIT 1",
        args![],
    )?;
    let (sequence, hash) = match last {
        None => {
            let deployment = &moment.configuration.settings.deployment;
            (0, AuditHash::beginning(deployment, &organisation))
        }
        Some(row) => (row.sequence, parse(&row.hash)?),
    };
    let sequence = sequence.saturating_add(1);
    let entry = Entry {
        sequence,
        at: moment.now_s,
        organisation: &organisation,
        by,
        address: moment.about.address,
        request_id: &moment.about.request_id,
        action,
        subject,
        before,
        after,
    };
    let entry = serde_json::to_string(&entry).map_err(|error| Refusal::internal(&error))?;
    let hash = hash.then(&entry);
    sql::run(
        &moment.storage,
        "INSERT INTO audit VALUES (?, ?, ?)",
        args![sequence, entry, hash.to_string()],
    )?;
    Ok(())
}

fn parse(hash: &str) -> Result<AuditHash, Refusal> {
    AuditHash::parse(hash).ok_or_else(|| Refusal::internal(&"a hash of the audit log is none"))
}

/// Which entries.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AuditQuery {
    /// Those after this one.
    #[cfg_attr(test, schemars(with = "crate::openapi::Sequence"))]
    pub(crate) after: u64,
    /// Those of this event.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::AuditedEvent>"))]
    pub(crate) action: Option<EventName>,
    /// Those of this operator or key, by its id; of an owner, by his address; or `root`, `registry`
    /// or `nobody`.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Actor>"))]
    pub(crate) by: Option<String>,
    /// Those about this key or operator, by its id, or this owner, by his address; all of them when
    /// absent.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Subject>"))]
    pub(crate) subject: Option<String>,
    /// Entries of an answer; 100 when absent.
    #[cfg_attr(test, schemars(range(min = 1, max = LINES_MAX)))]
    pub(crate) limit: u64,
}

/// JSON Lines, the oldest first: one at least, and no more of them than have room.
pub(super) fn list(moment: &Moment, query: &AuditQuery) -> Result<Answer, Refusal> {
    moment.look(Needs::to(Action::Read, Area::Audit))?;
    if !(1..=LINES_MAX).contains(&query.limit) {
        return Err(Refusal::field("limit", "must be 1 to 1000"));
    }
    for (field, text) in [("subject", &query.subject), ("by", &query.by)] {
        let text = text.as_ref();
        if text.is_some_and(|text| text.len() > NAMED_BYTES_MAX) {
            return Err(Refusal::field(field, "must have 254 bytes at most"));
        }
    }
    let rows = rows(moment, query)?;
    let mut text = String::new();
    for row in &rows {
        text.push_str(&export_line(&row.entry, &parse(&row.hash)?));
        text.push('\n');
    }
    Ok(Answer {
        status: 200,
        media_type: JSON_LINES,
        body: Some(text),
        audit_head: Some(head::text(moment)?),
        ..Answer::default()
    })
}

/// Owners are known by their addresses in lower case. No id has an `@`.
fn as_kept(text: &str) -> String {
    match text.contains('@') {
        true => email::folded(text),
        false => text.to_owned(),
    }
}

/// Each filter has its index: the log grows for ever, and while it is read nobody else is served.
/// Few entries are about one subject, so its index is the one to use; SQLite cannot know that, and a
/// plus sign keeps it from those of the other filters.
fn rows(moment: &Moment, query: &AuditQuery) -> Result<Vec<Row>, Refusal> {
    let mut filter = String::new();
    let mut args = args![query.after];
    let action = query.action.map(|action| action.as_str().to_owned());
    let wanted = [
        ("subject", query.subject.as_deref().map(as_kept)),
        ("action", action),
        ("actor", query.by.as_deref().map(as_kept)),
    ];
    for (column, wanted) in wanted {
        if let Some(wanted) = wanted {
            let plus = match query.subject.is_some() && column != "subject" {
                true => "+",
                false => "",
            };
            filter.push_str(&format!(" AND {plus}{column} = ?"));
            args.push(wanted.into());
        }
    }
    args.push(query.limit.into());
    args.push(PAGE_BYTES_MAX.into());
    let statement = format!(
        "WITH asked AS (SELECT sequence, length(entry) AS own FROM audit WHERE sequence > ?{filter}
           ORDER BY sequence LIMIT ?),
         sized AS (SELECT sequence, own, sum(own) OVER (ORDER BY sequence) AS size FROM asked)
         SELECT sequence, entry, hash FROM sized CROSS JOIN audit USING (sequence)
         WHERE size <= ? OR size = own ORDER BY sequence"
    );
    Ok(sql::rows(&moment.storage, &statement, args)?)
}
