//! Which addresses are in a set, and which one is the client.

use super::*;

#[test]
fn pseudo_addresses_match_nothing() {
    let wide = set(&[
        "128.0.0.0/1",
        "8000::/1",
        "2000::/3",
        "2a06:98c0:3600::103/128",
    ]);
    for pseudo in [
        "240.0.0.0",
        "255.255.255.255",
        "::ffff:240.0.0.1",
        "2a06:98c0:3600::103",
    ] {
        assert!(!wide.contains(ip(pseudo)), "{pseudo}");
    }
    for real in [
        "239.255.255.255",
        "2a06:98c0:3600::102",
        "2a06:98c0:3600::104",
    ] {
        assert!(wide.contains(ip(real)), "{real}");
    }
    assert!(set(&["240.0.0.0/4", "2a06:98c0:3600::103/128"]).is_empty());
}

#[test]
fn families_do_not_match_each_other() {
    let v6 = set(&["::/1", "::ffff:0:0/95"]);
    assert!(!v6.contains(ip("10.0.0.1")));
    assert!(!v6.contains(ip("::ffff:10.0.0.1")));
    assert!(v6.contains(ip("::10.0.0.1")));
    let v4 = set(&["10.0.0.0/8"]);
    assert!(
        v4.contains(ip("::ffff:10.0.0.1")),
        "a dual-stack socket's peer"
    );
    assert!(!v4.contains(ip("::10.0.0.1")));
    assert!(set(&["::ffff:a00:0/104"]).contains(ip("10.0.0.1")));
}

#[test]
fn a_set_has_bounds_and_can_be_empty() {
    let one = net("10.0.0.1/32");
    assert!(AddressSet::compile(vec![one; NETWORKS_MAX]).is_ok());
    assert_eq!(
        AddressSet::compile(vec![one; NETWORKS_MAX + 1]),
        Err(AddressSetError::TooMany)
    );
    for all in ["0.0.0.0/0", "::/0", "::ffff:0:0/96"] {
        assert_eq!(
            AddressSet::compile([net(all)]),
            Err(AddressSetError::Everything),
            "{all}"
        );
    }
    let nowhere = AddressSet::compile([]).expect("empty");
    assert!(nowhere.is_empty() && !nowhere.contains(ip("10.0.0.1")));
}

#[test]
fn ranges_join_where_they_touch_up_to_the_last_address() {
    let halves = set(&["10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16"]);
    assert_eq!(halves, set(&["10.0.0.0/8"]));
    let end = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128";
    assert_eq!(set(&["ff00::/8", end]), set(&["ff00::/8"]));
    assert!(set(&[end, "fe00::/8"]).contains(ip("fe00::1")));
}

#[test]
fn the_client_is_the_first_untrusted_address_from_the_right() {
    let trusted = set(&["10.0.0.0/8", "2001:db8::/32"]);
    let behind = |peer: &str, lines: &[&str]| {
        client_address_behind(ip(peer), lines.iter().copied(), &trusted)
    };
    let client = Some(ip("192.0.2.7"));
    assert_eq!(behind("10.0.0.1", &["192.0.2.7"]), client);
    assert_eq!(
        behind("::ffff:10.0.0.1", &["192.0.2.7"]),
        client,
        "mapped peer"
    );
    assert_eq!(
        behind("10.0.0.1", &["::ffff:192.0.2.7"]),
        client,
        "mapped entry"
    );
    assert_eq!(
        behind("10.0.0.1", &["198.51.100.1, 192.0.2.7"]),
        client,
        "spoofed on the left"
    );
    assert_eq!(
        behind("10.0.0.1", &["garbage, 192.0.2.7 ,\t10.2.3.4"]),
        client
    );
    assert_eq!(
        behind(
            "10.0.0.1",
            &["198.51.100.1", "192.0.2.7", "10.9.9.9, 2001:db8::5"]
        ),
        client
    );
    assert_eq!(
        behind("10.0.0.1", &["198.51.100.1, 10.0.0.9", "192.0.2.7"]),
        client
    );
    let refused: &[(&str, &[&str])] = &[
        ("192.0.2.7", &["198.51.100.1"]),
        ("192.0.2.7", &["10.0.0.1"]),
        ("10.0.0.1", &[]),
        ("10.0.0.1", &[""]),
        ("10.0.0.1", &["10.0.0.2, 10.0.0.3"]),
        ("10.0.0.1", &["192.0.2.7, "]),
        ("10.0.0.1", &["192.0.2.7, unknown, 10.0.0.2"]),
        ("10.0.0.1", &["192.0.2.7:4711"]),
        ("10.0.0.1", &["[2001:db8:1::1]"]),
        ("10.0.0.1", &["192.0.2.007"]),
        ("10.0.0.1", &["\u{a0}192.0.2.7"]),
    ];
    for (peer, lines) in refused {
        assert_eq!(behind(peer, lines), None, "{peer} {lines:?}");
    }
    let chain = |hops: usize| format!("192.0.2.7{}", ", 10.0.0.2".repeat(hops));
    assert_eq!(behind("10.0.0.1", &[&chain(PROXY_HOPS_MAX - 1)]), client);
    assert_eq!(behind("10.0.0.1", &[&chain(PROXY_HOPS_MAX)]), None);
}
