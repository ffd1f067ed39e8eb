#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use proptest::prelude::*;
use url::Url;

use super::{AmbiguousTarget, TARGET_BYTES_MAX, Target};

/// What the `url` crate makes of a target on an http origin: its path and query.
fn whatwg(target: &str) -> (String, Option<String>) {
    let url = Url::parse(&format!("http://h.example{target}")).expect("a URL");
    assert_eq!(url.host_str(), Some("h.example"));
    assert_eq!(url.fragment(), None);
    (url.path().to_string(), url.query().map(ToString::to_string))
}

/// An accepted target means the same to a WHATWG parser, before and after it was forwarded.
fn agrees_with_whatwg(raw: &str) {
    let Ok(target) = Target::parse(raw) else {
        return;
    };
    let (path, query) = whatwg(raw);
    assert_eq!(path, target.path());
    assert_eq!(query.as_deref(), target.forward_query().as_deref());
    let mut forwarded = String::new();
    target.write_forward(&mut forwarded);
    let (path, query) = whatwg(&forwarded);
    assert_eq!(path, target.path());
    let again = Target::parse(&forwarded).map(|again| again.query().map(ToString::to_string));
    assert_eq!(again, Ok(query), "forwarding is stable");
}

#[test]
fn refuses_what_two_readers_could_read_differently() {
    use AmbiguousTarget as A;
    let table: &[(&str, A)] = &[
        ("", A::NotOriginForm),
        ("*", A::NotOriginForm),
        ("?x", A::NotOriginForm),
        ("v1/keys", A::NotOriginForm),
        ("http://h.example/v1", A::NotOriginForm),
        ("h.example:443", A::NotOriginForm),
        ("\\v1", A::NotOriginForm),
        ("/v1#x", A::Fragment),
        ("/v1?a#x", A::Fragment),
        ("/v1 x", A::Byte),
        ("/v1?a b", A::Byte),
        ("/v1\t", A::Byte),
        ("/v1\n", A::Byte),
        ("/v1\u{7f}", A::Byte),
        ("/caf\u{e9}", A::Byte),
        ("/v1?\u{e9}", A::Byte),
        ("/v1/\"", A::NotSerialised),
        ("/v1/<", A::NotSerialised),
        ("/v1/>", A::NotSerialised),
        ("/v1/^", A::NotSerialised),
        ("/v1/`", A::NotSerialised),
        ("/v1/{", A::NotSerialised),
        ("/v1/}", A::NotSerialised),
        ("/v1\\admin", A::Backslash),
        ("/v1%5cadmin", A::Backslash),
        ("/v1%5Cadmin", A::Backslash),
        ("/.", A::DotSegment),
        ("/..", A::DotSegment),
        ("/v1/./x", A::DotSegment),
        ("/v1/public/../admin", A::DotSegment),
        ("/v1/%2e/x", A::DotSegment),
        ("/v1/%2E%2e/x", A::DotSegment),
        ("/v1/.%2e", A::DotSegment),
        ("/v1/%2E./x", A::DotSegment),
        ("/v1/..;/admin", A::DotSegment),
        ("/v1/%2e%2e;x=1/admin", A::DotSegment),
        ("/files/a%2f..%2fb", A::DotSegment),
        ("/files/a%2F%2e%2E", A::DotSegment),
        ("/v1/%", A::BadPercent),
        ("/v1/%2", A::BadPercent),
        ("/v1/%/2f", A::BadPercent),
        ("/v1/%zz", A::BadPercent),
        ("/v1/%+2", A::BadPercent),
        ("/v1/%00", A::Nul),
        ("/v1/a%00.html", A::Nul),
        ("/v1/%252e", A::DoubleEncoding),
        ("/v1/%2541", A::DoubleEncoding),
        ("/v1/%25%32%66", A::DoubleEncoding),
        ("/v1/%25%32f", A::DoubleEncoding),
        ("/v1/%c0%ae", A::NotUtf8),
        ("/v1/%ff", A::NotUtf8),
        ("/v1/%ed%a0%80", A::NotUtf8),
    ];
    for (raw, reason) in table {
        assert_eq!(Target::parse(raw), Err(*reason), "{raw}");
    }
}

#[test]
fn takes_what_is_its_own_serialisation() {
    for raw in [
        "/",
        "/?",
        "/v1/keys",
        "/v1/keys/",
        "/v1/...",
        "/v1/.hidden",
        "/v1/a..b",
        "/v1/x;y=1",
        "/v1/%20",
        "/v1/%C3%A9",
        "/v1/100%25",
        "/v1/%25zz",
        "/v1/a|b[c]~!$&'()*+,=:@",
        "//evil.example/x",
        "/v1//x",
        "/v1/a%2fb",
        "/v1?a=../..\\%zz%00%2f",
        "/v1?q='\"<>`{}^|",
        "/v1??a?b",
    ] {
        assert!(Target::parse(raw).is_ok(), "{raw}");
        agrees_with_whatwg(raw);
    }
}

#[test]
fn flags_empty_segments_and_encoded_slashes() {
    let table = [
        ("/", false, false),
        ("/a/", false, false),
        ("/a?b//c%2f", false, false),
        ("//", true, false),
        ("//a", true, false),
        ("/a//", true, false),
        ("/a//b", true, false),
        ("/a%2fb", false, true),
        ("/a%2Fb", false, true),
        ("/a//b%2F", true, true),
    ];
    for (raw, empty, slash) in table {
        let target = Target::parse(raw).expect(raw);
        assert_eq!(
            (target.has_empty_segment(), target.has_encoded_slash()),
            (empty, slash),
            "{raw}"
        );
    }
}

#[test]
fn forwards_the_path_as_received_and_the_query_as_whatwg_writes_it() {
    let raw = "/v1/it's?q='a'&r=\"<b>\"&s=%27%zz";
    let target = Target::parse(raw).expect(raw);
    let mut out = String::from("https://origin.example");
    target.write_forward(&mut out);
    assert_eq!(
        out,
        "https://origin.example/v1/it's?q=%27a%27&r=%22%3Cb%3E%22&s=%27%zz"
    );
    assert_eq!(target.as_str(), raw);
    assert_eq!(target.query(), Some("q='a'&r=\"<b>\"&s=%27%zz"));
    let plain = Target::parse("/v1?a=b").expect("plain");
    assert!(matches!(plain.forward_query(), Some(Cow::Borrowed("a=b"))));
    let empty = Target::parse("/v1?").expect("empty query");
    assert_eq!(empty.forward_query().as_deref(), Some(""));
    assert_eq!(
        Target::parse("/v1").expect("no query").forward_query(),
        None
    );
}

#[test]
fn segments_are_decoded_once() {
    let target = Target::parse("/v1/caf%C3%A9/a%2Fb/50%25/").expect("a target");
    let raw: Vec<&str> = target.segments().map(super::Segment::raw).collect();
    assert_eq!(raw, vec!["v1", "caf%C3%A9", "a%2Fb", "50%25", ""]);
    let decoded: Vec<_> = target.segments().map(super::Segment::decoded).collect();
    assert_eq!(decoded, vec!["v1", "café", "a/b", "50%", ""]);
    assert_eq!(Target::parse("/").expect("root").segments().count(), 1);
}

#[test]
fn a_target_has_a_bound() {
    let longest = format!("/{}", "a".repeat(TARGET_BYTES_MAX - 1));
    assert!(Target::parse(&longest).is_ok());
    assert_eq!(
        Target::parse(&format!("{longest}a")),
        Err(AmbiguousTarget::TooLong)
    );
    assert!(
        AmbiguousTarget::TooLong
            .to_string()
            .contains(&TARGET_BYTES_MAX.to_string())
    );
}

/// Pieces that parsers are known to disagree about.
fn nasty() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "/",
        "//",
        ".",
        "..",
        "%2e",
        "%2E",
        "%2f",
        "%5C",
        "\\",
        "%",
        "%25",
        "%00",
        "%c3",
        "%a9",
        ";",
        "?",
        "'",
        "\"",
        "<",
        ">",
        "`",
        "{",
        "}",
        "^",
        "|",
        "[",
        "@",
        ":",
        "C:",
        "C|",
        "&",
        "a",
        "2e",
        "2",
        "f",
        "#",
        " ",
        "\t",
        "\n",
        "é",
        "~",
        "*",
        "http:",
        "%E2%80%A5",
    ]);
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #[test]
    fn accepted_paths_are_fixed_points_of_whatwg(raw in "/[ -~]{0,24}(\\?[ -~]{0,24})?") {
        agrees_with_whatwg(&raw);
    }

    #[test]
    fn accepted_nasty_targets_are_fixed_points_of_whatwg(raw in nasty()) {
        agrees_with_whatwg(&raw);
    }

    #[test]
    fn any_text_gets_an_answer(raw in any::<String>()) {
        agrees_with_whatwg(&raw);
    }

    /// Escaping every byte but unreserved ones is always accepted and comes back by decoding.
    #[test]
    fn an_escaped_segment_decodes_to_what_was_escaped(text in "[^\\x00\\\\%/]{0,16}") {
        prop_assume!(!text.split(';').next().is_some_and(|name| name == "." || name == ".."));
        let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let raw = format!("/x/{escaped}");
        let target = Target::parse(&raw).expect("escaped");
        let last = target.segments().last().expect("a segment");
        prop_assert_eq!(last.decoded(), text);
    }
}
