//! Who has no right to know gets one answer, whatever the reason.
use keyward_core::mac::Algorithm;

use crate::setting::*;
use crate::{cavage, cloud9, kong};

/// Requests whose key id or MAC is not what it should be, as they are answered.
fn answers(good: &Sent, field: &str) -> Vec<(String, Became)> {
    let value = good.value(field).to_owned();
    let quote = if value.contains("\"all\"") { "\"" } else { "" };
    let id = |id: &str| {
        value.replacen(
            &format!("{quote}all{quote}"),
            &format!("{quote}{id}{quote}"),
            1,
        )
    };
    let mut answers = Vec::new();
    for key_id in ["nobody", "native", "all-256"] {
        let value = id(key_id);
        let value = value.replace(" all:", &format!(" {key_id}:"));
        assert!(value.contains(key_id));
        answers.push((
            key_id.to_owned(),
            good.clone().changed(field, value).became(),
        ));
    }
    answers
}

#[test]
fn unknown_profile_off_and_other_algorithm_are_one_answer() {
    for good in [
        kong::get(),
        kong::post(),
        cavage::get(),
        cloud9::get(),
        cloud9::post(),
    ] {
        expect(&good, "allow");
        let wrong = good.clone().changed("date", date(1));
        let wrong = if good.fields.iter().any(|(name, _)| name == "date") {
            wrong
        } else {
            Sent {
                target: "/v1/other".to_owned(),
                ..good.clone()
            }
        };
        let one = wrong.became();
        assert_eq!(one.short(), "401 invalid_credentials");
        for (name, other) in answers(&good, "authorization") {
            assert_eq!(other, one, "{name}");
        }
    }
}

#[test]
fn a_named_algorithm_must_be_the_keys() {
    let value = kong::get().value("authorization").to_owned();
    for name in [
        "hmac-sha256",
        "hmac-sha1",
        "hmac-sha384",
        "rsa-sha256",
        "HMAC-SHA512",
        "HS2019",
        "none",
        "",
    ] {
        let value = value.replace("hmac-sha512", name);
        expect(
            &kong::get().changed("authorization", value),
            "401 invalid_credentials",
        );
    }
    // A MAC of the other algorithm, truthfully named.
    let lines = format!("date: {}\nGET /v1/users HTTP/1.1", date(0));
    let mac = mac_of(Algorithm::HmacSha256, SECRET, lines);
    let value = format!(
        r#"hmac username="all", algorithm="hmac-sha256", headers="date request-line", signature="{mac}""#
    );
    expect(
        &kong::get().changed("authorization", value),
        "401 invalid_credentials",
    );
    // SHA-1 and SHA-384 have other lengths: no key can have them.
    for bytes in [20, 48] {
        use base64ct::{Base64, Encoding};
        let mac = Base64::encode_string(&vec![0; bytes]);
        let value =
            format!(r#"hmac username="all", headers="date request-line", signature="{mac}""#);
        expect(
            &kong::get().changed("authorization", value),
            "401 malformed_credentials",
        );
    }
}

#[test]
fn what_only_the_holder_may_know_comes_after_the_mac() {
    // A stale request, a query that is not allowed, a missing nonce: each with a wrong MAC.
    let stale = kong::get().changed("date", date(-4000));
    expect(&stale, "401 invalid_credentials");
    let stale = cloud9::get().changed("date", date(-4000));
    expect(&stale, "401 invalid_credentials");
    let query = Sent {
        target: "/v1/users?a".to_owned(),
        ..cloud9::post()
    };
    expect(&query.content("[]"), "401 invalid_credentials");
    let nonce = kong::get()
        .value("authorization")
        .replace("\"all\"", "\"nonce\"");
    expect(
        &kong::get().changed("authorization", nonce.clone()),
        "401 nonce_required",
    );
    let wrong = kong::get()
        .changed("authorization", nonce)
        .changed("date", date(1));
    expect(&wrong, "401 invalid_credentials");
    // cloud9 always has one.
    let value = cloud9::get();
    let mac = mac(
        SECRET,
        format!(
            "GET\nhttps\napi.example:443\n/v1/users\n\nnonce\nn-1\n{}\n\n",
            date(0)
        ),
    );
    expect(
        &value.changed("authorization", format!("HmacSHA512 nonce:n-1:{mac}")),
        "allow",
    );
}

#[test]
fn both_secrets_of_a_rotated_key_are_taken() {
    let lines = format!("date: {}\nGET /v1/users HTTP/1.1", date(0));
    let text = format!(
        "GET\nhttps\napi.example:443\n/v1/users\n\nrotated\nn\n{}\n\n",
        date(0)
    );
    for (secret, short) in [
        (SECRET, "allow"),
        ("the next secret of this key", "allow"),
        ("the one before", "401 invalid_credentials"),
    ] {
        let mac_kong = mac(secret, &lines);
        let value = format!(
            r#"hmac username="rotated", headers="date request-line", signature="{mac_kong}""#
        );
        expect(&kong::get().changed("authorization", value), short);
        let value = format!("HmacSHA512 rotated:n:{}", mac(secret, &text));
        expect(&cloud9::get().changed("authorization", value), short);
    }
}
