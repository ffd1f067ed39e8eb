//! Tokens: header and payload are read as `serde_json` reads them, and a right MAC lets through
//! exactly what is meant for here and now.
//!
//! The header's JSON, a line break, the payload's JSON. Both are encoded and signed with the right
//! secret here.
#![no_main]
use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_core::jws::CompactJws;
use keyward_core::limits;
use keyward_core::mac::{Algorithm, MacKey};
use keyward_fuzz::judge::decide;
use keyward_fuzz::message::Message;
use keyward_fuzz::setting::{NOW_S, SETTING, TOKEN_ISSUE};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

fuzz_target!(|text: &str| {
    let text = SETTING.expand(text);
    let (header, payload) = text.split_once('\n').unwrap_or((&text, ""));
    if [header, payload].iter().any(|part| has_huge_number(part)) {
        return;
    }
    let encoded = |part: &str| URL_SAFE_NO_PAD.encode(part);
    let input = format!("{}.{}", encoded(header), encoded(payload));
    let key = MacKey::new(Algorithm::HmacSha512, SETTING.right.as_bytes());
    let mac = URL_SAFE_NO_PAD.encode(key.mac(&[input.as_bytes()]).as_bytes());
    let token = format!("{input}.{mac}");

    let jws = CompactJws::parse(&token);
    if let Ok(jws) = &jws {
        assert_eq!(
            (jws.signing_input(), jws.payload()),
            (&*input, payload.as_bytes())
        );
        assert!(object(header).is_some());
    }
    let mut message = Message::read("GET /things api.example");
    message
        .fields
        .push(("authorization".into(), format!("Bearer {token}")));
    let outcome = decide(&SETTING, &SETTING.strict, &message);
    let right = is_right(header, payload);
    let bounded =
        token.len() <= limits::TOKEN_BYTES_MAX && is_bounded(header) && is_bounded(payload);
    assert_eq!(outcome.is_ok(), right && bounded, "{outcome:?}");
    // One changed character, and nothing is right any more.
    if outcome.is_ok() {
        let other = if mac.starts_with('A') { "B" } else { "A" };
        message.fields[0].1 = format!("Bearer {input}.{other}{}", &mac[1..]);
        assert!(decide(&SETTING, &SETTING.strict, &message).is_err());
    }
});

fn is_right(header: &str, payload: &str) -> bool {
    let (Some(header), Some(payload)) = (object(header), object(payload)) else {
        return false;
    };
    let text = |object: &BTreeMap<String, Json>, name: &str| match object.get(name) {
        Some(Json::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let time = |name: &str| match payload.get(name) {
        Some(Json::Whole(seconds)) => Some(*seconds),
        _ => None,
    };
    let is_for_us = match payload.get("aud") {
        Some(Json::Text(one)) => one == "production",
        Some(Json::List(all)) => {
            all.iter().all(|one| matches!(one, Json::Text(_)))
                && all.contains(&Json::Text("production".into()))
        }
        _ => false,
    };
    let begun = |name: &str| {
        let in_time = |at_s: u64| at_s <= NOW_S + limits::TOKEN_AHEAD_S;
        !payload.contains_key(name) || time(name).is_some_and(in_time)
    };
    let whatever = header
        .keys()
        .all(|name| ["alg", "typ", "kid"].contains(&name.as_str()))
        && text(&header, "alg").as_deref() == Some("HS512")
        && begun("iat")
        && begun("nbf")
        && time("exp").is_some_and(|at_s| NOW_S < at_s);
    let ours = text(&header, "typ").as_deref() == Some("keyward-token+jwt")
        && text(&header, "kid").as_deref() == Some(TOKEN_ISSUE)
        && text(&payload, "iss").as_deref() == Some("fuzz")
        && text(&payload, "sub").as_ref() == Some(&SETTING.token)
        && text(&payload, "jti").as_deref() == Some(TOKEN_ISSUE)
        && payload.contains_key("iat")
        && is_for_us;
    let holders = [None, Some("JWT".into())].contains(&text(&header, "typ"))
        && (!header.contains_key("typ") || text(&header, "typ").is_some())
        && (!header.contains_key("kid") || text(&header, "kid").as_ref() == Some(&SETTING.holder))
        && text(&payload, "iss").as_ref() == Some(&SETTING.holder)
        && (!payload.contains_key("aud") || is_for_us);
    whatever && (ours || holders)
}

/// JSON, no name repeated at any depth.
#[derive(Debug, PartialEq)]
enum Json {
    Text(String),
    Whole(u64),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
    Other,
}

fn object(text: &str) -> Option<BTreeMap<String, Json>> {
    match serde_json::from_str(text).ok()? {
        Json::Object(object) => Some(object),
        _ => None,
    }
}

/// 1e999 is JSON, but `serde_json` has no type for it.
fn has_huge_number(text: &str) -> bool {
    let read: Result<Json, _> = serde_json::from_str(text);
    read.is_err_and(|error| error.to_string().contains("out of range"))
}

fn is_bounded(text: &str) -> bool {
    fn fits(json: &Json, depth: usize) -> bool {
        match json {
            Json::List(all) => depth > 0 && all.iter().all(|one| fits(one, depth - 1)),
            Json::Object(all) => {
                depth > 0
                    && all.len() <= limits::JSON_MEMBERS_MAX
                    && all.values().all(|one| fits(one, depth - 1))
            }
            _ => true,
        }
    }
    object(text).is_some_and(|all| fits(&Json::Object(all), limits::JSON_DEPTH_MAX + 1))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Whole(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(one) = access.next_element()? {
            list.push(one);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut object = BTreeMap::new();
        while let Some((name, value)) = access.next_entry()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is repeated"));
            }
        }
        Ok(Json::Object(object))
    }
}
