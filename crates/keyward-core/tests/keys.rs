//! Guarantees that the core itself believes a key only for what it is, whatever a store hands
//! it, and compiles none that makes no sense.

mod fixture;

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding};
use fixture::{Fixture, NOW_S, Sent, basic_material, parts};
use keyward_core::denial::Code;
use keyward_core::key::{Accounts, Key, KeyParts, Material, SignedIssue, SigningRules};
use keyward_core::limits;
use keyward_core::mac::Algorithm;

const KEY_ID: &str = "a.key";
const SECRET: &str = "a secret";

/// What becomes of a request with the right secret when the store finds this key.
fn decide(change: impl FnOnce(&mut KeyParts)) -> Result<(), Code> {
    let fixture = Fixture::new(|_| ());
    let mut parts = parts(KEY_ID, basic_material(SECRET));
    change(&mut parts);
    let key = Key::compile(parts, &fixture.catalogue).expect("a key");
    let token = Base64::encode_string(format!("{KEY_ID}:{SECRET}").as_bytes());
    let sent = Sent::get("/v1").with_field("Authorization", &format!("Basic {token}"));
    fixture
        .decide_with(&sent, |_| Some(&key))
        .map_err(|denial| denial.code())
}

#[test]
fn the_key_that_was_asked_for_is_believed() {
    assert_eq!(decide(|_| ()), Ok(()));
}

#[test]
fn another_key_than_was_asked_for_is_an_unknown_one() {
    assert_eq!(
        decide(|parts| parts.key_id = "b.key".into()),
        Err(Code::InvalidCredentials)
    );
}

#[test]
fn a_key_of_another_environment_is_an_unknown_one() {
    assert_eq!(
        decide(|parts| parts.environment = "uat".into()),
        Err(Code::InvalidCredentials)
    );
}

#[test]
fn a_key_is_believed_until_its_record_is_stale() {
    assert_eq!(decide(|parts| parts.fresh_until_s = Some(NOW_S)), Ok(()));
    assert_eq!(
        decide(|parts| parts.fresh_until_s = Some(NOW_S - 1)),
        Err(Code::StoreUnavailable)
    );
}

#[test]
fn a_key_without_a_sensible_shape_is_not_compiled() {
    let fixture = Fixture::new(|_| ());
    let issues = |count: usize| Material::Signed {
        algorithm: Algorithm::HmacSha512,
        rules: SigningRules::default(),
        issues: (0..count)
            .map(|issue| SignedIssue {
                issue: issue.to_string(),
                secret: b"s".to_vec().into(),
                not_after_s: None,
            })
            .collect(),
    };
    let compiles = |parts: KeyParts| Key::compile(parts, &fixture.catalogue).is_ok();
    for (count, expected) in [(0, false), (1, true), (2, true), (3, false)] {
        assert_eq!(
            compiles(parts(KEY_ID, issues(count))),
            expected,
            "{count} issues"
        );
    }
    assert!(!compiles(parts(KEY_ID, Material::Basic(Vec::new()))));

    let with_assignments = |count: usize| {
        let mut parts = parts(KEY_ID, issues(1));
        parts.assignments = vec![parts.assignments[0].clone(); count];
        parts
    };
    assert!(compiles(with_assignments(limits::ASSIGNMENTS_MAX)));
    assert!(!compiles(with_assignments(limits::ASSIGNMENTS_MAX + 1)));

    let with_accounts = |count: usize| {
        let mut parts = parts(KEY_ID, issues(1));
        let names: BTreeSet<_> = (0..count).map(|name| name.to_string()).collect();
        parts.assignments[0].accounts = Accounts::Listed(names);
        parts
    };
    assert!(compiles(with_accounts(limits::ACCOUNTS_MAX)));
    assert!(!compiles(with_accounts(limits::ACCOUNTS_MAX + 1)));

    let mut everywhere = parts(KEY_ID, issues(1));
    everywhere.addresses = Some(vec!["0.0.0.0/0".parse().expect("a network")]);
    assert!(!compiles(everywhere));
}
