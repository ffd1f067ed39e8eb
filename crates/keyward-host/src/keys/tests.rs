use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::vec::Vec;
use std::format;

use keyward_core::catalogue::Catalogue;
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::{Key, KeyParts, Material, TokenIssue, TokenProfile};

use super::*;

fn key(key_id: &str) -> Option<Rc<Key>> {
    key_of(key_id, 1)
}

fn key_of(key_id: &str, generation: u64) -> Option<Rc<Key>> {
    let parts = KeyParts {
        key_id: key_id.to_owned(),
        organisation: "acme".to_owned(),
        environment: "production".to_owned(),
        generation,
        fresh_until_s: None,
        not_before_s: None,
        expires_at_s: 1,
        disabled: false,
        addresses: None,
        assignments: Vec::new(),
        material: Material::Token {
            algorithm: JwsAlgorithm::EdDsa,
            profile: TokenProfile::Keyward,
            issues: Vec::from([TokenIssue {
                issue: "i1".to_owned(),
                secret: None,
                not_after_s: None,
            }]),
        },
    };
    let key = Key::compile(parts, &Catalogue::default()).expect("a key");
    Some(Rc::new(key))
}

fn asked(at_ms: f64, since: u64) -> Asked {
    Asked { at_ms, since }
}

fn loaded(at_ms: f64, number: u64) -> Loaded {
    Loaded { at_ms, number }
}

fn is_known(keys: &mut Keys, key_id: &str, asked: Asked) -> bool {
    matches!(keys.find("production", key_id, asked), Known::Key(_))
}

#[test]
fn a_key_is_used_until_its_time_is_up() {
    let mut keys = Keys::new(30);
    keys.put("production", "a", key("a"), 1, 10, loaded(1_000.0, 1))
        .unwrap();
    assert!(is_known(&mut keys, "a", asked(1_000.0, 1)));
    assert!(is_known(&mut keys, "a", asked(30_999.0, 1)));
    assert!(!is_known(&mut keys, "a", asked(31_000.0, 1)));
    assert!(
        !is_known(&mut keys, "a", asked(999.0, 1)),
        "a clock that went back"
    );
    assert!(!matches!(
        keys.find("uat", "a", asked(1_000.0, 1)),
        Known::Key(_)
    ));
}

#[test]
fn what_was_looked_up_for_a_request_serves_it_however_short_entries_live() {
    let mut keys = Keys::new(0);
    keys.put("production", "a", key("a"), 1, 10, loaded(1_000.0, 7))
        .unwrap();
    assert!(is_known(&mut keys, "a", asked(1_000.0, 6)));
    assert!(!is_known(&mut keys, "a", asked(1_000.0, 7)));
}

#[test]
fn generations_do_not_go_back() {
    let mut keys = Keys::new(30);
    let mut put =
        |key, generation| keys.put("production", "a", key, generation, 10, loaded(0.0, 1));
    put(key("a"), 5).unwrap();
    put(None, 6).unwrap();
    assert_eq!(put(key("a"), 5), Err(Outdated));
    assert!(matches!(
        keys.find("production", "a", asked(0.0, 1)),
        Known::Absent
    ));
}

#[test]
fn keys_are_bounded_in_number_and_weight_and_those_in_use_stay() {
    let mut keys = Keys::new(30);
    for n in 0..KEYS_MAX + 50 {
        let id = format!("k{n}");
        keys.put("production", &id, None, 1, 10, loaded(0.0, 1))
            .unwrap();
        keys.find("production", "k0", asked(0.0, 1));
    }
    assert_eq!(keys.sizes().0, KEYS_MAX);
    let known = |keys: &mut Keys, id: &str| {
        matches!(keys.find("production", id, asked(0.0, 1)), Known::Absent)
    };
    assert!(known(&mut keys, "k0") && !known(&mut keys, "k1"));
    keys.put("production", "large", None, 1, WEIGHT_MAX, loaded(0.0, 1))
        .unwrap();
    assert_eq!(keys.sizes(), (1, WEIGHT_MAX, 0));
    keys.put("production", "large", None, 2, 10, loaded(0.0, 1))
        .unwrap();
    assert_eq!(keys.sizes(), (1, 10, 0));
}

#[test]
fn a_network_that_guesses_is_noticed_and_forgotten() {
    let mut keys = Keys::new(30);
    let address = |text: &str| Some(text.parse().unwrap());
    let (one, same, other) = (
        address("2001:db8::1"),
        address("2001:db8::2"),
        address("2001:db8:0:1::1"),
    );
    let is_guessing =
        |keys: &Keys, network, now_ms| keys.is_guessing("production", "next", network, now_ms);
    for n in 0..MISSES_PER_NETWORK_MAX {
        assert!(!is_guessing(&keys, one, 0.0));
        keys.put_miss("production", &format!("k{n}"), one, loaded(0.0, 1));
    }
    assert!(is_guessing(&keys, one, 0.0) && is_guessing(&keys, same, 9_999.0));
    assert!(!is_guessing(&keys, other, 0.0) && !is_guessing(&keys, one, MISS_TTL_MS));
}

#[test]
fn guesses_lock_out_nobody_whose_network_is_not_known_and_no_key_that_was_there() {
    let mut keys = Keys::new(30);
    let network = Some("192.0.2.7".parse().unwrap());
    keys.put("production", "known", key("known"), 1, 10, loaded(0.0, 1))
        .unwrap();
    keys.put("production", "removed", None, 1, 10, loaded(0.0, 1))
        .unwrap();
    for n in 0..=MISSES_PER_NETWORK_MAX {
        for network in [network, None] {
            keys.put_miss("production", &format!("k{n}"), network, loaded(30_000.0, 2));
        }
    }
    let refused = |id, network| keys.is_guessing("production", id, network, 30_000.0);
    assert!(refused("next", network) && refused("removed", network));
    assert!(!refused("known", network) && !refused("next", None));
    assert!(keys.is_guessing("uat", "known", network, 30_000.0));
}

#[test]
fn what_is_gone_does_not_come_back_with_a_clock_that_goes_back() {
    let mut keys = Keys::new(30);
    keys.put("production", "a", key("a"), 5, 10, loaded(1_000.0, 1))
        .unwrap();
    keys.put_miss("production", "a", None, loaded(31_000.0, 2));
    for (at_ms, since) in [(31_000.0, 2), (20_000.0, 2), (20_000.0, 0)] {
        assert!(!is_known(&mut keys, "a", asked(at_ms, since)), "{at_ms}");
    }
    let older = keys.put("production", "a", key("a"), 4, 10, loaded(31_000.0, 3));
    assert_eq!(older, Err(Outdated), "its generation is remembered");
}

#[test]
fn misses_and_networks_are_bounded_and_displace_no_key() {
    let mut keys = Keys::new(30);
    keys.put("production", "a", key("a"), 1, 10, loaded(0.0, 1))
        .unwrap();
    for n in 0..u32::try_from(2 * MISSES_MAX).unwrap() {
        let network = Some(IpAddr::V4(n.into()));
        keys.put_miss("production", &format!("k{n}"), network, loaded(0.0, 1));
    }
    assert_eq!(keys.sizes(), (1, 10, MISSES_MAX));
    assert_eq!(keys.networks.len(), NETWORKS_MAX);
    assert!(is_known(&mut keys, "a", asked(0.0, 1)));
}

#[test]
fn a_confirmation_is_good_for_a_while() {
    let mut keys = Keys::new(300);
    let found = key_of("a", 3).unwrap();
    let confirmed = |keys: &Keys, at_ms| keys.confirmed(&found, at_ms);
    assert_eq!(confirmed(&keys, 0.0), Confirmed::No);
    keys.put("production", "a", key("a"), 3, 10, loaded(0.0, 1))
        .unwrap();
    assert_eq!(confirmed(&keys, 0.0), Confirmed::No);
    keys.confirm("production", "a", Some(3), 1_000.0);
    for (at_ms, expected) in [
        (999.0, Confirmed::No),
        (1_000.0, Confirmed::Lately),
        (30_999.0, Confirmed::Lately),
        (31_000.0, Confirmed::Due),
        (60_999.0, Confirmed::Due),
        (61_000.0, Confirmed::LongAgo),
        (300_999.0, Confirmed::LongAgo),
        (301_000.0, Confirmed::No),
        (f64::NAN, Confirmed::No),
    ] {
        assert_eq!(confirmed(&keys, at_ms), expected, "{at_ms}");
    }
    // An answer that comes late takes nothing back, and the same record again changes nothing.
    keys.confirm("production", "a", Some(3), 500.0);
    keys.put("production", "a", key("a"), 3, 10, loaded(2_000.0, 2))
        .unwrap();
    assert_eq!(confirmed(&keys, 30_999.0), Confirmed::Lately);
    // Who waited with a key that was replaced meanwhile does not take what was said of the other.
    keys.put("production", "a", key("a"), 4, 10, loaded(3_000.0, 3))
        .unwrap();
    keys.confirm("production", "a", Some(4), 3_000.0);
    assert_eq!(confirmed(&keys, 3_000.0), Confirmed::No);
    let present = key_of("a", 4).unwrap();
    assert_eq!(keys.confirmed(&present, 3_000.0), Confirmed::Lately);
}

#[test]
fn an_answer_that_leaves_out_a_key_confirms_the_others() {
    let mut keys = Keys::new(300);
    for key_id in ["a", "b", "c"] {
        keys.put("production", key_id, key(key_id), 3, 10, loaded(0.0, 1))
            .unwrap();
    }
    let found = [("b".to_owned(), Some(3)), ("c".to_owned(), Some(4))];
    let names = ["a", "b", "c"].map(|key_id| ("production", key_id));
    assert!(!keys.confirm_each(names, &found, 0.0));
    let confirmed = |key_id| keys.confirmed(&key_of(key_id, 3).unwrap(), 0.0);
    assert_eq!(
        ["a", "b", "c"].map(confirmed),
        [Confirmed::No, Confirmed::Lately, Confirmed::No]
    );
    let now = asked(0.0, 0);
    assert!(is_known(&mut keys, "a", now) && !is_known(&mut keys, "c", now));
    assert!(keys.confirm_each([("production", "b")], &found, 0.0));
}

#[test]
fn of_a_key_that_was_replaced_nothing_is_kept_and_nothing_older_is_taken() {
    let mut keys = Keys::new(300);
    for (generation, later) in [(3, Some(5)), (3, None)] {
        keys = Keys::new(300);
        keys.put("production", "a", key("a"), generation, 10, loaded(0.0, 1))
            .unwrap();
        keys.confirm("production", "a", Some(generation), 0.0);
        keys.confirm("production", "a", later, 10.0);
        assert!(!is_known(&mut keys, "a", asked(10.0, 0)));
        for found in [generation, 5].map(|one| key_of("a", one).unwrap()) {
            assert_eq!(keys.confirmed(&found, 10.0), Confirmed::No);
        }
        for older in generation..5 {
            let put = keys.put("production", "a", key("a"), older, 10, loaded(20.0, 2));
            assert_eq!(put, Err(Outdated), "{older}");
        }
    }
    // What the registry does not know is never taken.
    let put = keys.put("production", "a", key("a"), 6, 10, loaded(20.0, 2));
    assert_eq!(put, Err(Outdated));
    keys.confirm("production", "b", Some(1), 10.0);
    assert_eq!(keys.sizes().0, 1, "others are left alone");
}
