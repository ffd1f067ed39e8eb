//! Guarantees what becomes of a key: what is made opens at the edge and nowhere else, at most two
//! secrets are valid, the old one ends when it was to, and a removed key stays removed.
use keyward_core::credential_text::{is_key_id, is_secret};
use keyward_core::key::{self, KeyParts, NoncePolicy};
use keyward_core::mac::{Algorithm, MacKey};
use keyward_issuer::make::{BASIC_LIFE_S, SIGNED_LIFE_S};
use keyward_issuer::publish::FRESH_S;
use keyward_issuer::{
    IssueError, IssuedKey, Issuer, NewKey, NewKind, disable, enable, end_rotation, is_renewal_due,
    publish, remove,
};
use keyward_wire::record::{Live, Record, State};
use keyward_wire::ring::RingId;
use keyward_wire::{
    Expect, MasterRing, Opened, PublishRing, Publisher, RecordError, Unsealing, open_record,
};
use proptest::prelude::*;
use zeroize::Zeroizing;

const NOW_S: u64 = 1_800_000_000;
const HOUR_S: u64 = 3600;

fn masters() -> MasterRing {
    MasterRing::new([(RingId::parse("m1").unwrap(), Zeroizing::new([5; 32]))]).unwrap()
}

fn publisher() -> Publisher {
    Publisher::new(RingId::parse("p1").unwrap(), &[6; 32])
}

fn issuer(masters: &MasterRing) -> Issuer<'_> {
    Issuer { deployment: "demo", environment: "production", masters, imported_key_ids: true }
}

/// A source that looks random and is a function of its seed (SplitMix64).
fn source(mut seed: u64) -> impl FnMut(&mut [u8]) {
    move |bytes: &mut [u8]| {
        for byte in bytes {
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *byte = (mixed ^ (mixed >> 27)).to_le_bytes()[5];
        }
    }
}

fn signed() -> NewKind {
    NewKind::Signed {
        algorithm: Algorithm::HmacSha512,
        nonce: NoncePolicy::Optional,
        profiles: Default::default(),
    }
}

fn new(kind: NewKind) -> NewKey {
    NewKey {
        organisation: "acme".to_owned(),
        key_id: None,
        kind,
        not_before_s: None,
        expires_at_s: None,
        addresses: None,
        assignments: Vec::new(),
    }
}

fn imported(kind: NewKind, id: &str) -> NewKey {
    NewKey { key_id: Some(id.to_owned()), ..new(kind) }
}

fn make(kind: NewKind, seed: u64) -> IssuedKey {
    issuer(&masters()).make(new(kind), NOW_S, &mut source(seed)).unwrap()
}

fn live(record: &Record) -> &Live {
    match &record.state {
        State::Live(live) => live,
        State::Tombstone => panic!("a tombstone"),
    }
}

/// As the edge sees it.
fn open(record: &Record, now_s: u64) -> Result<Opened, RecordError> {
    let published = publish(record, &publisher(), now_s).unwrap();
    open_text(&record.key_id, &published.kv_text, now_s)
}

fn open_text(key_id: &str, text: &str, now_s: u64) -> Result<Opened, RecordError> {
    let ring =
        PublishRing::new([(RingId::parse("p1").unwrap(), publisher().public_key())]).unwrap();
    let expect = Expect { deployment: "demo", environment: "production", key_id };
    let unsealing = Unsealing::Masters(masters());
    open_record(text, &format!("k/{key_id}"), &ring, &unsealing, expect, now_s)
}

fn parts(record: &Record) -> KeyParts {
    match open(record, NOW_S).unwrap() {
        Opened::Key(parts) => parts,
        other => panic!("{other:?}"),
    }
}

/// The ends of the secrets that the edge would take, newest first, as far as `secret` is one.
fn end_of(record: &Record, secret: &str) -> Option<Option<u64>> {
    match parts(record).material {
        key::Material::Basic(issues) => issues.iter().find_map(|one| {
            let pepper = MacKey::new(Algorithm::HmacSha512, &one.pepper);
            pepper.verify(&[secret.as_bytes()], &one.mac).then_some(one.not_after_s)
        }),
        key::Material::Signed { issues, .. } => issues
            .iter()
            .find(|one| one.secret.as_slice() == secret.as_bytes())
            .map(|one| one.not_after_s),
    }
}

fn kinds() -> [NewKind; 2] {
    [NewKind::Basic, signed()]
}

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

    #[test]
    fn two_secrets_are_valid_at_most_and_the_old_one_ends(
        overlap_s in 0..2 * SIGNED_LIFE_S, later_s in 0..SIGNED_LIFE_S,
    ) {
        let masters = masters();
        let first = make(signed(), 1);
        let expires_at_s = live(&first.record).expires_at_s;
        let until_s = NOW_S + overlap_s;
        let second = issuer(&masters).rotate(&first.record, until_s, NOW_S, &mut source(2)).unwrap();
        prop_assert_eq!(second.record.generation, 2);
        prop_assert_eq!(end_of(&second.record, second.secret.reveal()), Some(None));
        let old = end_of(&second.record, first.secret.reveal());
        prop_assert_eq!(old, (overlap_s > 0).then_some(Some(until_s.min(expires_at_s))));

        let again = issuer(&masters).rotate(&second.record, until_s, NOW_S + later_s, &mut source(3));
        if later_s < overlap_s {
            prop_assert_eq!(again.unwrap_err(), IssueError::RotationUnderWay);
        } else {
            let third = again.unwrap();
            prop_assert_eq!(end_of(&third.record, first.secret.reveal()), None);
            prop_assert_eq!(end_of(&third.record, third.secret.reveal()), Some(None));
        }
    }
}

#[test]
fn keys_live_as_long_as_their_kind_says() {
    for (kind, life_s) in kinds().into_iter().zip([BASIC_LIFE_S, SIGNED_LIFE_S]) {
        let record = make(kind, 1).record;
        assert_eq!(live(&record).expires_at_s, NOW_S + life_s);
        assert_eq!(live(&record).not_before_s, None);
        assert!(!live(&record).disabled);
    }
    let past = NewKey { expires_at_s: Some(NOW_S), ..new(signed()) };
    let error = issuer(&masters()).make(past, NOW_S, &mut source(1)).unwrap_err();
    assert_eq!(error, IssueError::ExpiresTooEarly);
}

#[test]
fn no_two_keys_share_an_id_an_issue_or_a_secret() {
    let (a, b) = (make(signed(), 1), make(signed(), 2));
    assert_ne!(a.record.key_id, b.record.key_id);
    assert_ne!(a.secret.reveal(), b.secret.reveal());
    let again = issuer(&masters()).rotate(&a.record, NOW_S + 9, NOW_S, &mut source(3)).unwrap();
    let key::Material::Signed { issues, .. } = parts(&again.record).material else { panic!() };
    assert_ne!(issues[0].issue, issues[1].issue);
}

#[test]
fn a_broken_source_of_randomness_makes_no_key() {
    for kind in kinds() {
        let result = issuer(&masters()).make(new(kind), NOW_S, &mut |_: &mut [u8]| {});
        assert_eq!(result.unwrap_err(), IssueError::Randomness);
    }
}

#[test]
fn a_record_is_one_or_is_not_made() {
    let bad = NewKey { organisation: "Not a name".to_owned(), ..new(signed()) };
    let error = issuer(&masters()).make(bad, NOW_S, &mut source(1)).unwrap_err();
    assert!(matches!(error, IssueError::Record(RecordError::Malformed(_))));
}

#[test]
fn imported_ids_are_taken_only_where_allowed_and_never_look_like_ours() {
    let masters = masters();
    let open = issuer(&masters);
    let closed = Issuer { imported_key_ids: false, ..open };
    let record = open.make(imported(signed(), "user~1"), NOW_S, &mut source(1)).unwrap().record;
    assert_eq!(record.key_id, "user~1");
    parts(&record);
    let error = closed.make(imported(signed(), "user~1"), NOW_S, &mut source(1)).unwrap_err();
    assert_eq!(error, IssueError::ImportedKeyIds);
    let ours = make(signed(), 1).record.key_id;
    for bad in ["", "a b", "a/b", "kwk_", "kwk_x", ours.as_str(), &"a".repeat(129), "ä"] {
        let error = open.make(imported(signed(), bad), NOW_S, &mut source(1)).unwrap_err();
        assert_eq!(error, IssueError::KeyId, "{bad:?}");
    }
}

#[test]
fn imported_secrets_are_long_enough_and_can_be_presented() {
    let import =
        |kind, secret: &[u8]| issuer(&masters()).import(new(kind), secret, NOW_S, &mut source(1));
    for kind in kinds() {
        let secret = "0123456789abcdef0123456789 bcdef";
        let record = import(kind.clone(), secret.as_bytes()).unwrap();
        assert_eq!(end_of(&record, secret), Some(None));
        assert_eq!(import(kind.clone(), &[b'a'; 31]).unwrap_err(), IssueError::Secret);
        assert_eq!(import(kind.clone(), &[b'a'; 513]).unwrap_err(), IssueError::Secret);
        let mistyped = format!("kws_{}", "a".repeat(92));
        assert_eq!(import(kind.clone(), mistyped.as_bytes()).unwrap_err(), IssueError::Secret);
        let ours = make(kind.clone(), 4).secret;
        assert!(import(kind, ours.reveal().as_bytes()).is_ok());
    }
    assert!(import(signed(), &[0x80; 32]).is_ok());
    assert_eq!(import(NewKind::Basic, &[0x80; 32]).unwrap_err(), IssueError::BasicSecret);
    assert_eq!(import(NewKind::Basic, &[b'\n'; 32]).unwrap_err(), IssueError::BasicSecret);
}

#[test]
fn a_rotation_can_be_ended_early() {
    for kind in kinds() {
        let first = make(kind, 1);
        let second = issuer(&masters())
            .rotate(&first.record, NOW_S + HOUR_S, NOW_S, &mut source(2))
            .unwrap();
        assert_eq!(end_of(&second.record, first.secret.reveal()), Some(Some(NOW_S + HOUR_S)));
        let ended = end_rotation(&second.record).unwrap();
        assert_eq!(ended.generation, 3);
        assert_eq!(end_of(&ended, first.secret.reveal()), None);
        assert_eq!(end_of(&ended, second.secret.reveal()), Some(None));
        assert_eq!(end_rotation(&ended).unwrap(), ended, "there is nothing left to end");
    }
}

#[test]
fn rotation_changes_the_secret_and_nothing_else() {
    for kind in kinds() {
        let first = make(kind, 1).record;
        let second =
            issuer(&masters()).rotate(&first, NOW_S, NOW_S, &mut source(2)).unwrap().record;
        let State::Live(mut changed) = second.state.clone() else { panic!() };
        changed.material = live(&first).material.clone();
        assert_eq!(&changed, live(&first));
        assert_ne!(live(&second).material, live(&first).material);
    }
}

#[test]
fn what_cannot_be_used_is_not_rotated() {
    let masters = masters();
    let record = make(signed(), 1).record;
    let expiry_s = live(&record).expires_at_s;
    let rotate = |issuer: Issuer<'_>, record: &Record, now_s| {
        issuer.rotate(record, now_s + 9, now_s, &mut source(2)).map(|_| ()).unwrap_err()
    };
    assert_eq!(rotate(issuer(&masters), &record, expiry_s), IssueError::Expired);
    assert_eq!(rotate(issuer(&masters), &remove(&record).unwrap(), NOW_S), IssueError::Removed);
    let uat = Issuer { environment: "uat", ..issuer(&masters) };
    assert_eq!(rotate(uat, &record, NOW_S), IssueError::OtherEnvironment);
}

#[test]
fn a_key_is_disabled_and_enabled() {
    let record = make(signed(), 1).record;
    let disabled = disable(&record).unwrap();
    assert!(parts(&disabled).disabled);
    assert_eq!(disabled.generation, 2);
    assert_eq!(disable(&disabled).unwrap(), disabled, "no change, no generation");
    let enabled = enable(&disabled).unwrap();
    assert_eq!(enabled.generation, 3);
    assert_eq!(enabled.state, record.state);
}

#[test]
fn a_removed_key_stays_removed() {
    let record = make(signed(), 1).record;
    let removed = remove(&record).unwrap();
    assert_eq!(removed.generation, 2);
    let opened = open(&removed, NOW_S + 10 * SIGNED_LIFE_S);
    assert!(matches!(opened, Ok(Opened::Tombstone { generation: 2 })));
    for change in [disable, enable, end_rotation, remove] {
        assert_eq!(change(&removed).unwrap_err(), IssueError::Removed);
    }
}

#[test]
fn generations_do_not_start_again() {
    let record = Record { generation: u64::MAX, ..make(signed(), 1).record };
    assert_eq!(disable(&record).unwrap_err(), IssueError::Generations);
    assert_eq!(remove(&record).unwrap_err(), IssueError::Generations);
}

#[test]
fn a_published_record_is_believed_for_72_hours_and_renewed_at_half() {
    let record = make(signed(), 1).record;
    let published = publish(&record, &publisher(), NOW_S).unwrap();
    assert_eq!(published.kv_name, format!("k/{}", record.key_id));
    assert_eq!(published.fresh_until_s, Some(NOW_S + FRESH_S));
    assert_eq!(FRESH_S, 72 * HOUR_S);
    assert_eq!(published.renew_at_s, Some(NOW_S + 36 * HOUR_S));
    assert!(!is_renewal_due(published.fresh_until_s, NOW_S + 36 * HOUR_S - 1));
    assert!(is_renewal_due(published.fresh_until_s, NOW_S + 36 * HOUR_S));
    assert!(!is_renewal_due(None, u64::MAX));

    let at = |now_s| open_text(&record.key_id, &published.kv_text, now_s);
    assert!(matches!(at(NOW_S + FRESH_S), Ok(Opened::Key(_))));
    assert!(matches!(at(NOW_S + FRESH_S + 1), Err(RecordError::Stale)));
}

#[test]
fn what_is_over_needs_no_renewal() {
    let record = make(signed(), 1).record;
    let expiry_s = live(&record).expires_at_s;
    let long_expired = publish(&record, &publisher(), expiry_s + HOUR_S).unwrap();
    assert_eq!((long_expired.fresh_until_s, long_expired.renew_at_s), (None, None));
    assert!(open_text(&record.key_id, &long_expired.kv_text, u64::MAX).is_ok());
    // Just expired: an edge whose clock is behind must not find a valid key without an end.
    let just_expired = publish(&record, &publisher(), expiry_s).unwrap();
    assert!(just_expired.fresh_until_s.is_some());
    assert!(open_text(&record.key_id, &just_expired.kv_text, expiry_s - 60).is_ok());
    let removed = publish(&remove(&record).unwrap(), &publisher(), NOW_S).unwrap();
    assert_eq!((removed.fresh_until_s, removed.renew_at_s), (None, None));
}

#[test]
fn no_type_shows_a_secret() {
    for kind in kinds() {
        let masters = masters();
        let issued = make(kind.clone(), 1);
        let text = issued.secret.reveal().to_owned();
        let imported = issuer(&masters).import(new(kind), text.as_bytes(), NOW_S, &mut source(2));
        let payload = String::from_utf8(issued.record.to_payload().unwrap()).unwrap();
        let shown = [
            format!("{issued:?}"),
            format!("{:#?}", issued.secret),
            format!("{:?}", issued.record),
            format!("{imported:?}"),
            format!("{:?}", issuer(&masters)),
            format!("{:?}", parts(&issued.record)),
            format!("{:?}", open(&issued.record, NOW_S)),
            payload,
        ];
        let bytes = format!("{:?}", text.as_bytes());
        for one in &shown {
            assert!(!one.contains(&text[..12]) && !one.contains(&text[20..32]), "{one}");
            assert!(!one.contains(&bytes[1..40]), "{one}");
        }
        // Peppers and masters neither: all masters here are fives.
        assert!(!shown.iter().any(|one| one.contains("5, 5, 5")));
    }
}
