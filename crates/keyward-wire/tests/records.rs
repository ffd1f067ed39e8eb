//! Guarantees that a record says at the edge what the registry wrote, or nothing at all.
mod fixture;

use fixture::*;
use keyward_core::key::{Accounts, Material as CoreMaterial, NoncePolicy};
use keyward_core::mac::{Algorithm, MacKey};
use keyward_wire::open::{Opened, RecordError};
use keyward_wire::record::{Material, Record, State};

#[test]
fn a_signed_key_arrives_whole() {
    let Ok(Opened::Key(parts)) = opened(&signed()) else {
        panic!()
    };
    assert_eq!(
        (parts.key_id.as_str(), parts.organisation.as_str()),
        (KEY_ID, "acme")
    );
    assert_eq!((parts.generation, parts.expires_at_s), (7, NOW_S + 600));
    assert_eq!(parts.not_before_s, Some(NOW_S - 60));
    assert_eq!(parts.addresses.unwrap().len(), 2);
    assert_eq!(parts.assignments.len(), 1);
    assert!(matches!(&parts.assignments[0].accounts, Accounts::Listed(names) if names.len() == 2));
    assert_eq!(parts.assignments[0].grants[0].actions.to_string(), "ru");
    let CoreMaterial::Signed { issues, nonce, .. } = parts.material else {
        panic!()
    };
    assert_eq!(nonce, NoncePolicy::Required);
    assert_eq!(issues[0].secret.as_slice(), SECRET);
}

#[test]
fn a_basic_key_arrives_with_the_pepper_that_made_its_mac() {
    let Ok(Opened::Key(parts)) = opened(&basic()) else {
        panic!()
    };
    let CoreMaterial::Basic(issues) = parts.material else {
        panic!()
    };
    let pepper = MacKey::new(Algorithm::HmacSha512, &issues[0].pepper);
    assert!(pepper.verify(&[SECRET], &issues[0].mac));
    assert!(!pepper.verify(&[b"another"], &issues[0].mac));
    assert_eq!(issues[0].not_after_s, Some(NOW_S + 5));
}

#[test]
fn records_are_written_as_they_are_read() {
    for record in [signed(), basic()] {
        assert_eq!(
            Record::from_payload(&record.to_payload().unwrap()).unwrap(),
            record
        );
    }
    let tombstone = Record {
        state: State::Tombstone,
        ..signed()
    };
    let payload = tombstone.to_payload().unwrap();
    assert_eq!(
        std::str::from_utf8(&payload).unwrap(),
        r#"{"v":1,"keyId":"imported-1","organisation":"acme","environment":"production","generation":7,"tombstone":true}"#
    );
    assert_eq!(Record::from_payload(&payload).unwrap(), tombstone);
}

#[test]
fn the_json_is_the_documented_one() {
    let json = String::from_utf8(signed().to_payload().unwrap()).unwrap();
    let sealed = json
        .split(r#""sealed":""#)
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(
        json,
        r#"{"v":1,"keyId":"imported-1","organisation":"acme","environment":"production","generation":7,"freshUntil":1800000060,"kind":"signed","algorithm":"hmac-sha512","profiles":["rfc9421"],"nonce":"required","notBefore":1799999940,"expiresAt":1800000600,"disabled":false,"addresses":["10.0.0.0/8","2001:db8::/32"],"assignments":[{"role":"own","accounts":["a1","a2"],"grants":{"management":{"users":"ru"}}}],"issues":[{"issue":"i1","ring":"m2","sealed":"SEALED"}]}"#
            .replace("SEALED", &sealed)
    );
}

#[test]
fn removal_is_told_apart_from_error() {
    let tombstone = Record {
        state: State::Tombstone,
        ..signed()
    };
    assert!(matches!(
        opened(&tombstone),
        Ok(Opened::Tombstone { generation: 7 })
    ));
}

#[test]
fn another_environment_is_noticed_before_anything_is_unsealed() {
    let mut other = signed();
    other.environment = "uat".to_owned();
    // Under this environment's masters the secret would not open: it was not tried.
    assert!(matches!(
        opened(&other),
        Ok(Opened::OtherEnvironment { generation: 7 })
    ));
    let Material::Signed { issues, .. } = &mut live(&mut other).material else {
        panic!()
    };
    issues[0].sealed = b"nonsense".to_vec();
    issues[0].ring = ring_id("unknown");
    assert!(matches!(
        opened(&other),
        Ok(Opened::OtherEnvironment { .. })
    ));
}

#[test]
fn a_record_is_believed_until_it_is_stale_and_no_longer() {
    let mut record = signed();
    live(&mut record).fresh_until_s = Some(NOW_S);
    assert!(opened(&record).is_ok());
    live(&mut record).fresh_until_s = Some(NOW_S - 1);
    assert_eq!(error(opened(&record)), RecordError::Stale);
    // Without an end only an expired key is believed.
    live(&mut record).fresh_until_s = None;
    assert_eq!(error(opened(&record)), RecordError::Stale);
    live(&mut record).expires_at_s = NOW_S;
    assert!(opened(&record).is_ok());
}

#[test]
fn the_record_of_another_key_is_refused_even_when_signed_for_this_name() {
    let mut other = signed();
    other.key_id = "imported-2".to_owned();
    assert_eq!(error(opened(&other)), RecordError::OtherKey);
}

#[test]
fn a_later_version_is_its_own_error() {
    assert_eq!(
        error(open_json(r#"{"v":2,"keyId":"imported-1","more":[1,2]}"#)),
        RecordError::FutureVersion
    );
    assert!(matches!(
        error(open_json(r#"{"keyId":"imported-1"}"#)),
        RecordError::Malformed(_)
    ));
}

#[test]
fn what_is_not_exactly_a_record_is_refused() {
    let good = String::from_utf8(signed().to_payload().unwrap()).unwrap();
    assert!(open_json(&good).is_ok());
    let basic = String::from_utf8(basic().to_payload().unwrap()).unwrap();
    assert!(open_json(&basic).is_ok());
    for (from, to) in [
        (r#""v":1"#, r#""v":1,"unknown":1"#),
        (r#""v":1"#, r#""v":1,"v":1"#),
        (r#""v":1"#, r#""v":1,"tombstone":true"#),
        (r#""v":1"#, r#""v":1,"tombstone":false"#),
        (r#""v":1"#, r#""v":"1""#),
        (r#""v":1"#, r#""v":1,"rateLimit":{"perMinute":1}"#),
        (r#""v":1"#, r#""v":1,"quota":0"#),
        (r#""v":1"#, r#""v":1,"tokenProfile":"x""#),
        (r#""generation":7"#, r#""generation":0"#),
        (r#""generation":7"#, r#""generation":-1"#),
        (r#""generation":7"#, r#""generation":7.5"#),
        (r#""organisation":"acme""#, r#""organisation":"Acme""#),
        (r#""organisation":"acme""#, r#""organisation":"""#),
        (r#""kind":"signed""#, r#""kind":"basic""#),
        (r#""kind":"signed""#, r#""kind":"token""#),
        (
            r#""algorithm":"hmac-sha512""#,
            r#""algorithm":"HMAC-SHA512""#,
        ),
        (r#""algorithm":"hmac-sha512","#, ""),
        (r#"["rfc9421"]"#, "[]"),
        (r#"["rfc9421"]"#, r#"["rfc9421","other"]"#),
        (r#""nonce":"required""#, r#""nonce":"maybe""#),
        (r#""disabled":false,"#, ""),
        (r#""disabled":false"#, r#""disabled":0"#),
        (r#""expiresAt":1800000600,"#, ""),
        (r#""expiresAt":1800000600"#, r#""expiresAt":1799999940"#),
        (r#""10.0.0.0/8""#, r#""10.0.0.1/8""#),
        (r#""10.0.0.0/8""#, r#""0.0.0.0/0""#),
        (r#""role":"own""#, r#""role":"Own""#),
        (r#""role":"own""#, r#""role":"own","more":1"#),
        (r#"["a1","a2"]"#, r#""some""#),
        (r#"["a1","a2"]"#, r#"["a1","a1"]"#),
        (r#"["a1","a2"]"#, r#"["*"]"#),
        (r#"["a1","a2"]"#, r#"["a/b"]"#),
        (r#""users":"ru""#, r#""users":"ur""#),
        (r#""users":"ru""#, r#""users":"""#),
        (r#""users":"ru""#, r#""users":"r","users":"crud""#),
        (
            r#""management":{"#,
            r#""management":{"a":"r"},"management":{"#,
        ),
        (r#""issue":"i1""#, r#""issue":"i 1""#),
        (r#""ring":"m2""#, r#""ring":"M2""#),
        (r#""ring":"m2""#, r#""ring":"m2","mac":"AAAA""#),
        (r#""ring":"m2""#, r#""ring":"m2","jti":"x""#),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(
            matches!(error(open_json(&bad)), RecordError::Malformed(_)),
            "{bad}"
        );
    }
    for (from, to) in [
        (
            r#""kind":"basic""#,
            r#""kind":"basic","algorithm":"hmac-sha512""#,
        ),
        (r#""kind":"basic""#, r#""kind":"basic","nonce":"optional""#),
        (
            r#""kind":"basic""#,
            r#""kind":"basic","profiles":["rfc9421"]"#,
        ),
        (
            r#""kind":"basic""#,
            r#""kind":"signed","algorithm":"hmac-sha512""#,
        ),
        (r#""mac":""#, r#""mac":"AA"#),
    ] {
        let bad = basic.replacen(from, to, 1);
        assert_ne!(bad, basic, "{from}");
        assert!(
            matches!(error(open_json(&bad)), RecordError::Malformed(_)),
            "{bad}"
        );
    }
    let one = good
        .split(r#""issues":["#)
        .nth(1)
        .unwrap()
        .trim_end_matches("]}")
        .to_owned();
    for issues in [
        String::new(),
        format!("{one},{one}"),
        [0, 1, 2]
            .map(|n| one.replace("i1", &format!("i{n}")))
            .join(","),
    ] {
        let bad = good.replace(&one, &issues);
        assert!(
            matches!(error(open_json(&bad)), RecordError::Malformed(_)),
            "{bad}"
        );
    }
    let stone = r#"{"v":1,"keyId":"imported-1","organisation":"acme","environment":"production","generation":7,"tombstone":true}"#;
    assert!(open_json(stone).is_ok());
    for bad in [
        stone.replace("true", "false"),
        stone.replace("true", "true,\"disabled\":true"),
    ] {
        assert!(
            matches!(error(open_json(&bad)), RecordError::Malformed(_)),
            "{bad}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_not_written() {
    let mut record = signed();
    record.organisation = "Not a name".to_owned();
    assert!(record.to_payload().is_err());
    let mut record = signed();
    live(&mut record).not_before_s = Some(NOW_S + 600);
    assert!(record.to_payload().is_err());
}

#[test]
fn an_absent_list_is_anywhere_and_an_empty_one_nowhere() {
    let mut record = signed();
    live(&mut record).addresses = None;
    assert!(matches!(opened(&record), Ok(Opened::Key(parts)) if parts.addresses.is_none()));
    live(&mut record).addresses = Some(Vec::new());
    assert!(
        matches!(opened(&record), Ok(Opened::Key(parts)) if parts.addresses == Some(Vec::new()))
    );
}

#[test]
fn reserved_limits_may_be_null() {
    let good = String::from_utf8(signed().to_payload().unwrap()).unwrap();
    let null = good.replacen(
        r#""v":1"#,
        r#""v":1,"rateLimit":null,"quota":null,"tokenProfile":null"#,
        1,
    );
    assert!(open_json(&null).is_ok());
}
