//! Guarantees which tokens are refused, with which code, and that nothing but the right token of
//! a live key passes.
mod fixture;
#[path = "gate/forge.rs"]
mod forge;
mod gate;

use fixture::*;
use forge::{Pen, encode, parsed, with};
use gate::{Gate, make};
use keyward_core::ed25519::SignatureEvidence;
use keyward_core::jws::JwsAlgorithm;
use keyward_issuer::{IssuedKey, NewKind};
use proptest::prelude::*;
use serde_json::{Value, json};

const MALFORMED: &str = "malformed_credentials";
const INVALID: &str = "invalid_credentials";

/// A token key of each algorithm that is minted, and the gate that knows it.
fn subjects() -> Vec<(IssuedKey, Gate, Pen)> {
    token_kinds()
        .into_iter()
        .map(|kind| {
            let issued = make(kind, 1);
            let gate = Gate::new(Some(&issued.record));
            let pen = Pen::of(&issued);
            (issued, gate, pen)
        })
        .collect()
}

#[test]
fn rightly_signed_tokens_are_refused_for_what_they_say() {
    for (issued, gate, pen) in subjects() {
        let (header, claims) = parsed(issued.secret.reveal());
        let code = |header: &Value, claims: &Value| {
            gate.code(&pen.token(&header.to_string(), &claims.to_string()), NOW_S)
        };
        assert_eq!(code(&header, &claims), "ok", "the pen is the right one");

        for (name, value, wanted) in [
            ("typ", json!("JWT"), INVALID),
            ("typ", json!("keyward-assertion+jwt"), INVALID),
            ("typ", json!("KEYWARD-TOKEN+JWT"), INVALID),
            ("typ", json!("application/keyward-token+jwt"), INVALID),
            ("typ", json!(null), INVALID),
            ("typ", json!(1), MALFORMED),
            ("kid", json!("another"), INVALID),
            ("kid", json!(""), INVALID),
            ("kid", json!(null), INVALID),
            ("kid", json!(["x"]), MALFORMED),
            ("alg", json!("none"), MALFORMED),
            ("alg", json!("nOnE"), MALFORMED),
            ("alg", json!("RS256"), MALFORMED),
            ("alg", json!("ES512"), MALFORMED),
            ("alg", json!(null), MALFORMED),
            ("crit", json!(["exp"]), MALFORMED),
            ("b64", json!(true), MALFORMED),
            ("jku", json!("https://evil.example/jwks"), MALFORMED),
            ("jwk", json!({ "kty": "OKP" }), MALFORMED),
            ("x5u", json!("https://evil.example/c"), MALFORMED),
            ("x5c", json!(["MIIB"]), MALFORMED),
            ("cty", json!("JWT"), MALFORMED),
            ("zip", json!("DEF"), MALFORMED),
        ] {
            let found = code(&with(&header, name, value.clone()), &claims);
            assert_eq!(found, wanted, "{name} {value}");
        }

        for (name, value, wanted) in [
            ("iss", json!("other"), INVALID),
            ("iss", json!("Demo"), INVALID),
            ("iss", json!(["demo"]), MALFORMED),
            ("iss", json!(null), MALFORMED),
            ("aud", json!("uat"), INVALID),
            ("aud", json!([]), INVALID),
            ("aud", json!(["uat", "staging"]), INVALID),
            ("aud", json!(["uat", "production"]), "ok"),
            ("aud", json!(["production", 1]), MALFORMED),
            ("aud", json!({ "production": 1 }), MALFORMED),
            ("aud", json!(null), MALFORMED),
            ("sub", json!("another-key"), INVALID),
            ("sub", json!("kwk_mistyped"), MALFORMED),
            ("sub", json!(7), MALFORMED),
            ("sub", json!(null), MALFORMED),
            ("jti", json!("another"), INVALID),
            ("jti", json!(1), MALFORMED),
            ("jti", json!(null), MALFORMED),
            ("iat", json!(NOW_S + 30), "ok"),
            ("iat", json!(NOW_S + 31), "key_not_yet_valid"),
            ("iat", json!(u64::MAX), "key_not_yet_valid"),
            ("iat", json!(0), "ok"),
            ("iat", json!(null), MALFORMED),
            ("iat", json!(NOW_S as f64 + 0.5), MALFORMED),
            ("iat", json!("1800000000"), MALFORMED),
            ("iat", json!(-1), MALFORMED),
            ("nbf", json!(NOW_S + 30), "ok"),
            ("nbf", json!(NOW_S + 31), "key_not_yet_valid"),
            ("nbf", json!(1.5), MALFORMED),
            ("nbf", json!("1"), MALFORMED),
            ("nbf", json!([1]), MALFORMED),
            ("exp", json!(NOW_S + 1), "ok"),
            ("exp", json!(NOW_S), "key_expired"),
            ("exp", json!(0), "key_expired"),
            ("exp", json!(null), MALFORMED),
            ("exp", json!(1e10), MALFORMED),
            ("exp", json!("9999999999"), MALFORMED),
            ("exp", json!(true), MALFORMED),
            ("roles", json!(["global-admin"]), "ok"),
            ("nested", json!({ "a": [1, { "b": null }] }), "ok"),
        ] {
            let found = code(&header, &with(&claims, name, value.clone()));
            assert_eq!(found, wanted, "{name} {value}");
        }
        // null cannot be said with `with`.
        let payload = claims.to_string().replacen("{", r#"{"nbf":null,"#, 1);
        let token = pen.token(&header.to_string(), &payload);
        assert_eq!(gate.code(&token, NOW_S), MALFORMED);
    }
}

#[test]
fn there_is_one_spelling_of_a_token() {
    for (issued, gate, pen) in subjects() {
        let token = issued.secret.reveal();
        let (header, claims) = parsed(token);
        let parts: Vec<_> = token.split('.').collect();
        let [head, payload, signature] = parts[..] else {
            panic!()
        };
        let mut bad = vec![
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{signature}"),
            format!("{head}.{payload}"),
            format!("{head}.{payload}."),
            format!("{head}..{signature}"),
            format!(".{payload}.{signature}"),
            "..".to_owned(),
            String::new(),
            format!("{token}="),
            format!("{head}=.{payload}.{signature}"),
            format!("{head}.{payload}==.{signature}"),
            format!("{token}A"),
            format!("{head} .{payload}.{signature}"),
            format!("{head}.\t{payload}.{signature}"),
            format!("{} {}", &token[..40], &token[40..]),
            token.replace(head, &format!("{head}+")),
            token.replacen('.', "/", 1),
            format!("{token} x"),
            format!("\"{token}\""),
            format!("{token}\u{e9}"),
            json!({ "payload": payload, "protected": head, "signature": signature })
                .to_string()
                .replace(',', ";"),
        ];
        // The last character of a part may hold bits that nothing stands for.
        if signature.len() % 4 != 0 {
            let other = if token.ends_with('A') { 'B' } else { 'A' };
            let last = token.chars().last().unwrap();
            for loose in ['A', 'B', 'C', 'D', '_', other] {
                let spelled = format!("{}{loose}", &token[..token.len() - 1]);
                if loose != last && gate.code(&spelled, NOW_S) != INVALID {
                    bad.push(spelled);
                }
            }
        }
        for text in [
            claims.to_string() + "{}",
            claims.to_string() + " x",
            claims.to_string().replacen('{', "[{", 1) + "]",
            claims.to_string().replacen('{', r#"{"sub":"x","#, 1),
            claims
                .to_string()
                .replacen('{', r#"{"\u0065xp":9999999999,"#, 1),
            claims
                .to_string()
                .replacen('{', r#"{"a":{"b":1,"b":2},"#, 1),
            format!("\u{FEFF}{claims}"),
            "null".to_owned(),
            "{}".to_owned(),
            String::new(),
        ] {
            bad.push(pen.token(&header.to_string(), &text));
        }
        let doubled = header.to_string().replacen('{', r#"{"alg":"none","#, 1);
        bad.push(pen.token(&doubled, &claims.to_string()));
        // 10 KB, rightly signed.
        let long = with(&claims, "pad", json!("x".repeat(10_000)));
        bad.push(pen.token(&header.to_string(), &long.to_string()));
        for token in bad {
            assert_eq!(gate.code(&token, NOW_S), MALFORMED, "{token}");
        }
        // Whitespace within the JSON is what its maker signed.
        let spaced = format!(" {}\n", serde_json::to_string_pretty(&claims).unwrap());
        assert_eq!(
            gate.code(&pen.token(&header.to_string(), &spaced), NOW_S),
            "ok"
        );
        let many = format!("{token}, Bearer {token}");
        assert_eq!(gate.code(&many, NOW_S), "multiple_credentials");
    }
}

#[test]
fn the_key_fixes_the_algorithm() {
    let [ed, hs] = token_kinds().map(|kind| make(kind, 1));
    let (ed_gate, hs_gate) = (Gate::new(Some(&ed.record)), Gate::new(Some(&hs.record)));
    let (ed_header, ed_claims) = parsed(ed.secret.reveal());
    let (hs_header, hs_claims) = parsed(hs.secret.reveal());

    // The public key as an HMAC secret: what it was once known to open elsewhere.
    for algorithm in [
        JwsAlgorithm::Hs256,
        JwsAlgorithm::Hs384,
        JwsAlgorithm::Hs512,
    ] {
        let public = SIGNER.public_key();
        for secret in [public.to_vec(), encode(&public).into_bytes(), Vec::new()] {
            let header = with(&ed_header, "alg", json!(algorithm.as_str()));
            for kid in [
                SIGNER.kid().to_owned(),
                ed_claims["jti"].as_str().unwrap().to_owned(),
            ] {
                let header = with(&header, "kid", json!(kid)).to_string();
                let token =
                    Pen::Mac(algorithm, secret.clone()).token(&header, &ed_claims.to_string());
                assert_eq!(ed_gate.code(&token, NOW_S), INVALID);
            }
        }
    }
    // The environment's own key signs for a key that has HMAC.
    let header = with(
        &with(&hs_header, "alg", json!("EdDSA")),
        "kid",
        json!(SIGNER.kid()),
    );
    let token = Pen::Ed25519.token(&header.to_string(), &hs_claims.to_string());
    assert_eq!(hs_gate.code(&token, NOW_S), INVALID);
    // The right secret with another hash.
    let Pen::Mac(_, secret) = Pen::of(&hs) else {
        panic!()
    };
    for algorithm in [JwsAlgorithm::Hs256, JwsAlgorithm::Hs384] {
        let header = with(&hs_header, "alg", json!(algorithm.as_str())).to_string();
        let token = Pen::Mac(algorithm, secret.clone()).token(&header, &hs_claims.to_string());
        assert_eq!(hs_gate.code(&token, NOW_S), INVALID);
    }
    // Both names of the one signature algorithm.
    let header = with(&ed_header, "alg", json!("Ed25519")).to_string();
    let token = Pen::Ed25519.token(&header, &ed_claims.to_string());
    assert_eq!(ed_gate.code(&token, NOW_S), "ok");
}

#[test]
fn kinds_are_not_mixed() {
    let token = make(NewKind::Token(JwsAlgorithm::EdDsa), 1);
    let (header, claims) = parsed(token.secret.reveal());
    for kind in kinds() {
        let other = make(kind, 2);
        let claims = with(&claims, "sub", json!(other.record.key_id));
        let token = Pen::Ed25519.token(&header.to_string(), &claims.to_string());
        assert_eq!(Gate::new(Some(&other.record)).code(&token, NOW_S), INVALID);
        // Its secret is no token.
        let gate = Gate::new(Some(&other.record));
        assert_eq!(gate.code(other.secret.reveal(), NOW_S), MALFORMED);
    }
}

#[test]
fn a_key_that_is_not_there_costs_the_same_and_says_the_same() {
    for (issued, gate, _) in subjects() {
        let token = issued.secret.reveal();
        let nobody = Gate::new(None);
        let mut wrong = token.to_owned();
        let at = token.rfind('.').unwrap() + 1;
        let other = if wrong.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        wrong.replace_range(at..=at, other);
        let (unknown, wrong) = (nobody.ask(token, NOW_S), gate.ask(&wrong, NOW_S));
        assert_eq!(unknown.unwrap_err(), wrong.unwrap_err());
        assert_eq!(nobody.checks.get(), gate.checks.get());
        // Another environment's authority: the record is not for it.
        let elsewhere = gate.ask_with(token, "uat.example", NOW_S, |asked| asked.check());
        assert_eq!(elsewhere.unwrap_err().code().as_str(), INVALID);
    }
}

#[test]
fn evidence_is_of_this_signature_or_of_none() {
    let issued = make(NewKind::Token(JwsAlgorithm::EdDsa), 1);
    let gate = Gate::new(Some(&issued.record));
    let token = issued.secret.reveal();
    let code = |evidence: &dyn Fn(
        &keyward_core::ed25519::SignatureToCheck<'_>,
    ) -> Option<SignatureEvidence>| {
        gate.ask_with(token, "api.example", NOW_S, |asked| evidence(asked))
            .map_or_else(|denial| denial.code().as_str(), |_| "ok")
    };
    assert_eq!(
        code(&|asked| Some(SignatureEvidence::verified(
            asked.public_key(),
            asked.message(),
            asked.signature()
        ))),
        "ok"
    );
    assert_eq!(code(&|_| None), INVALID);
    assert_eq!(
        code(&|asked| Some(SignatureEvidence::verified(
            &[9; 32],
            asked.message(),
            asked.signature()
        ))),
        INVALID
    );
    assert_eq!(
        code(&|asked| Some(SignatureEvidence::verified(
            asked.public_key(),
            b"other",
            asked.signature()
        ))),
        INVALID
    );
    assert_eq!(
        code(&|asked| Some(SignatureEvidence::verified(
            asked.public_key(),
            asked.message(),
            &[0; 64]
        ))),
        INVALID
    );
    // Evidence of another token of the same key.
    let (header, claims) = parsed(token);
    let more = Pen::Ed25519.token(
        &header.to_string(),
        &with(&claims, "more", json!(1)).to_string(),
    );
    let kept = std::cell::RefCell::new(None);
    let first = gate.ask_with(&more, "api.example", NOW_S, |asked| {
        *kept.borrow_mut() = asked.check();
        asked.check()
    });
    assert!(first.is_ok());
    assert_eq!(code(&|_| kept.borrow().clone()), INVALID);
}

#[test]
fn challenges_name_the_error_to_those_who_sent_a_token() {
    let issued = make(NewKind::Token(JwsAlgorithm::Hs512), 1);
    let gate = Gate::new(Some(&issued.record));
    let challenge = |fields: &[(&str, &str)], now_s| {
        let denial = gate
            .ask_fields(fields, now_s, |asked| asked.check())
            .unwrap_err();
        let found = denial
            .fields()
            .into_iter()
            .find(|(name, _)| *name == "www-authenticate")
            .unwrap()
            .1
            .to_owned();
        (denial.code().as_str(), found)
    };
    let host = ("host", "api.example");
    let bare = r#"Bearer realm="keyward", Basic realm"#;
    let named = r#"Bearer realm="keyward", error="invalid_token", Basic realm"#;
    let (header, claims) = parsed(issued.secret.reveal());
    let claims = with(&claims, "exp", json!(NOW_S));
    let expired = Pen::of(&issued).token(&header.to_string(), &claims.to_string());
    let (expired, lower) = (format!("Bearer {expired}"), format!("bearer {expired}"));
    for (authorization, code, wanted) in [
        (None, "missing_credentials", bare),
        (Some("Basic eDp5"), INVALID, bare),
        (Some("Bearer x"), MALFORMED, named),
        (Some(expired.as_str()), "key_expired", named),
        (Some(lower.as_str()), "key_expired", named),
    ] {
        let mut fields = vec![host];
        fields.extend(authorization.map(|value| ("authorization", value)));
        let (found, challenge) = challenge(&fields, NOW_S);
        assert_eq!(found, code);
        assert!(challenge.contains(wanted), "{challenge}");
    }
}

#[test]
fn a_changed_token_never_passes() {
    // HMAC, and made once: the curve is slow where nothing is optimised.
    let issued = make(NewKind::Token(JwsAlgorithm::Hs512), 1);
    let gate = Gate::new(Some(&issued.record));
    let token = issued.secret.reveal();
    proptest!(ProptestConfig::with_cases(512), |(at: prop::sample::Index, to in "[A-Za-z0-9_.~=+/ -]")| {
        let at = at.index(token.len());
        prop_assume!(token[at..=at] != to);
        let mut changed = token.to_owned();
        changed.replace_range(at..=at, &to);
        let code = gate.code(&changed, NOW_S);
        prop_assert!(code == MALFORMED || code == INVALID, "{} {}", code, changed);
    });
}

#[test]
fn any_text_is_refused_without_a_panic() {
    let gate = Gate::new(None);
    let header = encode(br#"{"alg":"HS256"}"#);
    let signature = "A".repeat(43);
    proptest!(ProptestConfig::with_cases(512), |(
        text in "\\PC{0,80}", parts in proptest::collection::vec("[A-Za-z0-9_-]{0,60}", 0..5),
        json in r#"[{}\[\]":,\\u0-9a-z -]{0,60}"#,
    )| {
        for token in [
            text.clone(),
            parts.join("."),
            format!("{}.{}.{signature}", encode(json.as_bytes()), encode(json.as_bytes())),
            format!("{header}.{}.{signature}", encode(json.as_bytes())),
            format!("{header}.{}.{signature}", encode(format!("{{{json}}}").as_bytes())),
            format!("{header}.{}.{signature}", encode(text.as_bytes())),
        ] {
            prop_assert_ne!(gate.code(&token, NOW_S), "ok");
        }
    });
}
