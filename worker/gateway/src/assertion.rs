//! Assertions for origins: made once per key and minute, not per request.
use std::collections::BTreeMap;

use keyward_core::authorize::Grant;
use keyward_wire::assertion::AssertionKey;

/// How long an assertion is used again; it is good for longer than that.
const USED_S: u64 = 60;
/// Assertions in memory.
const ASSERTIONS_MAX: usize = 5_000;

/// What an assertion says, besides what follows from it.
type About = (String, u64, String, Option<String>, Option<String>, String);

pub(crate) struct Assertions {
    key: AssertionKey,
    made: BTreeMap<About, (u64, String)>,
}

impl Assertions {
    pub(crate) fn new(key: AssertionKey) -> Self {
        Self {
            key,
            made: BTreeMap::new(),
        }
    }

    pub(crate) fn jwks(&self) -> String {
        self.key.jwks()
    }

    pub(crate) fn of(
        &mut self,
        grant: &Grant<'_>,
        deployment: &str,
        origin: &str,
        now_s: u64,
    ) -> String {
        let about = (
            grant.key_id.to_owned(),
            grant.generation,
            grant.environment.to_owned(),
            grant.account.clone(),
            accounts(grant),
            origin.to_owned(),
        );
        if let Some((made_s, assertion)) = self.made.get(&about)
            && (*made_s..made_s.saturating_add(USED_S)).contains(&now_s)
        {
            return assertion.clone();
        }
        let assertion = self.key.assert(grant, deployment, origin, now_s);
        if self.made.len() >= ASSERTIONS_MAX {
            self.made
                .retain(|_, (made_s, _)| (*made_s..made_s.saturating_add(USED_S)).contains(&now_s));
        }
        if self.made.len() < ASSERTIONS_MAX {
            self.made.insert(about, (now_s, assertion.clone()));
        }
        assertion
    }
}

/// The accounts that the origin chooses among: another route may permit others.
fn accounts(grant: &Grant<'_>) -> Option<String> {
    let mut fields = grant.fields().into_iter();
    fields
        .find(|(name, _)| *name == "keyward-accounts")
        .map(|(_, value)| value)
}
