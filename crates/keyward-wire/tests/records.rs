//! Guarantees that a record says at the edge what the registry wrote, or nothing at all: no one
//! else can write, move, widen or bring one back.
use std::fmt::Debug;

use keyward_core::key::{Accounts, Material as CoreMaterial};
use keyward_wire::envelope::{ENVELOPE_BYTES_MAX, PublishRing, Publisher, kv_name};
use keyward_wire::open::{Expect, Opened, RecordError, open_record};
use keyward_wire::record::{BasicIssue, Live, Material, Record, SignedIssue, State};
use keyward_wire::ring::{RingError, RingId};
use keyward_wire::seal::{MasterRing, SealContext, Unsealing};
use proptest::prelude::*;
use zeroize::Zeroizing;

const KEY_ID: &str = "imported-1";
const SECRET: &[u8] = b"a secret of at least thirty-two bytes";
const NOW_S: u64 = 1_800_000_000;

fn ring_id(text: &str) -> RingId {
    RingId::parse(text).unwrap()
}

fn publisher() -> Publisher {
    Publisher::new(ring_id("p1"), &[1; 32])
}

fn publish_ring() -> PublishRing {
    PublishRing::new([(ring_id("p1"), publisher().public_key())]).unwrap()
}

fn masters() -> MasterRing {
    let master = |byte| Zeroizing::new([byte; 32]);
    MasterRing::new([(ring_id("m2"), master(2)), (ring_id("m1"), master(1))]).unwrap()
}

fn unsealing() -> Unsealing {
    Unsealing::Masters(masters())
}

const EXPECT: Expect<'static> =
    Expect { deployment: "demo", environment: "production", key_id: KEY_ID };

fn context() -> SealContext<'static> {
    SealContext {
        deployment: "demo",
        environment: "production",
        organisation: "acme",
        key_id: KEY_ID,
        kind: "signed",
        issue: "i1",
        algorithm: "hmac-sha512",
    }
}

fn record(material: Material) -> Record {
    Record {
        key_id: KEY_ID.to_owned(),
        organisation: "acme".to_owned(),
        environment: "production".to_owned(),
        generation: 7,
        state: State::Live(Live {
            fresh_until_s: Some(NOW_S + 60),
            not_before_s: Some(NOW_S - 60),
            expires_at_s: NOW_S + 600,
            disabled: false,
            addresses: Some(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()]),
            assignments: vec![
                serde_json::from_str(
                    r#"{ "role": "own", "accounts": ["a1", "a2"], "grants": { "management": { "users": "ru" } } }"#,
                )
                .unwrap(),
            ],
            material,
        }),
    }
}

fn signed() -> Record {
    let masters = masters();
    let (ring, keys) = masters.sealing("acme").unwrap();
    let sealed = keys.seal(&context(), ring, [9; 24], SECRET).unwrap();
    record(Material::Signed {
        algorithm: keyward_core::mac::Algorithm::HmacSha512,
        nonce: keyward_core::key::NoncePolicy::Required,
        profiles: Default::default(),
        issues: vec![SignedIssue {
            issue: "i1".to_owned(),
            ring: ring.clone(),
            sealed,
            not_after_s: None,
        }],
    })
}

fn basic() -> Record {
    let masters = masters();
    let (ring, keys) = masters.sealing("acme").unwrap();
    record(Material::Basic(vec![BasicIssue {
        issue: "i1".to_owned(),
        ring: ring.clone(),
        mac: keys.basic_mac(SECRET),
        not_after_s: Some(NOW_S + 5),
    }]))
}

fn live(record: &mut Record) -> &mut Live {
    match &mut record.state {
        State::Live(live) => live,
        State::Tombstone => panic!("a tombstone"),
    }
}

fn text(record: &Record) -> String {
    publisher().publish(&kv_name(KEY_ID), &record.to_payload().unwrap()).unwrap()
}

fn open(text: &str) -> Result<Opened, RecordError> {
    open_record(text, &kv_name(KEY_ID), &publish_ring(), &unsealing(), EXPECT, NOW_S)
}

fn opened(record: &Record) -> Result<Opened, RecordError> {
    open(&text(record))
}

/// Publishes JSON that is not what `Record` would write.
fn open_json(json: &str) -> Result<Opened, RecordError> {
    open(&publisher().publish(&kv_name(KEY_ID), json.as_bytes()).unwrap())
}

fn error<T: Debug>(result: Result<T, RecordError>) -> RecordError {
    result.unwrap_err()
}

#[test]
fn a_signed_key_arrives_whole() {
    let Ok(Opened::Key(parts)) = opened(&signed()) else { panic!() };
    assert_eq!((parts.key_id.as_str(), parts.organisation.as_str()), (KEY_ID, "acme"));
    assert_eq!((parts.generation, parts.expires_at_s), (7, NOW_S + 600));
    assert_eq!(parts.not_before_s, Some(NOW_S - 60));
    assert_eq!(parts.addresses.unwrap().len(), 2);
    assert_eq!(parts.assignments.len(), 1);
    assert!(matches!(&parts.assignments[0].accounts, Accounts::Listed(names) if names.len() == 2));
    assert_eq!(parts.assignments[0].grants[0].actions.to_string(), "ru");
    let CoreMaterial::Signed { issues, nonce, .. } = parts.material else { panic!() };
    assert_eq!(nonce, keyward_core::key::NoncePolicy::Required);
    assert_eq!(issues[0].secret.as_slice(), SECRET);
}

#[test]
fn a_basic_key_arrives_with_the_pepper_that_made_its_mac() {
    let Ok(Opened::Key(parts)) = opened(&basic()) else { panic!() };
    let CoreMaterial::Basic(issues) = parts.material else { panic!() };
    let pepper =
        keyward_core::mac::MacKey::new(keyward_core::mac::Algorithm::HmacSha512, &issues[0].pepper);
    assert!(pepper.verify(&[SECRET], &issues[0].mac));
    assert!(!pepper.verify(&[b"another"], &issues[0].mac));
    assert_eq!(issues[0].not_after_s, Some(NOW_S + 5));
}

#[test]
fn records_are_written_as_they_are_read() {
    for record in [signed(), basic()] {
        assert_eq!(Record::from_payload(&record.to_payload().unwrap()).unwrap(), record);
    }
    let tombstone = Record { state: State::Tombstone, ..signed() };
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
    let sealed = json.split(r#""sealed":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(
        json,
        r#"{"v":1,"keyId":"imported-1","organisation":"acme","environment":"production","generation":7,"freshUntil":1800000060,"kind":"signed","algorithm":"hmac-sha512","profiles":["rfc9421"],"nonce":"required","notBefore":1799999940,"expiresAt":1800000600,"disabled":false,"addresses":["10.0.0.0/8","2001:db8::/32"],"assignments":[{"role":"own","accounts":["a1","a2"],"grants":{"management":{"users":"ru"}}}],"issues":[{"issue":"i1","ring":"m2","sealed":"SEALED"}]}"#
            .replace("SEALED", &sealed)
    );
}

#[test]
fn removal_is_told_apart_from_error() {
    let tombstone = Record { state: State::Tombstone, ..signed() };
    assert!(matches!(opened(&tombstone), Ok(Opened::Tombstone { generation: 7 })));
}

#[test]
fn another_environment_is_noticed_before_anything_is_unsealed() {
    let mut other = signed();
    other.environment = "uat".to_owned();
    // Under this environment's masters the secret would not open: it was not tried.
    assert!(matches!(opened(&other), Ok(Opened::OtherEnvironment { generation: 7 })));
    let Material::Signed { issues, .. } = &mut live(&mut other).material else { panic!() };
    issues[0].sealed = b"nonsense".to_vec();
    issues[0].ring = ring_id("unknown");
    assert!(matches!(opened(&other), Ok(Opened::OtherEnvironment { .. })));
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
fn a_payload_is_bound_to_its_kv_name() {
    let text = text(&signed());
    for name in ["k/imported-2", "K/imported-1", "k/imported-1 ", "k/imported-", "imported-1", ""] {
        assert_eq!(
            error(publish_ring().open(name, &text)),
            RecordError::WrongSignature,
            "{name:?}"
        );
    }
    assert!(publisher().publish("k/a\0b", b"{}").is_err(), "NUL separates the signed parts");
}

#[test]
fn only_the_ring_can_sign() {
    let payload = signed().to_payload().unwrap();
    let name = kv_name(KEY_ID);
    let stranger = Publisher::new(ring_id("p1"), &[2; 32]).publish(&name, &payload).unwrap();
    assert_eq!(error(open(&stranger)), RecordError::WrongSignature);
    let unknown = Publisher::new(ring_id("p2"), &[1; 32]).publish(&name, &payload).unwrap();
    assert_eq!(error(open(&unknown)), RecordError::UnknownPublishKey);
}

#[test]
fn a_ring_has_usable_keys_only() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let good = publisher().public_key();
    assert_eq!(PublishRing::new([]).unwrap_err(), RingError::Empty);
    assert_eq!(PublishRing::new([(ring_id("a"), identity)]).unwrap_err(), RingError::PublicKey);
    assert_eq!(PublishRing::new([(ring_id("a"), [2; 32])]).unwrap_err(), RingError::PublicKey);
    let twice = [(ring_id("a"), good), (ring_id("a"), good)];
    assert_eq!(PublishRing::new(twice).unwrap_err(), RingError::Repeated);
    assert_eq!(MasterRing::new([]).unwrap_err(), RingError::Empty);
    for bad in ["", "A", "a.b", "a b", "ä", &"a".repeat(33)] {
        assert_eq!(RingId::parse(bad), Err(RingError::Id), "{bad:?}");
    }
}

#[test]
fn envelopes_of_other_shapes_are_refused() {
    let good = text(&signed());
    let too_large = "x".repeat(ENVELOPE_BYTES_MAX + 1);
    assert_eq!(error(open(&too_large)), RecordError::TooLarge);
    assert_eq!(
        error(publisher().publish("k/a", &vec![b'x'; ENVELOPE_BYTES_MAX])),
        RecordError::TooLarge
    );
    assert_eq!(error(open(&good.replacen("kwr1", "kwr2", 1))), RecordError::FutureVersion);
    for bad in [
        "",
        ".",
        "kwr1",
        "kwr1...",
        "{}",
        &format!("{good}."),
        &format!("{good}="),
        &format!(" {good}"),
        &good[1..],
    ] {
        assert!(matches!(error(open(bad)), RecordError::Malformed(_)), "{bad:?}");
    }
}

#[test]
fn a_later_version_is_its_own_error() {
    assert_eq!(
        error(open_json(r#"{"v":2,"keyId":"imported-1","more":[1,2]}"#)),
        RecordError::FutureVersion
    );
    assert!(matches!(error(open_json(r#"{"keyId":"imported-1"}"#)), RecordError::Malformed(_)));
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
        (r#""algorithm":"hmac-sha512""#, r#""algorithm":"HMAC-SHA512""#),
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
        (r#""management":{"#, r#""management":{"a":"r"},"management":{"#),
        (r#""issue":"i1""#, r#""issue":"i 1""#),
        (r#""ring":"m2""#, r#""ring":"M2""#),
        (r#""ring":"m2""#, r#""ring":"m2","mac":"AAAA""#),
        (r#""ring":"m2""#, r#""ring":"m2","jti":"x""#),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(matches!(error(open_json(&bad)), RecordError::Malformed(_)), "{bad}");
    }
    for (from, to) in [
        (r#""kind":"basic""#, r#""kind":"basic","algorithm":"hmac-sha512""#),
        (r#""kind":"basic""#, r#""kind":"basic","nonce":"optional""#),
        (r#""kind":"basic""#, r#""kind":"basic","profiles":["rfc9421"]"#),
        (r#""kind":"basic""#, r#""kind":"signed","algorithm":"hmac-sha512""#),
        (r#""mac":""#, r#""mac":"AA"#),
    ] {
        let bad = basic.replacen(from, to, 1);
        assert_ne!(bad, basic, "{from}");
        assert!(matches!(error(open_json(&bad)), RecordError::Malformed(_)), "{bad}");
    }
    let one = good.split(r#""issues":["#).nth(1).unwrap().trim_end_matches("]}").to_owned();
    for issues in [
        String::new(),
        format!("{one},{one}"),
        [0, 1, 2].map(|n| one.replace("i1", &format!("i{n}"))).join(","),
    ] {
        let bad = good.replace(&one, &issues);
        assert!(matches!(error(open_json(&bad)), RecordError::Malformed(_)), "{bad}");
    }
    let stone = r#"{"v":1,"keyId":"imported-1","organisation":"acme","environment":"production","generation":7,"tombstone":true}"#;
    assert!(open_json(stone).is_ok());
    for bad in [stone.replace("true", "false"), stone.replace("true", "true,\"disabled\":true")] {
        assert!(matches!(error(open_json(&bad)), RecordError::Malformed(_)), "{bad}");
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
    let null =
        good.replacen(r#""v":1"#, r#""v":1,"rateLimit":null,"quota":null,"tokenProfile":null"#, 1);
    assert!(open_json(&null).is_ok());
}

proptest! {
    #[test]
    fn every_changed_bit_of_an_envelope_is_refused(at in 0..text(&signed()).len(), bit in 0..7u8) {
        let mut bytes = text(&signed()).into_bytes();
        bytes[at] ^= 1 << bit;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert!(open(&changed).is_err());
    }

    #[test]
    fn no_text_is_an_envelope_by_chance(text in "\\PC*") {
        prop_assert!(open(&text).is_err());
        let parts = format!("kwr1.p1.{text}.{text}");
        prop_assert!(open(&parts).is_err());
    }
}

/// base64url leaves bits over at the end of a part; a reader that drops them would take two texts
/// for one record.
#[test]
fn no_bit_at_the_edges_of_a_part_is_without_meaning() {
    let tombstone = Record { state: State::Tombstone, ..signed() };
    for good in [text(&signed()), text(&basic()), text(&tombstone)] {
        let dots = good.match_indices('.').map(|(at, _)| at).chain([good.len()]);
        for at in dots.flat_map(|at| at.saturating_sub(2)..at.saturating_add(1)) {
            for bit in 0..if at < good.len() { 7 } else { 0 } {
                let mut bytes = good.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(open(&changed).is_err(), "byte {at}, bit {bit}");
            }
        }
    }
}
