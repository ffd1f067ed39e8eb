//! Guarantees that a restored key has nothing that was taken away since the backup.
use keyward_wire::record::{BasicIssue, Material};
use keyward_wire::ring::RingId;

use super::*;
use crate::key::About;

const EXPIRES_AT: u64 = 2_000_000_000;

/// A key in this generation, whose secret is told by a byte.
fn record(generation: u64, secret: u8) -> Record {
    let issue = BasicIssue {
        issue: format!("i{secret}"),
        ring: RingId::parse("m1").expect("an id"),
        mac: [secret; 64],
        of_digest: false,
        not_after_s: None,
    };
    Record {
        key_id: "legacy".to_owned(),
        organisation: "acme".to_owned(),
        environment: "production".to_owned(),
        generation,
        state: State::Live(Live {
            fresh_until_s: None,
            not_before_s: None,
            expires_at_s: EXPIRES_AT,
            disabled: false,
            addresses: None,
            assignments: Vec::new(),
            material: Material::Basic(Vec::from([issue])),
        }),
    }
}

fn changed(record: &Record, change: impl FnOnce(&mut Live)) -> Record {
    let mut next = record.clone();
    if let State::Live(live) = &mut next.state {
        change(live);
    }
    next
}

fn tombstone(generation: u64) -> Record {
    Record {
        state: State::Tombstone,
        ..record(generation, 0)
    }
}

fn view(record: &Record) -> KeyView {
    let about = About {
        name: "legacy".to_owned(),
        owners: Vec::new(),
        memo: String::new(),
        created_at_s: 1,
        created_by: "admin@acme.example".to_owned(),
        given_to: "admin".to_owned(),
    };
    KeyView::of(record, about).expect("a key")
}

/// From a backup with secrets.
fn restored(kept: &Record, living: Option<&Record>, edge: Option<&Record>) -> Restored {
    let view = view(kept);
    let evidence = Evidence {
        organisation: "acme",
        living,
        edge,
        kept: &view,
        kept_record: Some(kept),
    };
    evidence.restored()
}

fn live(restored: Restored) -> (u64, Live) {
    let (Restored::Key(record) | Restored::Unproven(record)) = restored else {
        panic!("{restored:?}");
    };
    match record.state {
        State::Live(live) => (record.generation, live),
        State::Tombstone => panic!("removed"),
    }
}

#[test]
fn what_was_removed_stays_removed_whoever_knows_of_it() {
    let kept = record(3, 1);
    let gone = tombstone(5);
    for (living, edge) in [
        (Some(&gone), None),
        (None, Some(&gone)),
        (Some(&kept), Some(&gone)),
    ] {
        assert_eq!(
            restored(&kept, living, edge),
            Restored::Removed(tombstone(6))
        );
    }
    let mut view = view(&kept);
    view.removed_at = Some(1);
    let evidence = Evidence {
        organisation: "acme",
        living: None,
        edge: Some(&kept),
        kept: &view,
        kept_record: None,
    };
    assert_eq!(evidence.restored(), Restored::Removed(tombstone(4)));
}

#[test]
fn what_was_disabled_stays_so_whoever_knows_of_it() {
    let kept = record(3, 1);
    let disabled = changed(&record(4, 1), |live| live.disabled = true);
    for (living, edge) in [
        (Some(&disabled), None),
        (None, Some(&disabled)),
        (Some(&kept), Some(&disabled)),
        (Some(&disabled), Some(&kept)),
    ] {
        let (generation, live) = live(restored(&kept, living, edge));
        assert!(live.disabled && generation == 5);
    }
    let (generation, live) = live(restored(&disabled, Some(&record(9, 1)), None));
    assert!(
        live.disabled && generation == 10,
        "disabled in the backup, too"
    );
}

#[test]
fn a_secret_that_was_replaced_does_not_come_back_nor_does_a_longer_life() {
    let kept = record(3, 1);
    let rotated = changed(&record(4, 2), |live| live.expires_at_s = EXPIRES_AT - 1);
    for (living, edge) in [
        (Some(&rotated), None),
        (None, Some(&rotated)),
        (Some(&kept), Some(&rotated)),
    ] {
        let (_, live) = live(restored(&kept, living, edge));
        assert!(matches!(&live.material, Material::Basic(issues) if issues[0].mac == [2; 64]));
        assert_eq!(live.expires_at_s, EXPIRES_AT - 1);
    }
}

#[test]
fn what_was_granted_comes_back_where_the_organisation_lives_and_the_later_word_where_it_is_lost() {
    let kept = changed(&record(3, 1), |live| live.addresses = Some(Vec::new()));
    let edited = record(4, 1);
    let (_, back) = live(restored(&kept, Some(&edited), Some(&edited)));
    assert_eq!(back.addresses, Some(Vec::new()));
    let (_, later) = live(restored(&kept, None, Some(&edited)));
    assert_eq!(later.addresses, None);
}

#[test]
fn without_a_word_of_it_since_a_key_comes_back_disabled_or_not_at_all() {
    let kept = record(3, 1);
    let Restored::Unproven(record) = restored(&kept, None, None) else {
        panic!()
    };
    assert!(matches!(&record.state, State::Live(live) if live.disabled));
    let view = view(&kept);
    let evidence = Evidence {
        organisation: "acme",
        living: None,
        edge: None,
        kept: &view,
        kept_record: None,
    };
    assert_eq!(evidence.restored(), Restored::NoSecret);
}

#[test]
fn what_is_from_before_the_backup_says_nothing_of_a_key() {
    let kept = record(5, 2);
    let stale = record(4, 1);
    // Here, that is what an older backup brought back.
    for (living, edge) in [(None, Some(&stale)), (Some(&stale), None)] {
        let Restored::Unproven(back) = restored(&kept, living, edge) else {
            panic!()
        };
        let State::Live(live) = &back.state else {
            panic!()
        };
        assert!(live.disabled && back.generation == 6);
        assert!(matches!(&live.material, Material::Basic(issues) if issues[0].mac == [2; 64]));
    }
    let view = view(&kept);
    let without = Evidence {
        organisation: "acme",
        living: None,
        edge: Some(&stale),
        kept: &view,
        kept_record: None,
    };
    assert_eq!(without.restored(), Restored::NoSecret);
}

#[test]
fn a_generation_that_cannot_grow_is_left_alone() {
    let last = record(u64::MAX, 1);
    assert_eq!(
        restored(&record(1, 1), Some(&last), None),
        Restored::Unusable
    );
}
