//! Guarantees that records are read as serde would read them, whatever is written.
use alloc::string::{String, ToString};
use std::vec;

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::{Map, Value, json};

use super::*;
use crate::places::places;

/// `null` is as good as nothing.
pub(super) fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(deserializer)?.is_some())
}

fn agree(text: &str) -> Result<(), TestCaseError> {
    let live: Option<LiveJson> = serde_json::from_str(text).ok();
    prop_assert_eq!(read::live(text.as_bytes()).ok(), live, "{}", text);
    let tombstone: Option<TombstoneJson> = serde_json::from_str(text).ok();
    prop_assert_eq!(read::tombstone(text.as_bytes()).ok(), tombstone, "{}", text);
    Ok(())
}

fn whole() -> Map<String, Value> {
    let record = json!({
        "v": 1, "keyId": "a", "organisation": "acme", "environment": "production", "generation": 3,
        "freshUntil": 9, "kind": "signed", "algorithm": "hmac-sha512",
        "profiles": ["rfc9421", "cloud9", "kong", "cavage"], "nonce": "required",
        "replay": "strict_all", "allowUnsignedQuery": true, "notBefore": 1, "expiresAt": 5,
        "disabled": false, "addresses": ["192.0.2.0/24"], "rateLimit": null, "quota": {"a": [1]},
        "tokenProfile": "jwt-iss",
        "assignments": [
            {"role": "admin", "accounts": "all", "grants": {"api": {"users": "crud", "files": "r"}}},
            {"role": "viewer", "accounts": ["a1", "a2"], "grants": {}}
        ],
        "issues": [
            {"issue": "i1", "ring": "m1", "sealed": "AAAA", "notAfter": 7},
            {"issue": "i2", "mac": "AA", "digest": "sha-256"}
        ],
        "tombstone": true
    });
    record.as_object().expect("an object").clone()
}

/// What stands in the place of a value.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![Just(0_u64), Just(u64::MAX), any::<u64>()].prop_map(Value::from),
        Just(json!(-1)),
        Just(json!(1.5)),
        "(all|signed|token|jwt-iss|strict|window|rfc9421|optional|crud|rc|cr|m1|sha-256|AAAA|AAA=|\u{e9}|)"
            .prop_map(Value::from),
        Just(json!({})),
        Just(json!(["a", "a"])),
        Just(json!(["a", "b"])),
        Just(json!([1])),
        Just(json!({ "a": { "b": "r" } })),
    ]
}

/// What a record and a tombstone do not have in common, left out in any way.
fn record() -> impl Strategy<Value = Value> {
    let names: Vec<String> = whole().keys().cloned().collect();
    proptest::sample::subsequence(names.clone(), 0..4).prop_map(move |left_out| {
        let mut record = whole();
        record.retain(|name, _| !left_out.contains(name));
        Value::Object(record)
    })
}

#[test]
fn a_whole_record_is_read() {
    let mut live = whole();
    live.remove("tombstone");
    let text = Value::Object(live.clone()).to_string();
    let json = read::live(text.as_bytes()).expect("a record");
    assert!(json.quota && json.token_profile.is_some() && !json.rate_limit);
    agree(&text).unwrap();
    for name in live.keys() {
        let mut less = live.clone();
        less.remove(name);
        agree(&Value::Object(less.clone()).to_string()).unwrap();
        less.insert(name.clone(), Value::Null);
        agree(&Value::Object(less).to_string()).unwrap();
    }
    let twice = text.replacen('{', r#"{"v":1,"#, 1);
    agree(&twice).unwrap();
    assert!(read::live(twice.as_bytes()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_value_in_any_place(mut record in record(), place in any::<prop::sample::Index>(), value in value()) {
        record.as_object_mut().unwrap().remove("tombstone");
        let mut all = Vec::new();
        places(&record, "", &mut all);
        *record.pointer_mut(place.get(&all).as_str()).unwrap() = value;
        // serde takes a list for a structure, too; nobody writes one so, and it is refused here.
        let text = record.to_string();
        let lists = |path: &str| record.pointer(path).is_some_and(Value::is_array);
        prop_assume!(!["", "/assignments/0", "/assignments/1", "/issues/0", "/issues/1"].into_iter().any(lists));
        agree(&text)?;
    }

    #[test]
    fn any_members_left_out(record in record()) {
        agree(&record.to_string())?;
    }
}
