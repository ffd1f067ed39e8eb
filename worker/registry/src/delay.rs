//! How long to wait after failures to sign in. It grows, and it ends: who does not know the
//! password cannot lock out who does.
use core::net::IpAddr;

/// So many mistakes are free.
const FREE: u32 = 3;
/// The longest wait, in seconds.
const LONGEST_S: u64 = 15 * 60;
/// Failures are forgotten after so long, in seconds.
pub(crate) const FORGOTTEN_S: u64 = 24 * 60 * 60;

/// How many seconds after the last failure the next try counts.
pub(crate) fn after(failures: u32) -> u64 {
    match failures.checked_sub(FREE) {
        None => 0,
        Some(more) => 1_u64
            .checked_shl(more)
            .map_or(LONGEST_S, |seconds| seconds.min(LONGEST_S)),
    }
}

/// Who tries: an IPv4 address, or a network that one customer has whole.
pub(crate) fn network(address: Option<IpAddr>) -> String {
    match address {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (0..8).map(after).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16]);
        assert_eq!(after(100), LONGEST_S);
        assert_eq!(after(u32::MAX), LONGEST_S);
    }

    #[test]
    fn a_network_of_ipv6_is_one() {
        let of = |text: &str| network(Some(text.parse().expect("an address")));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
