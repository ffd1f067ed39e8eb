//! Guarantees what a new key is: it opens at the edge, looks as documented, and shows its secret
//! once.
mod fixture;

use base64ct::{Base64UrlUnpadded, Encoding};
use fixture::*;
use keyward_core::credential_text::{is_key_id, is_secret};
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key;
use keyward_issuer::import::Brought;
use keyward_issuer::{IssueError, IssuedKey, Issuer, NewKey, NewKeyId, NewKind, make_key_id};
use keyward_wire::{Record, RecordError};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const DAY_S: u64 = 24 * 60 * 60;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_made_opens_at_the_edge(seed: u64) {
        for kind in kinds() {
            let IssuedKey { record, secret } = make(kind, seed);
            prop_assert!(is_key_id(&record.key_id, false));
            prop_assert!(is_secret(secret.reveal()));
            prop_assert_eq!(record.generation, 1);
            prop_assert_eq!(end_of(&record, secret.reveal()), Some(None));
            prop_assert_eq!(end_of(&record, "kws_another"), None);
        }
    }
}

#[test]
fn keys_live_as_long_as_their_kind_says() {
    for (kind, life_s) in kinds().into_iter().zip([182 * DAY_S, 365 * DAY_S]) {
        let record = make(kind, 1).record;
        assert_eq!(live(&record).expires_at_s, NOW_S + life_s);
        assert_eq!(live(&record).not_before_s, None);
        assert!(!live(&record).disabled);
    }
    let past = NewKey {
        expires_at_s: Some(NOW_S),
        ..new(signed())
    };
    let error = issuer(&masters())
        .make(past, NOW_S, &mut source(1))
        .unwrap_err();
    assert_eq!(error, IssueError::ExpiresTooEarly);
}

#[test]
fn no_two_keys_share_an_id_an_issue_or_a_secret() {
    let (a, b) = (make(signed(), 1), make(signed(), 2));
    assert_ne!(a.record.key_id, b.record.key_id);
    assert_ne!(a.secret.reveal(), b.secret.reveal());
    let again = issuer(&masters())
        .rotate(&a.record, NOW_S + 9, NOW_S, &mut source(3))
        .unwrap();
    let key::Material::Signed { issues, .. } = parts(&again.record).material else {
        panic!()
    };
    assert_ne!(issues[0].issue, issues[1].issue);
}

#[test]
fn a_broken_source_of_randomness_makes_no_key() {
    for kind in all_kinds() {
        let result = issuer(&masters()).make(new(kind), NOW_S, &mut |_: &mut [u8]| {});
        assert_eq!(result.unwrap_err(), IssueError::Randomness);
    }
}

#[test]
fn a_record_is_one_or_is_not_made() {
    let bad = NewKey {
        organisation: "Not a name".to_owned(),
        ..new(signed())
    };
    let error = issuer(&masters())
        .make(bad, NOW_S, &mut source(1))
        .unwrap_err();
    assert!(matches!(
        error,
        IssueError::Record(RecordError::Malformed(_))
    ));
}

#[test]
fn imported_ids_are_taken_only_where_allowed_and_never_look_like_ours() {
    let masters = masters();
    let open = issuer(&masters);
    let closed = Issuer {
        imported_key_ids: false,
        ..open
    };
    let record = open
        .make(imported(signed(), "user~1"), NOW_S, &mut source(1))
        .unwrap()
        .record;
    assert_eq!(record.key_id, "user~1");
    parts(&record);
    let error = closed
        .make(imported(signed(), "user~1"), NOW_S, &mut source(1))
        .unwrap_err();
    assert_eq!(error, IssueError::ImportedKeyIds);
    let ours = make(signed(), 1).record.key_id;
    for bad in [
        "",
        "a b",
        "a/b",
        "kwk_",
        "kwk_x",
        ours.as_str(),
        &"a".repeat(129),
        "ä",
    ] {
        let error = open
            .make(imported(signed(), bad), NOW_S, &mut source(1))
            .unwrap_err();
        assert_eq!(error, IssueError::KeyId, "{bad:?}");
    }
}

#[test]
fn an_id_that_was_made_here_is_the_keys() {
    let masters = masters();
    let closed = Issuer {
        imported_key_ids: false,
        ..issuer(&masters)
    };
    let with = |id: &str| {
        let new = NewKey {
            key_id: Some(NewKeyId::Made(id.to_owned())),
            ..new(signed())
        };
        closed.make(new, NOW_S, &mut source(1))
    };
    let id = make_key_id(&mut source(2)).unwrap();
    assert_eq!(with(&id).unwrap().record.key_id, id);
    let mistyped = id.replace("kwk_", "kwk-");
    for bad in ["", "user~1", "kwk_", mistyped.as_str()] {
        assert_eq!(with(bad).unwrap_err(), IssueError::KeyId, "{bad:?}");
    }
}

#[test]
fn imported_secrets_are_long_enough_and_can_be_presented() {
    let import = |kind, secret: &[u8]| {
        let brought = Brought::Secret(secret);
        issuer(&masters()).import(new(kind), brought, NOW_S, &mut source(1))
    };
    for kind in kinds() {
        let secret = "0123456789abcdef0123456789 bcdef";
        let record = import(kind.clone(), secret.as_bytes()).unwrap();
        assert_eq!(end_of(&record, secret), Some(None));
        assert_eq!(
            import(kind.clone(), &[b'a'; 31]).unwrap_err(),
            IssueError::Secret
        );
        assert_eq!(
            import(kind.clone(), &[b'a'; 513]).unwrap_err(),
            IssueError::Secret
        );
        let mistyped = format!("kws_{}", "a".repeat(92));
        assert_eq!(
            import(kind.clone(), mistyped.as_bytes()).unwrap_err(),
            IssueError::Secret
        );
        let ours = make(kind.clone(), 4).secret;
        assert!(import(kind, ours.reveal().as_bytes()).is_ok());
    }
    assert!(import(signed(), &[0x80; 32]).is_ok());
    assert_eq!(
        import(NewKind::Basic, &[0x80; 32]).unwrap_err(),
        IssueError::BasicSecret
    );
    assert_eq!(
        import(NewKind::Basic, &[b'\n'; 32]).unwrap_err(),
        IssueError::BasicSecret
    );
}

#[test]
fn a_short_secret_needs_somebody_who_answers_for_it() {
    let import = |brought| issuer(&masters()).import(new(signed()), brought, NOW_S, &mut source(1));
    let short = b"short";
    let error = import(Brought::Secret(short)).unwrap_err();
    assert_eq!(error, IssueError::Secret);
    let record = import(Brought::ShortSecret(short)).unwrap();
    assert_eq!(end_of(&record, "short"), Some(None));
    for bad in [&[][..], &[b'a'; 513], b"kws_mistyped"] {
        let error = import(Brought::ShortSecret(bad)).unwrap_err();
        assert_eq!(error, IssueError::Secret);
    }
}

#[test]
fn of_a_basic_key_the_digest_of_its_secret_is_enough() {
    let digest: [u8; 32] = Sha256::digest("a strong secret of another gate").into();
    let import = |kind| {
        let brought = Brought::Digest(&digest);
        issuer(&masters()).import(new(kind), brought, NOW_S, &mut source(1))
    };
    let record = import(NewKind::Basic).unwrap();
    let again = Record::from_payload(&record.to_payload().unwrap()).unwrap();
    assert_eq!(again, record);
    assert_eq!(
        end_of(&record, "a strong secret of another gate"),
        Some(None)
    );
    // What is stored is not the digest, and another secret replaces it as any other.
    let payload = String::from_utf8(record.to_payload().unwrap()).unwrap();
    assert!(!payload.contains(&Base64UrlUnpadded::encode_string(&digest)));
    let rotated = issuer(&masters())
        .rotate(&record, NOW_S + 60, NOW_S, &mut source(2))
        .unwrap();
    assert_eq!(end_of(&rotated.record, rotated.secret.reveal()), Some(None));
    for kind in [signed(), NewKind::Token(JwsAlgorithm::Hs256)] {
        assert_eq!(import(kind).unwrap_err(), IssueError::Digest);
    }
}

#[test]
fn no_type_shows_a_secret() {
    for kind in kinds() {
        let masters = masters();
        let issued = make(kind.clone(), 1);
        let text = issued.secret.reveal().to_owned();
        let brought = Brought::Secret(text.as_bytes());
        let imported = issuer(&masters).import(new(kind), brought, NOW_S, &mut source(2));
        let payload = String::from_utf8(issued.record.to_payload().unwrap()).unwrap();
        let shown = [
            format!("{issued:?}"),
            format!("{:#?}", issued.secret),
            format!("{:?}", issued.record),
            format!("{imported:?}"),
            format!("{brought:?}"),
            format!("{:?}", issuer(&masters)),
            format!("{:?}", parts(&issued.record)),
            format!("{:?}", open(&issued.record, NOW_S)),
            payload,
        ];
        let bytes = format!("{:?}", text.as_bytes());
        for one in &shown {
            assert!(
                !one.contains(&text[..12]) && !one.contains(&text[20..32]),
                "{one}"
            );
            assert!(!one.contains(&bytes[1..40]), "{one}");
        }
        // Peppers and masters neither: all masters here are fives.
        assert!(!shown.iter().any(|one| one.contains("5, 5, 5")));
    }
}
