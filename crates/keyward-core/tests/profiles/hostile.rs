//! Whatever is in the fields: an answer, never a panic, and never an allow without the secret.
use proptest::prelude::*;

use crate::setting::*;
use crate::{cavage, cloud9, kong};

/// Text with what the parsers look for in it.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(
            &[
                "\"",
                "=",
                ",",
                ", ",
                ":",
                ";",
                " ",
                "\t",
                "\\",
                "(",
                ")",
                "hmac",
                "Signature",
                "HmacSHA512",
                "keyId",
                "username",
                "headers",
                "signature",
                "algorithm",
                "created",
                "expires",
                "hs2019",
                "(request-target)",
                "(created)",
                "@request-target",
                "request-line",
                "date",
                "x-date",
                "host",
                "digest",
                "all",
                "SHA-256=",
                "AAAA",
                "==",
                "18446744073709551616",
                "GMT",
                "+0000",
                "é",
                "\u{0}",
                "\r\n",
                "multipart/",
                "{}",
            ][..]
        )
        .prop_map(str::to_owned),
        "[ -~]{0,6}",
        "\\PC{0,3}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

const NAMES: [&str; 9] = [
    "authorization",
    "proxy-authorization",
    "signature",
    "signature-input",
    "date",
    "x-date",
    "digest",
    "content-type",
    "x-other",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_fields(
        fields in proptest::collection::vec((proptest::sample::select(&NAMES[..]), text()), 0..5),
        scheme in proptest::sample::select(&["hmac ", "Signature ", "HmacSHA512 ", ""][..]),
        credential in text(),
        content in text(),
    ) {
        let sent = fields.into_iter().fold(Sent::new("POST", "/v1/users"), |sent, (name, value)| sent.with(name, value));
        let sent = sent.with("authorization", format!("{scheme}{credential}")).content(&content);
        prop_assert_ne!(sent.became().short(), "allow");
    }

    /// Good credentials with a piece of something else in them.
    #[test]
    fn spliced_credentials(
        which in 0_usize..4,
        at in any::<proptest::sample::Index>(),
        remove in 0_usize..8,
        insert in text(),
    ) {
        let good = [kong::get(), kong::post(), cavage::get(), cloud9::post()][which].clone();
        let mut value = good.value("authorization").to_owned();
        let start = at.index(value.len());
        let end = (start + remove).min(value.len());
        value.replace_range(start..end, &insert);
        let became = good.clone().changed("authorization", value.clone()).became();
        // What still says the same may pass; it then has the signature in it, whole.
        if became.short() == "allow" {
            let mac = |value: &str| value.rsplit(['"', ':']).find(|part| part.len() >= 80).unwrap_or_default().to_owned();
            prop_assert_eq!(mac(&value), mac(good.value("authorization")));
        }
    }

    #[test]
    fn any_digest_and_dates(digest in text(), date_text in text(), content_type in text()) {
        for good in [kong::post(), cloud9::post()] {
            for (name, value) in [("digest", &digest), ("date", &date_text), ("content-type", &content_type)] {
                let _ = good.clone().changed(name, value.clone()).became();
            }
        }
    }
}

#[test]
fn time_is_linear_in_what_is_sent() {
    let long = "a".repeat(8000);
    for value in [
        format!("hmac {}", "a=1,".repeat(2000)),
        format!("hmac username=\"all\", headers=\"{}\"", "a ".repeat(4000)),
        format!("Signature keyId=\"{long}\""),
        format!("HmacSHA512 all:{long}"),
        format!("HmacSHA512 {}", ":".repeat(8000)),
        format!("hmac {long}"),
        format!("hmac {}", " ".repeat(8000)),
        format!("hmac x=\"{}", "\\\"".repeat(3000)),
    ] {
        let sent = Sent::new("GET", "/v1/users")
            .with("date", date(0))
            .with("authorization", value);
        expect(&sent, "401 malformed_credentials");
    }
}
