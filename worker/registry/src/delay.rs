//! How long to wait after failures to sign in. It grows, and it ends: who does not know the
//! password cannot lock out who does.
use core::net::IpAddr;

/// So many mistakes are free.
const FREE: u32 = 3;
/// The longest wait, in seconds.
const LONGEST_S: u64 = 15 * 60;
/// So many wrong codes are free, where the password was right,
const GUESSES_FREE: u32 = 5;
/// and this is the longest wait after them, in seconds: 24 guesses a day.
const GUESSES_LONGEST_S: u64 = 60 * 60;
/// Failures are forgotten after so long, in seconds.
pub(crate) const FORGOTTEN_S: u64 = 24 * 60 * 60;

/// How many seconds after the last failure the next try counts.
pub(crate) fn after(failures: u32) -> u64 {
    doubled(failures, FREE, LONGEST_S)
}

/// The same after wrong codes of one operator, from wherever they came.
pub(crate) fn after_guesses(failures: u32) -> u64 {
    doubled(failures, GUESSES_FREE, GUESSES_LONGEST_S)
}

fn doubled(failures: u32, free: u32, longest_s: u64) -> u64 {
    match failures.checked_sub(free) {
        None => 0,
        Some(more) => 1_u64
            .checked_shl(more)
            .map_or(longest_s, |seconds| seconds.min(longest_s)),
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

    /// What README and SECURITY.md say of it.
    #[test]
    fn codes_are_guessed_a_few_times_a_day() {
        let day = |failures: u32| {
            let mut at_s = 0;
            let mut guesses = failures;
            while at_s < FORGOTTEN_S {
                guesses += 1;
                at_s += after_guesses(guesses);
            }
            guesses - failures
        };
        assert_eq!(day(0), 39);
        assert_eq!(day(40), 24);
    }

    #[test]
    fn a_network_of_ipv6_is_one() {
        let of = |text: &str| network(Some(text.parse().expect("an address")));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
