//! What all profiles share: a MAC is computed again with each secret of the key.
use super::is_live;
use crate::deployment::Deployment;
use crate::key::{Key, Profile, Secrets, SigningRules};
use crate::limits;
use crate::mac::{Algorithm, Tag};
use crate::replay::{self, Replay};

/// A MAC that was presented.
pub(super) struct Attempt<'p> {
    pub(super) profile: Profile,
    /// `None` if no key can have the one that was presented.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) mac: &'p [u8],
    /// What it may have been made over, each in parts. All are computed, whichever is right.
    pub(super) messages: &'p [&'p [&'p [u8]]],
}

/// The secret that the MAC was made with.
pub(super) struct Match<'a> {
    pub(super) key: &'a Key,
    pub(super) rules: &'a SigningRules,
    pub(super) issue: &'a str,
    /// Which of the messages it was made over.
    pub(super) message: usize,
    tag: Tag,
}

/// `None`: unknown key, another kind, profile not enabled, another algorithm, wrong MAC. Each
/// costs what the others do.
pub(super) fn compare<'a>(
    deployment: &Deployment,
    attempt: &Attempt<'_>,
    key: Option<&'a Key>,
    now_s: u64,
) -> Option<Match<'a>> {
    let candidate = key.and_then(|key| match &key.secrets {
        Secrets::Signed { rules, issues } => Some((key, rules, issues)),
        Secrets::Basic(_) | Secrets::Token { .. } => None,
    });
    // The key's profiles and algorithm count, the request's must be among them.
    let candidate = candidate.filter(|(_, rules, issues)| {
        rules.profiles.contains(attempt.profile)
            && issues
                .iter()
                .all(|issue| Some(issue.key.algorithm()) == attempt.algorithm)
    });
    let mut matched = None;
    if let Some((key, rules, issues)) = candidate {
        for issue in issues {
            for (index, message) in attempt.messages.iter().enumerate() {
                let tag = issue.key.mac(message);
                let right = tag.matches(attempt.mac) && is_live(issue.not_after_s, now_s);
                if right && matched.is_none() {
                    matched = Some(Match {
                        key,
                        rules,
                        issue: &issue.issue,
                        message: index,
                        tag,
                    });
                }
            }
        }
    }
    if matched.is_none() {
        // As much work as for a key with as many issues as there can be; none can match.
        let decoy = deployment.decoy(attempt.algorithm.unwrap_or(Algorithm::HmacSha512));
        let computed = candidate.map_or(0, |(_, _, issues)| issues.len());
        for _ in computed..limits::ISSUES_MAX {
            for message in attempt.messages {
                let _ = decoy.verify(message, attempt.mac);
            }
        }
    }
    matched
}

impl Match<'_> {
    /// What the host has to remember of the request, if the key wants it to.
    pub(super) fn replay(
        &self,
        profile: Profile,
        method: crate::catalogue::Method,
        fresh_until_s: u64,
    ) -> Option<Replay> {
        self.rules.replay.covers(profile, method).then(|| Replay {
            key: replay::key(&self.key.organisation, profile, &self.key.key_id, &self.tag),
            until_s: fresh_until_s.saturating_add(limits::REPLAY_MARGIN_S),
        })
    }
}
