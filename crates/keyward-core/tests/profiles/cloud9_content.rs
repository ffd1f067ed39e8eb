//! Content and its type in the profile `cloud9`, and the query, which it does not sign.
use keyward_core::authenticate::{Authenticated, authenticate};
use keyward_core::content::{ContentEvidence, ContentNeeds};
use keyward_core::parse::{Credential, Exchange};

use crate::cloud9::{Signed, base, post, sent};
use crate::setting::*;

#[test]
fn a_query_is_not_signed_so_the_key_must_allow_it() {
    let with_query = |key| {
        let signed = Signed { key, ..base() };
        Sent {
            target: "/v1/users?role=admin".to_owned(),
            ..sent(&signed)
        }
    };
    expect(&with_query("query"), "allow");
    expect(&with_query("all"), "401 insufficient_coverage");
    assert_eq!(with_query("all").became().missing(), ["query"]);
    expect(
        &Sent {
            target: "/v1/users?".to_owned(),
            ..post()
        },
        "401 insufficient_coverage",
    );
    // Only after the MAC: otherwise anybody learns what keys allow.
    let wrong = with_query("all").content("[]");
    expect(&wrong, "401 invalid_credentials");
    let signed = Signed {
        key: "nobody",
        ..base()
    };
    let unknown = Sent {
        target: "/v1/users?a".to_owned(),
        ..sent(&signed)
    };
    expect(&unknown, "401 invalid_credentials");
}

fn forwarded_type(sent: &Sent) -> String {
    let Became::Allowed { forwarded, .. } = sent.became() else {
        panic!("{:?}", sent.became());
    };
    let types: Vec<_> = forwarded
        .into_iter()
        .filter(|(name, _)| name == "content-type")
        .collect();
    assert_eq!(types.len(), 1);
    types[0].1.clone()
}

#[test]
fn a_content_type_may_be_signed_with_or_without_its_parameters() {
    let with = |content_type: &str, signed: &str| {
        post().changed("content-type", content_type).changed(
            "authorization",
            Signed {
                content_type: signed,
                ..base()
            }
            .authorization(),
        )
    };
    let whole = "application/json; charset=utf-8";
    assert_eq!(forwarded_type(&with(whole, whole)), whole);
    // What was not signed does not go on.
    assert_eq!(
        forwarded_type(&with(whole, "application/json")),
        "application/json"
    );
    assert_eq!(
        forwarded_type(&with("application/json ;x", "application/json")),
        "application/json"
    );
    assert_eq!(
        forwarded_type(&with("application/json", "application/json")),
        "application/json"
    );
    for (content_type, signed) in [
        (whole, "application/json; charset=latin1"),
        (whole, "application/json;charset=utf-8"),
        ("application/json", whole),
        // The boundary decides how the content is read.
        ("multipart/form-data; boundary=b", "multipart/form-data"),
        ("Multipart/Mixed; boundary=b", "Multipart/Mixed"),
        (";x=1", ""),
        ("text/plain", "Text/Plain"),
    ] {
        expect(&with(content_type, signed), "401 invalid_credentials");
    }
    let multipart = "multipart/form-data; boundary=b";
    assert_eq!(forwarded_type(&with(multipart, multipart)), multipart);
    expect(
        &post().with("content-type", "application/json"),
        "400 invalid_header",
    );
}

#[test]
fn content_is_asked_for_whoever_it_is_and_judged_by_itself() {
    let setting = setting();
    for key_id in ["all", "native", "all-256", "nobody"] {
        let sent = sent(&Signed {
            key: key_id,
            ..base()
        });
        sent.as_received(|request| {
            let exchange =
                Exchange::parse(&setting.deployment, &setting.catalogue, request).unwrap();
            let credential = Credential::parse(&exchange).unwrap();
            let key = setting.keys.iter().find(|key| key.key_id() == key_id);
            let ask = || match authenticate(&credential, key, NOW_S) {
                Ok(Authenticated::AwaitingContent(awaiting)) => awaiting,
                other => panic!("{other:?}"),
            };
            let needs = ContentNeeds {
                digests: Vec::new(),
                bytes: true,
            };
            assert_eq!(ask().needs(), needs);
            let right = ask().with_content(&ContentEvidence::of(b"{}", &needs));
            assert_eq!(right.is_ok(), key_id == "all");
            // Evidence without what was asked for is none.
            let silent = ContentEvidence {
                bytes: None,
                ..ContentEvidence::of(b"{}", &needs)
            };
            assert!(ask().with_content(&silent).is_err());
        });
    }
}

#[test]
fn too_much_content_is_refused() {
    let sent = post().content(&"a".repeat(1024 * 1024 + 1));
    expect(&sent, "413 content_too_large");
    expect(
        &Sent {
            announced: false,
            ..sent
        },
        "413 content_too_large",
    );
}
