//! What is planned, from what a key is now and what was planned before.
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Notice, NoticeId, Planned, Recipient, State, Threshold};

/// What notices depend on, of one key.
#[derive(Clone, Copy, Debug)]
pub struct KeyFacts<'a> {
    pub deployment: &'a str,
    pub organisation: &'a str,
    pub key_id: &'a str,
    pub expires_at_s: u64,
    pub removed: bool,
    /// Owners, and webhooks of the organisation.
    pub recipients: &'a [Recipient],
}

/// How the plan differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replanned {
    pub add: Vec<Planned>,
    pub forget: Vec<NoticeId>,
}

impl KeyFacts<'_> {
    /// The change of the plan that goes with a change of the key, for its transaction. `happened`
    /// is told at once: made, rotated, removed.
    ///
    /// Each recipient has each threshold of the key's end once. Those that do not lie ahead are
    /// [`State::Passed`]: a key made for 60 days says nothing of 90. What was not sent and is
    /// not wanted any more is forgotten; what was sent stays, so that going back to an earlier end
    /// or owner repeats nothing. A plan that is right is left as it is.
    #[must_use]
    pub fn replan(&self, happened: Option<&Notice>, planned: &[Planned], now_s: u64) -> Replanned {
        let mut known: BTreeSet<NoticeId> = planned.iter().map(|one| one.id.clone()).collect();
        let mut add = Vec::new();
        for recipient in self.recipients {
            for notice in self.expiry().chain(happened.cloned()) {
                let one = self.planned(notice, recipient, now_s);
                // An owner who is named twice is told once.
                if known.insert(one.id.clone()) {
                    add.push(one);
                }
            }
        }
        let stale = |one: &&Planned| {
            matches!(one.state, State::Waiting | State::Passed) && !self.wants(one)
        };
        let forget = planned.iter().filter(stale);
        Replanned {
            add,
            forget: forget.map(|one| one.id.clone()).collect(),
        }
    }

    /// What changes when the clock shows this: what is to be sent is `Sending`, and to be stored
    /// as that before it is sent. `planned` is all of the key, and none of it is being sent: what
    /// is `Sending` was lost with its answer, and is sent once more.
    ///
    /// Of the thresholds that lie behind, a recipient is told the nearest to the end alone; the
    /// others have passed, however far the clock jumped.
    #[must_use]
    pub fn due(&self, planned: &[Planned], now_s: u64) -> Vec<Planned> {
        let changed = planned.iter().filter_map(|one| {
            let state = self.state(one, now_s);
            // Sending again is news, too.
            let is_news = state != one.state || state == State::Sending;
            is_news.then(|| Planned {
                state,
                ..one.clone()
            })
        });
        changed.collect()
    }

    /// When to look at the plan again, in seconds of Unix time.
    #[must_use]
    pub fn next_at_s(&self, planned: &[Planned], now_s: u64) -> Option<u64> {
        let wanted = planned.iter().filter(|one| self.wants(one));
        let times = wanted.filter_map(|one| match one.state {
            State::Waiting | State::Sending => Some(one.at_s(now_s)),
            // The clock went back: it waits again, and that is to be noted.
            State::Passed if now_s < one.at_s(now_s) => Some(now_s),
            State::Passed | State::Sent | State::GivenUp => None,
        });
        times.min()
    }

    /// What a notice is when the clock shows this: [`State::Sending`] when it is to be sent. One
    /// that is not wanted any more stays what it is, or has passed.
    #[must_use]
    pub fn state(&self, one: &Planned, now_s: u64) -> State {
        if matches!(one.state, State::Sent | State::GivenUp) {
            return one.state;
        }
        if !self.wants(one) {
            // What waits is forgotten with the change that made it unwanted.
            return match one.state {
                State::Sending => State::Passed,
                other => other,
            };
        }
        match (one.state, self.is_last_reached(&one.notice, now_s)) {
            (_, Some(false)) | (State::Passed, Some(true)) => State::Passed,
            _ if one.at_s(now_s) <= now_s => State::Sending,
            _ => State::Waiting,
        }
    }

    /// Of a threshold that lies behind: whether no later one does. `None` of anything else.
    fn is_last_reached(&self, notice: &Notice, now_s: u64) -> Option<bool> {
        let Notice::Expires {
            threshold,
            expires_at_s,
        } = *notice
        else {
            return None;
        };
        let reached = |one: &&Threshold| one.at_s(expires_at_s) <= now_s;
        let last = Threshold::ALL.iter().rfind(reached)?;
        (threshold <= *last).then_some(threshold == *last)
    }

    fn wants(&self, one: &Planned) -> bool {
        let is_current = match one.notice {
            Notice::Expires { expires_at_s, .. } => {
                !self.removed && expires_at_s == self.expires_at_s
            }
            Notice::Created | Notice::Rotated { .. } | Notice::Removed => true,
        };
        is_current && self.recipients.iter().any(|to| to.is(&one.recipient))
    }

    /// Nobody is told of the end of a key that was removed.
    fn expiry(&self) -> impl Iterator<Item = Notice> + use<> {
        let expires_at_s = self.expires_at_s;
        let thresholds = if self.removed {
            &[]
        } else {
            &Threshold::ALL[..]
        };
        thresholds.iter().map(move |threshold| Notice::Expires {
            threshold: *threshold,
            expires_at_s,
        })
    }

    /// A notice to one recipient; behind its time it has passed.
    #[must_use]
    pub fn planned(&self, notice: Notice, recipient: &Recipient, now_s: u64) -> Planned {
        let is_behind = match notice {
            Notice::Expires {
                threshold,
                expires_at_s,
            } => threshold.at_s(expires_at_s) <= now_s,
            Notice::Created | Notice::Rotated { .. } | Notice::Removed => false,
        };
        Planned {
            id: NoticeId::of(self, &notice, recipient),
            notice,
            recipient: recipient.clone(),
            state: if is_behind {
                State::Passed
            } else {
                State::Waiting
            },
            failures: 0,
            try_at_s: 0,
        }
    }
}
