//! Guarantees that no one but the registry can write a record, or move one to another name.
mod fixture;

use std::sync::LazyLock;

use fixture::*;
use keyward_wire::envelope::{ENVELOPE_BYTES_MAX, PublishRing, Publisher, kv_name};
use keyward_wire::open::RecordError;
use keyward_wire::record::{Record, State};
use keyward_wire::ring::{RingError, RingId};
use keyward_wire::seal::MasterRing;
use proptest::prelude::*;

#[test]
fn a_payload_is_bound_to_its_kv_name() {
    let text = text(&signed());
    for name in [
        "k/imported-2",
        "K/imported-1",
        "k/imported-1 ",
        "k/imported-",
        "imported-1",
        "",
    ] {
        assert_eq!(
            error(publish_ring().open(name, &text)),
            RecordError::WrongSignature,
            "{name:?}"
        );
    }
    assert!(
        publisher().publish("k/a\0b", b"{}").is_err(),
        "NUL separates the signed parts"
    );
}

#[test]
fn what_was_signed_is_not_split_in_another_place() {
    // Name, NUL, payload: both are signed as `k/a`, NUL, `b`, NUL, `{}`.
    let text = publisher().publish("k/a", b"b\0{}").unwrap();
    let parts: Vec<&str> = text.split('.').collect();
    let moved = [parts[0], parts[1], "e30", parts[3]].join(".");
    assert!(publish_ring().open("k/a", &text).is_ok());
    assert!(publish_ring().open("k/a\0b", &moved).is_err());
}

#[test]
fn only_the_ring_can_sign() {
    let payload = signed().to_payload().unwrap();
    let name = kv_name(KEY_ID);
    let stranger = Publisher::new(ring_id("p1"), &[2; 32])
        .publish(&name, &payload)
        .unwrap();
    assert_eq!(error(open(&stranger)), RecordError::WrongSignature);
    let unknown = Publisher::new(ring_id("p2"), &[1; 32])
        .publish(&name, &payload)
        .unwrap();
    assert_eq!(error(open(&unknown)), RecordError::UnknownPublishKey);
}

#[test]
fn a_ring_has_usable_keys_only() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let good = publisher().public_key();
    assert_eq!(PublishRing::new([]).unwrap_err(), RingError::Empty);
    assert_eq!(
        PublishRing::new([(ring_id("a"), identity)]).unwrap_err(),
        RingError::PublicKey
    );
    assert_eq!(
        PublishRing::new([(ring_id("a"), [2; 32])]).unwrap_err(),
        RingError::PublicKey
    );
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
    assert_eq!(
        error(open(&good.replacen("kwr1", "kwr2", 1))),
        RecordError::FutureVersion
    );
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
        assert!(
            matches!(error(open(bad)), RecordError::Malformed(_)),
            "{bad:?}"
        );
    }
}

/// Signed once: signing is slow where nothing is optimised.
static GOOD: LazyLock<String> = LazyLock::new(|| text(&signed()));

proptest! {
    #[test]
    fn every_changed_bit_of_an_envelope_is_refused(at in 0..GOOD.len(), bit in 0..7u8) {
        let mut bytes = GOOD.clone().into_bytes();
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
    let tombstone = Record {
        state: State::Tombstone,
        ..signed()
    };
    for good in [text(&signed()), text(&basic()), text(&tombstone)] {
        let dots = good
            .match_indices('.')
            .map(|(at, _)| at)
            .chain([good.len()]);
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
