//! Who keeps a key: its facts and plan as they are stored, and a post that loses things.
use std::collections::{BTreeMap, BTreeSet};

use keyward_issuer::notice::{
    Address, KeyFacts, Notice, NoticeId, Outcome, Planned, Recipient, State,
};

/// What goes wrong while something is sent.
#[allow(dead_code, reason = "not every test has all of it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// Nothing is delivered, and that is known.
    Fails,
    /// The program ends after it has stored what it is about to send.
    CrashesBefore,
    /// Everything is delivered, and the program ends before it has stored that.
    CrashesAfter,
}

/// What arrived.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) id: NoticeId,
    pub(crate) notice: Notice,
    pub(crate) to: Recipient,
    #[allow(dead_code, reason = "not every test looks at times")]
    pub(crate) at_s: u64,
}

pub(crate) struct Key {
    pub(crate) expires_at_s: u64,
    pub(crate) removed: bool,
    pub(crate) recipients: Vec<Recipient>,
    rotations: u32,
}

pub(crate) struct Keeper {
    pub(crate) now_s: u64,
    pub(crate) key: Key,
    pub(crate) sent: Vec<Sent>,
    /// As a table with the id as its primary key.
    rows: BTreeMap<NoticeId, Planned>,
    /// How often each was lost between being sent and being noted.
    crashes: BTreeMap<NoticeId, usize>,
}

pub(crate) fn owner(number: u8) -> Recipient {
    address(&format!("owner-{number}@acme.example"))
}

#[allow(dead_code, reason = "not every test has it")]
pub(crate) fn owner_in_capitals(number: u8) -> Recipient {
    address(&format!("OWNER-{number}@Acme.example"))
}

fn address(text: &str) -> Recipient {
    Recipient::Owner(Address::parse(text).expect("an address"))
}

#[allow(dead_code, reason = "not every test has all of it")]
impl Keeper {
    pub(crate) fn made(now_s: u64, life_s: u64, owners: &[u8]) -> Self {
        let mut keeper = Self {
            now_s,
            key: Key {
                expires_at_s: now_s + life_s,
                removed: false,
                recipients: owners.iter().map(|one| owner(*one)).collect(),
                rotations: 0,
            },
            sent: Vec::new(),
            rows: BTreeMap::new(),
            crashes: BTreeMap::new(),
        };
        keeper.replan(Some(&Notice::Created));
        keeper
    }

    pub(crate) fn facts(&self) -> KeyFacts<'_> {
        KeyFacts {
            deployment: "demo",
            organisation: "acme",
            key_id: "kwk_52PftQTKXTfcTQZXcdkxOg3WYEOr",
            expires_at_s: self.key.expires_at_s,
            removed: self.key.removed,
            recipients: &self.key.recipients,
        }
    }

    pub(crate) fn planned(&self) -> Vec<Planned> {
        self.rows.values().cloned().collect()
    }

    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Key)) {
        if !self.key.removed {
            change(&mut self.key);
            self.replan(None);
        }
    }

    pub(crate) fn rotate(&mut self) {
        if !self.key.removed {
            self.key.rotations += 1;
            let issue = format!("issue-{}", self.key.rotations);
            self.replan(Some(&Notice::Rotated {
                issue,
                old_valid_until_s: Some(self.now_s + 24 * 60 * 60),
            }));
        }
    }

    pub(crate) fn remove(&mut self) {
        if !self.key.removed {
            self.key.removed = true;
            self.replan(Some(&Notice::Removed));
        }
    }

    fn replan(&mut self, happened: Option<&Notice>) {
        let change = self.facts().replan(happened, &self.planned(), self.now_s);
        for one in change.add {
            assert!(
                self.rows.insert(one.id.clone(), one).is_none(),
                "planned twice"
            );
        }
        for id in change.forget {
            assert!(self.rows.remove(&id).is_some());
        }
    }

    /// The alarm: what is due is stored, then sent, then what came of it is stored.
    pub(crate) fn wake(&mut self, trouble: Trouble) {
        let due = self.facts().due(&self.planned(), self.now_s);
        for one in &due {
            self.rows.insert(one.id.clone(), one.clone());
        }
        for one in due.iter().filter(|one| one.state == State::Sending) {
            if matches!(trouble, Trouble::None | Trouble::CrashesAfter) {
                self.sent.push(Sent {
                    id: one.id.clone(),
                    notice: one.notice.clone(),
                    to: one.recipient.clone(),
                    at_s: self.now_s,
                });
            }
            let outcome = match trouble {
                Trouble::None => Outcome::Delivered,
                Trouble::Fails => Outcome::Failed,
                Trouble::CrashesBefore => continue,
                Trouble::CrashesAfter => {
                    *self.crashes.entry(one.id.clone()).or_default() += 1;
                    continue;
                }
            };
            let settled = one.settled(outcome, self.now_s);
            self.rows.insert(one.id.clone(), settled);
        }
    }

    pub(crate) fn next_at_s(&self) -> Option<u64> {
        self.facts().next_at_s(&self.planned(), self.now_s)
    }

    /// The clock goes on to this second, and whenever something is due it is sent.
    pub(crate) fn pass_to(&mut self, until_s: u64) {
        while let Some(at_s) = self.next_at_s().filter(|at_s| *at_s <= until_s) {
            self.now_s = self.now_s.max(at_s);
            self.wake(Trouble::None);
        }
        self.now_s = self.now_s.max(until_s);
    }

    pub(crate) fn crashes_of(&self, id: &NoticeId) -> usize {
        self.crashes.get(id).copied().unwrap_or(0)
    }

    pub(crate) fn crashes(&self) -> usize {
        self.crashes.values().sum()
    }

    /// How often this arrived. Told by what it is, not by its id.
    pub(crate) fn deliveries_of(&self, one: &Sent) -> usize {
        let same = |other: &&Sent| other.notice == one.notice && other.to == one.to;
        self.sent.iter().filter(same).count()
    }

    pub(crate) fn repeats(&self) -> usize {
        let ids: BTreeSet<&NoticeId> = self.sent.iter().map(|one| &one.id).collect();
        self.sent.len() - ids.len()
    }

    pub(crate) fn gave_up(&self) -> bool {
        self.rows.values().any(|one| one.state == State::GivenUp)
    }
}
