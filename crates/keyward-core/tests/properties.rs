//! Guarantees about the whole way for requests that nobody thought of: what is signed is
//! allowed, what changed afterwards is not, and nothing that is sent can do worse than be refused.

mod fixture;

use fixture::{Fixture, NOW_S, SECRET, Sent};
use keyward_core::denial::Code;
use keyward_core::deployment::Scheme;
use keyward_core::key::Key;
use keyward_core::mac::{Algorithm, MacKey};
use keyward_core::request::ContentLength;
use keyward_core::sign::{SignatureParameters, Unsigned, sign};
use proptest::prelude::*;

const KEY_ID: &str = "legacy.signer";

/// Signs what is sent as it is now.
fn signed(mut sent: Sent, algorithm: Algorithm, nonce: Option<&str>) -> Sent {
    let unsigned = Unsigned {
        method: &sent.method,
        scheme: Scheme::Https,
        authority: &sent.authority,
        target: &sent.target,
        content_type: None,
        content: &sent.content,
    };
    let parameters = SignatureParameters {
        profile: keyward_core::key::Profile::Rfc9421,
        key_id: KEY_ID,
        created_s: NOW_S,
        nonce,
    };
    let key = MacKey::new(algorithm, SECRET.as_bytes());
    let fields = sign(&unsigned, &key, &parameters).expect("a request that can be signed");
    sent.fields.extend(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    sent
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop_oneof![Just(Algorithm::HmacSha256), Just(Algorithm::HmacSha512)]
}

/// Paths that mean one thing, with any query.
fn target() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        "[a-zA-Z0-9_~!$&'()*+,=:@|-]{1,8}",
        "(%20|%C3%A9|%7e|[a-z]){1,4}",
        "[a-z]\\.[a-z]"
    ];
    let query = proptest::option::of("[!-\"$-~]{0,20}");
    (proptest::collection::vec(segment, 1..5), query).prop_map(|(segments, query)| {
        let path = segments.join("/");
        match query {
            None => format!("/v1/{path}"),
            Some(query) => format!("/v1/{path}?{query}"),
        }
    })
}

prop_compose! {
    fn request()(
        target in target(),
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        authority in prop::sample::select(vec!["api.example", "API.example:443", "other.example"]),
        content in proptest::collection::vec(any::<u8>(), 0..64),
        declared in any::<bool>(),
    ) -> Sent {
        let content = if matches!(method, "GET" | "HEAD") { Vec::new() } else { content };
        let length = match (content.len(), declared) {
            (0, _) => ContentLength::None,
            (octets, true) => ContentLength::Declared(octets as u64),
            (_, false) => ContentLength::Unknown,
        };
        Sent {
            method: method.into(),
            authority: authority.into(),
            target,
            fields: Vec::new(),
            content,
            length,
        }
    }
}

/// One thing that is different when the request arrives.
#[derive(Clone, Debug)]
enum Change {
    Method(&'static str),
    OtherAuthority,
    /// Another character at a place.
    Target(prop::sample::Index, char),
    /// A character more at a place.
    LongerTarget(prop::sample::Index, char),
    Created(u64),
    Nonce,
    KeyId,
    Mac(prop::sample::Index),
    Digest(prop::sample::Index),
    Content(prop::sample::Index),
    LongerContent(u8),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    let letter = || proptest::char::range('!', '~');
    prop_oneof![
        prop_oneof![Just("GET"), Just("POST"), Just("DELETE")].prop_map(Change::Method),
        Just(Change::OtherAuthority),
        (at(), letter()).prop_map(|(at, letter)| Change::Target(at, letter)),
        (at(), letter()).prop_map(|(at, letter)| Change::LongerTarget(at, letter)),
        (1_u64..300).prop_map(Change::Created),
        Just(Change::Nonce),
        Just(Change::KeyId),
        at().prop_map(Change::Mac),
        at().prop_map(Change::Digest),
        at().prop_map(Change::Content),
        any::<u8>().prop_map(Change::LongerContent),
    ]
}

fn field<'s>(sent: &'s mut Sent, name: &str) -> Option<&'s mut String> {
    sent.fields
        .iter_mut()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value)
}

/// Another character of base64 in a field's byte sequence.
fn spoil(value: &mut String, at: prop::sample::Index) {
    let start = value.find(":").expect("bytes") + 1;
    // Not the padding, nor the digit before it, whose spare bits would make it no base64 at all.
    let end = value
        .rfind(|c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/')
        .expect("bytes");
    let at = start + at.index(end - start);
    let other = if value.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    value.replace_range(at..=at, other);
}

impl Change {
    /// Whether anything is different now.
    fn apply(&self, sent: &mut Sent) -> bool {
        let before = sent.clone();
        match self {
            Self::Method(method) => (*method).clone_into(&mut sent.method),
            Self::OtherAuthority => {
                let other = if sent.authority == "other.example" {
                    "api.example"
                } else {
                    "other.example"
                };
                other.clone_into(&mut sent.authority);
            }
            Self::Target(at, letter) => {
                let at = at.index(sent.target.len());
                sent.target.replace_range(at..=at, &letter.to_string());
            }
            Self::LongerTarget(at, letter) => {
                sent.target.insert(at.index(sent.target.len() + 1), *letter)
            }
            Self::Created(ago) => {
                let input = field(sent, "signature-input").expect("signed");
                *input = input.replace(
                    &format!("created={NOW_S}"),
                    &format!("created={}", NOW_S - ago),
                );
            }
            Self::Nonce => {
                let input = field(sent, "signature-input").expect("signed");
                *input = input.replace("nonce=\"", "nonce=\"x");
            }
            Self::KeyId => {
                let input = field(sent, "signature-input").expect("signed");
                *input = input.replace(KEY_ID, "legacy.other");
            }
            Self::Mac(at) => spoil(field(sent, "signature").expect("signed"), *at),
            Self::Digest(at) => {
                if let Some(digest) = field(sent, "content-digest") {
                    spoil(digest, *at);
                }
            }
            Self::Content(at) if !sent.content.is_empty() => {
                let at = at.index(sent.content.len());
                sent.content[at] ^= 1;
            }
            Self::Content(_) => {}
            Self::LongerContent(byte) => {
                sent.content.push(*byte);
                sent.length = ContentLength::Unknown;
            }
        }
        format!("{before:?}") != format!("{sent:?}")
    }
}

fn keys(fixture: &Fixture, algorithm: Algorithm) -> [Key; 2] {
    [
        fixture.signed_key(KEY_ID, algorithm),
        fixture.signed_key("legacy.other", algorithm),
    ]
}

/// Text that parsers might trip over.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        "(keyward|sig|a)=\\((\"(@method|@target-uri|@path|date)\"(;(sf|bs|key=\"a\"|req))? ?){0,4}\\)(;(created|keyid|nonce|tag|alg)=(1|\"keyward\"|\"x\"|:AAAA:|a|-9|1\\.5|\\?1)){0,6}",
        "(keyward|sig|a)=:[A-Za-z0-9+/]{0,90}={0,2}:(, b=:AAAA:)?",
        "(Basic|basic|Bearer|Signature|hmac) [A-Za-z0-9+/=,:\" ]{0,60}",
        "(sha-512|sha-256|md5)=:[A-Za-z0-9+/]{0,90}={0,2}:",
        ",{0,200}|\\({0,200}|\"{0,50}|(a=1;){0,50}",
    ]
}

fn field_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "(?i)(authorization|proxy-authorization|signature|signature-input|content-digest)",
        "(?i)(host|date|x-date|content-type|content-length|transfer-encoding|connection|x-rewrite-url)",
        "[a-zA-Z_-]{0,10}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_signed_is_allowed(sent in request(), algorithm in algorithm(), nonce in proptest::option::of("[!#-\\[\\]-~]{1,128}")) {
        let fixture = Fixture::new(|_| ());
        let sent = signed(sent, algorithm, nonce.as_deref());
        prop_assert_eq!(fixture.decide(&sent, Some(&fixture.signed_key(KEY_ID, algorithm))), Ok(()));
    }

    #[test]
    fn one_change_after_signing_is_denied(sent in request(), change in change(), algorithm in algorithm()) {
        let fixture = Fixture::new(|_| ());
        let mut sent = signed(sent, algorithm, Some("n"));
        let [key, other] = keys(&fixture, algorithm);
        prop_assume!(change.apply(&mut sent));
        // The same secret: that the key id is signed along is what tells the two apart.
        let key = if matches!(change, Change::KeyId) { other } else { key };
        prop_assert!(fixture.decide(&sent, Some(&key)).is_err(), "{:?}", sent);
    }

    #[test]
    fn whatever_is_sent_is_refused_with_a_known_code(
        method in prop_oneof![Just("GET".to_owned()), Just("POST".to_owned()), any::<String>()],
        authority in prop_oneof![Just("api.example".to_owned()), any::<String>()],
        target in prop_oneof![Just("/v1".to_owned()), any::<String>(), "/[ -~]{0,40}"],
        fields in proptest::collection::vec((field_name(), hostile()), 0..6),
        content in proptest::collection::vec(any::<u8>(), 0..8),
        length in prop_oneof![Just(ContentLength::None), Just(ContentLength::Unknown), any::<u64>().prop_map(ContentLength::Declared)],
    ) {
        let fixture = Fixture::new(|settings| settings.debug = true);
        let key = fixture.signed_key("x", Algorithm::HmacSha512);
        let sent = Sent { method, authority, target, fields, content, length };
        let denial = fixture.decide(&sent, Some(&key)).expect_err("nobody knows the secret");
        prop_assert!(Code::ALL.contains(&denial.code()));
    }

    #[test]
    fn fields_beside_a_signature_never_panic(sent in request(), fields in proptest::collection::vec((field_name(), hostile()), 1..4)) {
        let fixture = Fixture::new(|_| ());
        let mut sent = signed(sent, Algorithm::HmacSha256, None);
        sent.fields.extend(fields);
        let key = fixture.signed_key(KEY_ID, Algorithm::HmacSha256);
        if let Err(denial) = fixture.decide(&sent, Some(&key)) {
            prop_assert!(Code::ALL.contains(&denial.code()));
        }
    }

    #[test]
    fn an_unknown_key_and_a_wrong_secret_have_one_answer(sent in request(), algorithm in algorithm(), debug in any::<bool>(), at in any::<prop::sample::Index>()) {
        let fixture = Fixture::new(|settings| settings.debug = debug);
        let mut sent = signed(sent, algorithm, None);
        spoil(field(&mut sent, "signature").expect("signed"), at);
        let [key, _] = keys(&fixture, algorithm);
        let other_algorithm = match algorithm {
            Algorithm::HmacSha256 => Algorithm::HmacSha512,
            Algorithm::HmacSha384 | Algorithm::HmacSha512 => Algorithm::HmacSha256,
        };
        let unknown = fixture.decide(&sent, None).expect_err("unknown");
        prop_assert_eq!(unknown.code(), Code::InvalidCredentials);
        for key in [key, fixture.signed_key(KEY_ID, other_algorithm), fixture.basic_key(KEY_ID, SECRET)] {
            prop_assert_eq!(&fixture.decide(&sent, Some(&key)).expect_err("wrong"), &unknown);
        }
    }
}
