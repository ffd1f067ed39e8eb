//! Networks and addresses: a set holds what its networks hold one by one.
//!
//! Lines with networks, an empty line, lines with addresses or `X-Forwarded-For`.
#![no_main]
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use keyward_core::address::{
    AddressSet, client_address_behind, parse_address, parse_network, parse_networks,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (networks, addresses) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut strict = Vec::new();
    let mut lenient = Vec::new();
    for line in networks.lines() {
        if let Ok(list) = parse_networks(line) {
            assert!(line.trim().is_empty() || list.len() == line.split(',').count());
        }
        match parse_network(line) {
            Ok(network) => {
                check_network(line, network);
                strict.push(network);
            }
            Err(error) => {
                assert!(error.entry().chars().count() <= 64 && !error.to_string().is_empty())
            }
        }
        lenient.extend(line.parse::<IpNet>().ok());
    }
    for networks in [strict, lenient] {
        let has_all = networks.iter().any(|one| meant(*one).prefix_len() == 0);
        let Ok(set) = AddressSet::compile(networks.iter().copied()) else {
            assert!(has_all);
            continue;
        };
        assert!(!has_all);
        let given = addresses
            .lines()
            .filter_map(|line| parse_address(line).ok());
        let edges = networks.iter().flat_map(|one| edges(*one));
        for address in given.chain(edges) {
            assert_eq!(
                set.contains(address),
                linear(&networks, address),
                "{address} in {networks:?}"
            );
        }
        check_forwarded(&set, addresses);
    }
});

/// The text says the same to other parsers.
fn check_network(text: &str, network: IpNet) {
    let theirs = match text.parse::<IpNet>() {
        Ok(theirs) => theirs,
        Err(_) => IpNet::from(text.parse::<IpAddr>().expect("an address")),
    };
    assert_eq!(meant(theirs), network, "{text}");
    assert_eq!(parse_network(&network.to_string()), Ok(network));
    assert_eq!(network.trunc(), network);
}

/// IPv4 mapped into IPv6 is IPv4.
fn meant(network: IpNet) -> IpNet {
    match (network, network.addr().to_canonical()) {
        (IpNet::V6(v6), IpAddr::V4(v4)) if v6.prefix_len() >= 96 => {
            IpNet::new(IpAddr::V4(v4), v6.prefix_len() - 96).expect("a prefix of IPv4")
        }
        _ => network,
    }
}

fn linear(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    let nobody = match address {
        IpAddr::V4(v4) => v4.octets()[0] >= 240,
        IpAddr::V6(v6) => {
            v6 == "2a06:98c0:3600::103"
                .parse::<Ipv6Addr>()
                .expect("an address")
        }
    };
    !nobody && networks.iter().any(|one| meant(*one).contains(&address))
}

/// The first and last addresses of a network, and those beside them.
fn edges(network: IpNet) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for edge in [network.network(), network.broadcast()] {
        match edge {
            IpAddr::V4(v4) => {
                let bits = v4.to_bits();
                let around = [bits.wrapping_sub(1), bits, bits.wrapping_add(1)];
                addresses.extend(around.map(|bits| IpAddr::V4(bits.into())));
            }
            IpAddr::V6(v6) => {
                let bits = v6.to_bits();
                let around = [bits.wrapping_sub(1), bits, bits.wrapping_add(1)];
                addresses.extend(around.map(|bits| IpAddr::V6(bits.into())));
            }
        }
    }
    addresses
}

/// The client is a listed address, not a trusted one, and all to its right are trusted.
fn check_forwarded(trusted: &AddressSet, lines: &str) {
    let peer = IpAddr::from([10, 0, 0, 1]);
    let found = client_address_behind(peer, lines.lines(), trusted);
    let entries = lines.lines().flat_map(|line| line.split(','));
    let entries: Vec<_> = entries
        .map(|entry| entry.trim_matches([' ', '\t']))
        .collect();
    let behind = entries
        .iter()
        .rev()
        .take(16)
        .map(|entry| parse_address(entry).ok());
    let mut untrusted = behind.skip_while(|one| one.is_some_and(|one| trusted.contains(one)));
    let expected = untrusted
        .next()
        .flatten()
        .filter(|_| trusted.contains(peer));
    assert_eq!(found, expected);
}
