//! A set of addresses, compiled for quick answers.

use alloc::vec::Vec;
use core::{fmt, net::IpAddr};

use ipnet::IpNet;

use super::network::canonical;
use crate::limits::NETWORKS_MAX;

/// 240.0.0.0/4, where Cloudflare's Pseudo IPv4 puts hashes of IPv6 addresses: not an address of
/// anyone.
const PSEUDO_IPV4_FIRST: u32 = 0xF000_0000;

/// `2a06:98c0:3600::103`, which `CF-Connecting-IP` says when another Worker made the request: not
/// an address of anyone in particular.
const WORKER_IPV6: u128 = 0x2a06_98c0_3600_0000_0000_0000_0000_0103;

/// Addresses as sorted ranges that neither overlap nor touch, so one binary search answers.
///
/// 240.0.0.0/4 and `2a06:98c0:3600::103` are in no set, even when they are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSet {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl AddressSet {
    /// The addresses of some networks; bits behind a prefix are not looked at. No networks make
    /// the set that contains nothing.
    ///
    /// # Errors
    /// For more than [`NETWORKS_MAX`] networks, and for `/0`.
    pub fn compile(networks: impl IntoIterator<Item = IpNet>) -> Result<Self, AddressSetError> {
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        for (count, network) in networks.into_iter().enumerate() {
            if count >= NETWORKS_MAX {
                return Err(AddressSetError::TooMany);
            }
            let network = canonical(network);
            if network.prefix_len() == 0 {
                return Err(AddressSetError::Everything);
            }
            match network {
                IpNet::V4(network) => push_v4(
                    &mut v4,
                    network.network().to_bits(),
                    network.broadcast().to_bits(),
                ),
                IpNet::V6(network) => push_v6(
                    &mut v6,
                    network.network().to_bits(),
                    network.broadcast().to_bits(),
                ),
            }
        }
        Ok(Self {
            v4: merge(v4, u32::checked_add, 1),
            v6: merge(v6, u128::checked_add, 1),
        })
    }

    /// Whether the address is in the set. IPv4 mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => is_in(&self.v4, address.to_bits()),
            IpAddr::V6(address) => is_in(&self.v6, address.to_bits()),
        }
    }

    /// Whether no address is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

/// Why networks make no set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressSetError {
    /// More than [`NETWORKS_MAX`] networks.
    TooMany,
    /// One of them is `/0`.
    Everything,
}

impl fmt::Display for AddressSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "more than {NETWORKS_MAX} networks"),
            Self::Everything => f.write_str("a network that holds every address"),
        }
    }
}

impl core::error::Error for AddressSetError {}

fn push_v4(ranges: &mut Vec<(u32, u32)>, first: u32, last: u32) {
    if first < PSEUDO_IPV4_FIRST {
        ranges.push((first, last.min(PSEUDO_IPV4_FIRST.saturating_sub(1))));
    }
}

fn push_v6(ranges: &mut Vec<(u128, u128)>, first: u128, last: u128) {
    if !(first..=last).contains(&WORKER_IPV6) {
        ranges.push((first, last));
        return;
    }
    if first < WORKER_IPV6 {
        ranges.push((first, WORKER_IPV6.saturating_sub(1)));
    }
    if WORKER_IPV6 < last {
        ranges.push((WORKER_IPV6.saturating_add(1), last));
    }
}

/// Sorts, and joins what overlaps or touches. `add` is the type's checked addition.
fn merge<N: Ord + Copy>(
    mut ranges: Vec<(N, N)>,
    add: fn(N, N) -> Option<N>,
    one: N,
) -> Vec<(N, N)> {
    ranges.sort_unstable();
    let mut merged: Vec<(N, N)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            // With nothing after `end`, all that follows is inside.
            Some((_, end)) if add(*end, one).is_none_or(|next| first <= next) => {
                *end = last.max(*end);
            }
            _ => merged.push((first, last)),
        }
    }
    merged.shrink_to_fit();
    merged
}

fn is_in<N: Ord + Copy>(ranges: &[(N, N)], address: N) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= address);
    after
        .checked_sub(1)
        .and_then(|index| ranges.get(index))
        .is_some_and(|(_, last)| address <= *last)
}
