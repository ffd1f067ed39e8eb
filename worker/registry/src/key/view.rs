//! Keys as they are shown: everything but what is secret.
use keyward_wire::record::{Assignment, Live, Material, Record, State};
use serde::{Deserialize, Serialize};

use super::{Kind, Usage};
use crate::policy::Facts;

/// A key as it is answered. Times are seconds of Unix time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyView {
    #[cfg_attr(test, schemars(with = "crate::openapi::KeyId"))]
    pub(crate) key_id: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    #[cfg_attr(test, schemars(with = "crate::openapi::Name"))]
    pub(crate) environment: String,
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Algorithm>"))]
    pub(crate) algorithm: Option<String>,
    #[cfg_attr(test, schemars(with = "Vec<crate::openapi::Profile>"))]
    pub(crate) profiles: Vec<String>,
    /// As it can be written back: `null` is anywhere, an empty text nowhere.
    pub(crate) allowlist: Option<String>,
    pub(crate) owners: Vec<String>,
    pub(crate) memo: String,
    #[cfg_attr(test, schemars(with = "Vec<crate::openapi::Assignment>"))]
    pub(crate) roles: Vec<Assignment>,
    pub(crate) created_at: u64,
    pub(crate) created_by: String,
    pub(crate) not_before: Option<u64>,
    pub(crate) expires_at: u64,
    pub(crate) disabled: bool,
    pub(crate) removed_at: Option<u64>,
    /// The valid secrets or tokens, the newest first, each by its id.
    pub(crate) issues: Vec<Issue>,
    /// Counts the changes of what the edge knows.
    pub(crate) generation: u64,
}

/// A secret or token of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issue {
    pub(crate) issue: String,
    pub(crate) not_after: Option<u64>,
    /// The id of the operator who was given it, himself or by a program whose secret he was given.
    /// `null` when it is not known.
    #[serde(default)]
    pub(crate) given_to: Option<String>,
    /// The minute of its last use that the edge reported, `null` for none. In answers only: use is
    /// no change of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    pub(crate) last_used_at: Option<LastUse>,
}

/// `null` where there was none; absent is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastUse(Option<u64>);

/// What of a key is not in its record.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) owners: Vec<String>,
    pub(crate) memo: String,
    pub(crate) created_at_s: u64,
    pub(crate) created_by: String,
    /// The id of the operator who is given its secret.
    pub(crate) given_to: String,
}

impl KeyView {
    /// `None` for tombstones, which say nothing of their key.
    pub(crate) fn of(record: &Record, about: About) -> Option<Self> {
        let State::Live(live) = &record.state else {
            return None;
        };
        let view = Self {
            key_id: record.key_id.clone(),
            name: about.name,
            kind: kind(live),
            environment: record.environment.clone(),
            algorithm: None,
            profiles: Vec::new(),
            allowlist: None,
            owners: about.owners,
            memo: about.memo,
            roles: Vec::new(),
            created_at: about.created_at_s,
            created_by: about.created_by,
            not_before: live.not_before_s,
            expires_at: live.expires_at_s,
            disabled: live.disabled,
            removed_at: None,
            issues: Vec::new(),
            generation: record.generation,
        };
        Some(view.reissued(record, about.created_at_s, &about.given_to))
    }

    /// The same key when its record is this one, in which the newest secret is this operator's.
    pub(crate) fn reissued(self, record: &Record, now_s: u64, given_to: &str) -> Self {
        let mut view = self.after(record, now_s);
        if let Some(newest) = view.issues.first_mut() {
            newest.given_to = Some(given_to.to_owned());
        }
        view
    }

    /// The same key when its record is this one.
    pub(crate) fn after(self, record: &Record, now_s: u64) -> Self {
        let State::Live(live) = &record.state else {
            return Self {
                removed_at: Some(now_s),
                issues: Vec::new(),
                generation: record.generation,
                ..self
            };
        };
        let (algorithm, profiles) = match &live.material {
            Material::Basic(_) => (None, Vec::new()),
            Material::Token { algorithm, .. } => (Some(algorithm.as_str()), Vec::new()),
            Material::Signed {
                algorithm, rules, ..
            } => (
                Some(algorithm.as_str()),
                rules.profiles.iter().map(|one| one.as_str()).collect(),
            ),
        };
        let addresses = live.addresses.as_ref().map(|networks| {
            let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
            networks.join(", ")
        });
        Self {
            algorithm: algorithm.map(str::to_owned),
            profiles: profiles.into_iter().map(str::to_owned).collect(),
            allowlist: addresses,
            roles: live.assignments.clone(),
            expires_at: live.expires_at_s,
            disabled: live.disabled,
            issues: issues(&live.material, &self.issues),
            generation: record.generation,
            ..self
        }
    }

    /// `active`, or why it is refused: the first of `removed`, `expired`, `disabled`, `pending`.
    pub(crate) fn state(&self, now_s: u64) -> &'static str {
        if self.removed_at.is_some() {
            "removed"
        } else if self.expires_at <= now_s {
            "expired"
        } else if self.disabled {
            "disabled"
        } else if self.not_before.is_some_and(|from| now_s < from) {
            "pending"
        } else {
            "active"
        }
    }

    /// As it is answered: with the last use of each of its secrets.
    pub(crate) fn with_use(mut self, usage: &Usage) -> Self {
        for one in &mut self.issues {
            one.last_used_at = Some(LastUse(usage.issues.get(&one.issue).copied()));
        }
        self
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            environment: &self.environment,
            assignments: &self.roles,
            allowlist: self.allowlist.as_deref(),
            expires_at_s: self.expires_at,
        }
    }
}

const fn kind(live: &Live) -> Kind {
    match live.material {
        Material::Basic(_) => Kind::Basic,
        Material::Signed { .. } => Kind::Signed,
        Material::Token { .. } => Kind::Token,
    }
}

/// Who was given them is not in the record: of each that is known from before it stays.
fn issues(material: &Material, known: &[Issue]) -> Vec<Issue> {
    let issue = |id: &String, not_after| Issue {
        issue: id.clone(),
        not_after,
        given_to: known
            .iter()
            .find_map(|one| one.given_to.clone().filter(|_| one.issue == *id)),
        last_used_at: None,
    };
    match material {
        Material::Basic(all) => all
            .iter()
            .map(|one| issue(&one.issue, one.not_after_s))
            .collect(),
        Material::Signed { issues: all, .. } => all
            .iter()
            .map(|one| issue(&one.issue, one.not_after_s))
            .collect(),
        Material::Token { issues: all, .. } => all
            .iter()
            .map(|one| issue(&one.issue, one.not_after_s))
            .collect(),
    }
}
