use std::collections::{BTreeMap, BTreeSet};

use keyward_core::key::SigningRules;
use keyward_core::mac::Algorithm;
use keyward_issuer::NewKind;
use keyward_wire::catalogue::CatalogueFile;

use super::*;
use crate::key::KeyView;
use crate::policy::DAY_S;
use crate::refusal::Refusal;
use serde_json::{Value, from_value, json};

const NOW_S: u64 = 1_800_000_000;
const KEY_ID: &str = "kwk_1";

fn catalogue() -> CatalogueFile {
    CatalogueFile::parse(include_str!("../../../../gateway/catalogue.json")).expect("a catalogue")
}

fn form(change: Value) -> KeyForm {
    let mut form = json!({
        "name": "Billing", "kind": "signed", "environment": "production",
        "owners": ["ops@firm.example"], "roles": [{ "role": "developer", "accounts": "all" }]
    });
    for (name, value) in change.as_object().expect("members") {
        form[name] = value.clone();
    }
    from_value(form).expect("a form")
}

fn check(change: Value) -> Result<Checked, Vec<(String, String)>> {
    check_until(None, change)
}

/// The same of a key that ends by then, unless it is said when.
fn check_until(latest_s: Option<u64>, change: Value) -> Result<Checked, Vec<(String, String)>> {
    let catalogue = catalogue();
    let checker = Checker {
        catalogue: &catalogue,
        roles: &own_roles(),
        organisation: "acme",
        life_days_max: 400,
        latest_s,
        now_s: NOW_S,
        errors: Vec::new(),
    };
    let pairs = |refusal: Refusal| {
        let errors = refusal.errors.into_iter();
        errors.map(|error| (error.field, error.detail)).collect()
    };
    checker.new_key(form(change), KEY_ID).map_err(pairs)
}

fn own_roles() -> BTreeMap<String, GrantTable> {
    from_value(json!({ "billing": { "management": { "users": "ru" } } })).expect("roles")
}

#[test]
fn a_role_of_the_organisation_is_one_like_all_others() {
    let held = |grants: Value| {
        check(json!({ "roles": [{ "role": "billing", "accounts": ["a1"], "grants": grants }] }))
            .map(|checked| checked.new.assignments[0].grants.clone())
    };
    assert_eq!(held(Value::Null).expect("a key"), own_roles()["billing"]);
    assert!(held(json!({ "management": { "users": "r" } })).is_ok());
    let errors = held(json!({ "management": { "users": "rd" } })).expect_err("errors");
    assert_eq!(errors[0].0, "roles[0].grants");
}

#[test]
fn a_plain_form_gets_the_defaults() {
    let checked = check(json!({})).expect("a key");
    assert_eq!(checked.new.expires_at_s, Some(NOW_S + 365 * DAY_S));
    assert!(checked.new.addresses.is_none());
    let NewKind::Signed { algorithm, rules } = checked.new.kind else {
        panic!("a signed key")
    };
    assert_eq!(algorithm, Algorithm::HmacSha512);
    assert_eq!(rules, SigningRules::default());
    for kind in ["token", "basic"] {
        let checked = check(json!({ "kind": kind, "owners": [] })).expect("a key");
        assert_eq!(checked.new.expires_at_s, Some(NOW_S + 182 * DAY_S));
    }
}

#[test]
fn a_key_that_says_no_end_ends_when_its_maker_has_to_say_so_at_the_latest() {
    let end = |latest_s, change| {
        let checked = check_until(Some(latest_s), change);
        checked.map(|checked| checked.new.expires_at_s)
    };
    let day = NOW_S + DAY_S;
    assert_eq!(end(day, json!({})), Ok(Some(day)));
    let later = NOW_S + 500 * DAY_S;
    assert_eq!(end(later, json!({})), Ok(Some(NOW_S + 365 * DAY_S)));
    // Whether that is his to say is no question of the form.
    assert_eq!(end(day, json!({ "lifeDays": 2 })), Ok(Some(day + DAY_S)));
    let errors = end(day, json!({ "notBefore": day })).expect_err("a fault");
    assert_eq!(errors[0].0, "notBefore");
}

#[test]
fn every_field_that_is_wrong_is_named() {
    let errors = check(json!({
        "name": " x", "owners": ["nobody"], "memo": "x".repeat(1001),
        "allowlist": "10.0.0.1, 10.0.0.1/8, nowhere",
        "roles": [{ "role": "root", "accounts": "all" }, { "role": "account-viewer", "accounts": "all" },
                  { "role": "read-only", "accounts": "all", "grants": { "management": { "users": "ru" } } }],
        "algorithm": "md5", "profiles": ["rfc9421", "basic"], "lifeDays": 401, "apis": ["payments", "management"]
    }))
    .expect_err("errors");
    let fields: Vec<_> = errors.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "name",
            "owners[0]",
            "memo",
            "lifeDays",
            "algorithm",
            "profiles[1]",
            "allowlist",
            "allowlist",
            "apis[0]",
            "roles[0].role",
            "roles[1].accounts",
            "roles[2].grants"
        ]
    );
    assert!(
        errors[6].1.contains("`10.0.0.1/8`") && errors[6].1.contains("10.0.0.0/8"),
        "{errors:?}"
    );
    assert!(errors[7].1.contains("`nowhere`"), "{errors:?}");
    assert!(errors[11].1.contains("management/users: u"), "{errors:?}");
}

#[test]
fn what_only_one_kind_has_is_refused_for_the_others() {
    for (change, field) in [
        (
            json!({ "kind": "basic", "algorithm": "hmac-sha256" }),
            "algorithm",
        ),
        (
            json!({ "kind": "token", "algorithm": "HS256" }),
            "algorithm",
        ),
        (json!({ "kind": "token", "profiles": [] }), "profiles"),
        (json!({ "kind": "basic", "replay": "strict" }), "replay"),
        (
            json!({ "profiles": ["cloud9"], "algorithm": "hmac-sha256" }),
            "algorithm",
        ),
        (json!({ "owners": [] }), "owners"),
        (
            json!({ "expiresAt": NOW_S + DAY_S, "lifeDays": 1 }),
            "lifeDays",
        ),
        (json!({ "expiresAt": NOW_S }), "expiresAt"),
        (json!({ "lifeDays": 0 }), "lifeDays"),
        (
            json!({ "notBefore": NOW_S + 2 * DAY_S, "lifeDays": 1 }),
            "notBefore",
        ),
        (json!({ "roles": [] }), "roles"),
        (
            json!({ "roles": [{ "role": "read-only", "accounts": ["a\u{7f}"] }] }),
            "roles[0].accounts",
        ),
        // To origins it stands for all accounts.
        (
            json!({ "roles": [{ "role": "read-only", "accounts": ["*"] }] }),
            "roles[0].accounts",
        ),
        (
            json!({ "roles": [{ "role": "read-only", "accounts": "all", "grants": {} }] }),
            "roles[0]",
        ),
        (json!({ "apis": [] }), "roles[0]"),
    ] {
        let errors = check(change.clone()).expect_err("errors");
        assert_eq!(errors.len(), 1, "{change}: {errors:?}");
        assert_eq!(errors[0].0, field, "{change}");
    }
}

#[test]
fn a_key_is_for_the_apis_that_are_named() {
    let checked = check(json!({ "apis": ["call-data"] })).expect("a key");
    let apis: Vec<_> = checked.new.assignments[0]
        .grants
        .iter()
        .map(|(api, _, _)| api)
        .collect();
    assert_eq!(apis, ["call-data", "call-data"]);
}

fn signed_key() -> KeyView {
    from_value(json!({
        "keyId": "kwk_a", "name": "Billing", "kind": "signed", "environment": "production",
        "algorithm": "hmac-sha512", "profiles": ["rfc9421"], "allowlist": null, "owners": [], "memo": "",
        "roles": [], "createdAt": 0, "createdBy": "a@firm.example", "notBefore": null, "expiresAt": NOW_S + 500 * DAY_S,
        "disabled": false, "removedAt": null, "issues": [], "generation": 1,
    }))
    .expect("a key")
}

#[test]
fn a_memo_reads_as_it_is() {
    for memo in ["", "a\n\tb", "\u{e4}\u{5d0} \u{1f511}"] {
        assert!(check(json!({ "memo": memo })).is_ok(), "{memo:?}");
    }
    for c in [
        '\0', '\r', '\u{1b}', '\u{7f}', '\u{9b}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
    ] {
        let errors = check(json!({ "memo": format!("a{c}b") })).expect_err("errors");
        assert_eq!(errors[0].0, "memo", "{c:?}");
    }
}

#[test]
fn other_roles_open_no_other_api_unasked() {
    let catalogue = catalogue();
    let of = |edit: Value| {
        let checker = Checker {
            catalogue: &catalogue,
            roles: &own_roles(),
            organisation: "acme",
            life_days_max: 400,
            now_s: NOW_S,
            latest_s: None,
            errors: Vec::new(),
        };
        let made = check(json!({ "apis": ["call-data"] })).expect("a key");
        let key = KeyView {
            owners: made.owners,
            roles: made.new.assignments,
            ..signed_key()
        };
        let edit = checker.edit(from_value(edit).expect("a form"), &key);
        let apis = |edit: CheckedEdit| -> BTreeSet<String> {
            let roles = edit.record.assignments.unwrap_or_default();
            let grants = roles.iter().flat_map(|one| one.grants.iter());
            grants.map(|(api, _, _)| api.to_owned()).collect()
        };
        edit.map(apis)
            .map_err(|refusal| refusal.errors[0].field.clone())
    };
    let admin = json!([{ "role": "admin", "accounts": "all" }]);
    let names = |names: &[&str]| Ok(names.iter().map(|&name| name.to_owned()).collect());
    assert_eq!(of(json!({ "roles": admin })), names(&["call-data"]));
    assert_eq!(
        of(json!({ "roles": admin, "apis": ["call-data", "management"] })),
        names(&["call-data", "management"])
    );
    let management = json!([{ "role": "billing", "accounts": "all" }]);
    for (edit, field) in [
        (json!({ "roles": management }), "roles[0]"),
        (json!({ "roles": admin, "apis": [] }), "roles[0]"),
        (json!({ "roles": admin, "apis": ["other"] }), "apis[0]"),
        (json!({ "apis": ["call-data"] }), "apis"),
    ] {
        assert_eq!(of(edit.clone()), Err(field.to_owned()), "{edit}");
    }
}

#[test]
fn an_edit_tells_null_from_nothing() {
    let catalogue = catalogue();
    let edit = |json: Value| {
        let checker = Checker {
            catalogue: &catalogue,
            roles: &own_roles(),
            organisation: "acme",
            life_days_max: 400,
            latest_s: None,
            now_s: NOW_S,
            errors: Vec::new(),
        };
        checker.edit(from_value(json).expect("a form"), &signed_key())
    };
    assert_eq!(edit(json!({})).expect("an edit").record.addresses, None);
    assert_eq!(
        edit(json!({ "allowlist": null }))
            .expect("an edit")
            .record
            .addresses,
        Some(None)
    );
    assert_eq!(
        edit(json!({ "allowlist": "" }))
            .expect("an edit")
            .record
            .addresses,
        Some(Some(Vec::new()))
    );
    assert_eq!(
        edit(json!({ "owners": [] })).expect_err("a refusal").errors[0].field,
        "owners"
    );
    // An end that was allowed once may be written back, or come earlier.
    let ends = |at_s: u64| edit(json!({ "expiresAt": at_s })).map(|edit| edit.record.expires_at_s);
    let end_s = signed_key().expires_at;
    assert!(end_s > NOW_S + 400 * DAY_S);
    for at_s in [end_s, end_s - 1] {
        assert_eq!(ends(at_s).expect("an edit"), Some(at_s));
    }
    for at_s in [end_s + 1, NOW_S] {
        assert_eq!(
            ends(at_s).expect_err("a refusal").errors[0].field,
            "expiresAt"
        );
    }
    // It stays the same on its way to the object.
    for edit in [
        json!({}),
        json!({ "allowlist": null, "memo": "x" }),
        json!({
            "owners": ["a@firm.example"], "apis": ["call-data"], "expiresAt": NOW_S,
            "roles": [{ "role": "admin", "accounts": "all", "grants": null }]
        }),
    ] {
        let form: KeyEdit = from_value(edit.clone()).expect("a form");
        assert_eq!(serde_json::to_value(&form).expect("JSON"), edit);
    }
    for member in ["owners", "memo", "roles", "apis", "expiresAt"] {
        let edit = json!({ member: null }).to_string();
        let refused = crate::object::read::<KeyEdit>(&edit).expect_err(member);
        assert_eq!(refused.path().to_string(), member);
    }
    assert!(from_value::<KeyEdit>(json!({ "name": "x" })).is_err());
}

#[test]
fn an_answer_is_not_many_times_its_request() {
    let faults = |change| check(change).expect_err("errors").len();
    assert_eq!(
        faults(json!({ "allowlist": vec!["x"; 500].join(",") })),
        100
    );
    assert_eq!(faults(json!({ "profiles": vec!["x"; 500] })), 1);
    assert_eq!(faults(json!({ "apis": vec!["x"; 500] })), 1);
    assert_eq!(faults(json!({ "owners": vec!["x"; 500] })), 1);
    let role = json!({ "role": "x", "accounts": "all" });
    assert_eq!(faults(json!({ "roles": vec![role; 500] })), 1);
}
