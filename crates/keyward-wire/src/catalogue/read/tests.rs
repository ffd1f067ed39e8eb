//! Guarantees that catalogues are read as serde would read them, whatever is written.
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::places::places;

fn example() -> Value {
    json!({
        "apis": [{
            "name": "management", "resources": ["users"], "origin": "main",
            "cors": { "origins": ["https://app.example"], "maxAge": 600, "exposeHeaders": ["ETag"] },
            "routes": [
                { "methods": ["GET"], "path": "/v1/users/{user}", "resource": "users" },
                { "methods": ["POST"], "path": "/v1/a/{account}/search", "resource": "users", "action": "read",
                  "account": "account", "encodedSlash": true, "emptySegments": true,
                  "semicolon": true, "basic": false },
                { "methods": ["GET"], "path": "/v1/users", "resource": "users", "accounts": "origin" }
            ]
        }],
        "origins": { "main": { "production": { "url": "https://api.internal:8443" }, "uat": { "service": "ORIGIN_UAT" } } }
    })
}

fn agree(text: &str) -> core::result::Result<(), TestCaseError> {
    let theirs: Option<CatalogueFile> = serde_json::from_str(text).ok();
    prop_assert_eq!(file(text).ok(), theirs, "{}", text);
    Ok(())
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![Just(0_u64), Just(1 << 32), any::<u64>()].prop_map(Value::from),
        Just(json!(1.5)),
        "(read|delete|origin|peek|https://a|https://a/|A|\u{e9}|)".prop_map(Value::from),
        Just(json!({})),
        Just(json!({ "url": "https://a", "service": "B" })),
        Just(json!(["a", "b"])),
        Just(json!([1])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_value_in_any_place(place in any::<prop::sample::Index>(), value in value(), leave_out in any::<bool>()) {
        let mut catalogue = example();
        let mut all = Vec::new();
        places(&catalogue, "", &mut all);
        let place = place.get(&all).as_str();
        let parent = place.rsplit_once('/').map(|(parent, name)| (parent.to_string(), name.to_string()));
        match parent {
            Some((parent, name)) if leave_out && catalogue.pointer(&parent).is_some_and(Value::is_object) => {
                catalogue.pointer_mut(&parent).unwrap().as_object_mut().unwrap().remove(&name);
            }
            _ => {
                // serde takes a list for a structure, too; nobody writes one so, and it is refused here.
                let structure = catalogue.pointer(place).is_some_and(Value::is_object);
                prop_assume!(!(structure && value.is_array()));
                *catalogue.pointer_mut(place).unwrap() = value;
            }
        }
        agree(&catalogue.to_string())?;
    }
}

#[test]
fn the_whole_of_it_and_names_given_twice() {
    let text = example().to_string();
    assert!(file(&text).is_ok());
    agree(&text).unwrap();
    for name in ["\"apis\":", "\"main\":", "\"url\":", "\"methods\":"] {
        let twice = text.replacen(name, &format!("{name}[],{name}"), 1);
        assert_ne!(twice, text);
        assert!(file(&twice).is_err(), "{twice}");
    }
}
