//! The profile `kong`: what of Kong's hmac-auth is verified, and where it asks for more.
use keyward_core::mac::Algorithm;

use crate::setting::*;

/// `Authorization: hmac` over these lines, by the key `all`.
pub(crate) fn hmac(headers: &str, lines: &[&str]) -> String {
    let mac = mac(SECRET, lines.join("\n"));
    format!(
        r#"hmac username="all", algorithm="hmac-sha512", headers="{headers}", signature="{mac}""#
    )
}

/// A GET as Kong's documentation signs it.
pub(crate) fn get() -> Sent {
    let date = date(0);
    let value = hmac(
        "date request-line",
        &[&format!("date: {date}"), "GET /v1/users HTTP/1.1"],
    );
    Sent::new("GET", "/v1/users")
        .with("date", date)
        .with("authorization", value)
}

/// A POST with a digest.
pub(crate) fn post() -> Sent {
    let (date, digest) = (date(0), sha256("{}"));
    let value = hmac(
        "date request-line digest",
        &[
            &format!("date: {date}"),
            "POST /v1/users HTTP/1.1",
            &format!("digest: {digest}"),
        ],
    );
    Sent::new("POST", "/v1/users")
        .with("date", date)
        .with("digest", digest)
        .with("authorization", value)
        .content("{}")
}

pub(crate) fn signed(sent: Sent, headers: &str, lines: &[&str]) -> Sent {
    sent.with("authorization", hmac(headers, lines))
}

#[test]
fn requests_as_kong_documents_them_are_allowed() {
    expect(&get(), "allow");
    expect(&post(), "allow");
    let x_date = format!("x-date: {}", date(0));
    let request = || Sent::new("GET", "/v1/users?a=1&b=%20").with("x-date", date(0));
    expect(
        &signed(
            request(),
            "x-date request-line",
            &[&x_date, "GET /v1/users?a=1&b=%20 HTTP/1.1"],
        ),
        "allow",
    );
    expect(
        &signed(
            request(),
            "@request-target x-date",
            &["@request-target: get /v1/users?a=1&b=%20", &x_date],
        ),
        "allow",
    );
    // More than is needed, in another order.
    expect(
        &signed(
            request()
                .with("Accept", " */* ")
                .with("X-Empty", "")
                .with("x-two", "a")
                .with("X-Two", "b"),
            "accept host x-two x-empty request-line x-date",
            &[
                "accept: */*",
                "host: api.example",
                "x-two: a, b",
                "x-empty: ",
                "GET /v1/users?a=1&b=%20 HTTP/1.1",
                &x_date,
            ],
        ),
        "allow",
    );
}

#[test]
fn the_credential_may_be_written_in_many_ways() {
    let lines = format!("date: {}\nGET /v1/users HTTP/1.1", date(0));
    let mac = mac(SECRET, &lines);
    let request = || Sent::new("GET", "/v1/users").with("date", date(0));
    for value in [
        format!(r#"HMAC username="all",headers="date request-line",signature="{mac}""#),
        format!(r#"hmac signature="{mac}" , headers = "date request-line" ,username="all""#),
        format!(
            r#"Hmac   username="all", algorithm="hs2019", headers="date request-line", signature="{mac}""#
        ),
        format!(
            r#"hmac USERNAME="all", Headers="date request-line", signature="{mac}", more=1, other="x""#
        ),
    ] {
        expect(&request().with("authorization", value.clone()), "allow");
        expect(&request().with("proxy-authorization", value), "allow");
    }
    let sha256 = mac_of(Algorithm::HmacSha256, SECRET, &lines);
    for algorithm in [
        "",
        r#"algorithm="hmac-sha256", "#,
        r#"algorithm="hs2019", "#,
    ] {
        let value = format!(
            r#"hmac username="all-256", {algorithm}headers="date request-line", signature="{sha256}""#
        );
        expect(&request().with("authorization", value), "allow");
    }
}

#[test]
fn the_credential_must_be_whole() {
    let good = get();
    let value = good.value("authorization").to_owned();
    for (from, to) in [
        ("username=\"all\", ", ""),
        ("username=\"all\"", "username=all"),
        ("username=\"all\"", "username=\"\""),
        ("username=\"all\"", "username=\"a b\""),
        ("username=\"all\"", "keyId=\"all\""),
        ("headers=\"date request-line\"", "headers=\"\""),
        (
            "headers=\"date request-line\"",
            "headers=\"date  request-line\"",
        ),
        (
            "headers=\"date request-line\"",
            "headers=\" date request-line\"",
        ),
        (
            "headers=\"date request-line\"",
            "headers=\"date request-line date\"",
        ),
        (
            "headers=\"date request-line\"",
            "headers=\"date request-line absent\"",
        ),
        ("headers=\"date", "headers=\"date\\"),
        ("algorithm=\"hmac-sha512\"", "algorithm=hmac-sha512"),
        ("hmac ", "hmac , "),
        ("hmac ", "hmac =, "),
        ("hmac ", "hmac username=\"all\", "),
        ("hmac ", "hmac USERNAME=\"all\", "),
        ("signature=\"", "signature=\"="),
        ("signature=\"", "signature=\" "),
        ("signature=\"", "signature="),
    ] {
        let bad = value.replacen(from, to, 1);
        assert_ne!(bad, value, "{from}");
        expect(
            &get().changed("authorization", bad),
            "401 malformed_credentials",
        );
    }
    for bad in [
        "hmac".to_owned(),
        "hmac ".to_owned(),
        "hmac username".to_owned(),
        format!("{value},"),
        value.trim_end_matches("=\"").to_owned(),
        value.replace("==\"", "\""),
        value.replace("==\"", "=\""),
        format!(
            "hmac {}{}",
            "a=\"1\", ".repeat(2),
            value.trim_start_matches("hmac ")
        ),
        format!(
            "hmac {}",
            (0..17)
                .map(|n| format!("a{n}=1"))
                .collect::<Vec<_>>()
                .join(",")
        ),
        format!("hmac username=\"all\", x=\"{}\"", "a".repeat(9000)),
    ] {
        expect(
            &get().changed("authorization", bad),
            "401 malformed_credentials",
        );
    }
    // A second credential in the same field.
    for more in [", Basic dTpw", ", hmac username=\"all\"", ", Bearer x.y.z"] {
        expect(
            &get().changed("authorization", format!("{value}{more}")),
            "400 multiple_credentials",
        );
    }
    let thirty_three: Vec<_> = (0..33).map(|n| format!("x-{n}")).collect();
    expect(
        &signed(Sent::new("GET", "/v1/users"), &thirty_three.join(" "), &[]),
        "401 malformed_credentials",
    );
}

#[test]
fn debug_shows_the_lines() {
    let sent = get().changed("authorization", hmac("date request-line", &["else"]));
    let Became::Denied { base, .. } = sent.became_in(&deployment(true), NOW_S) else {
        panic!();
    };
    let lines = format!("date: {}\nGET /v1/users HTTP/1.1", date(0));
    assert_eq!(base.as_deref(), Some(lines.as_str()));
}
