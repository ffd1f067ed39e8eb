#![allow(clippy::expect_used, reason = "tests")]

use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::{
    AddressError, AddressSet, AddressSetError, NetworkProblem, PROXY_HOPS_MAX,
    client_address_behind, parse_address, parse_network, parse_networks,
};

use crate::limits::NETWORKS_MAX;

fn ip(text: &str) -> IpAddr {
    text.parse().expect(text)
}

fn net(text: &str) -> IpNet {
    text.parse().expect(text)
}

fn set(networks: &[&str]) -> AddressSet {
    AddressSet::compile(networks.iter().map(|text| net(text))).expect("a set")
}

#[test]
fn an_address_has_one_spelling_for_every_reader() {
    let good = [
        ("0.0.0.0", "0.0.0.0"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:0db8:0:0:0:0:0:1", "2001:db8::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        (
            "0000:0000:0000:0000:0000:ffff:192.168.100.228",
            "192.168.100.228",
        ),
        ("::192.0.2.7", "::192.0.2.7"),
        ("64:ff9b::192.0.2.7", "64:ff9b::192.0.2.7"),
    ];
    for (text, address) in good {
        assert_eq!(parse_address(text), Ok(ip(address)), "{text}");
    }
    use AddressError as E;
    let bad = [
        ("", E::Empty),
        ("010.0.0.1", E::LeadingZero),
        ("10.0.0.01", E::LeadingZero),
        ("10.0.0.00", E::LeadingZero),
        ("0x0a.0.0.1", E::NotAnAddress),
        ("10.1", E::NotAnAddress),
        ("167772161", E::NotAnAddress),
        ("256.0.0.1", E::NotAnAddress),
        ("10.0.0.1.", E::NotAnAddress),
        ("10.0.0.1:80", E::NotAnAddress),
        (" 10.0.0.1", E::NotAnAddress),
        ("10.0.0.1\n", E::NotAnAddress),
        ("１0.0.0.1", E::NotAnAddress),
        ("fe80::1%eth0", E::Zone),
        ("fe80::1%25eth0", E::Zone),
        ("[::1]", E::Brackets),
        ("[::1]:443", E::Brackets),
        ("::ffff:010.0.0.1", E::NotAnAddress),
        ("00001::", E::NotAnAddress),
        ("1::2::3", E::NotAnAddress),
        (":", E::NotAnAddress),
        ("localhost", E::NotAnAddress),
        ("unknown", E::NotAnAddress),
        ("_hidden", E::NotAnAddress),
        (
            "0000:0000:0000:0000:0000:0000:255.255.255.2550",
            E::NotAnAddress,
        ),
    ];
    for (text, error) in bad {
        assert_eq!(parse_address(text), Err(error), "{text}");
    }
}

#[test]
fn a_network_is_what_people_mean_or_an_error() {
    let good = [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.7/32", "192.0.2.7/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:128.0.0.0/97", "128.0.0.0/1"),
        ("::/1", "::/1"),
    ];
    for (text, network) in good {
        assert_eq!(parse_network(text), Ok(net(network)), "{text}");
    }
    use NetworkProblem as P;
    let bad = [
        (
            "10.0.0.1/8",
            P::HostBits {
                meant: net("10.0.0.0/8"),
            },
        ),
        (
            "2001:db8::1/32",
            P::HostBits {
                meant: net("2001:db8::/32"),
            },
        ),
        (
            "::ffff:10.0.0.1/104",
            P::HostBits {
                meant: net("10.0.0.0/8"),
            },
        ),
        ("::ffff:10.0.0.0/95", P::MappedPrefix),
        ("::ffff:10.0.0.0/8", P::MappedPrefix),
        ("0.0.0.0/0", P::Everything),
        ("10.0.0.0/0", P::Everything),
        ("::/0", P::Everything),
        ("::ffff:0.0.0.0/96", P::Everything),
        ("10.0.0.0/33", P::Prefix),
        ("::/129", P::Prefix),
        ("::ffff:10.0.0.0/129", P::Prefix),
        ("10.0.0.0/", P::Prefix),
        ("10.0.0.0/+8", P::Prefix),
        ("10.0.0.0/08", P::Prefix),
        ("10.0.0.0/ 8", P::Prefix),
        ("10.0.0.0/8/8", P::Prefix),
        ("10.0.0.0/255.0.0.0", P::Prefix),
        ("10.0.0.0/264", P::Prefix),
        ("", P::Address(AddressError::Empty)),
        ("/8", P::Address(AddressError::Empty)),
        ("010.0.0.0/8", P::Address(AddressError::LeadingZero)),
        ("10.0.0.*", P::Address(AddressError::NotAnAddress)),
        ("10.0.0.1-10.0.0.9", P::Address(AddressError::NotAnAddress)),
    ];
    for (text, problem) in bad {
        let error = parse_network(text).expect_err(text);
        assert_eq!((error.entry(), error.problem()), (text, &problem));
    }
}

#[test]
fn errors_say_what_to_write_instead() {
    let told = |text| parse_network(text).expect_err(text).to_string();
    assert_eq!(
        told("10.0.0.1/8"),
        "`10.0.0.1/8` has bits set behind the prefix; the network is 10.0.0.0/8"
    );
    assert_eq!(
        told("010.0.0.1"),
        "`010.0.0.1` has a part with a leading zero"
    );
    assert_eq!(told("a\nb"), "`a\\nb` is not an IPv4 or IPv6 address");
    assert!(told(&"x".repeat(9999)).len() < 200);
}

#[test]
fn a_list_names_each_bad_entry() {
    assert_eq!(
        parse_networks("10.0.0.0/8, 192.0.2.7 ,\n2001:db8::/32"),
        Ok(vec![
            net("10.0.0.0/8"),
            net("192.0.2.7/32"),
            net("2001:db8::/32")
        ])
    );
    assert_eq!(parse_networks(""), Ok(vec![]));
    assert_eq!(parse_networks(" \n"), Ok(vec![]));
    let errors = parse_networks("10.0.0.1/8,192.0.2.7,,x").expect_err("bad");
    let entries: Vec<&str> = errors.iter().map(super::NetworkError::entry).collect();
    assert_eq!(entries, vec!["10.0.0.1/8", "", "x"]);
    assert!(parse_networks("10.0.0.1,").is_err());
    let many = |count| vec!["10.0.0.1"; count].join(",");
    assert_eq!(
        parse_networks(&many(NETWORKS_MAX)).map(|list| list.len()),
        Ok(NETWORKS_MAX)
    );
    let errors = parse_networks(&many(NETWORKS_MAX + 1)).expect_err("too many");
    assert_eq!(
        errors.first().map(super::NetworkError::problem),
        Some(&NetworkProblem::TooMany)
    );
}

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

/// Addresses close together, so that ranges meet and overlap.
fn v4() -> impl Strategy<Value = Ipv4Addr> {
    let block = prop::sample::select(vec![
        0x0A00_0000_u32,
        0xEFFF_FF00,
        0xF000_0000,
        0xFFFF_FF00,
        0,
    ]);
    (block, 0_u32..600).prop_map(|(block, host)| Ipv4Addr::from(block.wrapping_add(host)))
}

fn v6() -> impl Strategy<Value = Ipv6Addr> {
    let block = prop::sample::select(vec![
        0x2a06_98c0_3600_u128 << 80,
        0,
        0xFFFF << 32,
        u128::MAX - 0x1FF,
        0x2001_0db8 << 96,
    ]);
    (block, 0_u128..600).prop_map(|(block, host)| Ipv6Addr::from(block.wrapping_add(host)))
}

fn network() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        (v4(), prop_oneof![1..=32_u8, 24..=32_u8]).prop_map(|(address, bits)| Ipv4Net::new(
            address, bits
        )
        .expect("v4")
        .into()),
        (v6(), prop_oneof![1..=128_u8, 118..=128_u8])
            .prop_filter("not IPv4 as a whole", |(address, bits)| {
                address.to_ipv4_mapped().is_none() || *bits != 96
            })
            .prop_map(|(address, bits)| Ipv6Net::new(address, bits).expect("v6").into()),
    ]
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        v4().prop_map(IpAddr::V4),
        v6().prop_map(IpAddr::V6),
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        v4().prop_map(|address| IpAddr::V6(address.to_ipv6_mapped())),
    ]
}

/// The rules said once more, one network at a time.
fn linear(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    let pseudo = net("240.0.0.0/4").contains(&address) || address == ip("2a06:98c0:3600::103");
    let mapped: IpNet = net("::ffff:0:0/96");
    !pseudo
        && networks.iter().any(|network| match address {
            IpAddr::V4(v4) if mapped.contains(&network.trunc()) => {
                network.contains(&IpAddr::V6(v4.to_ipv6_mapped()))
            }
            _ => network.contains(&address),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_set_contains_what_a_linear_scan_finds(
        networks in prop::collection::vec(network(), 0..12),
        addresses in prop::collection::vec(address(), 1..24),
    ) {
        let set = AddressSet::compile(networks.clone()).expect("a set");
        let edges = networks.iter().flat_map(|one| [one.network(), one.broadcast()]);
        for address in addresses.into_iter().chain(edges) {
            prop_assert_eq!(set.contains(address), linear(&networks, address), "{}", address);
        }
    }

    #[test]
    fn a_network_reads_back_as_it_is_written(network in network()) {
        let network = network.trunc();
        prop_assume!(!matches!(network.addr(), IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()));
        prop_assert_eq!(parse_network(&network.to_string()), Ok(network));
    }

    #[test]
    fn any_text_gets_an_answer(text in "[0-9a-fx:.,/%\\[\\] +]{0,40}") {
        if let Ok(address) = parse_address(&text) {
            prop_assert_eq!(address, text.parse::<IpAddr>().expect("std agrees").to_canonical());
        }
        if let Ok(network) = parse_network(&text) {
            prop_assert_eq!(network, network.trunc());
            prop_assert_ne!(network.prefix_len(), 0);
        }
        let _: Result<Vec<IpNet>, _> = parse_networks(&text);
        let _: String = text;
    }
}
