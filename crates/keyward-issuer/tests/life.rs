//! Guarantees what becomes of a key: at most two secrets are valid, the old one ends when it was
//! to, records are believed for a time, and a removed key stays removed.
mod fixture;

use fixture::*;
use keyward_core::key::SigningRules;
use keyward_issuer::make::SIGNED_LIFE_S;
use keyward_issuer::publish::FRESH_S;
use keyward_issuer::{
    IssueError, Issuer, disable, enable, end_rotation, is_published, is_renewal_due, publish,
    remove,
};
use keyward_wire::record::{Live, Material, Record, State};
use keyward_wire::{Opened, RecordError};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn the_newest_secret_is_replaced_and_the_one_beside_it_goes_on(
        overlap_s in 0..SIGNED_LIFE_S, later_s in 0..SIGNED_LIFE_S, times in 1..4_u64,
    ) {
        let masters = masters();
        let first = make(signed(), 1);
        let until_s = NOW_S + overlap_s;
        let second = issuer(&masters).rotate(&first.record, until_s, NOW_S, &mut source(2)).unwrap();
        let mut lost = Vec::from([second]);
        for n in 0..times {
            let before = &lost.last().unwrap().record;
            let next = issuer(&masters).replace(before, NOW_S + later_s, &mut source(3 + n)).unwrap();
            prop_assert_eq!(next.record.generation, before.generation + 1);
            prop_assert_eq!(live(&next.record).expires_at_s, live(&first.record).expires_at_s);
            lost.push(next);
        }
        let last = lost.pop().unwrap();
        for one in &lost {
            prop_assert_eq!(end_of(&last.record, one.secret.reveal()), None);
        }
        prop_assert_eq!(end_of(&last.record, last.secret.reveal()), Some(None));
        let old = end_of(&last.record, first.secret.reveal());
        prop_assert_eq!(old, (later_s < overlap_s).then_some(Some(until_s)));
    }
}

#[test]
fn a_secret_ends_at_the_second_that_was_chosen() {
    let masters = masters();
    let rotate = |record: &Record, until_s, now_s| {
        issuer(&masters).rotate(record, until_s, now_s, &mut source(now_s))
    };
    let first = make(signed(), 1);
    // An end that is not after now is no overlap.
    let at_once = rotate(&first.record, NOW_S, NOW_S).unwrap();
    assert_eq!(end_of(&at_once.record, first.secret.reveal()), None);

    let second = rotate(&first.record, NOW_S + 9, NOW_S).unwrap().record;
    assert_eq!(
        rotate(&second, NOW_S + 99, NOW_S + 8).unwrap_err(),
        IssueError::RotationUnderWay
    );
    assert!(
        rotate(&second, NOW_S + 99, NOW_S + 9).is_ok(),
        "the edge takes it no more"
    );

    // An end that a secret has already is not put off.
    let mut ending = first.record.clone();
    let State::Live(Live {
        material: Material::Signed { issues, .. },
        ..
    }) = &mut ending.state
    else {
        panic!()
    };
    issues[0].not_after_s = Some(NOW_S + 5);
    let rotated = rotate(&ending, NOW_S + 99, NOW_S).unwrap().record;
    assert_eq!(
        end_of(&rotated, first.secret.reveal()),
        Some(Some(NOW_S + 5))
    );
}

#[test]
fn a_rotation_can_be_ended_early() {
    for kind in all_kinds() {
        let first = make(kind, 1);
        let second = issuer(&masters())
            .rotate(&first.record, NOW_S + HOUR_S, NOW_S, &mut source(2))
            .unwrap();
        assert_eq!(
            end_of(&second.record, first.secret.reveal()),
            Some(Some(NOW_S + HOUR_S))
        );
        let ended = end_rotation(&second.record).unwrap();
        assert_eq!(ended.generation, 3);
        assert_eq!(end_of(&ended, first.secret.reveal()), None);
        assert_eq!(end_of(&ended, second.secret.reveal()), Some(None));
        assert_eq!(
            end_rotation(&ended).unwrap(),
            ended,
            "there is nothing left to end"
        );
    }
}

fn rules(material: &Material) -> Option<SigningRules> {
    match material {
        Material::Signed { rules, .. } => Some(*rules),
        Material::Basic(_) | Material::Token { .. } => None,
    }
}

#[test]
fn rotation_changes_the_secret_and_nothing_else() {
    for kind in all_kinds() {
        let first = make(kind, 1).record;
        let second = issuer(&masters())
            .rotate(&first, NOW_S, NOW_S, &mut source(2))
            .unwrap()
            .record;
        let State::Live(mut changed) = second.state.clone() else {
            panic!()
        };
        changed.material = live(&first).material.clone();
        assert_eq!(&changed, live(&first));
        assert_ne!(live(&second).material, live(&first).material);
        assert_eq!(
            rules(&live(&second).material),
            rules(&live(&first).material)
        );
        let ended = end_rotation(&second).unwrap();
        assert_eq!(rules(&live(&ended).material), rules(&live(&first).material));
    }
}

#[test]
fn what_cannot_be_used_is_not_rotated() {
    let masters = masters();
    let record = make(signed(), 1).record;
    let expiry_s = live(&record).expires_at_s;
    let rotate = |issuer: Issuer<'_>, record: &Record, now_s| {
        issuer
            .rotate(record, now_s + 9, now_s, &mut source(2))
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(
        rotate(issuer(&masters), &record, expiry_s),
        IssueError::Expired
    );
    assert_eq!(
        rotate(issuer(&masters), &remove(&record).unwrap(), NOW_S),
        IssueError::Removed
    );
    let uat = Issuer {
        environment: "uat",
        ..issuer(&masters)
    };
    assert_eq!(rotate(uat, &record, NOW_S), IssueError::OtherEnvironment);
}

#[test]
fn a_key_is_disabled_and_enabled() {
    let record = make(signed(), 1).record;
    let disabled = disable(&record).unwrap();
    assert!(parts(&disabled).disabled);
    assert_eq!(disabled.generation, 2);
    assert_eq!(
        disable(&disabled).unwrap(),
        disabled,
        "no change, no generation"
    );
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
    let record = Record {
        generation: u64::MAX,
        ..make(signed(), 1).record
    };
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
    assert!(!is_renewal_due(
        published.fresh_until_s,
        NOW_S + 36 * HOUR_S - 1
    ));
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
    assert_eq!(
        (long_expired.fresh_until_s, long_expired.renew_at_s),
        (None, None)
    );
    assert!(open_text(&record.key_id, &long_expired.kv_text, u64::MAX).is_ok());
    // Just expired: an edge whose clock is behind must not find a valid key without an end.
    let just_expired = publish(&record, &publisher(), expiry_s).unwrap();
    assert!(just_expired.fresh_until_s.is_some());
    assert!(open_text(&record.key_id, &just_expired.kv_text, expiry_s - 60).is_ok());
    let removed = publish(&remove(&record).unwrap(), &publisher(), NOW_S).unwrap();
    assert_eq!((removed.fresh_until_s, removed.renew_at_s), (None, None));
}

#[test]
fn an_edit_changes_what_it_names_and_no_secret() {
    use keyward_issuer::change::{Edit, edit};
    let key = make(signed(), 1).record;
    let old = live(&key).clone();
    let changed = |change: Edit| edit(&key, change, NOW_S);
    assert_eq!(changed(Edit::default()).unwrap(), key);
    let nowhere = changed(Edit {
        addresses: Some(Some(Vec::new())),
        ..Edit::default()
    })
    .unwrap();
    assert_eq!(nowhere.generation, key.generation + 1);
    let expected = Live {
        addresses: Some(Vec::new()),
        ..old.clone()
    };
    assert_eq!(*live(&nowhere), expected);
    let end = |expires_at_s: u64| Edit {
        expires_at_s: Some(expires_at_s),
        ..Edit::default()
    };
    for end_s in [NOW_S + 1, old.expires_at_s + SIGNED_LIFE_S] {
        assert_eq!(live(&changed(end(end_s)).unwrap()).expires_at_s, end_s);
    }
    assert_eq!(
        changed(end(NOW_S)).unwrap_err(),
        IssueError::ExpiresTooEarly
    );
    let expired_s = old.expires_at_s;
    assert_eq!(
        edit(&key, end(expired_s + 9), expired_s).unwrap_err(),
        IssueError::Expired
    );
    assert_eq!(
        edit(&remove(&key).unwrap(), Edit::default(), NOW_S).unwrap_err(),
        IssueError::Removed
    );
}

#[test]
fn what_is_published_is_told_from_what_is_not() {
    let key = make(signed(), 1).record;
    let expires_at_s = live(&key).expires_at_s;
    let publisher = publisher();
    let text = |record: &Record, at_s: u64| publish(record, &publisher, at_s).unwrap().kv_text;
    let is = |text: &str, at_s: u64| is_published(&key, text, &publisher, at_s);
    let now = text(&key, NOW_S);
    assert!(is(&now, NOW_S) && is(&now, NOW_S + FRESH_S / 2 - 1));
    assert!(!is(&now, NOW_S + FRESH_S / 2));
    assert!(!is(&text(&disable(&key).unwrap(), NOW_S), NOW_S));
    assert!(!is(&text(&make(signed(), 2).record, NOW_S), NOW_S));
    assert!(!is(&now.replacen('A', "B", 1), NOW_S));
    assert!(!is("", NOW_S));
    let other = keyward_wire::Publisher::new(publisher.id().clone(), &[9; 32]);
    assert!(!is_published(&key, &now, &other, NOW_S));
    let long_ago = expires_at_s + 2 * FRESH_S;
    assert!(is(&text(&key, long_ago), long_ago) && !is(&now, long_ago));
    let removed = remove(&key).unwrap();
    assert!(is_published(
        &removed,
        &text(&removed, NOW_S),
        &publisher,
        long_ago
    ));
}
