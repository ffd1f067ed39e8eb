//! The field `Digest` (RFC 3230), where it is covered.
use crate::kong::hmac;
use crate::setting::*;

fn with_digest(digest: &str) -> Sent {
    let lines = [
        &format!("date: {}", date(0)),
        "PUT /v1/users HTTP/1.1",
        &format!("digest: {digest}"),
    ];
    Sent::new("PUT", "/v1/users")
        .with("date", date(0))
        .with("digest", digest)
        .with("authorization", hmac("date request-line digest", &lines))
        .content("some content")
}

#[test]
fn every_digest_that_counts_must_match() {
    let (right256, right512) = (sha256("some content"), sha512("some content"));
    let (wrong256, wrong512) = (sha256("other"), sha512("other"));
    for digest in [
        right256.clone(),
        right512.clone(),
        format!("{right256},{right512}"),
        format!("{right512} , {right256}"),
        right256.replace("SHA-256", "sha-256"),
        format!("MD5=x, {right256}, unixsum=30637"),
    ] {
        expect(&with_digest(&digest), "allow");
    }
    for digest in [
        wrong256.clone(),
        wrong512.clone(),
        format!("{right256},{wrong512}"),
        format!("{wrong256},{right512}"),
    ] {
        expect(&with_digest(&digest), "401 content_digest_mismatch");
    }
}

#[test]
fn the_field_has_one_reading() {
    let right = sha256("some content");
    for digest in [
        String::new(),
        "x".to_owned(),
        "=x".to_owned(),
        right.replace('=', ":"),
        format!("{right},"),
        format!(",{right}"),
        format!("{right}, {right}"),
        format!("{right}, {}", sha256("other").replace("SHA", "sha")),
        format!("MD5=a, md5=b, {right}"),
        right.replace("SHA-256=", "SHA-256 ="),
        right.replace("SHA-256=", "SHA-256= "),
        right.replace("SHA-256=", "SHA-512="),
        right.trim_end_matches('=').to_owned(),
        right.replace("SHA-256=", "SHA-256=="),
        format!("SHA-256={}", "ab".repeat(32)),
        format!(
            "{}{right}",
            (0..8).map(|n| format!("x{n}=1,")).collect::<String>()
        ),
    ] {
        let short = with_digest(&digest).became().short();
        assert_eq!(short, "401 malformed_credentials", "{digest}");
    }
    // Two lines are one list.
    let other = sha512("some content");
    let joined = with_digest(&format!("{right}, {other}"));
    expect(
        &joined
            .changed("digest", right.clone())
            .with("digest", other),
        "allow",
    );
    let twice = with_digest(&format!("{right}, {right}"));
    expect(
        &twice.changed("digest", right.clone()).with("digest", right),
        "401 malformed_credentials",
    );
}

#[test]
fn a_digest_of_nothing_is_checked_too() {
    let lines = |digest: &str| {
        [
            format!("date: {}", date(0)),
            "GET /v1/users HTTP/1.1".to_owned(),
            format!("digest: {digest}"),
        ]
    };
    for (digest, short) in [
        (sha256(""), "allow"),
        (sha256("x"), "401 content_digest_mismatch"),
    ] {
        let lines = lines(&digest);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let sent = Sent::new("GET", "/v1/users")
            .with("date", date(0))
            .with("digest", digest)
            .with("authorization", hmac("date request-line digest", &lines));
        expect(&sent, short);
    }
}
