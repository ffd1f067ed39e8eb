//! The profile `cavage`: draft-cavage-http-signatures-12.
use keyward_core::mac::Algorithm;

use crate::setting::*;

/// `keyId=..` over these lines, by the key `all`; `more` comes first.
fn parameters(more: &str, headers: &str, lines: &[&str]) -> String {
    let mac = mac(SECRET, lines.join("\n"));
    format!(r#"{more}keyId="all",headers="{headers}",signature="{mac}""#)
}

/// What a good client sends.
pub(crate) fn get() -> Sent {
    let created = format!("(created): {NOW_S}");
    let value = parameters(
        &format!(r#"algorithm="hs2019",created={NOW_S},"#),
        "(request-target) (created) host",
        &[
            "(request-target): get /v1/users",
            &created,
            "host: api.example",
        ],
    );
    Sent::new("GET", "/v1/users").with("authorization", format!("Signature {value}"))
}

fn with_date(offset_s: i64) -> (Sent, String) {
    let sent = Sent::new("GET", "/v1/users").with("date", date(offset_s));
    (sent, format!("date: {}", date(offset_s)))
}

#[test]
fn good_requests_are_allowed() {
    expect(&get(), "allow");
    let (sent, date_line) = with_date(0);
    let lines = [
        "(request-target): get /v1/users",
        "host: api.example",
        &date_line,
    ];
    for algorithm in ["", "algorithm=\"hmac-sha512\",", "algorithm=\"hs2019\","] {
        let value = parameters(algorithm, "(request-target) host date", &lines);
        // In both places where clients put it.
        expect(
            &sent
                .clone()
                .with("authorization", format!("Signature {value}")),
            "allow",
        );
        expect(
            &sent
                .clone()
                .with("authorization", format!("sIGNATURE {value}")),
            "allow",
        );
        expect(&sent.clone().with("signature", value), "allow");
    }
    let mac = mac_of(Algorithm::HmacSha256, SECRET, lines.join("\n"));
    let value = format!(
        r#"Signature keyId="all-256",algorithm="hmac-sha256",headers="(request-target) host date",signature="{mac}""#
    );
    expect(&sent.with("authorization", value), "allow");
}

#[test]
fn content_needs_a_covered_digest() {
    let digest = sha512("{}");
    let (sent, date_line) = with_date(0);
    let lines = [
        "(request-target): post /v1/users?x=%41",
        "host: api.example",
        &date_line,
        &format!("digest: {digest}"),
    ];
    let value = parameters("", "(request-target) host date digest", &lines);
    let sent = Sent {
        method: "POST".to_owned(),
        target: "/v1/users?x=%41".to_owned(),
        ..sent
    };
    let sent = sent
        .with("digest", digest)
        .with("signature", value)
        .content("{}");
    expect(&sent, "allow");
    expect(&sent.clone().content("{ }"), "401 content_digest_mismatch");
    let other = sent.clone().changed("digest", sha512("{ }")).content("{ }");
    expect(&other, "401 invalid_credentials");
    let uncovered = sent.changed(
        "signature",
        parameters("", "(request-target) host date", &lines[..3]),
    );
    expect(&uncovered, "401 insufficient_coverage");
    assert_eq!(uncovered.became().missing(), ["digest"]);
}

#[test]
fn what_must_be_covered_is_named() {
    for (headers, missing) in [
        ("date", vec!["(request-target)", "host"]),
        ("(request-target) host", vec!["date"]),
        ("(request-target) date", vec!["host"]),
        ("host date", vec!["(request-target)"]),
        ("(expires) host (request-target)", vec!["date"]),
    ] {
        let more = format!("expires={},", NOW_S + 10);
        let sent = with_date(0)
            .0
            .with("signature", parameters(&more, headers, &[]));
        expect(&sent, "401 insufficient_coverage");
        assert_eq!(sent.became().missing(), missing, "{headers}");
    }
    // What an absent `headers` means differs between drafts: here it is nothing.
    let (sent, date_line) = with_date(0);
    let mac = mac(SECRET, date_line);
    let sent = sent.with(
        "signature",
        format!(r#"keyId="all",algorithm="hmac-sha512",signature="{mac}""#),
    );
    expect(&sent, "401 insufficient_coverage");
    assert_eq!(
        sent.became().missing(),
        ["(request-target)", "host", "date"]
    );
}

#[test]
fn created_and_expires_are_times_of_algorithms_that_have_them() {
    let sent = |more: &str, names: &str, lines: &[&str]| {
        let headers = format!("(request-target) host {names}");
        let mut all = vec!["(request-target): get /v1/users", "host: api.example"];
        all.extend(lines);
        Sent::new("GET", "/v1/users").with("signature", parameters(more, &headers, &all))
    };
    let at = |offset_s: i64| NOW_S.checked_add_signed(offset_s).unwrap();
    let created = |offset_s: i64| {
        let at_s = at(offset_s);
        sent(
            &format!("created={at_s},"),
            "(created)",
            &[&format!("(created): {at_s}")],
        )
    };
    for (offset_s, short) in [
        (0, "allow"),
        (-300, "allow"),
        (-301, "401 signature_stale"),
        (30, "allow"),
        (31, "401 signature_stale"),
    ] {
        expect(&created(offset_s), short);
    }
    let both = |expires_s: u64| {
        sent(
            &format!("created={},expires={expires_s},", at(-10)),
            "(created) (expires)",
            &[
                &format!("(created): {}", at(-10)),
                &format!("(expires): {expires_s}"),
            ],
        )
    };
    expect(&both(at(1)), "allow");
    expect(&both(at(0)), "401 signature_stale");
    expect(&both(at(-10)), "401 malformed_credentials");
    // Not covered, so it is not looked at: anybody could have added it.
    expect(
        &sent(
            &format!("expires={},created={NOW_S},", at(-5)),
            "(created)",
            &[&format!("(created): {NOW_S}")],
        ),
        "allow",
    );
    for more in [
        String::new(),
        format!("created=\"{NOW_S}\","),
        format!("created={NOW_S}.5,"),
        format!("created=0{NOW_S},"),
        "created=-1,".to_owned(),
        "created=9999999999999999999,".to_owned(),
        "created=now,".to_owned(),
        // Draft 12, section 2.3.
        format!("algorithm=\"hmac-sha512\",created={NOW_S},"),
        format!("algorithm=\"hmac-sha256\",created={NOW_S},"),
        format!("algorithm=\"rsa-sha256\",created={NOW_S},"),
    ] {
        expect(&sent(&more, "(created)", &[]), "401 malformed_credentials");
        let expires = more.replace("created", "expires");
        expect(
            &sent(&expires, "(expires)", &[]),
            "401 malformed_credentials",
        );
    }
    // A fresh time does not make up for a stale one.
    let date_line = format!("date: {}", date(-301));
    let two = sent(
        &format!("created={NOW_S},"),
        "(created) date",
        &[&format!("(created): {NOW_S}"), &date_line],
    );
    expect(&two.with("date", date(-301)), "401 signature_stale");
}

#[test]
fn the_host_is_the_listed_authority_that_was_received() {
    use keyward_core::deployment::Scheme;
    let (sent, date_line) = with_date(0);
    let value = |host: &str| {
        parameters(
            "",
            "(request-target) host date",
            &[
                "(request-target): get /v1/users",
                &format!("host: {host}"),
                &date_line,
            ],
        )
    };
    for (received, host) in [
        ("api.example", "api.example"),
        ("API.Example:443", "api.example"),
        ("api.example:8443", "api.example:8443"),
    ] {
        let at = sent.clone().at(Scheme::Https, received);
        expect(&at.clone().with("signature", value(host)), "allow");
        // Whatever a `Host` field says besides.
        expect(
            &at.clone()
                .with("host", "else.example")
                .with("signature", value(host)),
            "allow",
        );
        expect(
            &at.with("host", "else.example")
                .with("signature", value("else.example")),
            "401 invalid_credentials",
        );
    }
}

#[test]
fn names_of_no_line_are_refused() {
    for name in [
        "(method)",
        "(created",
        "@request-target",
        "@authority",
        "",
        "Host",
        "cookie",
    ] {
        let headers = format!("(request-target) host date {name}");
        let sent = with_date(0)
            .0
            .with("cookie", "a=b")
            .with("signature", parameters("", &headers, &[]));
        let short = sent.became().short();
        let wanted = if name.is_empty() {
            "401 malformed_credentials"
        } else {
            "401 unsupported_component"
        };
        assert_eq!(short, wanted, "{name}");
    }
    // Kong's line has no name; here it would be a field that is not there.
    let headers = "request-line host date";
    let sent = with_date(0)
        .0
        .with("signature", parameters("", headers, &[]));
    expect(&sent, "401 malformed_credentials");
}
