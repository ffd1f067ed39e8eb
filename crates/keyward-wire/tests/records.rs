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
    let CoreMaterial::Signed { issues, rules, .. } = parts.material else {
        panic!()
    };
    assert_eq!(rules.nonce, NoncePolicy::Required);
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
fn an_absent_list_is_anywhere_and_an_empty_one_nowhere() {
    let mut record = signed();
    live(&mut record).addresses = None;
    assert!(matches!(opened(&record), Ok(Opened::Key(parts)) if parts.addresses.is_none()));
    live(&mut record).addresses = Some(Vec::new());
    assert!(
        matches!(opened(&record), Ok(Opened::Key(parts)) if parts.addresses == Some(Vec::new()))
    );
}
