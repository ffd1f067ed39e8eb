//! One request, one credential, wherever it stands.
use crate::setting::*;
use crate::{cavage, cloud9, kong};

fn native() -> Sent {
    use keyward_core::key::Profile;
    use keyward_core::mac::{Algorithm, MacKey};
    use keyward_core::sign::{SignatureParameters, Unsigned, sign};
    let sent = Sent::new("GET", "/v1/users");
    let unsigned = Unsigned {
        method: &sent.method,
        scheme: sent.scheme,
        authority: &sent.authority,
        target: &sent.target,
        content_type: None,
        content: b"",
    };
    let parameters = SignatureParameters {
        profile: Profile::Rfc9421,
        key_id: "all",
        created_s: NOW_S,
        nonce: None,
    };
    let key = MacKey::new(Algorithm::HmacSha512, SECRET.as_bytes());
    let fields = sign(&unsigned, &key, &parameters).unwrap();
    fields
        .into_iter()
        .fold(sent, |sent, (name, value)| sent.with(name, value))
}

fn bare() -> Sent {
    let value = cavage::get().value("authorization").to_owned();
    let value = value.strip_prefix("Signature ").unwrap().to_owned();
    Sent::new("GET", "/v1/users").with("signature", value)
}

#[test]
fn any_two_are_too_many() {
    let basic = Sent::new("GET", "/v1/users").with("authorization", "Basic YWxsOng=");
    let own = [native(), bare()];
    let schemes = [kong::get(), cavage::get(), cloud9::get(), basic];
    for one in own.iter().chain(&schemes) {
        assert_ne!(one.became().short(), "400 multiple_credentials");
    }
    for other in &schemes {
        let value = other.value("authorization");
        for field in ["authorization", "proxy-authorization"] {
            for one in &own {
                expect(&one.clone().with(field, value), "400 multiple_credentials");
            }
        }
        for one in &schemes {
            let both = one.clone().with("proxy-authorization", value);
            expect(&both, "400 multiple_credentials");
            // Even an empty one: something on the way may read it.
            expect(
                &one.clone().with("proxy-authorization", ""),
                "400 multiple_credentials",
            );
            let twice = one.clone().with("authorization", value);
            assert!(matches!(
                twice.became(),
                Became::Denied {
                    status: 400 | 401,
                    ..
                }
            ));
        }
    }
}

#[test]
fn a_signature_field_belongs_to_one_of_two() {
    // With `Signature-Input` it is a dictionary, whatever else it looks like.
    let sent = bare().with("signature-input", "a=(\"@method\");created=1;keyid=\"all\"");
    expect(&sent, "401 malformed_credentials");
    // Neither: it may still be one that somebody trusts.
    for value in ["", "x", "sig=:AAAA:", "keyid=\"all\""] {
        let sent = Sent::new("GET", "/v1/users").with("signature", value);
        expect(&sent, "401 malformed_credentials");
    }
    let twice = bare();
    let value = twice.value("signature").to_owned();
    expect(&twice.with("signature", value), "401 malformed_credentials");
}

#[test]
fn signatures_for_others_stay_and_are_no_credential() {
    let foreign = native();
    let tag = |name: &str| {
        foreign
            .value(name)
            .replace("tag=\"keyward\"", "tag=\"other\"")
    };
    let sent = kong::get()
        .with("signature-input", tag("signature-input"))
        .with("signature", foreign.value("signature"));
    let Became::Allowed { forwarded, .. } = sent.became() else {
        panic!("{:?}", sent.became());
    };
    let names: Vec<_> = forwarded.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["date", "signature-input", "signature"]);
}

#[test]
fn credentials_do_not_go_on_to_the_origin() {
    for sent in [kong::post(), cavage::get(), cloud9::post(), bare()] {
        let Became::Allowed { forwarded, .. } = sent.became() else {
            panic!("{:?}", sent.became());
        };
        for (name, value) in forwarded {
            assert!(
                ["date", "digest", "content-type"].contains(&name.as_str()),
                "{name}: {value}"
            );
        }
    }
}

#[test]
fn schemes_are_told_apart_whole() {
    for scheme in [
        "hmacs",
        "Signatures",
        "HmacSHA5120",
        "HmacSHA",
        "Digest",
        "Bearer2",
        "hmac\t",
        "",
    ] {
        let value = kong::get()
            .value("authorization")
            .replacen("hmac", scheme, 1);
        expect(
            &kong::get().changed("authorization", value),
            "401 malformed_credentials",
        );
    }
}

#[test]
fn signed_content_that_is_announced_too_large_is_refused_at_once() {
    let large = "a".repeat(1024 * 1024 + 1);
    for sent in [kong::post(), cloud9::post(), bare(), native()] {
        let sent = Sent {
            method: "POST".to_owned(),
            ..sent
        };
        expect(&sent.content(&large), "413 content_too_large");
    }
    let basic = Sent::new("POST", "/v1/users").with("authorization", "Basic YWxsOng=");
    expect(&basic.content(&large), "401 invalid_credentials");
}
