//! What the edge said of the use of a key.
use std::collections::BTreeMap;

use ipnet::IpNet;
use keyward_core::denial::Code;
use keyward_wire::usage::KeyUsage;
use serde::{Deserialize, Serialize};

/// Secrets or tokens whose last use is known: those of a rotation, and of one before it.
const ISSUES_MAX: usize = 4;
/// An id has far fewer.
const ISSUE_BYTES_MAX: usize = 64;
/// Clocks at the edge may be ahead by so much; what is said of a later time is not believed.
const AHEAD_S: u64 = 120;

/// What is known of a key's use; as good as what was reported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    #[serde(flatten)]
    pub(crate) seen: Seen,
    /// The minute of the last use of each secret or token, by its id.
    pub(crate) issues: BTreeMap<String, u64>,
}

/// The part of it that is shown with the key. Times are seconds of Unix time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seen {
    /// The minute of the last request that was let through; `null` for none.
    #[cfg_attr(test, schemars(with = "Option<crate::openapi::Time>"))]
    pub(crate) last_used_at: Option<u64>,
    /// Where it came from: an IPv4 /24 or an IPv6 /48.
    pub(crate) last_used_from: Option<String>,
    /// How many were let through.
    pub(crate) allowed: u64,
    /// How many were refused, by their code.
    pub(crate) denials: BTreeMap<String, u64>,
}

impl Usage {
    /// Whether somebody showed a right secret, or may have: only a wrong one says nothing.
    pub(crate) fn is_used(&self) -> bool {
        let wrong = Code::InvalidCredentials.as_str();
        self.seen.allowed > 0 || self.seen.denials.keys().any(|code| code != wrong)
    }

    /// With what an isolate counted since. What is in no form that gateways write is left out.
    pub(crate) fn with(mut self, report: &KeyUsage, now_s: u64) -> Self {
        let minute = |at_s: u64| at_s - at_s % 60;
        let is_past = |at_s: &u64| *at_s <= now_s.saturating_add(AHEAD_S);
        let seen = &mut self.seen;
        seen.allowed = seen.allowed.saturating_add(report.allowed).min(COUNT_MAX);
        let last = report.last_used_at.filter(is_past).map(minute);
        if last.is_some() && last >= seen.last_used_at {
            seen.last_used_at = last;
            seen.last_used_from = report
                .last_used_from
                .clone()
                .filter(|text| is_network(text));
        }
        for (code, times) in &report.denials {
            if Code::ALL.iter().any(|known| known.as_str() == code) {
                let count = seen.denials.entry(code.clone()).or_default();
                *count = count.saturating_add(*times).min(COUNT_MAX);
            }
        }
        for (issue, at_s) in &report.issues {
            if issue.len() <= ISSUE_BYTES_MAX && is_past(at_s) {
                let last = self.issues.entry(issue.clone()).or_default();
                *last = minute(*at_s).max(*last);
            }
        }
        while self.issues.len() > ISSUES_MAX {
            let oldest = self.issues.iter().min_by_key(|(_, at_s)| **at_s);
            let Some(issue) = oldest.map(|(issue, _)| issue.clone()) else {
                break;
            };
            self.issues.remove(&issue);
        }
        self
    }
}

/// Every reader of JSON has numbers up to here.
const COUNT_MAX: u64 = (1 << 53) - 1;

/// Whether it says no more than which network it was.
fn is_network(text: &str) -> bool {
    let network: Option<IpNet> = text.parse().ok();
    network.is_some_and(|network| {
        let length = if network.addr().is_ipv4() { 24 } else { 48 };
        network.prefix_len() == length && network.trunc() == network
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_800_000_030;

    fn report() -> KeyUsage {
        KeyUsage {
            organisation: "acme".to_owned(),
            key_id: "kwk_a".to_owned(),
            allowed: 2,
            last_used_at: Some(NOW_S),
            last_used_from: Some("192.0.2.0/24".to_owned()),
            issues: vec![("i1".to_owned(), NOW_S)],
            denials: vec![("permission_denied".to_owned(), 3)],
        }
    }

    #[test]
    fn reports_of_many_isolates_become_one() {
        let mut other = report();
        other.last_used_at = Some(NOW_S - 600);
        other.last_used_from = Some("2001:db8:1::/48".to_owned());
        other.issues = vec![("i0".to_owned(), NOW_S - 600)];
        let usage = Usage::default().with(&report(), NOW_S).with(&other, NOW_S);
        assert_eq!(usage.seen.allowed, 4);
        assert_eq!(usage.seen.last_used_at, Some(1_800_000_000));
        assert_eq!(usage.seen.last_used_from.as_deref(), Some("192.0.2.0/24"));
        assert_eq!(usage.seen.denials["permission_denied"], 6);
        assert_eq!(usage.issues["i1"], 1_800_000_000);
        assert_eq!(usage.issues["i0"], 1_799_999_400);
    }

    #[test]
    fn what_no_gateway_writes_is_left_out() {
        let mut strange = report();
        strange.last_used_at = Some(NOW_S + 3_600);
        strange.issues = vec![("i".repeat(100), NOW_S), ("i2".to_owned(), u64::MAX)];
        strange.denials = vec![("<b>".to_owned(), 1)];
        strange.allowed = u64::MAX;
        let usage = Usage::default().with(&strange, NOW_S);
        assert_eq!(usage.seen.last_used_at, None);
        assert_eq!(usage.seen.allowed, COUNT_MAX);
        assert!(usage.issues.is_empty() && usage.seen.denials.is_empty());
        for address in [
            "192.0.2.7",
            "192.0.2.7/24",
            "192.0.2.0/32",
            "10.0.0.0/8",
            "2001:db8::/64",
            "x",
        ] {
            strange = report();
            strange.last_used_from = Some(address.to_owned());
            let usage = Usage::default().with(&strange, NOW_S);
            assert_eq!(usage.seen.last_used_from, None, "{address}");
        }
    }

    #[test]
    fn the_last_used_secrets_are_kept() {
        let mut usage = Usage::default();
        for n in 0..20 {
            let mut one = report();
            one.issues = vec![(format!("i{n}"), NOW_S - 6_000 + n * 60)];
            usage = usage.with(&one, NOW_S);
        }
        assert_eq!(
            usage.issues.keys().collect::<Vec<_>>(),
            ["i16", "i17", "i18", "i19"]
        );
    }

    #[test]
    fn a_wrong_secret_is_no_use() {
        let mut wrong = report();
        wrong.allowed = 0;
        wrong.last_used_at = None;
        wrong.denials = vec![("invalid_credentials".to_owned(), 9)];
        assert!(!Usage::default().with(&wrong, NOW_S).is_used());
        wrong.denials = vec![("address_not_allowed".to_owned(), 1)];
        assert!(Usage::default().with(&wrong, NOW_S).is_used());
        assert!(Usage::default().with(&report(), NOW_S).is_used());
    }
}
