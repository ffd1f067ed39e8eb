//! When a signature says that it was made, and for how long that counts.
use alloc::format;
use alloc::vec::Vec;

use crate::denial::{Code, Denial};
use crate::deployment::Settings;
use crate::limits;

/// Every time that a signature covers. All of them must pass; a time that is not covered is
/// never looked at, since anybody could have set it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Freshness {
    /// Seconds of Unix time, as are all the others.
    pub(crate) created_s: Option<u64>,
    pub(crate) expires_s: Option<u64>,
    /// Fields with a date, by their name.
    pub(crate) dates: Vec<(&'static str, u64)>,
}

impl Freshness {
    /// Whether there is a time at which the signature begins to grow old.
    pub(crate) fn has_beginning(&self) -> bool {
        self.created_s.is_some() || !self.dates.is_empty()
    }

    /// # Errors
    /// `signature_stale`, with the first time that does not pass.
    pub(crate) fn require(&self, settings: &Settings, now_s: u64) -> Result<(), Denial> {
        let beginnings = self
            .created_s
            .map(|at_s| {
                let (age_s, ahead_s) = (settings.created_age_s_max, settings.created_ahead_s_max);
                ("created", at_s, age_s, ahead_s)
            })
            .into_iter()
            .chain(
                self.dates
                    .iter()
                    .map(|(name, at_s)| (*name, *at_s, limits::DATE_S_MAX, limits::DATE_S_MAX)),
            );
        for (name, at_s, age_s_max, ahead_s_max) in beginnings {
            let age_s = now_s.saturating_sub(at_s);
            if age_s > age_s_max {
                return stale(format!(
                    "{name} is {age_s} s ago, at most {age_s_max} s are accepted"
                ));
            }
            let ahead_s = at_s.saturating_sub(now_s);
            if ahead_s > ahead_s_max {
                return stale(format!(
                    "{name} is {ahead_s} s ahead, at most {ahead_s_max} s are accepted"
                ));
            }
        }
        match self.expires_s {
            Some(expires_s) if expires_s <= now_s => stale(format!(
                "expires was {} s ago",
                now_s.saturating_sub(expires_s)
            )),
            _ => Ok(()),
        }
    }

    /// The last second in which [`Self::require`] passes.
    pub(crate) fn last_s(&self, settings: &Settings) -> u64 {
        let created = self
            .created_s
            .map(|at_s| at_s.saturating_add(settings.created_age_s_max));
        let expires = self.expires_s.map(|at_s| at_s.saturating_sub(1));
        let dates = self
            .dates
            .iter()
            .map(|(_, at_s)| at_s.saturating_add(limits::DATE_S_MAX));
        created
            .into_iter()
            .chain(expires)
            .chain(dates)
            .min()
            .unwrap_or(0)
    }
}

fn stale(detail: alloc::string::String) -> Result<(), Denial> {
    Err(Denial::because(Code::SignatureStale, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The end that replay protection counts on is the end that is enforced.
        #[test]
        fn the_last_second_passes_and_the_next_does_not(
            created_s in proptest::option::of(1_000_u64..3_000),
            expires_s in proptest::option::of(1_000_u64..3_000),
            date_s in proptest::option::of(1_000_u64..3_000),
            age_s in 10_u64..900,
        ) {
            let mut settings = Settings::new("demo", Vec::new());
            settings.created_age_s_max = age_s;
            let dates = date_s.map(|at_s| ("date", at_s)).into_iter().collect();
            let fresh = Freshness { created_s, expires_s, dates };
            prop_assume!(fresh.has_beginning());
            let last_s = fresh.last_s(&settings);
            for now_s in last_s.saturating_add(1)..last_s.saturating_add(2_000) {
                prop_assert!(fresh.require(&settings, now_s).is_err(), "{now_s} after {last_s}");
            }
            let passes = (0..5_000).filter(|now_s| fresh.require(&settings, *now_s).is_ok()).max();
            if let Some(passes) = passes {
                prop_assert_eq!(passes, last_s);
            }
        }
    }
}
