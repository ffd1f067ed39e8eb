//! What is signed here is taken here, and nothing that was changed on the way.
use keyward_core::deployment::Scheme;
use keyward_core::key::Profile;
use keyward_core::mac::{Algorithm, MacKey};
use keyward_core::sign::{SignError, SignatureParameters, Unsigned, sign};
use proptest::prelude::*;

use crate::setting::*;

fn signed(
    profile: Profile,
    sent: &Sent,
    key_id: &str,
    nonce: Option<&str>,
) -> Result<Sent, SignError> {
    let content_type = sent.fields.iter().find(|(name, _)| name == "content-type");
    let unsigned = Unsigned {
        method: &sent.method,
        scheme: sent.scheme,
        authority: &sent.authority,
        target: &sent.target,
        content_type: content_type.map(|(_, value)| value.as_str()),
        content: &sent.content,
    };
    let algorithm = if key_id == "all-256" {
        Algorithm::HmacSha256
    } else {
        Algorithm::HmacSha512
    };
    let parameters = SignatureParameters {
        profile,
        key_id,
        created_s: NOW_S,
        nonce,
    };
    let key = MacKey::new(algorithm, SECRET.as_bytes());
    let fields = sign(&unsigned, &key, &parameters)?;
    Ok(fields
        .into_iter()
        .fold(sent.clone(), |sent, (name, value)| sent.with(name, value)))
}

fn profile() -> impl Strategy<Value = Profile> {
    proptest::sample::select(&Profile::ALL[..])
}

prop_compose! {
    fn request()(
        method in proptest::sample::select(&["POST", "PUT", "PATCH", "DELETE"][..]),
        authority in proptest::sample::select(&[
            (Scheme::Https, "api.example"), (Scheme::Https, "API.example:443"),
            (Scheme::Https, "api.example:8443"), (Scheme::Https, "[2001:db8::1]"),
            (Scheme::Http, "localhost:8080"),
        ][..]),
        // Escapes of letters: whether a slash may be one is the route's choice.
        path in "(/([a-z0-9~._-]|%[46][1-9]){1,8}){1,3}",
        query in proptest::option::of("[a-zA-Z0-9=&'%+/?:;.~-]{0,20}"),
        content_type in proptest::option::of("[a-z]{1,8}/[a-z]{1,8}(; ?[a-z]{1,8}=[a-z0-9]{1,8})?"),
        content in "[ -~\\n]{0,40}",
        announced: bool,
    ) -> Sent {
        let target = match query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        let mut sent = Sent::new(method, &target).at(authority.0, authority.1).content(&content);
        sent.announced = announced;
        match content_type {
            Some(content_type) => sent.with("content-type", content_type),
            None => sent,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_signed_is_allowed(
        sent in request(),
        profile in profile(),
        nonce in "[!-+.-9;-~-]{1,128}",
        sha256: bool,
    ) {
        let nonce = nonce.replace(['"', '\\'], "'");
        let key = match profile {
            Profile::Cloud9 => "query",
            _ if sha256 => "all-256",
            _ => "all",
        };
        match signed(profile, &sent, key, Some(&nonce)) {
            Ok(signed) => {
                let became = signed.became();
                prop_assert_eq!(became.short(), "allow", "{:?} {:?}", became, signed);
            }
            Err(error) => prop_assert_eq!(error, SignError::Target),
        }
    }

    #[test]
    fn what_was_changed_on_the_way_is_refused(
        sent in request(),
        profile in profile(),
        change in 0_usize..7,
        at in any::<proptest::sample::Index>(),
        with in "[!-~]",
    ) {
        let Ok(good) = signed(profile, &sent, "query", Some("n")) else {
            return Ok(());
        };
        prop_assert_eq!(good.became().short(), "allow");
        let mut bad = good.clone();
        match change {
            0 => bad.method = if bad.method == "PUT" { "POST" } else { "PUT" }.to_owned(),
            1 => {
                let authority = if bad.authority == "api.example:8443" { "api.example" } else { "api.example:8443" };
                bad = bad.at(Scheme::Https, authority);
                // Kong signs no authority: that is its clients' choice, and why keys have one
                // environment.
                prop_assume!(profile != Profile::Kong);
            }
            2 => {
                let end = bad.target.find('?').unwrap_or(bad.target.len());
                bad.target = replaced(&bad.target, 1 + at.index(end - 1), &with);
            }
            3 if profile != Profile::Cloud9 => bad.target = format!("{}?x", bad.target),
            4 if !bad.content.is_empty() => {
                let at = at.index(bad.content.len());
                bad.content[at] ^= 1;
            }
            5 => bad.content.push(b'x'),
            _ => {
                // One character of the credential, where it matters: in the MAC, the key id, the
                // covered names, the times.
                let name = if profile == Profile::Rfc9421 { "signature-input" } else { "authorization" };
                let value = bad.value(name).to_owned();
                let (start, end) = match profile {
                    Profile::Rfc9421 => (8, value.len()),
                    Profile::Cloud9 => (11, value.len()),
                    Profile::Kong | Profile::Cavage => (value.find("headers=").unwrap(), value.len()),
                };
                bad = bad.changed(name, replaced(&value, start + at.index(end - start), &with));
                prop_assume!(bad.value(name) != value);
                // The name of a parameter in another case is the same name.
                let same = bad.value(name).eq_ignore_ascii_case(&value);
                prop_assume!(!same || profile == Profile::Rfc9421 || profile == Profile::Cloud9);
            }
        }
        prop_assume!(bad.fields != good.fields || bad.content != good.content
            || bad.target != good.target || bad.method != good.method || bad.authority != good.authority);
        let became = bad.became();
        prop_assert_ne!(became.short(), "allow", "{:?}", bad);
    }
}

fn replaced(text: &str, at: usize, with: &str) -> String {
    let mut text = text.to_owned();
    text.replace_range(at..=at, with);
    text
}

#[test]
fn what_the_gateway_would_refuse_is_not_signed() {
    let sent = Sent::new("POST", "/v1/users").content("{}");
    let error = |profile, sent: &Sent, key, nonce| signed(profile, sent, key, nonce).unwrap_err();
    for profile in Profile::ALL {
        let ambiguous = Sent {
            target: "/v1/../users".to_owned(),
            ..sent.clone()
        };
        assert_eq!(
            error(profile, &ambiguous, "all", Some("n")),
            SignError::Target
        );
        let nowhere = sent.clone().at(Scheme::Https, "user@api.example");
        assert_eq!(
            error(profile, &nowhere, "all", Some("n")),
            SignError::Authority
        );
    }
    use Profile::{Cavage, Cloud9, Kong};
    for profile in [Cloud9, Kong, Cavage] {
        for key_id in ["", "a b", "a\"b", "a:b", "kwk_mistyped"] {
            assert_eq!(
                error(profile, &sent, key_id, Some("n")),
                SignError::Parameters
            );
        }
    }
    assert_eq!(
        error(Cloud9, &sent, "all-256", Some("n")),
        SignError::Algorithm
    );
    assert_eq!(error(Cloud9, &sent, "all", None), SignError::NonceMissing);
    let long = "n".repeat(129);
    for nonce in ["", "a:b", "a,b", "a b", "é", &long] {
        assert_eq!(
            error(Cloud9, &sent, "all", Some(nonce)),
            SignError::Parameters
        );
    }
    let odd = sent.with("content-type", "text/plain; x=é");
    assert_eq!(error(Cloud9, &odd, "all", Some("n")), SignError::Parameters);
}

#[test]
fn what_is_signed_looks_like_what_the_schemes_document() {
    let sent = Sent::new("POST", "/v1/users?a=1")
        .with("content-type", "text/plain")
        .content("{}");
    let names = |profile| {
        let signed = signed(profile, &sent, "all", Some("n-1")).unwrap();
        let fields: Vec<_> = signed.fields.into_iter().skip(1).collect();
        fields
    };
    let start = |value: &str| value.split("signature=").next().unwrap().to_owned();
    let kong = names(Profile::Kong);
    assert_eq!(
        kong[..2],
        [
            ("x-date".to_owned(), date(0)),
            ("digest".to_owned(), sha512("{}"))
        ]
    );
    assert_eq!(
        start(&kong[2].1),
        r#"hmac username="all", algorithm="hmac-sha512", headers="x-date request-line digest", "#
    );
    let cavage = names(Profile::Cavage);
    assert_eq!(cavage[..2], kong[..2]);
    assert_eq!(
        start(&cavage[2].1),
        r#"Signature keyId="all",algorithm="hmac-sha512",headers="(request-target) host x-date digest","#
    );
    let cloud9 = names(Profile::Cloud9);
    assert_eq!(cloud9[0], ("date".to_owned(), date(0)));
    let text = format!(
        "POST\nhttps\napi.example:443\n/v1/users\ntext/plain\nall\nn-1\n{}\n{{}}\n",
        date(0)
    );
    let mac = mac(SECRET, text);
    assert_eq!(
        cloud9[1],
        (
            "authorization".to_owned(),
            format!("HmacSHA512 all:n-1:{mac}")
        )
    );
}
