//! Guarantees that records are written as documented, and that whatever is not exactly one is
//! refused.
mod fixture;

use fixture::*;
use keyward_core::catalogue::Actions;
use keyward_core::key;
use keyward_core::limits;
use keyward_wire::grants::Accounts;
use keyward_wire::open::{Opened, RecordError};
use keyward_wire::record::{Material, Record, State};

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
fn signing_rules_that_are_not_the_defaults_are_written_and_read() {
    use keyward_core::key::{Profile, Profiles, ReplayPolicy, SigningRules};
    let mut record = signed();
    let Material::Signed { rules, .. } = &mut live(&mut record).material else {
        panic!()
    };
    *rules = SigningRules {
        profiles: Profiles::with(Profile::ALL),
        replay: ReplayPolicy::StrictAll,
        allow_unsigned_query: true,
        ..*rules
    };
    let rules = *rules;
    let payload = record.to_payload().unwrap();
    let json = String::from_utf8(payload.clone()).unwrap();
    let written = r#""profiles":["rfc9421","cloud9","kong","cavage"],"nonce":"required","replay":"strict_all","allowUnsignedQuery":true,"notBefore""#;
    assert!(json.contains(written), "{json}");
    assert_eq!(Record::from_payload(&payload).unwrap(), record);
    let Ok(Opened::Key(parts)) = opened(&record) else {
        panic!()
    };
    let key::Material::Signed { rules: found, .. } = parts.material else {
        panic!()
    };
    assert_eq!(found, rules);
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
        (r#"["rfc9421"]"#, r#"["kong"]"#),
        (
            r#""hmac-sha512","profiles":["rfc9421"]"#,
            r#""hmac-sha256","profiles":["rfc9421","cloud9"]"#,
        ),
        (r#""v":1"#, r#""v":1,"replay":"never""#),
        (r#""v":1"#, r#""v":1,"replay":"strictAll""#),
        (r#""v":1"#, r#""v":1,"allowUnsignedQuery":"yes""#),
        (r#""v":1"#, r#""v":1,"allowUnsignedQuery":true"#),
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
        (r#""kind":"basic""#, r#""kind":"basic","replay":"window""#),
        (
            r#""kind":"basic""#,
            r#""kind":"basic","allowUnsignedQuery":false"#,
        ),
        (
            r#""kind":"basic""#,
            r#""kind":"signed","algorithm":"hmac-sha512""#,
        ),
        (r#""mac":""#, r#""mac":"AA"#),
        (r#""mac":""#, r#""sealed":"AAAA","mac":""#),
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
    // Found by the fuzz target `record_made`: the edge would have refused such records for good.
    for network in [
        "0.0.0.0/0",
        "::/0",
        "10.0.0.1/8",
        "2001:db8::1/32",
        "::ffff:10.0.0.0/104",
        "::ffff:0:0/96",
    ] {
        let mut record = signed();
        live(&mut record).addresses = Some(vec![network.parse().unwrap()]);
        assert!(record.to_payload().is_err(), "{network}");
    }
}

#[test]
fn names_and_lists_keep_their_bounds() {
    type Break = fn(&mut Record);
    let breaks: [(&str, Break); 7] = [
        ("key id", |record| record.key_id = "a b".to_owned()),
        ("ours, mistyped", |record| {
            record.key_id = "kwk_0123456789abcdefABCDEF000000".to_owned();
        }),
        ("environment", |record| record.environment = String::new()),
        ("addresses", |record| {
            let one = "10.0.0.0/8".parse().unwrap();
            live(record).addresses = Some(vec![one; limits::NETWORKS_MAX + 1]);
        }),
        ("assignments", |record| {
            let one = live(record).assignments[0].clone();
            live(record).assignments = vec![one; limits::ASSIGNMENTS_MAX + 1];
        }),
        ("accounts", |record| {
            let names = (0..=limits::ACCOUNTS_MAX).map(|number| number.to_string());
            live(record).assignments[0].accounts = Accounts::Listed(names.collect());
        }),
        ("grants", |record| {
            live(record).assignments[0]
                .grants
                .grant("management", "a b", Actions::ALL);
        }),
    ];
    for (name, to_break) in breaks {
        let mut record = signed();
        to_break(&mut record);
        assert!(record.to_payload().is_err(), "{name}");
    }
    let mut most = signed();
    let one = live(&mut most).assignments[0].clone();
    live(&mut most).assignments = vec![one; limits::ASSIGNMENTS_MAX];
    assert!(opened(&most).is_ok());
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
