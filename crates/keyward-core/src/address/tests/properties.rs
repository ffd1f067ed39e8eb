//! Sets against a linear scan, and any text at all.

use super::*;

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
    fn a_network_is_one_if_it_reads_back_as_it_is_written(
        network in prop_oneof![
            network(),
            network().prop_map(|network| network.trunc()),
            (v6(), 90..=128_u8).prop_map(|(address, bits)| Ipv6Net::new(address, bits).expect("v6").into()),
            Just(net("0.0.0.0/0")),
            Just(net("::/0")),
            Just(net("::ffff:0:0/96")),
        ],
    ) {
        let read = parse_network(&network.to_string());
        prop_assert_eq!(is_network(network), read == Ok(network), "{}", network);
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
