//! The use of keys, for who wants to know of it: counted here, told by JavaScript.
use std::net::IpAddr;

use keyward_core::address::parse_address;
use keyward_core::denial::Denial;
use keyward_core::key::Key;
use keyward_core::parse::{Credential, Exchange};
use keyward_host::keys::{Asked, Keys, Known};
use keyward_host::usage::{Report, Usage, Whose};

use super::{Verifier, seconds};
use crate::answer::Answer;
use crate::parts::Parts;

/// What was counted, and what of it is being told.
#[derive(Debug, Default)]
pub(super) struct Counting {
    counts: Usage,
    /// Comes back unless somebody took it.
    taken: Vec<Report>,
}

impl Counting {
    /// `of`: the organisation, the key and its issue.
    pub(super) fn allowed(&mut self, of: (&str, &str, &str), address: Option<IpAddr>, now_ms: f64) {
        let (organisation, key_id, issue) = of;
        let whose = Whose {
            organisation,
            key_id,
        };
        self.counts.allowed(whose, issue, address, seconds(now_ms));
    }

    /// That nobody could decide says nothing of the key.
    pub(super) fn denied(&mut self, key: &Key, denial: &Denial, now_ms: f64) {
        if denial.code().status() < 500 {
            let whose = Whose {
                organisation: key.organisation(),
                key_id: key.key_id(),
            };
            self.counts.denied(whose, denial.code(), seconds(now_ms));
        }
    }

    /// Counts a refusal that JavaScript found, of the key that the request names.
    pub(super) fn refused(
        &mut self,
        exchange: &Exchange<'_>,
        keys: &mut Keys,
        denial: &Denial,
        now_ms: f64,
    ) {
        let Ok(credential) = Credential::parse(exchange) else {
            return;
        };
        // However long ago it was looked up: it was there when the request was judged.
        let asked = Asked {
            at_ms: now_ms,
            since: 0,
        };
        let known = keys.find(credential.environment(), credential.key_id(), asked);
        if let Known::Key(key) = known {
            self.denied(&key, denial, now_ms);
        }
    }
}

impl Verifier {
    /// From here on the use of keys is counted.
    pub fn count_usage(&mut self) {
        self.usage = Some(Counting::default());
    }

    /// Counts a request that was let through after its replay was seen to. The parts are the
    /// organisation, key id and issue of the grant, and the client's address.
    pub fn note_allowed(&mut self, mut parts: Parts<'_>, now_ms: f64) {
        if let Some(usage) = &mut self.usage {
            let of = (parts.part(), parts.part(), parts.part());
            let address = parse_address(parts.part()).ok();
            usage.allowed(of, address, now_ms);
        }
    }

    /// What is due, or with `early` whatever there is: for each key its organisation, id, allowed
    /// requests, the minute and network of the last of them, the number of issues and that of
    /// codes, and these, each with its own.
    pub fn take_usage(&mut self, early: bool, now_ms: f64, answer: &mut Answer) {
        answer.clear();
        let Some(usage) = &mut self.usage else { return };
        let now_s = seconds(now_ms);
        usage.taken = if early {
            usage.counts.take_early(now_s)
        } else {
            usage.counts.take(now_s)
        };
        for Report {
            organisation,
            key_id,
            counted,
        } in &usage.taken
        {
            let text = |value: Option<String>| value.unwrap_or_default();
            answer.push(organisation);
            answer.push(key_id);
            answer.push_number(counted.allowed);
            answer.push(text(counted.last_at_s.map(|at_s| at_s.to_string())));
            answer.push(text(counted.last_from.map(|network| network.to_string())));
            answer.push_number(counted.issues.len() as u64);
            answer.push_number(counted.denials.len() as u64);
            for (issue, minute_s) in counted.issues.iter() {
                answer.push(issue);
                answer.push_number(*minute_s);
            }
            for (code, times) in counted.denials.iter() {
                answer.push(code.as_str());
                answer.push_number(*times);
            }
        }
    }

    /// What was taken has arrived, or is told the next time. The answer is when that is, in seconds
    /// of Unix time, if there is anything to tell.
    pub fn end_usage(&mut self, has_arrived: bool, now_ms: f64, answer: &mut Answer) {
        answer.clear();
        let Some(usage) = &mut self.usage else { return };
        let taken = std::mem::take(&mut usage.taken);
        if !has_arrived {
            usage.counts.put_back(taken, seconds(now_ms));
        }
        let due_at_s = usage.counts.due_at_s();
        if due_at_s != u64::MAX {
            answer.push_number(due_at_s);
        }
    }
}
