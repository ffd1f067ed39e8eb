//! Guarantees that records of token keys are written as documented, open at the edge, and are
//! refused when they are not exactly that.
mod fixture;

use fixture::*;
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key;
use keyward_wire::open::{Opened, RecordError};
use keyward_wire::record::{Live, Material, Record, SealedSecret, State, TokenIssue, TokenProfile};
use keyward_wire::seal::SealContext;

fn eddsa() -> Record {
    let issue = |issue: &str, not_after_s| TokenIssue {
        issue: issue.to_owned(),
        secret: None,
        not_after_s,
    };
    record(Material::Token {
        algorithm: JwsAlgorithm::EdDsa,
        profile: TokenProfile::Keyward,
        issues: vec![issue("i2", None), issue("i1", Some(NOW_S + 5))],
    })
}

fn hs512() -> Record {
    let masters = masters();
    let (ring, keys) = masters.sealing("acme").unwrap();
    let context = SealContext {
        kind: "token",
        algorithm: "HS512",
        ..context()
    };
    let sealed = keys.seal(&context, ring, [9; 24], SECRET).unwrap();
    let secret = Some(SealedSecret {
        ring: ring.clone(),
        sealed,
    });
    record(Material::Token {
        algorithm: JwsAlgorithm::Hs512,
        profile: TokenProfile::Keyward,
        issues: vec![TokenIssue {
            issue: "i1".to_owned(),
            secret,
            not_after_s: None,
        }],
    })
}

fn json(record: &Record) -> String {
    String::from_utf8(record.to_payload().unwrap()).unwrap()
}

fn issues(record: &Record) -> Vec<(String, Option<Vec<u8>>, Option<u64>)> {
    let Opened::Key(parts) = opened(record).unwrap() else {
        panic!()
    };
    let key::Material::Token { issues, .. } = parts.material else {
        panic!()
    };
    issues
        .into_iter()
        .map(|one| {
            (
                one.issue,
                one.secret.map(|secret| secret.to_vec()),
                one.not_after_s,
            )
        })
        .collect()
}

#[test]
fn the_json_is_the_documented_one() {
    let written = json(&eddsa());
    assert!(written.contains(r#""kind":"token","algorithm":"EdDSA","notBefore""#));
    assert!(
        written.ends_with(r#""issues":[{"issue":"i2"},{"issue":"i1","notAfter":1800000005}]}"#)
    );
    let written = json(&hs512());
    assert!(written.contains(r#""kind":"token","algorithm":"HS512","notBefore""#));
    assert!(written.contains(r#""issues":[{"issue":"i1","ring":"m2","sealed":""#));
    for record in [eddsa(), hs512()] {
        assert_eq!(Record::from_payload(json(&record).as_bytes()), Ok(record));
    }
}

#[test]
fn records_open_at_the_edge() {
    assert_eq!(
        issues(&eddsa()),
        [
            ("i2".to_owned(), None, None),
            ("i1".to_owned(), None, Some(NOW_S + 5))
        ]
    );
    assert_eq!(
        issues(&hs512()),
        [("i1".to_owned(), Some(SECRET.to_vec()), None)]
    );
}

#[test]
fn a_secret_opens_for_its_issue_kind_and_algorithm_alone() {
    let good = json(&hs512());
    for (from, to) in [
        (r#""issue":"i1""#, r#""issue":"i2""#),
        (r#""HS512""#, r#""HS256""#),
        (
            r#""kind":"token","algorithm":"HS512""#,
            r#""kind":"signed","algorithm":"hmac-sha512""#,
        ),
    ] {
        let moved = good.replacen(from, to, 1);
        assert_eq!(error(open_json(&moved)), RecordError::Unsealable, "{moved}");
    }
}

#[test]
fn what_is_not_exactly_a_token_record_is_refused() {
    for (record, from, to) in [
        (eddsa(), r#""EdDSA""#, r#""Ed25519""#),
        (eddsa(), r#""EdDSA""#, r#""none""#),
        (eddsa(), r#""EdDSA""#, r#""RS256""#),
        (eddsa(), r#""EdDSA""#, r#""hmac-sha512""#),
        (eddsa(), r#""algorithm":"EdDSA","#, ""),
        // Issues of another algorithm.
        (eddsa(), r#""EdDSA""#, r#""HS512""#),
        (hs512(), r#""HS512""#, r#""EdDSA""#),
        (eddsa(), r#""i2""#, r#""i2","ring":"m2""#),
        (eddsa(), r#""i2""#, r#""i2","sealed":"AAAA""#),
        (eddsa(), r#""i2""#, r#""i2","mac":"AAAA""#),
        (hs512(), r#""ring":"m2","#, ""),
        (hs512(), r#""ring":"m2""#, r#""ring":"m2","mac":"AAAA""#),
        // Tokens of a holder who would need the environment's private key.
        (eddsa(), r#""kind""#, r#""tokenProfile":"jwt-iss","kind""#),
        // Fields of signed keys, and one that this version does not know.
        (eddsa(), r#""kind""#, r#""nonce":"required","kind""#),
        (eddsa(), r#""kind""#, r#""profiles":["rfc9421"],"kind""#),
        (eddsa(), r#""kind""#, r#""replay":"strict","kind""#),
        (eddsa(), r#""kind""#, r#""allowUnsignedQuery":true,"kind""#),
        (hs512(), r#""kind""#, r#""tokenProfile":"x","kind""#),
        (hs512(), r#""kind""#, r#""tokenProfile":"keyward","kind""#),
        (eddsa(), r#""i2""#, r#""i1""#),
        (eddsa(), r#""i2""#, r#""""#),
        (
            eddsa(),
            r#"{"issue":"i2"}"#,
            r#"{"issue":"i2"},{"issue":"i3"}"#,
        ),
    ] {
        let good = json(&record);
        assert!(open_json(&good).is_ok());
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(
            matches!(error(open_json(&bad)), RecordError::Malformed(_)),
            "{bad}"
        );
    }
}

#[test]
fn a_record_says_whose_tokens_are_taken() {
    assert!(!json(&hs512()).contains("tokenProfile"));
    let mut holders = hs512();
    let State::Live(Live {
        material: Material::Token { profile, .. },
        ..
    }) = &mut holders.state
    else {
        panic!()
    };
    *profile = TokenProfile::JwtIss;
    assert!(json(&holders).contains(r#""tokenProfile":"jwt-iss""#));
    let Opened::Key(parts) = opened(&holders).unwrap() else {
        panic!()
    };
    assert!(matches!(
        parts.material,
        key::Material::Token {
            profile: key::TokenProfile::JwtIss,
            ..
        }
    ));
    assert_eq!(
        Record::from_payload(&holders.to_payload().unwrap()),
        Ok(holders)
    );
}

#[test]
fn no_type_shows_a_secret() {
    let shown = format!("{:#?} {:#?}", hs512(), opened(&hs512()).unwrap());
    let text = std::str::from_utf8(SECRET).unwrap();
    let bytes = format!("{:?}", &SECRET[..6]);
    assert!(!shown.contains(&text[..10]) && !shown.contains(bytes.trim_matches(['[', ']'])));
}
