//! Client addresses: strict text in, networks as people mean them, and sets that answer quickly.
//!
//! IPv4 mapped into IPv6 (`::ffff:a.b.c.d`) is that IPv4 address everywhere here, as dual-stack
//! sockets report it so; otherwise the two families never match each other (RFC 4291 section
//! 2.5.5.2).

use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

mod network;
mod set;
#[cfg(test)]
mod tests;

pub use network::{NetworkError, NetworkProblem, is_network, parse_network, parse_networks};
pub use set::{AddressSet, AddressSetError};

use crate::limits::{ADDRESS_BYTES_MAX, PROXY_HOPS_MAX};

/// The address that a text names, if it is written the one way that all readers agree on.
///
/// # Errors
/// For leading zeros, octal or hex parts, zones, brackets, ports, blanks: parsers differ about
/// those, and the one that logs would see another client than the one that decides.
pub fn parse_address(text: &str) -> Result<IpAddr, AddressError> {
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if text.contains('%') {
        return Err(AddressError::Zone);
    }
    if text.contains(['[', ']']) {
        return Err(AddressError::Brackets);
    }
    if text.len() > ADDRESS_BYTES_MAX {
        return Err(AddressError::NotAnAddress);
    }
    if text.contains(':') {
        let address: Ipv6Addr = text.parse().map_err(|_| AddressError::NotAnAddress)?;
        return Ok(IpAddr::V6(address).to_canonical());
    }
    match text.parse::<Ipv4Addr>() {
        Ok(address) => Ok(IpAddr::V4(address)),
        Err(_) if has_leading_zero(text) => Err(AddressError::LeadingZero),
        Err(_) => Err(AddressError::NotAnAddress),
    }
}

/// The client's address behind proxies: the peer must be a trusted proxy, and the first address
/// from the right of `X-Forwarded-For` that is not one itself is the client.
///
/// `forwarded_for` are the field's lines in the order received, each a list with commas. What
/// stands left of the client's address was written by the client and is not looked at.
///
/// `None`, which is to be refused, when the peer is not trusted, when an entry on the way is not a
/// plain address (ports and brackets too), when all are trusted, or after [`PROXY_HOPS_MAX`].
pub fn client_address_behind<'a>(
    peer: IpAddr,
    forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &AddressSet,
) -> Option<IpAddr> {
    if !trusted.contains(peer) {
        return None;
    }
    for entry in forwarded_for
        .rev()
        .flat_map(|line| line.rsplit(','))
        .take(PROXY_HOPS_MAX)
    {
        // OWS of RFC 9110 section 5.6.3, nothing more.
        let address = parse_address(entry.trim_matches([' ', '\t'])).ok()?;
        if !trusted.contains(address) {
            return Some(address);
        }
    }
    None
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// There is nothing.
    Empty,
    /// A zone (`fe80::1%eth0`), which means something on one host only.
    Zone,
    /// `[...]`, which belongs to URLs.
    Brackets,
    /// `010.0.0.1`: octal to some, decimal to others.
    LeadingZero,
    /// Anything else: names, ports, blanks, short forms such as `127.1`.
    NotAnAddress,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::Zone => "has a zone (`%`)",
            Self::Brackets => "has brackets",
            Self::LeadingZero => "has a part with a leading zero",
            Self::NotAnAddress => "is not an IPv4 or IPv6 address",
        })
    }
}

impl core::error::Error for AddressError {}

/// Whether it would be dotted decimal but for zeros in front of a part.
fn has_leading_zero(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b'.' || byte.is_ascii_digit())
        && text
            .split('.')
            .any(|part| part.len() > 1 && part.starts_with('0'))
}
