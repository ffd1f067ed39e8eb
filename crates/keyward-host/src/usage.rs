//! What became of the requests of each key, counted until it is reported: when the key was last
//! used, from where, and why it was refused. A key is reported at most once a minute; nothing is
//! kept of a request itself, and of an address no more than its network.
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use keyward_core::denial::Code;
use keyward_core::sorted_map::SortedMap;

/// Keys that are counted: as many as are in memory.
pub const USED_KEYS_MAX: usize = 5_000;
/// Secrets or tokens of a key, the last used ones: a rotation has two, and may follow another.
pub const ISSUES_MAX: usize = 4;
/// How long after a report of a key the next one is.
pub const REPORT_EVERY_S: u64 = 60;
/// Keys of one report. An entry has some 500 bytes, at worst 2 KiB, and the registry takes 256 KiB.
pub const REPORTED_MAX: usize = 120;

/// The key of a request: one that there is.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    pub organisation: &'a str,
    pub key_id: &'a str,
}

/// Where a key was used: an IPv4 /24, or an IPv6 /48.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpAddr);

impl Network {
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}/24"),
            IpAddr::V6(address) => write!(f, "{address}/48"),
        }
    }
}

/// What was counted since the last report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Requests that were let through.
    pub allowed: u64,
    /// The minute of the last of them, in seconds of Unix time.
    pub last_at_s: Option<u64>,
    /// Where it came from, if anybody knows.
    pub last_from: Option<Network>,
    /// The same minute for each secret or token that was used, by its id.
    pub issues: SortedMap<String, u64>,
    /// Refused requests, by their reason.
    pub denials: SortedMap<Code, u64>,
}

impl Counted {
    fn is_empty(&self) -> bool {
        self.allowed == 0 && self.denials.is_empty()
    }

    fn used(&mut self, issue: &str, minute_s: u64) {
        if let Some(last_at_s) = self.issues.get_mut(issue) {
            *last_at_s = minute_s.max(*last_at_s);
            return;
        }
        self.issues.insert(issue.to_owned(), minute_s);
        if self.issues.len() > ISSUES_MAX {
            let oldest = self.issues.iter().min_by_key(|(_, at_s)| **at_s);
            if let Some(issue) = oldest.map(|(issue, _)| issue.clone()) {
                self.issues.remove(&issue);
            }
        }
    }

    fn denied(&mut self, code: Code, times: u64) {
        if let Some(count) = self.denials.get_or_insert_with(code, || 0) {
            *count = count.saturating_add(times);
        }
    }

    /// Takes in what was counted before.
    fn add(&mut self, earlier: Self) {
        self.allowed = self.allowed.saturating_add(earlier.allowed);
        if earlier.last_at_s > self.last_at_s {
            self.last_at_s = earlier.last_at_s;
            self.last_from = earlier.last_from;
        }
        for (issue, minute_s) in earlier.issues {
            self.used(&issue, minute_s);
        }
        for (code, times) in earlier.denials {
            self.denied(code, times);
        }
    }
}

/// What there is to say of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub organisation: String,
    pub key_id: String,
    pub counted: Counted,
}

/// The keys that a host counts.
#[derive(Debug)]
pub struct Usage {
    entries: SortedMap<String, Entry>,
    /// When the first report is due; at the end of time if there is nothing to say.
    due_at_s: u64,
    uses: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Entry {
    organisation: String,
    counted: Counted,
    /// `None`: never, so that the first use of a key is told at once.
    reported_at_s: Option<u64>,
    used: u64,
}

impl Entry {
    /// A clock that goes back must not make a report wait for ever.
    fn due_at_s(&self, now_s: u64) -> u64 {
        match self.reported_at_s {
            Some(reported_at_s) if reported_at_s <= now_s => {
                reported_at_s.saturating_add(REPORT_EVERY_S)
            }
            _ => now_s,
        }
    }
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            entries: SortedMap::new(),
            due_at_s: u64::MAX,
            uses: 0,
            dropped: 0,
        }
    }
}

impl Usage {
    /// Counts a request that was let through.
    pub fn allowed(&mut self, whose: Whose<'_>, issue: &str, address: Option<IpAddr>, now_s: u64) {
        let minute_s = now_s - now_s % 60;
        self.count(whose, now_s, |counted| {
            counted.allowed = counted.allowed.saturating_add(1);
            counted.last_at_s = counted.last_at_s.max(Some(minute_s));
            counted.last_from = address.map(Network::of);
            counted.used(issue, minute_s);
        });
    }

    /// Counts a request that was refused.
    pub fn denied(&mut self, whose: Whose<'_>, code: Code, now_s: u64) {
        self.count(whose, now_s, |counted| counted.denied(code, 1));
    }

    /// Whether there is something to report by now.
    #[must_use]
    pub const fn is_due(&self, now_s: u64) -> bool {
        // Later than any report can be: the clock went back.
        let too_late =
            self.due_at_s != u64::MAX && self.due_at_s > now_s.saturating_add(REPORT_EVERY_S);
        self.due_at_s <= now_s || too_late
    }

    /// When there will be; at the end of time if nothing is counted.
    #[must_use]
    pub const fn due_at_s(&self) -> u64 {
        self.due_at_s
    }

    /// Takes out what is due, of [`REPORTED_MAX`] keys at most.
    pub fn take(&mut self, now_s: u64) -> Vec<Report> {
        self.take_where(now_s, |due_at_s| due_at_s <= now_s)
    }

    /// Takes out what there is, due or not: for a host that is about to end.
    pub fn take_early(&mut self, now_s: u64) -> Vec<Report> {
        self.take_where(now_s, |_| true)
    }

    fn take_where(&mut self, now_s: u64, is_asked_for: impl Fn(u64) -> bool) -> Vec<Report> {
        let mut reports = Vec::new();
        let mut due_at_s = u64::MAX;
        self.entries.retain(|key_id, entry| {
            let entry_due_at_s = entry.due_at_s(now_s);
            if entry.counted.is_empty() {
                return entry_due_at_s > now_s;
            }
            if is_asked_for(entry_due_at_s) && reports.len() < REPORTED_MAX {
                entry.reported_at_s = Some(now_s);
                reports.push(Report {
                    organisation: entry.organisation.clone(),
                    key_id: key_id.clone(),
                    counted: core::mem::take(&mut entry.counted),
                });
            } else {
                due_at_s = due_at_s.min(entry_due_at_s);
            }
            true
        });
        self.due_at_s = due_at_s;
        reports
    }

    /// Takes back what could not be reported: it is part of the next report.
    pub fn put_back(&mut self, reports: Vec<Report>, now_s: u64) {
        for report in reports {
            let whose = Whose {
                organisation: &report.organisation,
                key_id: &report.key_id,
            };
            self.count(whose, now_s, |counted| counted.add(report.counted));
            if let Some(entry) = self.entries.get_mut(&report.key_id) {
                // Whoever did not answer is not asked again at once.
                entry.reported_at_s = Some(now_s);
            }
        }
        let all = self.entries.iter().map(|(_, entry)| entry);
        let due = all.filter(|entry| !entry.counted.is_empty());
        self.due_at_s = due
            .map(|entry| entry.due_at_s(now_s))
            .min()
            .unwrap_or(u64::MAX);
    }

    /// How many keys were forgotten before they were reported.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many keys are counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn count(&mut self, whose: Whose<'_>, now_s: u64, what: impl FnOnce(&mut Counted)) {
        self.uses += 1;
        if self.entries.get(whose.key_id).is_none() {
            let entry = Entry {
                organisation: whose.organisation.to_owned(),
                counted: Counted::default(),
                reported_at_s: None,
                used: self.uses,
            };
            self.entries.insert(whose.key_id.to_owned(), entry);
            if self.entries.len() > USED_KEYS_MAX {
                self.forget_oldest(whose.key_id);
            }
        }
        let Some(entry) = self.entries.get_mut(whose.key_id) else {
            return;
        };
        entry.used = self.uses;
        if entry.counted.is_empty() {
            self.due_at_s = self.due_at_s.min(entry.due_at_s(now_s));
        }
        what(&mut entry.counted);
    }

    /// First one that has been reported, otherwise what was said of it is lost.
    fn forget_oldest(&mut self, but: &str) {
        let others = self.entries.iter().filter(|(key_id, _)| *key_id != but);
        let oldest = others.min_by_key(|(_, entry)| (!entry.counted.is_empty(), entry.used));
        if let Some(key_id) = oldest.map(|(key_id, _)| key_id.clone())
            && let Some(entry) = self.entries.remove(&key_id)
            && !entry.counted.is_empty()
        {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests;
