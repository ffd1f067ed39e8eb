//! Networks as text.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, net::IpAddr};

use ipnet::IpNet;

use super::{AddressError, parse_address};
use crate::limits::NETWORKS_MAX;

/// How much of a bad entry an error repeats.
const SHOWN_CHARS_MAX: usize = 64;

/// Bits in front of an IPv4 address that is mapped into IPv6.
const MAPPED_BITS: u8 = 96;

/// The network that a text names; a bare address is a network of one.
///
/// `::ffff:a.b.c.d/n` is the IPv4 network with `n - 96` bits.
///
/// # Errors
/// With the network that was probably meant when bits are set behind the prefix, since silently
/// widening an allowlist is worse than a question; and for `/0`, which is no list at all.
pub fn parse_network(text: &str) -> Result<IpNet, NetworkError> {
    network(text).map_err(|problem| NetworkError {
        entry: text.chars().take(SHOWN_CHARS_MAX).collect(),
        problem,
    })
}

/// The networks in a text with commas between them, blanks around them allowed. A blank text is
/// the empty list, which matches nothing.
///
/// # Errors
/// One for each bad entry, in their order.
pub fn parse_networks(list: &str) -> Result<Vec<IpNet>, Vec<NetworkError>> {
    if list.trim().is_empty() {
        return Ok(Vec::new());
    }
    if list.split(',').nth(NETWORKS_MAX).is_some() {
        return Err(Vec::from([NetworkError {
            entry: String::new(),
            problem: NetworkProblem::TooMany,
        }]));
    }
    let mut networks = Vec::new();
    let mut errors = Vec::new();
    for entry in list.split(',') {
        match parse_network(entry.trim()) {
            Ok(network) => networks.push(network),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(networks)
    } else {
        Err(errors)
    }
}

/// Whether [`parse_network`] gives this network for some text: no bits behind the prefix, not `/0`,
/// no IPv4 mapped into IPv6.
#[must_use]
pub fn is_network(network: IpNet) -> bool {
    network.prefix_len() > 0 && network.trunc() == network && canonical(network) == network
}

/// A network with IPv4 mapped into IPv6 turned into that IPv4 network.
pub(super) fn canonical(network: IpNet) -> IpNet {
    if let IpAddr::V4(address) = network.addr().to_canonical()
        && let IpNet::V6(mapped) = network
        && let Some(bits) = mapped.prefix_len().checked_sub(MAPPED_BITS)
        && let Ok(network) = IpNet::new(IpAddr::V4(address), bits)
    {
        return network;
    }
    network
}

fn network(text: &str) -> Result<IpNet, NetworkProblem> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let parsed = parse_address(address).map_err(NetworkProblem::Address)?;
    let Some(prefix) = prefix else {
        return Ok(IpNet::from(parsed));
    };
    let mut bits = prefix_bits(prefix).ok_or(NetworkProblem::Prefix)?;
    if parsed.is_ipv4() && address.contains(':') {
        bits = bits
            .checked_sub(MAPPED_BITS)
            .ok_or(NetworkProblem::MappedPrefix)?;
    }
    if bits == 0 {
        return Err(NetworkProblem::Everything);
    }
    let network = IpNet::new(parsed, bits).map_err(|_| NetworkProblem::Prefix)?;
    let meant = network.trunc();
    if meant == network {
        Ok(network)
    } else {
        Err(NetworkProblem::HostBits { meant })
    }
}

/// Decimal digits only: `u8::from_str` would take `+8` and `08`.
fn prefix_bits(text: &str) -> Option<u8> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// An entry that names no network, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    entry: String,
    problem: NetworkProblem,
}

impl NetworkError {
    /// The entry as it was written, cut when it is far too long.
    #[must_use]
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> &NetworkProblem {
        &self.problem
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problem == NetworkProblem::TooMany {
            return self.problem.fmt(f);
        }
        write!(f, "`{}` {}", self.entry.escape_debug(), self.problem)
    }
}

impl core::error::Error for NetworkError {}

/// Why an entry names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkProblem {
    /// The address before the `/`.
    Address(AddressError),
    /// The prefix length is not a plain number that fits the address.
    Prefix,
    /// `::ffff:a.b.c.d/n` with fewer than 96 bits: neither an IPv4 nor an IPv6 network.
    MappedPrefix,
    /// Bits are set behind the prefix.
    HostBits {
        /// The network that the address is in.
        meant: IpNet,
    },
    /// `/0` allows every address.
    Everything,
    /// More than [`NETWORKS_MAX`] entries.
    TooMany,
}

impl fmt::Display for NetworkProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(error) => error.fmt(f),
            Self::Prefix => f.write_str("has a prefix length that does not fit the address"),
            Self::MappedPrefix => {
                f.write_str("is IPv4 mapped into IPv6 and needs a prefix length of 97 to 128")
            }
            Self::HostBits { meant } => {
                f.write_str("has bits set behind the prefix; the network is ")?;
                f.write_str(&meant.to_string())
            }
            Self::Everything => {
                f.write_str("allows every address; leave the list out to allow all")
            }
            Self::TooMany => write!(f, "more than {NETWORKS_MAX} networks"),
        }
    }
}
