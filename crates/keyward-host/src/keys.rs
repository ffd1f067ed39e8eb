//! Compiled keys: bounded in number and weight, each entry for a short time. What was not found is
//! remembered apart, so that guessing ids never evicts a key.
use alloc::rc::Rc;
use alloc::string::String;
use core::net::IpAddr;

use keyward_core::key::Key;
use keyward_core::sorted_map::SortedMap;

/// How long an absence is remembered.
pub const MISS_TTL_MS: f64 = 10_000.0;
/// Keys in memory; some thousand are in use at once on one host.
pub const KEYS_MAX: usize = 5_000;
/// Their records together, in bytes: a compiled key is about as large as its record.
pub const WEIGHT_MAX: usize = 16 * 1024 * 1024;
/// Absences in memory.
pub const MISSES_MAX: usize = 4_096;
/// Networks whose misses are counted.
pub const NETWORKS_MAX: usize = 4_096;
/// How long a confirmation is good for while nobody asks again.
pub const CONFIRMED_MS: f64 = 30_000.0;
/// How long while who would confirm is being asked, after the answer.
pub const CONFIRMING_MS: f64 = 60_000.0;
/// How long while who would confirm does not answer.
pub const UNCONFIRMED_MS: f64 = 300_000.0;
/// Look-ups of unknown keys that one network may cause in [`MISS_TTL_MS`].
pub const MISSES_PER_NETWORK_MAX: u32 = 100;

/// The keys that a host has in memory.
#[derive(Debug)]
pub struct Keys {
    /// How long an entry may be used.
    ttl_ms: f64,
    entries: SortedMap<String, Entry>,
    misses: SortedMap<String, Loaded>,
    networks: SortedMap<u128, Misses>,
    weight: usize,
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    /// `None`: the record says that there is no such key (any more).
    key: Option<Rc<Key>>,
    generation: u64,
    loaded: Loaded,
    weight: usize,
    used: u64,
    /// When the registry was asked that said that there is no later generation.
    confirmed_at_ms: f64,
}

/// How long ago the registry confirmed a key in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// Just now: it may be used.
    Lately,
    /// It may be used, and is to be asked about meanwhile.
    Due,
    /// It may be used only if nobody answers.
    LongAgo,
    /// Never, or too long ago for anything.
    No,
}

/// When a look-up ended.
#[derive(Clone, Copy, Debug)]
pub struct Loaded {
    pub at_ms: f64,
    /// Counts the look-ups of a host.
    pub number: u64,
}

/// The moment for which the memory is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub at_ms: f64,
    /// The number of the last look-up that had ended when the request came: what was looked up
    /// since was looked up for it, and is used however short an entry lives.
    pub since: u64,
}

impl Loaded {
    fn serves(self, asked: Asked, ttl_ms: f64) -> bool {
        self.number > asked.since || is_within(self.at_ms, ttl_ms, asked.at_ms)
    }
}

#[derive(Debug)]
struct Misses {
    since_ms: f64,
    count: u32,
}

/// What the memory knows about a key.
#[derive(Debug)]
pub enum Known {
    Key(Rc<Key>),
    Absent,
    Nothing,
}

/// A record of an older generation than one that was seen: somebody brought it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outdated;

impl Keys {
    #[must_use]
    pub const fn new(ttl_s: u64) -> Self {
        Self {
            ttl_ms: ttl_s as f64 * 1000.0,
            entries: SortedMap::new(),
            misses: SortedMap::new(),
            networks: SortedMap::new(),
            weight: 0,
            uses: 0,
        }
    }

    pub fn find(&mut self, environment: &str, key_id: &str, asked: Asked) -> Known {
        let name = name(environment, key_id);
        if let Some(entry) = self.entries.get_mut(&name) {
            self.uses += 1;
            entry.used = self.uses;
            if entry.loaded.serves(asked, self.ttl_ms) {
                let key = entry.key.as_ref();
                return key.map_or(Known::Absent, |key| Known::Key(Rc::clone(key)));
            }
            // Kept for its generation; the record may be gone since.
        }
        match self.misses.get(&name) {
            Some(loaded) if loaded.serves(asked, MISS_TTL_MS) => Known::Absent,
            _ => Known::Nothing,
        }
    }

    /// Remembers what a record says. `weight` is its length.
    ///
    /// # Errors
    /// When a later generation was seen; then nothing is changed.
    pub fn put(
        &mut self,
        environment: &str,
        key_id: &str,
        key: Option<Rc<Key>>,
        generation: u64,
        weight: usize,
        loaded: Loaded,
    ) -> Result<(), Outdated> {
        let name = name(environment, key_id);
        let mut confirmed_at_ms = f64::NEG_INFINITY;
        if let Some(known) = self.entries.get(&name) {
            if generation < known.generation {
                return Err(Outdated);
            }
            self.weight -= known.weight;
            confirmed_at_ms = known.confirmed_at_ms;
        }
        self.misses.remove(&name);
        self.uses += 1;
        self.weight += weight;
        let entry = Entry {
            key,
            generation,
            loaded,
            weight,
            used: self.uses,
            confirmed_at_ms,
        };
        self.entries.insert(name, entry);
        while self.entries.len() > KEYS_MAX || self.weight > WEIGHT_MAX {
            self.forget_oldest();
        }
        Ok(())
    }

    /// Whether the registry said lately that a key is the present one. One that was replaced in
    /// memory since it was found there is not: what was confirmed is the other.
    #[must_use]
    pub fn confirmed(&self, key: &Key, now_ms: f64) -> Confirmed {
        let entry = self.entries.get(&name(key.environment(), key.key_id()));
        let Some(entry) = entry.filter(|entry| entry.generation == key.generation()) else {
            return Confirmed::No;
        };
        match now_ms - entry.confirmed_at_ms {
            // A clock that went back says nothing.
            age_ms if age_ms < 0.0 => Confirmed::No,
            age_ms if age_ms < CONFIRMED_MS => Confirmed::Lately,
            age_ms if age_ms < CONFIRMING_MS => Confirmed::Due,
            age_ms if age_ms < UNCONFIRMED_MS => Confirmed::LongAgo,
            _ => Confirmed::No,
        }
    }

    /// Takes in which generation is the present one, `None` if there is no such key. Of an earlier
    /// one nothing is kept, and none is taken again.
    pub fn confirm(
        &mut self,
        environment: &str,
        key_id: &str,
        generation: Option<u64>,
        asked_at_ms: f64,
    ) {
        let Some(entry) = self.entries.get_mut(&name(environment, key_id)) else {
            return;
        };
        let generation = generation.unwrap_or(u64::MAX);
        if generation <= entry.generation {
            entry.confirmed_at_ms = asked_at_ms.max(entry.confirmed_at_ms);
            return;
        }
        entry.generation = generation;
        entry.key = None;
        entry.confirmed_at_ms = f64::NEG_INFINITY;
        entry.loaded = Loaded {
            at_ms: f64::NEG_INFINITY,
            number: 0,
        };
    }

    /// The same of many keys, each with its environment. Whether the answer speaks of all of them:
    /// one that is left out is as it was, and keeps none of the others from being confirmed.
    pub fn confirm_each<'a>(
        &mut self,
        asked: impl IntoIterator<Item = (&'a str, &'a str)>,
        found: &[(String, Option<u64>)],
        asked_at_ms: f64,
    ) -> bool {
        let mut is_whole = true;
        for (environment, key_id) in asked {
            match found.iter().find(|(found, _)| found == key_id) {
                Some((_, generation)) => {
                    self.confirm(environment, key_id, *generation, asked_at_ms);
                }
                None => is_whole = false,
            }
        }
        is_whole
    }

    /// Remembers that there is no record. A network that is not known is not counted: all clients
    /// would share its place, and one of them could lock out the others.
    pub fn put_miss(
        &mut self,
        environment: &str,
        key_id: &str,
        network: Option<IpAddr>,
        loaded: Loaded,
    ) {
        let now_ms = loaded.at_ms;
        if self.misses.len() >= MISSES_MAX {
            self.misses
                .retain(|_, one| is_within(one.at_ms, MISS_TTL_MS, now_ms));
        }
        if self.misses.len() >= MISSES_MAX {
            // Whoever waits for this one must find it.
            self.misses.pop_first();
        }
        let name = name(environment, key_id);
        if let Some(known) = self.entries.get_mut(&name) {
            // What was found before is over, also for a clock that goes back.
            known.loaded = Loaded {
                at_ms: f64::NEG_INFINITY,
                number: 0,
            };
        }
        self.misses.insert(name, loaded);
        let Some(network) = network else { return };
        if self.networks.len() >= NETWORKS_MAX {
            self.networks
                .retain(|_, one| is_within(one.since_ms, MISS_TTL_MS, now_ms));
        }
        if self.networks.len() >= NETWORKS_MAX {
            self.networks.pop_first();
        }
        let fresh = Misses {
            since_ms: now_ms,
            count: 0,
        };
        let misses = self
            .networks
            .get_or_insert_with(network_of(network), || fresh);
        let Some(misses) = misses else { return };
        if !is_within(misses.since_ms, MISS_TTL_MS, now_ms) {
            misses.since_ms = now_ms;
            misses.count = 0;
        }
        misses.count = misses.count.saturating_add(1);
    }

    /// Whether a network asked for so many unknown keys that its next one is not looked up. A key
    /// that was there the last time is no guess, so that guesses never keep one from being renewed.
    #[must_use]
    pub fn is_guessing(
        &self,
        environment: &str,
        key_id: &str,
        network: Option<IpAddr>,
        now_ms: f64,
    ) -> bool {
        let Some(misses) = network.and_then(|network| self.networks.get(&network_of(network)))
        else {
            return false;
        };
        misses.count >= MISSES_PER_NETWORK_MAX
            && is_within(misses.since_ms, MISS_TTL_MS, now_ms)
            && self
                .entries
                .get(&name(environment, key_id))
                .is_none_or(|entry| entry.key.is_none())
    }

    /// How many keys are in memory, how much their records weigh, and how many absences there are.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.entries.len(), self.weight, self.misses.len())
    }

    /// A walk over all, which costs less than what brought the new one: its signature's check.
    fn forget_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
        if let Some(name) = oldest.map(|(name, _)| name.clone())
            && let Some(entry) = self.entries.remove(&name)
        {
            self.weight -= entry.weight;
        }
    }
}

/// No name of an environment has a NUL.
fn name(environment: &str, key_id: &str) -> String {
    let mut name = String::with_capacity(environment.len() + 1 + key_id.len());
    name.push_str(environment);
    name.push('\0');
    name.push_str(key_id);
    name
}

/// A clock that goes back must not make an entry live for ever.
fn is_within(since_ms: f64, ttl_ms: f64, now_ms: f64) -> bool {
    (0.0..ttl_ms).contains(&(now_ms - since_ms))
}

/// One IPv4 address, or an IPv6 /64: what one customer usually has.
fn network_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address) >> 64 << 64,
    }
}

#[cfg(test)]
mod tests;
