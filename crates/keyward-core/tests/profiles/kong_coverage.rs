//! What a signature of the profile `kong` must cover, and what of it counts.
use crate::kong::{get, hmac, signed};
use crate::setting::*;

#[test]
fn what_must_be_covered_is_named() {
    let request = || {
        Sent::new("POST", "/v1/users")
            .with("date", date(0))
            .content("{}")
    };
    for (headers, missing) in [
        ("date", vec!["request-line", "digest"]),
        ("request-line", vec!["date", "digest"]),
        ("date request-line", vec!["digest"]),
        ("content-length", vec!["request-line", "date", "digest"]),
    ] {
        let sent = signed(request().with("content-length", "2"), headers, &[]);
        expect(&sent, "401 insufficient_coverage");
        assert_eq!(sent.became().missing(), missing, "{headers}");
    }
    // Without `headers` Kong takes the date for covered, here nothing is.
    let value = get().value("authorization").to_owned();
    let none = value.replacen("headers=\"date request-line\", ", "", 1);
    let none = get().changed("authorization", none);
    expect(&none, "401 insufficient_coverage");
    assert_eq!(none.became().missing(), ["request-line", "date"]);
    // A digest that is there and not covered, or covered and of no algorithm that counts.
    let uncovered = signed(
        request().with("digest", sha256("{}")),
        "date request-line",
        &[],
    );
    assert_eq!(uncovered.became().missing(), ["digest"]);
    let weak = request().with("digest", "MD5=mZFLkyvTelC5g8XnyQrpOw==");
    let weak = signed(weak, "date request-line digest", &[]);
    assert_eq!(weak.became().missing(), ["digest"]);
    // The same when the length is not announced: then after the MAC.
    let lines = [&format!("date: {}", date(0)), "POST /v1/users HTTP/1.1"];
    let mut unannounced = signed(request(), "date request-line", &lines);
    unannounced.announced = false;
    expect(&unannounced, "401 insufficient_coverage");
    assert_eq!(unannounced.became().missing(), ["digest"]);
    unannounced.content.clear();
    expect(&unannounced, "allow");
}

#[test]
fn fields_that_are_rewritten_on_the_way_cannot_be_covered() {
    for name in [
        "accept-encoding",
        "connection",
        "te",
        "via",
        "cdn-loop",
        "cookie",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-real-ip",
        "cf-connecting-ip",
        "expect",
    ] {
        let sent = Sent::new("GET", "/v1/users")
            .with("date", date(0))
            .with(name, "x");
        expect(
            &signed(sent, &format!("date request-line {name}"), &[]),
            "401 unsupported_component",
        );
    }
    // Credentials, and names that are no field's in lower case.
    for name in [
        "authorization",
        "proxy-authorization",
        "signature",
        "signature-input",
        "Date",
        "Request-Line",
        "(request-target)",
        "(created)",
        "@method",
        "@path",
        "da:te",
    ] {
        let sent = Sent::new("GET", "/v1/users").with("date", date(0));
        expect(
            &signed(sent, &format!("date request-line {name}"), &[]),
            "401 unsupported_component",
        );
    }
}

#[test]
fn only_covered_times_count_and_all_of_them_must_pass() {
    let with = |x_date: i64, plain: i64, headers: &str| {
        let (x, d) = (date(x_date), date(plain));
        let lines: Vec<String> = headers
            .split(' ')
            .map(|name| match name {
                "x-date" => format!("x-date: {x}"),
                "date" => format!("date: {d}"),
                _ => "GET /v1/users HTTP/1.1".to_owned(),
            })
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        signed(
            Sent::new("GET", "/v1/users")
                .with("x-date", x.clone())
                .with("date", d.clone()),
            headers,
            &lines,
        )
    };
    // Kong takes the first of these: an endless replay.
    expect(&with(-301, 0, "x-date request-line"), "401 signature_stale");
    expect(&with(0, -301, "date request-line"), "401 signature_stale");
    expect(&with(-301, 0, "date request-line"), "allow");
    expect(&with(0, -301, "x-date request-line"), "allow");
    expect(
        &with(0, -301, "x-date date request-line"),
        "401 signature_stale",
    );
    expect(
        &with(-301, 0, "x-date date request-line"),
        "401 signature_stale",
    );
    for (offset_s, short) in [
        (-300, "allow"),
        (300, "allow"),
        (-301, "401 signature_stale"),
        (301, "401 signature_stale"),
    ] {
        expect(&with(offset_s, 0, "x-date request-line"), short);
    }
}

#[test]
fn a_date_has_one_value() {
    let joined = format!("{}, {}", date(-1000), date(0));
    let line = format!("date: {joined}");
    let sent = Sent::new("GET", "/v1/users").with("date", joined);
    let sent = signed(
        sent,
        "date request-line",
        &[&line, "GET /v1/users HTTP/1.1"],
    );
    expect(&sent, "400 invalid_header");
    expect(&get().with("date", date(0)), "400 invalid_header");
    expect(&get().changed("date", "yesterday"), "400 invalid_header");
    let offset = date(0).replace("GMT", "+0000");
    let line = format!("date: {offset}");
    let sent = Sent::new("GET", "/v1/users").with("date", offset);
    expect(
        &signed(
            sent,
            "date request-line",
            &[&line, "GET /v1/users HTTP/1.1"],
        ),
        "allow",
    );
}

#[test]
fn the_request_line_is_the_requests_own() {
    // Kong signs this field's value in its place.
    let date = format!("date: {}", date(0));
    let sent = get()
        .with("request-line", "GET /v1/harmless HTTP/1.1")
        .changed("authorization", {
            hmac(
                "date request-line",
                &[&date, "request-line: GET /v1/harmless HTTP/1.1"],
            )
        });
    expect(&sent, "401 invalid_credentials");
    expect(
        &get().with("request-line", "GET /v1/harmless HTTP/1.1"),
        "allow",
    );
    for line in [
        "GET /v1/users HTTP/1.0",
        "GET /v1/users HTTP/2",
        "get /v1/users HTTP/1.1",
        "GET /v1/users",
        "GET https://api.example/v1/users HTTP/1.1",
        "request-line: GET /v1/users HTTP/1.1",
    ] {
        let sent = get().changed("authorization", hmac("date request-line", &[&date, line]));
        expect(&sent, "401 invalid_credentials");
    }
}
