//! How long a session lasts, and how long its second factor counts as fresh.

/// Without a request for so long a session ends.
pub(crate) const IDLE_S: u64 = 30 * 60;
/// And in any case.
pub(crate) const LIFE_S: u64 = 12 * 60 * 60;
/// Calls that give secrets or change operators want a second factor no older than this.
pub(crate) const SECOND_FACTOR_S: u64 = 5 * 60;
/// The time of the last request is written no more often than this.
const TOUCH_S: u64 = 60;

/// The times of a session, in seconds of Unix time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) begun_at_s: u64,
    pub(crate) used_at_s: u64,
    pub(crate) second_factor_at_s: u64,
}

impl Times {
    pub(crate) fn is_over(&self, now_s: u64) -> bool {
        now_s >= self.used_at_s.saturating_add(IDLE_S)
            || now_s >= self.begun_at_s.saturating_add(LIFE_S)
    }

    pub(crate) fn is_fresh(&self, now_s: u64) -> bool {
        now_s < self.second_factor_at_s.saturating_add(SECOND_FACTOR_S)
    }

    pub(crate) fn is_touch_due(&self, now_s: u64) -> bool {
        now_s >= self.used_at_s.saturating_add(TOUCH_S)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_idle_or_old() {
        let begun = Times {
            begun_at_s: 1_000,
            used_at_s: 1_000,
            second_factor_at_s: 1_000,
        };
        assert!(!begun.is_over(1_000 + IDLE_S - 1));
        assert!(begun.is_over(1_000 + IDLE_S));
        let busy = Times {
            used_at_s: 1_000 + LIFE_S - 1,
            ..begun
        };
        assert!(!busy.is_over(1_000 + LIFE_S - 1));
        assert!(busy.is_over(1_000 + LIFE_S));
    }

    #[test]
    fn a_second_factor_is_fresh_for_five_minutes() {
        let times = Times {
            begun_at_s: 1_000,
            used_at_s: 1_300,
            second_factor_at_s: 1_000,
        };
        assert!(times.is_fresh(1_299) && !times.is_fresh(1_300));
        assert!(!times.is_touch_due(1_359) && times.is_touch_due(1_360));
    }
}
