#![allow(clippy::expect_used, reason = "tests")]

mod properties;
mod sets;
mod text;

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
    AddressError, AddressSet, AddressSetError, NetworkError, NetworkProblem, PROXY_HOPS_MAX,
    client_address_behind, is_network, parse_address, parse_network, parse_networks,
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
