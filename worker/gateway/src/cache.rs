//! Compiled keys in the isolate's memory: bounded in number and weight, each entry for a short
//! time. What was not found is remembered apart, so that guessing ids never evicts a key.
use core::net::IpAddr;
use std::collections::BTreeMap;
use std::rc::Rc;

use keyward_core::key::Key;

/// How long an absence is remembered.
const MISS_TTL_MS: f64 = 10_000.0;
/// Keys in memory; some thousand are in use at once on one isolate.
const KEYS_MAX: usize = 5_000;
/// Their records together, in bytes: a compiled key is about as large as its record.
const WEIGHT_MAX: usize = 16 * 1024 * 1024;
/// Absences in memory.
const MISSES_MAX: usize = 4_096;
/// Networks whose misses are counted.
const NETWORKS_MAX: usize = 4_096;
/// Lookups of unknown keys that one network may cause in `MISS_TTL_MS`.
const MISSES_PER_NETWORK_MAX: u32 = 100;

/// Environment and key id.
type Name = (String, String);

pub(crate) struct Cache {
    /// How long an entry may be used.
    ttl_ms: f64,
    keys: BTreeMap<Name, Entry>,
    /// The order of last use.
    uses: BTreeMap<u64, Name>,
    clock: u64,
    weight: usize,
    misses: BTreeMap<Name, f64>,
    networks: BTreeMap<u128, Misses>,
}

struct Entry {
    /// `None`: the record says that there is no such key (any more).
    key: Option<Rc<Key>>,
    generation: u64,
    loaded_ms: f64,
    weight: usize,
    used: u64,
}

struct Misses {
    since_ms: f64,
    count: u32,
}

/// What the memory knows about a key.
pub(crate) enum Known {
    Key(Rc<Key>),
    Absent,
    Nothing,
}

impl Cache {
    pub(crate) fn new(ttl_s: u64) -> Self {
        Self {
            ttl_ms: ttl_s as f64 * 1000.0,
            keys: BTreeMap::new(),
            uses: BTreeMap::new(),
            clock: 0,
            weight: 0,
            misses: BTreeMap::new(),
            networks: BTreeMap::new(),
        }
    }

    pub(crate) fn find(&mut self, name: &Name, now_ms: f64) -> Known {
        let clock = self.tick();
        if let Some(entry) = self.keys.get_mut(name) {
            self.uses.remove(&entry.used);
            self.uses.insert(clock, name.clone());
            entry.used = clock;
            if is_within(entry.loaded_ms, self.ttl_ms, now_ms) {
                return entry
                    .key
                    .as_ref()
                    .map_or(Known::Absent, |key| Known::Key(Rc::clone(key)));
            }
            // Kept for its generation; the record may be gone since.
        }
        match self.misses.get(name) {
            Some(since_ms) if is_within(*since_ms, MISS_TTL_MS, now_ms) => Known::Absent,
            _ => Known::Nothing,
        }
    }

    /// Whether a record is older than one that was seen: somebody brought it back.
    pub(crate) fn is_outdated(&self, name: &Name, generation: u64) -> bool {
        self.keys
            .get(name)
            .is_some_and(|entry| generation < entry.generation)
    }

    pub(crate) fn put(
        &mut self,
        name: Name,
        key: Option<Rc<Key>>,
        generation: u64,
        weight: usize,
        now_ms: f64,
    ) {
        self.misses.remove(&name);
        self.forget(&name);
        let used = self.tick();
        self.uses.insert(used, name.clone());
        self.weight += weight;
        self.keys.insert(
            name,
            Entry {
                key,
                generation,
                loaded_ms: now_ms,
                weight,
                used,
            },
        );
        while self.keys.len() > KEYS_MAX || self.weight > WEIGHT_MAX {
            let Some(oldest) = self.uses.first_key_value().map(|(_, name)| name.clone()) else {
                break;
            };
            self.forget(&oldest);
        }
    }

    pub(crate) fn put_miss(&mut self, name: Name, network: Option<IpAddr>, now_ms: f64) {
        if self.misses.len() >= MISSES_MAX {
            self.misses
                .retain(|_, since_ms| is_within(*since_ms, MISS_TTL_MS, now_ms));
        }
        if self.misses.len() < MISSES_MAX {
            self.misses.insert(name, now_ms);
        }
        if self.networks.len() >= NETWORKS_MAX {
            self.networks
                .retain(|_, one| is_within(one.since_ms, MISS_TTL_MS, now_ms));
        }
        if self.networks.len() >= NETWORKS_MAX {
            self.networks.pop_first();
        }
        let misses = self.networks.entry(network_of(network)).or_insert(Misses {
            since_ms: now_ms,
            count: 0,
        });
        if !is_within(misses.since_ms, MISS_TTL_MS, now_ms) {
            *misses = Misses {
                since_ms: now_ms,
                count: 0,
            };
        }
        misses.count = misses.count.saturating_add(1);
    }

    /// Whether a network asked for so many unknown keys that its next one is not looked up.
    pub(crate) fn is_guessing(&self, network: Option<IpAddr>, now_ms: f64) -> bool {
        self.networks
            .get(&network_of(network))
            .is_some_and(|misses| {
                misses.count >= MISSES_PER_NETWORK_MAX
                    && is_within(misses.since_ms, MISS_TTL_MS, now_ms)
            })
    }

    fn forget(&mut self, name: &Name) {
        if let Some(entry) = self.keys.remove(name) {
            self.uses.remove(&entry.used);
            self.weight -= entry.weight;
        }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}

/// A clock that goes back must not make an entry live for ever.
fn is_within(since_ms: f64, ttl_ms: f64, now_ms: f64) -> bool {
    (0.0..ttl_ms).contains(&(now_ms - since_ms))
}

/// One IPv4 address, or an IPv6 /64: what one customer usually has. Unknown ones share a place.
fn network_of(address: Option<IpAddr>) -> u128 {
    match address {
        None => 0,
        Some(IpAddr::V4(address)) => u128::from(address.to_ipv6_mapped()),
        Some(IpAddr::V6(address)) => u128::from(address) >> 64 << 64,
    }
}
