//! Guarantees what a token is when it is made, and what becomes of it: the record says which ones
//! are alive and until when, whatever they say themselves.
mod fixture;
mod gate;

use fixture::*;
use gate::{Gate, make};
use keyward_core::ed25519::thumbprint;
use keyward_core::jws::{CompactJws, JwsAlgorithm};
use keyward_issuer::import::Brought;
use keyward_issuer::make::TOKEN_LIFE_S;
use keyward_issuer::{
    IssueError, Issuer, NewKey, NewKind, TokenSigner, disable, end_rotation, jwks, remove, shorten,
};
use keyward_wire::jwks::JwkSet;
use proptest::prelude::*;

const ED: NewKind = NewKind::Token(JwsAlgorithm::EdDsa);
const HS: NewKind = NewKind::Token(JwsAlgorithm::Hs512);

#[test]
fn a_token_says_whose_it_is_and_no_more() {
    for (kind, alg) in [(ED, "EdDSA"), (HS, "HS512")] {
        let issued = make(kind, 1);
        let token = issued.secret.reveal();
        let jws = CompactJws::parse(token).unwrap();
        assert_eq!(jws.algorithm.as_str(), alg);
        assert_eq!(jws.typ.as_deref(), Some("keyward-token+jwt"));
        let claims = claims(token).unwrap();
        let kid = match alg {
            "EdDSA" => SIGNER.kid(),
            _ => claims["jti"].as_str().unwrap(),
        };
        assert_eq!(jws.kid.as_deref(), Some(kid));
        let mut names: Vec<_> = claims.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["aud", "exp", "iat", "iss", "jti", "sub"]);
        assert_eq!(claims["iss"], "demo");
        assert_eq!(claims["aud"], "production");
        assert_eq!(claims["sub"], issued.record.key_id);
        assert_eq!(claims["iat"], NOW_S);
        assert_eq!(claims["exp"], NOW_S + TOKEN_LIFE_S);
        assert_eq!(TOKEN_LIFE_S, 182 * 24 * HOUR_S);
        assert!(token.len() < 700, "{}", token.len());
    }
    let later = NewKey {
        not_before_s: Some(NOW_S + 60),
        ..new(ED)
    };
    let masters = masters();
    let later = issuer(&masters).make(later, NOW_S, &mut source(1)).unwrap();
    assert_eq!(claims(later.secret.reveal()).unwrap()["nbf"], NOW_S + 60);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn what_is_minted_is_taken_at_the_edge(seed: u64) {
        for algorithm in [JwsAlgorithm::EdDsa, JwsAlgorithm::Hs256, JwsAlgorithm::Hs384, JwsAlgorithm::Hs512] {
            let issued = make(NewKind::Token(algorithm), seed);
            let gate = Gate::new(Some(&issued.record));
            let jti = claims(issued.secret.reveal()).unwrap()["jti"].clone();
            prop_assert_eq!(gate.ask(issued.secret.reveal(), NOW_S).unwrap(), jti.as_str().unwrap());
            // The same token, another key's record.
            let other = Gate::new(Some(&make(NewKind::Token(algorithm), seed.wrapping_add(1)).record));
            prop_assert_eq!(other.code(issued.secret.reveal(), NOW_S), "invalid_credentials");
        }
    }
}

#[test]
fn two_tokens_are_alive_at_most_and_the_old_one_ends() {
    for kind in token_kinds() {
        let masters = masters();
        let first = make(kind, 1);
        let second = issuer(&masters)
            .rotate(&first.record, NOW_S + 60, NOW_S, &mut source(2))
            .unwrap();
        let (old, new) = (first.secret.reveal(), second.secret.reveal());
        assert_ne!(old, new);
        let gate = Gate::new(Some(&second.record));
        for (token, at, code) in [
            (old, NOW_S + 59, "ok"),
            (old, NOW_S + 60, "invalid_credentials"),
            (new, NOW_S, "ok"),
            (new, NOW_S + 60, "ok"),
        ] {
            assert_eq!(gate.code(token, at), code, "at {at}");
        }
        let again = issuer(&masters).rotate(&second.record, NOW_S, NOW_S, &mut source(3));
        assert_eq!(again.unwrap_err(), IssueError::RotationUnderWay);
        let ended = Gate::new(Some(&end_rotation(&second.record).unwrap()));
        assert_eq!(ended.code(old, NOW_S), "invalid_credentials");
        assert_eq!(ended.code(new, NOW_S), "ok");
    }
}

#[test]
fn a_life_is_shortened_in_place_and_lengthened_by_issuing_anew() {
    for kind in token_kinds() {
        let masters = masters();
        let first = make(kind, 1);
        let token = first.secret.reveal();
        let shorter = shorten(&first.record, NOW_S + 60).unwrap();
        assert_eq!(shorter.generation, 2);
        let gate = Gate::new(Some(&shorter));
        assert_eq!(gate.code(token, NOW_S + 59), "ok");
        assert_eq!(gate.code(token, NOW_S + 60), "key_expired");
        assert_eq!(
            shorten(&shorter, NOW_S + 61).unwrap_err(),
            IssueError::Lengthens
        );

        let until_s = NOW_S + 2 * TOKEN_LIFE_S;
        let second = issuer(&masters)
            .reissue(&shorter, until_s, u64::MAX, NOW_S, &mut source(2))
            .unwrap();
        assert_eq!(claims(second.secret.reveal()).unwrap()["exp"], until_s);
        let gate = Gate::new(Some(&second.record));
        assert_eq!(
            gate.code(token, NOW_S + 60),
            "invalid_credentials",
            "the old token ends when its key would have"
        );
        assert_eq!(gate.code(token, NOW_S + 59), "ok");
        let error = issuer(&masters).reissue(&shorter, NOW_S, NOW_S, NOW_S, &mut source(2));
        assert_eq!(error.unwrap_err(), IssueError::ExpiresTooEarly);
    }
}

#[test]
fn the_record_has_the_last_word() {
    for kind in token_kinds() {
        let issued = make(kind, 1);
        let token = issued.secret.reveal();
        let code = |record| Gate::new(Some(&record)).code(token, NOW_S);
        assert_eq!(code(issued.record.clone()), "ok");
        assert_eq!(code(disable(&issued.record).unwrap()), "key_disabled");
        let mut bare = issued.record.clone();
        if let keyward_wire::record::State::Live(live) = &mut bare.state {
            live.assignments.clear();
        }
        assert_eq!(code(bare), "permission_denied");
        assert!(remove(&issued.record).is_ok());
        assert_eq!(Gate::new(None).code(token, NOW_S), "invalid_credentials");
    }
}

#[test]
fn nobody_brings_an_ed25519_key_along() {
    let masters = masters();
    let secret = Brought::Secret(&[b'a'; 64]);
    let import = issuer(&masters).import(new(ED), secret, NOW_S, &mut source(1));
    assert_eq!(import.unwrap_err(), IssueError::ImportedToken);
    let unsigned = Issuer {
        token_signer: None,
        ..issuer(&masters)
    };
    let error = unsigned.make(new(ED), NOW_S, &mut source(1)).unwrap_err();
    assert_eq!(error, IssueError::NoTokenSigner);
    assert!(unsigned.make(new(HS), NOW_S, &mut source(1)).is_ok());
}

#[test]
fn the_jwk_set_holds_public_keys_alone() {
    let older = TokenSigner::new(&[8; 32]);
    let set = jwks([SIGNER.public_key(), older.public_key()]).unwrap();
    let json: serde_json::Value = serde_json::from_str(&set.to_json()).unwrap();
    assert_eq!(json["keys"][0]["kid"], SIGNER.kid());
    assert_eq!(json["keys"][0]["kty"], "OKP");
    assert_eq!(json["keys"][1]["kid"], thumbprint(&older.public_key()));
    assert!(json["keys"][0].get("d").is_none());
    let read: JwkSet = serde_json::from_str(&set.to_json()).unwrap();
    assert_eq!(read.to_token_keys().unwrap().iter().count(), 2);
    assert!(jwks([SIGNER.public_key(), SIGNER.public_key()]).is_err());
}

#[test]
fn no_type_shows_a_token_or_a_key() {
    for kind in token_kinds() {
        let issued = make(kind, 1);
        let token = issued.secret.reveal().to_owned();
        let signature = token.rsplit('.').next().unwrap();
        let masters = masters();
        let shown = [
            format!("{issued:?}"),
            format!("{:?}", issued.record),
            format!("{:?}", parts(&issued.record)),
            format!("{:?}", CompactJws::parse(&token)),
            format!("{:?} {:?}", *SIGNER, issuer(&masters)),
        ];
        for one in &shown {
            assert!(!one.contains(&signature[..12]), "{one}");
            assert!(!one.contains("7, 7, 7"), "{one}");
        }
    }
}
