//! Guarantees that the reader takes what serde_json takes and understands it alike, but for
//! repeated names and what exceeds a bound.
use super::*;
use alloc::format;
use alloc::vec;
use proptest::prelude::*;
use serde_json::Value as Serde;
use std::string::ToString;

/// Whether a name is repeated somewhere: serde_json keeps the last one, and so loses some.
fn is_taken(text: &str) -> bool {
    read_object(text.as_bytes()).is_some()
}

fn same(ours: &Value<'_>, theirs: &Serde) -> bool {
    match (ours, theirs) {
        (Value::String(a), Serde::String(b)) => a == b,
        (Value::Integer(a), Serde::Number(b)) => b.as_u64() == Some(*a),
        (Value::Number, Serde::Number(b)) => !b.is_u64() || b.as_u64() == Some(0),
        (Value::Array(a), Serde::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Serde::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| same(a, &b[name.as_ref()]))
        }
        (Value::Bool(a), Serde::Bool(b)) => a == b,
        (Value::Null, Serde::Null) => true,
        _ => false,
    }
}

fn agrees(text: &[u8]) -> Result<(), TestCaseError> {
    let theirs: Option<serde_json::Map<_, _>> = serde_json::from_slice(text).ok();
    match (read_object(text), theirs) {
        (Some(ours), Some(theirs)) => {
            prop_assert_eq!(ours.len(), theirs.len());
            for (name, value) in &ours {
                prop_assert!(same(value, &theirs[name.as_ref()]), "{}", name);
            }
        }
        (Some(_), None) => {
            // serde_json alone bounds numbers: 1e999 is no double.
            let text = core::str::from_utf8(text).unwrap();
            prop_assert!(text.contains(['e', 'E', '.']), "{}", text);
        }
        (None, _) => {}
    }
    Ok(())
}

fn json() -> impl Strategy<Value = Serde> {
    let leaf = prop_oneof![
        Just(Serde::Null),
        any::<bool>().prop_map(Serde::from),
        any::<u64>().prop_map(Serde::from),
        any::<i64>().prop_map(Serde::from),
        any::<f64>().prop_map(Serde::from),
        any::<std::string::String>().prop_map(Serde::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Serde::from),
            proptest::collection::btree_map("[a-c\"\\\\é\u{1F511}]{0,3}", inner, 0..6)
                .prop_map(|map| Serde::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read(members in proptest::collection::btree_map(".{0,6}", json(), 0..8)) {
        let object = Serde::Object(members.into_iter().collect());
        for text in [object.to_string(), serde_json::to_string_pretty(&object).unwrap()] {
            prop_assert!(is_taken(&text), "{}", text);
            agrees(text.as_bytes())?;
        }
    }

    #[test]
    fn what_is_nearly_json_is_judged_alike(
        object in json(), at: prop::sample::Index, with in "[ -~\n\u{0}]", cut: bool,
    ) {
        let text = format!(r#"{{"a":{object}}}"#);
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        if cut {
            bytes.remove(at);
        } else {
            bytes[at] = with.as_bytes()[0];
        }
        agrees(&bytes)?;
        // The other way round: nothing that serde_json takes is lost, repeated names aside.
        if let Ok(map) = serde_json::from_slice::<serde_json::Map<std::string::String, Serde>>(&bytes) {
            let again = Serde::Object(map).to_string();
            prop_assert!(is_taken(&again));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, text in r#"[{}\[\]":,\\u0-9a-f .eE+-]{0,40}"#) {
        let _ = read_object(&bytes);
        agrees(text.as_bytes())?;
        agrees(format!("{{{text}}}").as_bytes())?;
    }
}

#[test]
fn strings_are_unescaped() {
    let text = br#" { "\u0061\"\\\/\b\f\n\r\t" : "\ud83d\udd11 \u00E9\u20ac" } "#;
    assert_eq!(
        read_object(text),
        Some(vec![(
            "a\"\\/\u{8}\u{c}\n\r\t".into(),
            Value::String("\u{1F511} é€".into())
        )])
    );
}

#[test]
fn only_plain_integers_are_integers() {
    let value = |number: &str| {
        let text = format!(r#"{{"n":{number}}}"#);
        read_object(text.as_bytes()).map(|object| object[0].1 == Value::Number)
    };
    for (number, other) in [
        ("0", Some(false)),
        ("18446744073709551615", Some(false)),
        ("18446744073709551616", Some(true)),
        ("-1", Some(true)),
        ("1.0", Some(true)),
        ("1e3", Some(true)),
        ("1E+3", Some(true)),
        ("01", None),
        ("-", None),
        ("+1", None),
        (".5", None),
        ("1.", None),
        ("1e", None),
        ("0x10", None),
        ("NaN", None),
        ("Infinity", None),
    ] {
        assert_eq!(value(number), other, "{number}");
    }
}

#[test]
fn what_is_not_one_strict_object_is_refused() {
    for bad in [
        "",
        "null",
        "[]",
        "{",
        "{}{}",
        "{} x",
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a" 1}"#,
        r#"{"a":}"#,
        r#"{a:1}"#,
        r#"{'a':1}"#,
        r#"{"a":[1,]}"#,
        r#"{"a":nul}"#,
        r#"{"a":truee}"#,
        r#"{"a":"\x"}"#,
        r#"{"a":"\u12"}"#,
        r#"{"a":"\u+123"}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":"\ud800\u0041"}"#,
        r#"{"a":"\udc00"}"#,
        "{\"a\":\"\n\"}",
        "{\"a\":\"\u{0}\"}",
        "\u{FEFF}{}",
        "{\u{A0}}",
        "{}\u{0}",
        // Repeated, also where only one is spelled plainly, and further down.
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"x":{"a":1,"a":1}}"#,
        r#"{"x":[{"a":1,"a":1}]}"#,
    ] {
        assert!(!is_taken(bad), "{bad:?}");
    }
    assert!(read_object(b"{\"a\":\"\xFF\"}").is_none());
}

#[test]
fn bounds_are_kept() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(is_taken(&nested(limits::JSON_DEPTH_MAX)));
    assert!(!is_taken(&nested(limits::JSON_DEPTH_MAX + 1)));
    let wide = |count: usize| {
        let members: Vec<_> = (0..count).map(|n| format!("\"{n}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert!(is_taken(&wide(limits::JSON_MEMBERS_MAX)));
    assert!(!is_taken(&wide(limits::JSON_MEMBERS_MAX + 1)));
}
