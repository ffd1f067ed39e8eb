//! Grants as they are written: `{ "<api>": { "<resource>": "crud" } }`.
use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use keyward_core::catalogue::{Actions, is_account_name};
use keyward_core::json::{JsonError, Members, Value};
use keyward_core::key;
use keyward_core::sorted_map::SortedMap;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::unique_map;

/// The actions on each resource of each API. What is not named is not granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantTable(#[serde(with = "unique_map::sorted")] SortedMap<String, ResourceGrants>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct ResourceGrants(#[serde(with = "unique_map::sorted")] SortedMap<String, Letters>);

/// At least one action, as letters of `crud` in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Letters(Actions);

impl GrantTable {
    /// # Errors
    /// When it is not such a table.
    pub(crate) fn read(value: Value<'_>) -> Result<Self, JsonError> {
        let mut table = Self::default();
        for (api, resources) in Members::of("grants", value)?.into_object() {
            let mut own = ResourceGrants::default();
            for (name, letters) in Members::of("grants", resources)?.into_object() {
                let letters = Letters::parse(&letters.into_text("grants")?);
                let letters = letters.ok_or_else(|| JsonError::must_be("grants", LETTERS))?;
                own.0.insert(name.into_owned(), letters);
            }
            table.0.insert(api.into_owned(), own);
        }
        Ok(table)
    }

    /// The actions on one resource.
    #[must_use]
    pub fn on(&self, api: &str, resource: &str) -> Actions {
        let resources = self.0.get(api).map(|resources| &resources.0);
        resources
            .and_then(|map| map.get(resource))
            .map_or(Actions::NONE, |letters| letters.0)
    }

    /// Grants actions on one resource besides those already granted.
    pub fn grant(&mut self, api: &str, resource: &str, actions: Actions) {
        if actions.is_empty() {
            return;
        }
        let resources = self
            .0
            .get_or_insert_with(api.to_owned(), ResourceGrants::default);
        let letters = resources.and_then(|resources| {
            resources
                .0
                .get_or_insert_with(resource.to_owned(), || Letters(Actions::NONE))
        });
        if let Some(letters) = letters {
            letters.0 = letters.0.union(actions);
        }
    }

    /// API, resource and actions, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Actions)> {
        self.0.iter().flat_map(|(api, resources)| {
            resources
                .0
                .iter()
                .map(|(name, letters)| (api.as_str(), name.as_str(), letters.0))
        })
    }

    /// What both tables grant.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let mut both = Self::default();
        for (api, resource, actions) in self.iter() {
            both.grant(api, resource, actions.intersect(other.on(api, resource)));
        }
        both
    }

    /// The same, for the core.
    #[must_use]
    pub fn to_core(&self) -> Vec<key::Grants> {
        self.iter()
            .map(|(api, resource, actions)| key::Grants {
                api: api.to_owned(),
                resource: resource.to_owned(),
                actions,
            })
            .collect()
    }
}

const LETTERS: &str = "some letters of crud, in this order";

impl Letters {
    fn parse(text: &str) -> Option<Self> {
        Actions::parse(text)
            .filter(|actions| !actions.is_empty())
            .map(Self)
    }
}

impl Serialize for Letters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Letters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?)
            .ok_or_else(|| de::Error::custom(format_args!("actions are {LETTERS}")))
    }
}

/// `"all"` or a list of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// Present and future ones.
    All,
    Listed(BTreeSet<String>),
}

impl Accounts {
    /// # Errors
    /// When it is neither `"all"` nor a list of accounts, each once.
    pub(crate) fn read(value: Value<'_>) -> Result<Self, JsonError> {
        let names = match value {
            Value::String(text) if text == "all" => return Ok(Self::All),
            Value::Array(names) => names,
            _ => return Err(JsonError::must_be("accounts", "\"all\" or a list")),
        };
        let mut accounts = BTreeSet::new();
        for name in names {
            if !accounts.insert(name.into_text("accounts")?.into_owned()) {
                return Err(JsonError::must_be("accounts", "a list without repetition"));
            }
        }
        Ok(Self::Listed(accounts))
    }

    /// The same, for the core.
    #[must_use]
    pub fn into_core(self) -> key::Accounts {
        match self {
            Self::All => key::Accounts::All,
            Self::Listed(names) => key::Accounts::Listed(names),
        }
    }
}

impl Serialize for Accounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Listed(names) => serializer.collect_seq(names),
        }
    }
}

impl<'de> Deserialize<'de> for Accounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AccountsVisitor)
    }
}

struct AccountsVisitor;

impl<'de> Visitor<'de> for AccountsVisitor {
    type Value = Accounts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"all\" or a list of accounts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Accounts, E> {
        if text == "all" {
            Ok(Accounts::All)
        } else {
            Err(E::custom("accounts must be \"all\" or a list"))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Accounts, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = access.next_element()? {
            if !names.insert(name) {
                return Err(de::Error::custom("an account is listed twice"));
            }
        }
        Ok(Accounts::Listed(names))
    }
}

/// An account of the core that is not `*`, which stands for all where origins are told accounts.
#[must_use]
pub fn is_account(text: &str) -> bool {
    text != "*" && is_account_name(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tables_share_what_both_grant() {
        let table = |json: &str| serde_json::from_str::<GrantTable>(json).unwrap();
        let one = table(r#"{ "a": { "x": "cru", "y": "d" }, "b": { "x": "r" } }"#);
        let other = table(r#"{ "a": { "x": "rd", "y": "r" }, "c": { "x": "r" } }"#);
        assert_eq!(one.intersect(&other), table(r#"{ "a": { "x": "r" } }"#));
        assert_eq!(one.intersect(&one), one);
    }
}
