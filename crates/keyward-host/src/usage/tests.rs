use alloc::format;
use std::string::ToString;

use super::*;

const NOW_S: u64 = 1_800_000_030;
const MINUTE_S: u64 = 1_800_000_000;

fn whose(key_id: &str) -> Whose<'_> {
    Whose {
        organisation: "acme",
        key_id,
    }
}

#[test]
fn a_report_says_the_minute_the_network_and_the_reasons() {
    let mut usage = Usage::default();
    let address = Some([192, 0, 2, 77].into());
    usage.allowed(whose("kwk_a"), "i1", address, NOW_S);
    usage.allowed(whose("kwk_a"), "i2", address, NOW_S + 60);
    usage.denied(whose("kwk_a"), Code::PermissionDenied, NOW_S + 61);
    usage.denied(whose("kwk_a"), Code::PermissionDenied, NOW_S + 62);
    let reports = usage.take(NOW_S + 62);
    let [report] = reports.as_slice() else {
        panic!("{reports:?}")
    };
    assert_eq!(
        (report.organisation.as_str(), report.key_id.as_str()),
        ("acme", "kwk_a")
    );
    let counted = &report.counted;
    assert_eq!(
        (counted.allowed, counted.last_at_s),
        (2, Some(MINUTE_S + 60))
    );
    assert_eq!(
        counted
            .last_from
            .map(|network| network.to_string())
            .as_deref(),
        Some("192.0.2.0/24")
    );
    assert_eq!(counted.issues.get("i1"), Some(&MINUTE_S));
    assert_eq!(counted.issues.get("i2"), Some(&(MINUTE_S + 60)));
    assert_eq!(counted.denials.get(&Code::PermissionDenied), Some(&2));
}

#[test]
fn of_an_address_only_the_network_is_kept() {
    let network = |text: &str| Network::of(text.parse().unwrap()).to_string();
    assert_eq!(network("203.0.113.255"), "203.0.113.0/24");
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    let kept = format!("{:?}", Network::of("203.0.113.9".parse().unwrap()));
    assert!(!kept.contains(".9"), "{kept}");
}

#[test]
fn who_is_about_to_end_takes_what_is_not_due() {
    let mut usage = Usage::default();
    assert_eq!(usage.due_at_s(), u64::MAX);
    usage.allowed(whose("kwk_a"), "i1", None, NOW_S);
    assert_eq!(usage.take(NOW_S).len(), 1);
    usage.allowed(whose("kwk_a"), "i1", None, NOW_S);
    assert_eq!(usage.take(NOW_S), []);
    assert_eq!(usage.due_at_s(), NOW_S + REPORT_EVERY_S);
    assert_eq!(usage.take_early(NOW_S).len(), 1);
    assert_eq!(usage.take_early(NOW_S), []);
    assert_eq!(usage.due_at_s(), u64::MAX);
}

#[test]
fn the_first_use_is_due_at_once_and_the_next_after_a_minute() {
    let mut usage = Usage::default();
    assert!(!usage.is_due(NOW_S));
    usage.denied(whose("kwk_a"), Code::KeyDisabled, NOW_S);
    assert!(usage.is_due(NOW_S));
    assert_eq!(usage.take(NOW_S).len(), 1);
    for after_s in 1..REPORT_EVERY_S {
        usage.denied(whose("kwk_a"), Code::KeyDisabled, NOW_S + after_s);
        assert!(!usage.is_due(NOW_S + after_s), "{after_s}");
        assert!(usage.take(NOW_S + after_s).is_empty());
    }
    // Another key does not wait for this one.
    usage.denied(whose("kwk_b"), Code::KeyDisabled, NOW_S + 59);
    assert!(usage.is_due(NOW_S + 59));
    assert_eq!(usage.take(NOW_S + 59)[0].key_id, "kwk_b");
    assert!(usage.is_due(NOW_S + REPORT_EVERY_S));
    let reports = usage.take(NOW_S + REPORT_EVERY_S);
    assert_eq!(
        reports[0].counted.denials.get(&Code::KeyDisabled),
        Some(&59)
    );
    // What has nothing to say is forgotten.
    assert!(usage.take(NOW_S + 10 * REPORT_EVERY_S).is_empty() && usage.is_empty());
    assert!(!usage.is_due(u64::MAX - 1));
}

#[test]
fn what_could_not_be_reported_is_in_the_next_report() {
    let mut usage = Usage::default();
    usage.allowed(whose("kwk_a"), "i1", Some([192, 0, 2, 1].into()), NOW_S);
    let reports = usage.take(NOW_S);
    usage.allowed(
        whose("kwk_a"),
        "i1",
        Some([203, 0, 113, 1].into()),
        NOW_S + 30,
    );
    usage.put_back(reports, NOW_S + 31);
    assert!(
        !usage.is_due(NOW_S + REPORT_EVERY_S + 1),
        "who did not answer is left alone"
    );
    let reports = usage.take(NOW_S + 31 + REPORT_EVERY_S);
    let counted = &reports[0].counted;
    assert_eq!(
        (counted.allowed, counted.last_at_s),
        (2, Some(MINUTE_S + 60))
    );
    assert_eq!(
        counted.last_from,
        Some(Network::of([203, 0, 113, 1].into()))
    );
}

#[test]
fn memory_is_bounded_and_what_is_lost_is_counted() {
    let mut usage = Usage::default();
    for n in 0..USED_KEYS_MAX {
        usage.denied(whose(&format!("kwk_{n}")), Code::KeyExpired, NOW_S);
    }
    assert_eq!(usage.take(NOW_S).len(), REPORTED_MAX);
    assert!(usage.is_due(NOW_S), "the rest is next");
    for n in 0..REPORTED_MAX {
        usage.denied(whose(&format!("new_{n}")), Code::KeyExpired, NOW_S);
        assert_eq!(usage.len(), USED_KEYS_MAX);
    }
    assert_eq!(usage.dropped(), 0, "reported ones go first");
    usage.denied(whose("one more"), Code::KeyExpired, NOW_S);
    assert_eq!((usage.len(), usage.dropped()), (USED_KEYS_MAX, 1));
    for n in 0..100 {
        usage.allowed(whose("one more"), &format!("i{n}"), None, NOW_S + n);
    }
    let mut reports = Vec::new();
    while usage.is_due(NOW_S + 200) {
        reports.extend(usage.take(NOW_S + 200));
    }
    let more = reports.iter().find(|one| one.key_id == "one more").unwrap();
    assert_eq!(more.counted.issues.len(), ISSUES_MAX);
    assert!(more.counted.issues.get("i99").is_some());
}

#[test]
fn a_clock_that_goes_back_delays_nothing_for_ever() {
    let mut usage = Usage::default();
    usage.denied(whose("kwk_a"), Code::KeyExpired, NOW_S);
    usage.take(NOW_S);
    usage.denied(whose("kwk_a"), Code::KeyExpired, NOW_S + 1);
    assert!(usage.is_due(NOW_S - 3600));
    assert_eq!(usage.take(NOW_S - 3600).len(), 1);
}
