//! Guarantees that a call which is not one is told what is wrong with it, without any of its
//! secrets, and never panics.
mod reference;

use serde_json::{Map, Value, json};

/// A call of the suite that is allowed.
fn call() -> Map<String, Value> {
    let text = include_str!("../../../tests/vectors/generated/validity.json");
    let mut file: Value = serde_json::from_str(text).expect("JSON");
    let mut call = file["given"].take();
    let own = file["vectors"][0]["call"].take();
    let call = call.as_object_mut().expect("an object");
    call.extend(own.as_object().expect("an object").clone());
    call.clone()
}

/// Code and message of the error when a place in the call holds something else.
fn error(place: &str, value: Value) -> (String, String) {
    let mut call = Value::Object(call());
    *call
        .pointer_mut(place)
        .unwrap_or_else(|| panic!("no {place}")) = value;
    let answer = reference::decide_json(&call.to_string());
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let text = |name: &str| {
        answer["error"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (text("code"), text("message"))
}

#[test]
fn the_call_is_allowed_as_it_is() {
    let answer = reference::decide_json(&Value::Object(call()).to_string());
    assert!(answer.starts_with(r#"{"outcome":"allow""#), "{answer}");
}

#[test]
fn each_part_is_told_by_its_code() {
    for (place, value, code) in [
        ("/settings", json!({}), "invalid_settings"),
        ("/settings/authorities", json!([]), "invalid_settings"),
        ("/catalogue", json!([]), "invalid_catalogue"),
        (
            "/catalogue/apis/0/routes/0/path",
            json!("v1"),
            "invalid_catalogue",
        ),
        (
            "/catalogue/apis/0/routes/0/methods",
            json!(["HEAD"]),
            "invalid_catalogue",
        ),
        ("/secrets", json!({}), "invalid_secrets"),
        (
            "/secrets/publishKeys/0/publicKey",
            json!("AAAA"),
            "invalid_secrets",
        ),
        ("/clientAddress", json!("010.0.0.1"), "invalid_call"),
        ("/clientAddress", json!(""), "invalid_call"),
        ("/now", json!(-1), "invalid_call"),
        ("/now", json!(1.5), "invalid_call"),
        ("/request/scheme", json!("ftp"), "invalid_call"),
        ("/request/fields", json!([["a"]]), "invalid_call"),
        ("/request/content", json!({}), "invalid_call"),
        (
            "/request/content",
            json!({ "text": "a", "base64": "YQ==" }),
            "invalid_call",
        ),
        (
            "/request/content",
            json!({ "base64": "YQ" }),
            "invalid_call",
        ),
        (
            "/request/content",
            json!({ "text": "a", "declared": 2 }),
            "invalid_call",
        ),
        (
            "/request/content",
            json!({ "text": "a", "declared": 0 }),
            "invalid_call",
        ),
    ] {
        let (found, message) = error(place, value.clone());
        assert_eq!(found, code, "{place} {value}: {message}");
        assert!(!message.is_empty(), "{place} {value}");
    }
}

#[test]
fn errors_hold_nothing_of_the_secrets() {
    let secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQ";
    for place in [
        "/secrets/environments/production/rings/0/master",
        "/secrets/publishKeys/0/id",
        "/secrets",
        "/now",
        "/records",
    ] {
        let (code, message) = error(place, secret.into());
        assert!(code.starts_with("invalid_"), "{place}");
        assert!(!message.contains(secret), "{place}: {message}");
    }
    let call = json!({ "request": {}, "key": { "secret": secret }, "created": secret });
    assert!(!reference::sign_json(&call.to_string()).contains(secret));
}

#[test]
fn text_cut_anywhere_is_no_call() {
    let whole = Value::Object(call()).to_string();
    for end in (0..whole.len()).step_by(7) {
        let answer = reference::decide_json(&whole[..end]);
        assert!(
            answer.starts_with(r#"{"error":{"code":"invalid_call""#),
            "{end}: {answer}"
        );
    }
}

#[test]
fn members_that_nobody_knows_are_errors() {
    let mut call = call();
    call.insert("admin".into(), true.into());
    let answer = reference::decide_json(&Value::Object(call).to_string());
    assert!(answer.contains("invalid_call"), "{answer}");
}
