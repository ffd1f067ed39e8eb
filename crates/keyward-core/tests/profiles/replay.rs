//! By what a request is known, for how long, and when that is asked for.
use keyward_core::replay::Replay;
use sha2::{Digest, Sha256};

use crate::setting::*;

/// A request of the profile by the key; the MAC that it has.
fn sent(profile: &str, key: &str, method: &str) -> (Sent, Vec<u8>) {
    use base64ct::{Base64, Encoding};
    let sent = Sent::new(method, "/v1/users");
    let date_line = format!("date: {}", date(0));
    let (name, value, text) = match profile {
        "kong" => {
            let text = format!("{date_line}\n{method} /v1/users HTTP/1.1");
            let mac = mac(SECRET, &text);
            let value =
                format!(r#"hmac username="{key}", headers="date request-line", signature="{mac}""#);
            ("authorization", value, text)
        }
        "cavage" => {
            let lower = method.to_lowercase();
            let text =
                format!("(request-target): {lower} /v1/users\nhost: api.example\n{date_line}");
            let mac = mac(SECRET, &text);
            let value = format!(
                r#"keyId="{key}", headers="(request-target) host date", signature="{mac}""#
            );
            ("signature", value, text)
        }
        "cloud9" => {
            let date = date(0);
            let text =
                format!("{method}\nhttps\napi.example:443\n/v1/users\n\n{key}\nn\n{date}\n\n");
            let mac = mac(SECRET, &text);
            ("authorization", format!("HmacSHA512 {key}:n:{mac}"), text)
        }
        _ => {
            let covered = format!(r#"("@method" "@target-uri");created={NOW_S};keyid="{key}""#);
            let text = format!(
                "\"@method\": {method}\n\"@target-uri\": https://api.example/v1/users\n\"@signature-params\": {covered}"
            );
            let sent = sent.with("signature-input", format!("s={covered}"));
            let value = mac(SECRET, &text);
            let bytes = Base64::decode_vec(&value).unwrap();
            return (sent.with("signature", format!("s=:{value}:")), bytes);
        }
    };
    let bytes = Base64::decode_vec(&mac(SECRET, text)).unwrap();
    (sent.with("date", date(0)).with(name, value), bytes)
}

#[test]
fn the_key_and_its_end_are_as_designed() {
    for profile in ["rfc9421", "cloud9", "kong", "cavage"] {
        let (sent, mac) = sent(profile, "strict-all", "GET");
        let mut text = format!("keyward-replay-v1\0acme\0{profile}\0strict-all\0").into_bytes();
        text.extend(mac);
        let wanted = Replay {
            key: Sha256::digest(text).into(),
            until_s: NOW_S + 300 + 60,
        };
        assert_eq!(sent.became().replay(), Some(wanted), "{profile}");
    }
}

#[test]
fn the_policy_decides_and_strict_spares_what_cannot_have_a_nonce() {
    for (profile, strict_get) in [
        ("rfc9421", true),
        ("cloud9", true),
        ("kong", false),
        ("cavage", false),
    ] {
        let asked = |key, method| sent(profile, key, method).0.became().replay().is_some();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            assert!(!asked("all", method));
            assert!(asked("strict-all", method));
            let wanted = strict_get || !matches!(method, "GET" | "HEAD");
            assert_eq!(asked("strict", method), wanted, "{profile} {method}");
        }
    }
}

#[test]
fn the_end_is_that_of_the_first_time_that_fails() {
    let replay = |more: &str, created_s: u64| {
        let covered =
            format!(r#"("@method" "@target-uri");created={created_s}{more};keyid="strict""#);
        let text = format!(
            "\"@method\": GET\n\"@target-uri\": https://api.example/v1/users\n\"@signature-params\": {covered}"
        );
        let sent = Sent::new("GET", "/v1/users")
            .with("signature-input", format!("s={covered}"))
            .with("signature", format!("s=:{}:", mac(SECRET, text)));
        let until_s = sent.became().replay().unwrap().until_s;
        // Until then, and no longer, is the signature fresh.
        assert_eq!(sent.became_at(until_s - 60).short(), "allow");
        assert_eq!(sent.became_at(until_s - 59).short(), "401 signature_stale");
        until_s
    };
    assert_eq!(replay("", NOW_S), NOW_S + 360);
    assert_eq!(replay("", NOW_S - 100), NOW_S + 260);
    assert_eq!(
        replay(&format!(";expires={}", NOW_S + 5), NOW_S),
        NOW_S + 64
    );
    assert_eq!(
        replay(&format!(";expires={}", NOW_S + 900), NOW_S),
        NOW_S + 360
    );
}

#[test]
fn copies_have_one_key_and_other_requests_another() {
    let key = |sent: Sent| sent.became().replay().unwrap().key;
    let one = sent("kong", "strict", "POST").0;
    // What is not signed makes no other request.
    assert_eq!(key(one.clone()), key(one.clone().with("x-other", "1")));
    let spaced = one.value("authorization").replace(", ", ",  ");
    assert_eq!(
        key(one.clone()),
        key(one.clone().changed("authorization", spaced))
    );
    let keys: std::collections::BTreeSet<_> = ["POST", "PUT"]
        .into_iter()
        .flat_map(|method| ["strict", "strict-all"].map(|name| (method, name)))
        .flat_map(|(method, name)| {
            ["rfc9421", "cloud9", "kong", "cavage"]
                .map(|profile| key(sent(profile, name, method).0))
        })
        .collect();
    assert_eq!(keys.len(), 16);
}

#[test]
fn nothing_is_to_be_remembered_of_what_is_refused() {
    for profile in ["rfc9421", "cloud9", "kong", "cavage"] {
        let (sent, _) = sent(profile, "strict-all", "POST");
        let refused = Sent {
            method: "PUT".to_owned(),
            ..sent
        };
        assert!(matches!(refused.became(), Became::Denied { .. }));
    }
}
