//! When what could not be delivered is tried again: for three days, ever less often.

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 60 * MINUTE_S;
/// From each failure to the next try. Short ones outlast a restart of the receiver, long ones a
/// weekend.
const DELAYS_S: [u64; 9] = [
    5,
    5 * MINUTE_S,
    30 * MINUTE_S,
    2 * HOUR_S,
    5 * HOUR_S,
    10 * HOUR_S,
    14 * HOUR_S,
    16 * HOUR_S,
    24 * HOUR_S,
];

/// How long to wait after so many failures in a row, in seconds; `None`: it is given up.
#[must_use]
pub fn delay_s(failures: u32) -> Option<u64> {
    let index = usize::try_from(failures).ok()?.checked_sub(1)?;
    DELAYS_S.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_days_and_then_no_more() {
        let delays = (1..).map_while(delay_s);
        let total_s: u64 = delays.clone().sum();
        assert!((71 * HOUR_S..=72 * HOUR_S).contains(&total_s), "{total_s}");
        assert!(delays.is_sorted());
        assert_eq!(
            (delay_s(0), delay_s(10), delay_s(u32::MAX)),
            (None, None, None)
        );
    }
}
