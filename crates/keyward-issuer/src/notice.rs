//! What owners and webhooks are told about a key, and when: each of them each thing once.
//!
//! Whoever keeps keys stores what is [`Planned`] beside them. In the transaction of a change he
//! stores what [`KeyFacts::replan`] gives. When he wakes up he stores what [`KeyFacts::due`]
//! gives, and then sends what is [`State::Sending`] in it; what came of that is stored by
//! [`Planned::settled`]. A crash in between leaves it `Sending`, and it is sent once more under
//! the same id.
use alloc::string::String;
use core::fmt;

use keyward_wire::event::{Event, EventName, KeyData};
use serde::{Deserialize, Serialize};

mod address;
mod id;
pub mod mail;
mod plan;

pub use address::Address;
pub(crate) use address::is_label;
pub use id::NoticeId;
pub use plan::{KeyFacts, Replanned};

use crate::retry::delay_s;

const DAY_S: u64 = 24 * 60 * 60;

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Notice {
    Created,
    Rotated {
        issue: String,
        /// `None`: the old secret is not valid any more.
        old_valid_until_s: Option<u64>,
    },
    Removed,
    Expires {
        threshold: Threshold,
        expires_at_s: u64,
    },
}

/// How long before a key expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Threshold {
    Days90,
    Days30,
    Days7,
    /// When it does.
    Expiry,
}

impl Threshold {
    /// The earliest first.
    pub const ALL: [Self; 4] = [Self::Days90, Self::Days30, Self::Days7, Self::Expiry];

    #[must_use]
    pub const fn days(self) -> u64 {
        match self {
            Self::Days90 => 90,
            Self::Days30 => 30,
            Self::Days7 => 7,
            Self::Expiry => 0,
        }
    }

    /// When it is reached, in seconds of Unix time.
    #[must_use]
    pub const fn at_s(self, expires_at_s: u64) -> u64 {
        expires_at_s.saturating_sub(self.days().saturating_mul(DAY_S))
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Recipient {
    Owner(Address),
    /// The id of a webhook.
    Webhook(String),
}

/// A notice to one recipient. The id fixes the first three; there is one row of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    pub id: NoticeId,
    pub notice: Notice,
    pub recipient: Recipient,
    pub state: State,
    /// Failures in a row.
    pub failures: u32,
    /// After a failure: when to try again.
    pub try_at_s: u64,
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    Waiting,
    /// Handed over, and nothing heard of it yet.
    Sending,
    Sent,
    /// Its time lies behind, and it was not sent: a later one says more, or it was planned too
    /// late. It waits again when the clock goes back behind its time.
    Passed,
    GivenUp,
}

/// What came of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Delivered,
    /// It may go well later.
    Failed,
    /// It never will: no such address, or a webhook that is gone.
    Refused,
}

/// How far sending has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub state: State,
    /// Failures in a row.
    pub failures: u32,
    /// After a failure: when to try again.
    pub try_at_s: u64,
}

impl Progress {
    /// The same after it was sent.
    #[must_use]
    pub fn settled(self, outcome: Outcome, now_s: u64) -> Self {
        let failures = match outcome {
            Outcome::Delivered => 0,
            Outcome::Failed | Outcome::Refused => self.failures.saturating_add(1),
        };
        let retry_s = delay_s(failures);
        let state = match (outcome, retry_s) {
            (Outcome::Delivered, _) => State::Sent,
            (Outcome::Failed, Some(_)) => State::Waiting,
            (Outcome::Failed, None) | (Outcome::Refused, _) => State::GivenUp,
        };
        Self {
            state,
            failures,
            try_at_s: now_s.saturating_add(retry_s.unwrap_or(0)),
        }
    }
}

impl Planned {
    /// The same after it was sent.
    #[must_use]
    pub fn settled(&self, outcome: Outcome, now_s: u64) -> Self {
        let progress = Progress {
            state: self.state,
            failures: self.failures,
            try_at_s: self.try_at_s,
        };
        let Progress {
            state,
            failures,
            try_at_s,
        } = progress.settled(outcome, now_s);
        Self {
            state,
            failures,
            try_at_s,
            ..self.clone()
        }
    }

    /// When it is to be sent, as far as it waits.
    #[must_use]
    pub fn at_s(&self, now_s: u64) -> u64 {
        let reached_s = match self.notice {
            Notice::Expires {
                threshold,
                expires_at_s,
            } => threshold.at_s(expires_at_s),
            Notice::Created | Notice::Rotated { .. } | Notice::Removed => 0,
        };
        // A clock that went back makes no retry wait for longer than its delay.
        let delay_s = delay_s(self.failures).unwrap_or(0);
        let went_back = self.try_at_s > now_s.saturating_add(delay_s);
        reached_s.max(if went_back { 0 } else { self.try_at_s })
    }
}

impl Recipient {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Owner(one), Self::Owner(other)) => one.folded() == other.folded(),
            (Self::Webhook(one), Self::Webhook(other)) => one == other,
            _ => false,
        }
    }
}

impl Notice {
    /// The name of what it tells.
    #[must_use]
    pub const fn name(&self) -> EventName {
        match self {
            Self::Created => EventName::KeyCreated,
            Self::Rotated { .. } => EventName::KeyRotated,
            Self::Removed => EventName::KeyRemoved,
            Self::Expires {
                threshold: Threshold::Expiry,
                ..
            } => EventName::KeyExpired,
            Self::Expires { .. } => EventName::KeyExpiresSoon,
        }
    }

    /// The same for webhooks.
    #[must_use]
    pub fn event(&self, key: KeyData) -> Event {
        match self {
            Self::Created => Event::KeyCreated(key),
            Self::Rotated {
                issue,
                old_valid_until_s,
            } => Event::KeyRotated {
                key,
                issue: issue.clone(),
                old_valid_until: *old_valid_until_s,
            },
            Self::Removed => Event::KeyRemoved(key),
            Self::Expires {
                threshold: Threshold::Expiry,
                ..
            } => Event::KeyExpired(key),
            Self::Expires { threshold, .. } => Event::KeyExpiresSoon {
                key,
                notice_days: threshold.days(),
            },
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner(address) => address.as_str(),
            Self::Webhook(id) => id,
        })
    }
}
