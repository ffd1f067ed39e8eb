//! Guarantees that the core and the crate `jsonwebtoken` agree on tokens: what the core takes the
//! crate takes, and what the crate takes the core takes too unless it breaks a rule that the crate
//! does not have.
mod fixture;
#[path = "gate/forge.rs"]
mod forge;
mod gate;

use fixture::*;
use forge::{Pen, parsed, with};
use gate::{Gate, make};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation};
use keyward_core::jws::{CompactJws, JwsAlgorithm};
use keyward_core::mac::MacKey;
use keyward_issuer::NewKind;
use keyward_issuer::token::install_provider;
use proptest::prelude::*;
use serde_json::{Value, json};

const ALGORITHMS: [(JwsAlgorithm, Algorithm); 3] = [
    (JwsAlgorithm::Hs256, Algorithm::HS256),
    (JwsAlgorithm::Hs384, Algorithm::HS384),
    (JwsAlgorithm::Hs512, Algorithm::HS512),
];

/// The crate, asked for what the core asks for. It reads the clock, so times are left to the core.
fn decode(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Option<TokenData<Value>> {
    install_provider();
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.set_issuer(&["demo"]);
    validation.set_audience(&["production"]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    jsonwebtoken::decode(token, key, &validation).ok()
}

fn oracle_key(pen: &Pen) -> (DecodingKey, Algorithm) {
    match pen {
        Pen::Ed25519 => (
            DecodingKey::from_ed_der(&SIGNER.public_key()),
            Algorithm::EdDSA,
        ),
        Pen::Mac(algorithm, secret) => {
            let found = ALGORITHMS.iter().find(|(ours, _)| ours == algorithm);
            (DecodingKey::from_secret(secret), found.unwrap().1)
        }
    }
}

#[test]
fn what_is_minted_here_is_what_the_crate_reads() {
    for kind in token_kinds() {
        let issued = make(kind, 3);
        let (key, algorithm) = oracle_key(&Pen::of(&issued));
        let data = decode(issued.secret.reveal(), &key, algorithm).unwrap();
        assert_eq!(data.header.typ.as_deref(), Some("keyward-token+jwt"));
        assert_eq!(data.claims["sub"], issued.record.key_id);
    }
}

/// A claim as clients get it wrong, and right.
fn claim() -> impl Strategy<Value = (&'static str, Value)> {
    let name = prop::sample::select(vec!["iss", "aud", "sub", "jti", "iat", "nbf", "exp", "x"]);
    let value = prop_oneof![
        Just(json!("demo")),
        Just(json!("production")),
        Just(json!(["production"])),
        Just(json!(["a", "production"])),
        Just(json!([])),
        Just(json!(NOW_S)),
        Just(json!(NOW_S + 100)),
        Just(json!(NOW_S as f64 + 0.5)),
        Just(json!("1800000100")),
        Just(json!(-1)),
        Just(json!(true)),
        Just(json!({})),
        Just(json!(null)),
        any::<u64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    (name, value)
}

#[test]
fn claims_are_judged_alike_or_more_strictly() {
    let issued = make(NewKind::Token(JwsAlgorithm::Hs512), 3);
    let gate = Gate::new(Some(&issued.record));
    let pen = Pen::of(&issued);
    let (key, algorithm) = oracle_key(&pen);
    let (header, claims) = parsed(issued.secret.reveal());
    let both = std::cell::Cell::new(0);
    proptest!(ProptestConfig::with_cases(1024), |(changes in proptest::collection::vec(claim(), 0..3))| {
        let mut claims = claims.clone();
        for (name, value) in changes {
            claims = with(&claims, name, value);
        }
        let token = pen.token(&header.to_string(), &claims.to_string());
        let ours = gate.code(&token, NOW_S);
        let theirs = decode(&token, &key, algorithm);
        if ours == "ok" {
            both.set(both.get() + 1);
            prop_assert_eq!(theirs.map(|data| data.claims), Some(claims));
        } else if theirs.is_some() {
            // Rules that the crate does not have: a live `jti`, whole seconds, `iat`, the clock.
            let second = |name: &str| claims[name].is_u64();
            let jti = claims["jti"] == json!(issued_jti(&issued));
            let sub = claims["sub"] == json!(issued.record.key_id);
            let whole = second("iat") && second("exp") && (claims.get("nbf").is_none() || second("nbf"));
            let times = ["key_expired", "key_not_yet_valid"].contains(&ours);
            let strings = claims["aud"].as_array().is_none_or(|all| all.iter().all(Value::is_string));
            prop_assert!(!jti || !sub || !whole || times || !strings, "{} {}", ours, claims);
        }
    });
    assert!(both.get() > 50, "{both:?} tokens were taken by both");
}

fn issued_jti(issued: &keyward_issuer::IssuedKey) -> String {
    let (_, claims) = parsed(issued.secret.reveal());
    claims["jti"].as_str().unwrap().to_owned()
}

#[test]
fn signatures_are_judged_alike() {
    install_provider();
    let algorithm = || prop::sample::select(ALGORITHMS.to_vec());
    proptest!(ProptestConfig::with_cases(512), |(
        made in algorithm(), read in algorithm(), secret: Vec<u8>, other: Option<Vec<u8>>,
        payload in "[ -~]{0,40}", change: Option<(prop::sample::Index, bool)>,
    )| {
        let claims = json!({ "p": payload });
        let mut token = jsonwebtoken::encode(
            &Header::new(made.1), &claims, &EncodingKey::from_secret(&secret),
        ).unwrap();
        if let Some((at, cut)) = change {
            let at = at.index(token.len());
            if cut { token.truncate(at) } else { token.insert(at, 'A') }
        }
        let known = other.unwrap_or(secret);
        let ours = CompactJws::parse(&token).ok().is_some_and(|jws| {
            jws.verify_mac(&MacKey::new(read.0.mac().unwrap(), &known))
        });
        let mut validation = Validation::new(read.1);
        validation.required_spec_claims.clear();
        validation.validate_aud = false;
        validation.validate_exp = false;
        let theirs = jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_secret(&known), &validation);
        prop_assert_eq!(ours, theirs.is_ok(), "{}", token);
    });
}

#[test]
fn headers_are_judged_more_strictly() {
    // The crate takes these: they name other keys, or say that more must be understood.
    let secret = b"secret";
    let pen = Pen::Mac(JwsAlgorithm::Hs256, secret.to_vec());
    install_provider();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    for member in [
        r#""jku":"https://evil.example""#,
        r#""x5u":"https://evil.example""#,
        r#""cty":"JWT""#,
        r#""zip":"DEF""#,
        r#""more":1"#,
    ] {
        let token = pen.token(&format!(r#"{{"alg":"HS256",{member}}}"#), "{}");
        let theirs =
            jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_secret(secret), &validation);
        assert!(theirs.is_ok(), "{member}: {theirs:?}");
        assert!(CompactJws::parse(&token).is_err(), "{member}");
    }
}
