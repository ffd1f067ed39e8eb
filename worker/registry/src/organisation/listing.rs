//! Pages of keys. A page goes on after the last key of the one before, by what it is sorted by and
//! its id, so that keys which come or go meanwhile move none of the others.
use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_core::catalogue::Action;
use keyward_core::deployment::is_name;
use serde::{Deserialize, Serialize};

use super::change::{Moment, Needs};
use super::keys::{ShownKey, TIME_S_MAX};
use super::{deliveries, usage};
use crate::call::{Answer, PAGE_BYTES_MAX};
use crate::key::{KeyView, Kind, Usage};
use crate::policy::Area;
use crate::refusal::Refusal;
use crate::sql::{self, args};

const LIMIT: u64 = 50;
const LIMIT_MAX: u64 = 200;
const SEARCH_CHARACTERS_MAX: usize = 100;
/// What is in it has bounds of its own; this is well beyond them.
pub(crate) const CURSOR_BYTES_MAX: usize = 1_024;

/// Which keys, and in which order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyQuery {
    /// Absent: in whatever state.
    pub(crate) state: Option<Standing>,
    /// Absent: of any.
    pub(crate) kind: Option<Kind>,
    /// Absent: of all.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Name>"))]
    pub(crate) environment: Option<String>,
    /// What stands in the key's name, id or memo, in the address of an owner, the name of a role or
    /// the id of who was given a secret.
    #[cfg_attr(test, schemars(length(max = SEARCH_CHARACTERS_MAX)))]
    pub(crate) search: Option<String>,
    /// Made before this time, and not used since.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    pub(crate) unused_since: Option<u64>,
    /// Absent: `-created`. A minus turns the order round.
    pub(crate) sort: Option<Sort>,
    /// `next` of the page before, in the same order.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Cursor>"))]
    pub(crate) after: Option<String>,
    /// Keys of a page; 50 when absent.
    #[cfg_attr(test, schemars(range(min = 1, max = LIMIT_MAX)))]
    pub(crate) limit: Option<u64>,
}

/// Keys that can be used now, or later; and those that cannot be any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Standing {
    Current,
    /// Expired, disabled or removed.
    Invalid,
}

/// A minus before the name turns the order round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Sort {
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDown,
    #[serde(rename = "created")]
    Created,
    #[default]
    #[serde(rename = "-created")]
    CreatedDown,
    #[serde(rename = "expires")]
    Expires,
    #[serde(rename = "-expires")]
    ExpiresDown,
    /// Those that were never used come first.
    #[serde(rename = "lastUsed")]
    LastUsed,
    #[serde(rename = "-lastUsed")]
    LastUsedDown,
}

impl Sort {
    /// The column, and whether it goes down.
    const fn by(self) -> (&'static str, bool) {
        match self {
            Self::Name => ("folded", false),
            Self::NameDown => ("folded", true),
            Self::Created => ("created_at_s", false),
            Self::CreatedDown => ("created_at_s", true),
            Self::Expires => ("expires_at_s", false),
            Self::ExpiresDown => ("expires_at_s", true),
            Self::LastUsed => ("used_at_s", false),
            Self::LastUsedDown => ("used_at_s", true),
        }
    }
}

/// Where a page ended.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor(Sort, Place, String);

/// What the last key was sorted by.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Place {
    Number(u64),
    Text(String),
}

impl Cursor {
    fn write(&self) -> Result<String, Refusal> {
        let json = serde_json::to_vec(self).map_err(|error| Refusal::internal(&error))?;
        Ok(Base64UrlUnpadded::encode_string(&json))
    }

    /// # Errors
    /// `invalid` when it is none, or of pages in another order.
    fn read(text: &str, sort: Sort) -> Result<Self, Refusal> {
        Some(text)
            .filter(|text| text.len() <= CURSOR_BYTES_MAX)
            .and_then(|text| Base64UrlUnpadded::decode_vec(text).ok())
            .and_then(|json| serde_json::from_slice::<Self>(&json).ok())
            .filter(|cursor| cursor.0 == sort)
            .filter(|cursor| matches!(cursor.1, Place::Text(_)) == (sort.by().0 == "folded"))
            .ok_or_else(|| Refusal::field("after", "is not what a page in this order gave as next"))
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct KeyPage<'a> {
    items: Vec<ShownKey<'a>>,
    /// For `after`; `null` on the last page.
    next: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    key_id: String,
    folded: String,
    created_at_s: u64,
    expires_at_s: u64,
    used_at_s: u64,
    usage: Option<String>,
    /// `None` where the page has no more room.
    view: Option<String>,
}

impl Row {
    fn place(&self, sort: Sort) -> Place {
        match sort.by().0 {
            "folded" => Place::Text(self.folded.clone()),
            "created_at_s" => Place::Number(self.created_at_s),
            "used_at_s" => Place::Number(self.used_at_s),
            _ => Place::Number(self.expires_at_s),
        }
    }
}

pub(super) fn list(moment: &Moment, query: &KeyQuery) -> Result<Answer, Refusal> {
    moment.look(Needs::to(Action::Read, Area::Keys))?;
    let sort = query.sort.unwrap_or_default();
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Refusal::field("limit", "must be 1 to 200"));
    }
    let mut rows = rows(moment, query, sort, limit)?;
    let in_page = |(at, row): (usize, &Row)| (at as u64) < limit && row.view.is_some();
    let page = rows
        .iter()
        .enumerate()
        .take_while(|one| in_page(*one))
        .count();
    let more = rows.len() > page;
    rows.truncate(page);
    let next = match rows.last() {
        Some(last) if more => Some(Cursor(sort, last.place(sort), last.key_id.clone()).write()?),
        _ => None,
    };
    let keys: Vec<(KeyView, Usage)> = rows
        .iter()
        .filter_map(|row| Some((row.view.as_deref()?, row.usage.as_deref())))
        .map(|(view, kept)| {
            let view = serde_json::from_str(view).map_err(|error| Refusal::internal(&error))?;
            Ok((view, usage::parse(kept)?))
        })
        .collect::<Result<_, Refusal>>()?;
    let owners = keys.iter().flat_map(|(view, _)| &view.owners);
    let declined = deliveries::declined(&moment.storage, owners)?;
    let items = keys
        .iter()
        .map(|(view, usage)| ShownKey::new(view.clone(), usage, &declined, moment.now_s));
    Answer::json(
        200,
        &KeyPage {
            items: items.collect(),
            next,
        },
    )
}

/// One row more than the page has says whether there is another page.
fn rows(moment: &Moment, query: &KeyQuery, sort: Sort, limit: u64) -> Result<Vec<Row>, Refusal> {
    let (column, down) = sort.by();
    let (beyond, order) = if down { ("<", "DESC") } else { (">", "ASC") };
    let mut wheres = Vec::new();
    let mut args = args![];
    if let Some(cursor) = &query.after {
        let Cursor(_, place, key_id) = Cursor::read(cursor, sort)?;
        wheres.push(format!("({column}, key_id) {beyond} (?, ?)"));
        args.push(match place {
            Place::Number(number) => number.into(),
            Place::Text(text) => text.into(),
        });
        args.push(key_id.into());
    }
    if let Some(standing) = query.state {
        let is = if standing == Standing::Current {
            ""
        } else {
            "NOT "
        };
        wheres.push(format!(
            "{is}(removed_at_s IS NULL AND disabled = 0 AND expires_at_s > ?)"
        ));
        args.push(moment.now_s.into());
    }
    if let Some(kind) = query.kind {
        wheres.push("kind = ?".to_owned());
        args.push(kind.as_str().into());
    }
    if let Some(environment) = &query.environment {
        if !is_name(environment) {
            return Err(Refusal::field("environment", "is not an environment"));
        }
        wheres.push("environment = ?".to_owned());
        args.push(environment.into());
    }
    if let Some(since_s) = query.unused_since {
        if since_s > TIME_S_MAX {
            return Err(Refusal::field("unusedSince", "is not a time"));
        }
        wheres.push("used_at_s < ? AND created_at_s < ?".to_owned());
        args.push(since_s.into());
        args.push(since_s.into());
    }
    if let Some(search) = &query.search {
        if search.chars().count() > SEARCH_CHARACTERS_MAX {
            return Err(Refusal::field("search", "must have 100 characters at most"));
        }
        wheres.push(
            "key_id IN (SELECT key_id FROM keys INDEXED BY keys_by_search WHERE instr(search, ?) > 0)"
                .to_owned(),
        );
        args.push(search.to_lowercase().into());
    }
    let filter = match wheres.is_empty() {
        true => String::new(),
        false => format!("WHERE {}", wheres.join(" AND ")),
    };
    args.push(limit.saturating_add(1).into());
    args.push(PAGE_BYTES_MAX.into());
    let order = format!("ORDER BY {column} {order}, keys.key_id {order}");
    let statement = format!(
        "WITH asked AS (SELECT key_id, {column}, length(view) AS own FROM keys {filter} {order} LIMIT ?),
         sized AS (SELECT key_id AS id, own, sum(own) OVER ({order}) AS size FROM asked AS keys)
         SELECT keys.key_id AS key_id, folded, created_at_s, expires_at_s, used_at_s, usage,
         CASE WHEN size <= ? OR size = own THEN view END AS view
         FROM sized CROSS JOIN keys ON keys.key_id = id LEFT JOIN usage ON usage.key_id = id {order}"
    );
    Ok(sql::rows(&moment.storage, &statement, args)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_its_order() {
        for (sort, place) in [
            (Sort::Name, Place::Text("billing".to_owned())),
            (Sort::CreatedDown, Place::Number(1_800_000_000)),
        ] {
            let cursor = Cursor(sort, place, "kwk_x".to_owned());
            let text = cursor.write().expect("a cursor");
            assert_eq!(Cursor::read(&text, sort), Ok(cursor));
            assert!(Cursor::read(&text, Sort::Expires).is_err());
        }
        let mixed = Cursor(Sort::Name, Place::Number(1), String::new());
        assert!(Cursor::read(&mixed.write().expect("a cursor"), Sort::Name).is_err());
        assert!(Cursor::read("", Sort::Name).is_err());
        assert!(Cursor::read("!", Sort::Name).is_err());
    }
}
