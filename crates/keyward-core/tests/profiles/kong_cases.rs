//! Kong's own cases by name, each with a request of ours. Where Kong lets pass what must not, or
//! tests what there is nothing of here, `tests/vectors/exceptions.json` says why.
use std::collections::BTreeMap;

use base64ct::{Base64, Encoding};

use crate::kong::{get, hmac, post};
use crate::setting::*;
use crate::suite::Suite;

/// Each request, and how it is answered; more than one where Kong sends more than one.
type Case = Vec<(Sent, &'static str)>;

const MALFORMED: &str = "401 malformed_credentials";
const INVALID: &str = "401 invalid_credentials";

/// A request to this target, signed with this one.
fn at(target: &str, signed: &str) -> Sent {
    let line = format!("GET {signed} HTTP/1.1");
    let value = hmac("date request-line", &[&format!("date: {}", date(0)), &line]);
    Sent::new("GET", target)
        .with("date", date(0))
        .with("authorization", value)
}

/// The good request with another credential.
fn credential(change: impl FnOnce(String) -> String) -> Sent {
    let value = change(get().value("authorization").to_owned());
    get().changed("authorization", value)
}

fn replaced(from: &str, to: &str) -> Sent {
    credential(|value| {
        assert!(value.contains(from), "{from}");
        value.replace(from, to)
    })
}

fn x_date(x_date: &str, headers: &str, lines: &[&str]) -> Sent {
    Sent::new("GET", "/v1/users")
        .with("x-date", x_date)
        .with("date", date(0))
        .with("authorization", hmac(headers, lines))
}

fn bare(headers: &str, lines: &[&str]) -> Sent {
    Sent::new("GET", "/v1/users")
        .with("date", date(0))
        .with("authorization", hmac(headers, lines))
}

#[rustfmt::skip]
fn by_line() -> BTreeMap<u64, Case> {
    let plain = || Sent::new("GET", "/v1/users").with("date", date(0));
    let line = format!("date: {}", date(0));
    let request_line = "GET /v1/users HTTP/1.1";
    let value = get().value("authorization").to_owned();
    let proxied = |value: &str| plain().with("proxy-authorization", value);
    let grpc = || get().with("content-type", "application/grpc");
    let empty_digest = {
        let digest = sha256("");
        let lines = [&line, request_line, &format!("digest: {digest}")];
        bare("date request-line digest", &lines).with("digest", digest)
    };
    let no_digest = |sent: Sent| Sent { method: "POST".to_owned(), ..sent }.content("{}");
    // No key has these algorithms; so long are their MACs.
    let other = |algorithm: &str, bytes: usize| {
        let mac = Base64::encode_string(&vec![0; bytes]);
        let start = value.split("signature=").next().unwrap().replace("hmac-sha512", algorithm);
        plain().with("authorization", format!("{start}signature=\"{mac}\""))
    };
    let sha512_by_another_key = value.replace("\"all\"", "\"all-256\"");
    let one = |sent: Sent, short| vec![(sent, short)];
    BTreeMap::from([
        (181, one(plain(), "401 missing_credentials")),
        (199, one(plain().with("authorization", "foobar"), MALFORMED)),
        (216, one(plain().with("content-type", "application/grpc"), "401 missing_credentials")),
        (225, one(get().changed("date", date(1)), INVALID)),
        (242, one(replaced("signature=\"", "signature=\"!"), MALFORMED)),
        (260, one(Sent { fields: Vec::new(), ..get() }.with("authorization", value.clone()), MALFORMED)),
        (277, one(proxied(&value).changed("date", date(1)), INVALID)),
        (294, one(plain().with("authorization", "hmac :dXNlcjpwYXNz"), MALFORMED)),
        (311, one(replaced("username=\"all\", ", "username,"), MALFORMED)),
        (329, one(replaced(", ", " "), MALFORMED)),
        (347, one(plain().with("authorization", "hmac username"), MALFORMED)),
        (364, one(plain(), "401 missing_credentials")),
        (380, one(replaced("username=\"all\", ", ""), MALFORMED)),
        (402, one(credential(|value| value.split(", signature").next().unwrap().to_owned()), MALFORMED)),
        (423, one(get(), "allow")),
        (443, one(grpc(), "allow")),
        (459, one(grpc(), "allow")),
        (477, one(proxied(&value), "allow")),
        (495, one(post(), "allow")),
        (515, one(get().with("proxy-authorization", "hmac username"), "400 multiple_credentials")),
        (536, one(proxied(&value).with("authorization", "hmac username"), "400 multiple_credentials")),
        (556, one(bare("date content-md5 request-line", &[&line, "content-md5: md5", request_line]).with("content-md5", "md5"), "allow")),
        (577, one(get(), "allow")),
        (600, one(bare("date @request-target", &[&line, "@request-target: get /v1/users"]), "allow")),
        (623, one(bare("date request-line", &[&line, "GET /v1/users HTTP/1.0"]), INVALID)),
        (648, one(replaced("\"all\"", "\"somebody\""), INVALID)),
        (675, one(replaced("\"all\"", "\"\""), MALFORMED)),
        (702, one(replaced("username=\"all\", ", ""), MALFORMED)),
        (730, one(replaced("headers=", "wrong_header="), "401 insufficient_coverage")),
        (756, one(replaced("signature=", "wrong_signature="), MALFORMED)),
        (782, one(replaced("signature=", "signature"), MALFORMED)),
        (808, one(replaced("headers=", "  headers"), MALFORMED)),
        (834, one(replaced(", ", ",   "), "allow")),
        (857, one(replaced("hmac-sha512", "hmac"), INVALID)),
        (881, one(get(), "allow")),
        (909, one(x_date(&date(0), "x-date request-line", &[&format!("x-date: {}", date(0)), request_line]), "allow")),
        (931, one(Sent { fields: Vec::new(), ..get() }.with("authorization", value.clone()), MALFORMED)),
        (956, one(x_date("wrong date", "x-date request-line", &["x-date: wrong date", request_line]), "400 invalid_header")),
        (982, one(x_date("wrong date", "date request-line", &[&line, request_line]), "400 invalid_header")),
        (1005, one(x_date("wrong date", "x-date date request-line", &["x-date: wrong date", &line, request_line]), "400 invalid_header")),
        (1028, one(x_date("wrong date", "x-date request-line", &["x-date: wrong date", request_line]), "400 invalid_header")),
        (1051, one(x_date(&date(0), "date request-line", &["date: wrong date", request_line]).changed("date", "wrong date"), "400 invalid_header")),
        (1074, one(get(), "allow")),
        (1097, one(no_digest(get()), "401 insufficient_coverage")),
        (1123, one(get(), "allow")),
        (1142, one(empty_digest.clone(), "allow")),
        (1165, one(plain().with("authorization", "foobar"), MALFORMED)),
        (1181, one(plain().with("authorization", "foobar"), MALFORMED)),
        (1196, one(plain(), "401 missing_credentials")),
        (1212, one(get(), "allow")),
        (1230, one(post(), "allow")),
        (1255, one(no_digest(bare("date request-line", &[&line, "POST /v1/users HTTP/1.1"]).with("digest", sha256("{}"))), "401 insufficient_coverage")),
        (1280, one(no_digest(bare("date request-line", &[&line, "POST /v1/users HTTP/1.1"])), "401 insufficient_coverage")),
        (1307, one(post().content("{ }"), "401 content_digest_mismatch")),
        (1335, one(post().changed("digest", sha256("{ }")).content("{ }"), INVALID)),
        (1363, one(get(), "allow")),
        (1385, vec![(at("/v1/users?name=foo", "/v1/users"), INVALID), (at("/v1/users/?name=foo", "/v1/users/"), INVALID)]),
        (1429, vec![(at("/v1/users?name=foo", "/v1/users?name=foo"), "allow"), (at("/v1/users/?name=foo", "/v1/users/?name=foo"), "allow")]),
        (1470, vec![(at("/v1/users?name=foo%20bar", "/v1/users?name=foo%20bar"), "allow"), (at("/v1/users?name=foo+b%C3%A1r", "/v1/users?name=foo+b%C3%A1r"), "allow")]),
        (1519, one(at("/v1/users?name=foo&page=1", "/v1/users?name=foo&page=1"), "allow")),
        (1547, one(at("/v1/users?name=foo&name=bar", "/v1/users?name=foo&name=bar"), "allow")),
        (1572, one(at("/", "/"), "allow")),
        (1593, one(at("/v1/users/%7Buser%7D", "/v1/users/%7Buser%7D"), "allow")),
        (1621, one(bare("date", &[&line]), "401 insufficient_coverage")),
        (1644, one(other("hmac-sha384", 48), MALFORMED)),
        (1666, one(get(), "allow")),
        (1688, one(get().changed("authorization", sha512_by_another_key), INVALID)),
        (1711, one(plain().with("authorization", "hmac foobar"), MALFORMED)),
        (1727, one(other("hmac-sha1", 20), MALFORMED)),
        (1859, one(get().with("apikey", "a-key"), "allow")),
        (1878, one(plain().with("apikey", "a-key"), "401 missing_credentials")),
        (1891, one(get(), "allow")),
        (1905, one(plain(), "401 missing_credentials")),
        (1921, one(get().with("apikey", "a-key"), "allow")),
        (1940, one(plain().with("apikey", "a-key"), "401 missing_credentials")),
        (1956, one(get(), "allow")),
        (1973, one(plain(), "401 missing_credentials")),
    ])
}

#[test]
fn each_request_has_its_answer() {
    for (line, case) in by_line() {
        for (sent, short) in case {
            let became = sent.became();
            assert_eq!(became.short(), short, "line {line}: {became:?}");
        }
    }
}

#[test]
fn each_case_of_kong_has_kongs_status_or_a_reason() {
    let name = "kong-hmac/kong_recipes";
    let Some(mut suite) = Suite::open(name, "https://github.com/Kong/kong") else {
        return;
    };
    let ours = by_line();
    let file = suite.json("kong-hmac/kong_recipes.json");
    for case in file["cases"].as_array().unwrap() {
        let line = case["line"].as_u64().unwrap();
        let wanted: Vec<_> = case["status"]
            .as_array()
            .unwrap()
            .iter()
            .map(|status| status.as_u64().unwrap())
            .collect();
        let found: Vec<_> = ours[&line]
            .iter()
            .map(|(sent, _)| match sent.became() {
                Became::Allowed { .. } => 200,
                Became::Denied { status, .. } => u64::from(status),
            })
            .collect();
        let outcome = if found == wanted {
            Ok(())
        } else {
            Err(format!("{found:?} instead of {wanted:?}"))
        };
        suite.case(
            format!("{line} {}", case["name"].as_str().unwrap()),
            outcome,
        );
    }
    suite.finish(77);
}
