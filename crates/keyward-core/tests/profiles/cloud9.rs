//! The profile `cloud9`: everything is in the request, the content included.
use keyward_core::authenticate::{Authenticated, authenticate};
use keyward_core::content::{ContentEvidence, ContentNeeds};
use keyward_core::deployment::Scheme;
use keyward_core::mac::Algorithm;
use keyward_core::parse::{Credential, Exchange};

use crate::setting::*;

/// What is signed, as one reads it in the scheme's documentation.
#[derive(Clone)]
struct Signed<'a> {
    method: &'a str,
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
    content_type: &'a str,
    key: &'a str,
    nonce: &'a str,
    date: String,
    body: &'a str,
}

impl Signed<'_> {
    fn authorization(&self) -> String {
        let Self {
            method,
            scheme,
            host,
            path,
            content_type,
            key,
            nonce,
            date,
            body,
        } = self;
        let text = format!(
            "{method}\n{scheme}\n{host}\n{path}\n{content_type}\n{key}\n{nonce}\n{date}\n{body}\n"
        );
        format!("HmacSHA512 {key}:{nonce}:{}", mac(SECRET, text))
    }
}

fn base<'a>() -> Signed<'a> {
    Signed {
        method: "POST",
        scheme: "https",
        host: "api.example:443",
        path: "/v1/users",
        content_type: "application/json",
        key: "all",
        nonce: "n-1",
        date: date(0),
        body: "{}",
    }
}

fn sent(signed: &Signed<'_>) -> Sent {
    Sent::new("POST", "/v1/users")
        .with("date", signed.date.clone())
        .with("content-type", "application/json")
        .with("authorization", signed.authorization())
        .content("{}")
}

pub(crate) fn post() -> Sent {
    sent(&base())
}

pub(crate) fn get() -> Sent {
    let signed = Signed {
        method: "GET",
        content_type: "",
        body: "",
        ..base()
    };
    Sent::new("GET", "/v1/users")
        .with("date", date(0))
        .with("authorization", signed.authorization())
}

#[test]
fn requests_of_existing_clients_are_allowed() {
    expect(&post(), "allow");
    expect(&get(), "allow");
    expect(
        &Sent {
            announced: false,
            ..post()
        },
        "allow",
    );
    let value = post().value("authorization").to_owned();
    for scheme in ["hmacsha512", "HMACSHA512", "HmacSHA512 "] {
        expect(
            &post().changed("authorization", value.replace("HmacSHA512", scheme)),
            "allow",
        );
    }
    let proxy = Sent {
        fields: Vec::new(),
        ..post()
    };
    let proxy = proxy
        .with("date", date(0))
        .with("content-type", "application/json");
    expect(&proxy.with("proxy-authorization", value), "allow");
}

#[test]
fn the_host_has_its_port_and_is_the_listed_one() {
    for (scheme, received, name, host) in [
        (Scheme::Https, "API.example", "https", "api.example:443"),
        (Scheme::Https, "api.example:443", "https", "api.example:443"),
        (
            Scheme::Https,
            "api.example:8443",
            "https",
            "api.example:8443",
        ),
        (Scheme::Https, "[2001:db8::1]", "https", "[2001:db8::1]:443"),
        (Scheme::Http, "hmac.com", "http", "hmac.com:80"),
    ] {
        let signed = Signed {
            scheme: name,
            host,
            ..base()
        };
        expect(&sent(&signed).at(scheme, received), "allow");
        let other = Signed {
            host: "api.example",
            ..signed
        };
        expect(
            &sent(&other).at(scheme, received),
            "401 invalid_credentials",
        );
    }
}

#[test]
fn every_part_is_signed() {
    for other in [
        Signed {
            method: "PUT",
            ..base()
        },
        Signed {
            method: "post",
            ..base()
        },
        Signed {
            scheme: "http",
            ..base()
        },
        Signed {
            scheme: "HTTPS",
            ..base()
        },
        Signed {
            host: "uat.example:443",
            ..base()
        },
        Signed {
            path: "/v1/user",
            ..base()
        },
        Signed {
            content_type: "text/plain",
            ..base()
        },
        Signed {
            content_type: "",
            ..base()
        },
        Signed {
            date: date(1),
            ..base()
        },
        Signed {
            body: "{ }",
            ..base()
        },
        Signed { body: "", ..base() },
        Signed {
            body: "{}\n",
            ..base()
        },
    ] {
        let sent = post().changed("authorization", other.authorization());
        expect(&sent, "401 invalid_credentials");
    }
    let (one, other) = (
        base().authorization(),
        Signed {
            nonce: "n-2",
            ..base()
        }
        .authorization(),
    );
    let mac = one.rsplit(':').next().unwrap();
    expect(
        &post().changed("authorization", format!("HmacSHA512 all:n-2:{mac}")),
        "401 invalid_credentials",
    );
    expect(&post().changed("authorization", other), "allow");
    for content in ["", "{}\n", "{"] {
        expect(&post().content(content), "401 invalid_credentials");
    }
}

#[test]
fn the_credential_has_three_fields() {
    let good = base().authorization();
    let mac = good.rsplit(':').next().unwrap();
    let long = "n".repeat(129);
    for bad in [
        "HmacSHA512".to_owned(),
        "HmacSHA512 ".to_owned(),
        format!("HmacSHA512 all:{mac}"),
        format!("HmacSHA512 all:n:1:{mac}"),
        format!("HmacSHA512 all::{mac}"),
        format!("HmacSHA512 :n-1:{mac}"),
        format!("HmacSHA512 all:{long}:{mac}"),
        format!("HmacSHA512 all:n 1:{mac}"),
        format!("HmacSHA512 all:né:{mac}"),
        format!("HmacSHA512 all:n-1:{}", &mac[..86]),
        format!("HmacSHA512 all:n-1:{mac}="),
        format!("HmacSHA512 all:n-1: {mac}"),
        format!("HmacSHA512 all:n-1:{}", mac.replace('=', "A")),
        format!(
            "HmacSHA512 all:n-1:{}",
            mac_of(Algorithm::HmacSha256, SECRET, "x")
        ),
        format!("HmacSHA256 all:n-1:{mac}"),
        format!("HmacSHA1 all:n-1:{mac}"),
        format!("HmacMD5 all:n-1:{mac}"),
    ] {
        expect(
            &post().changed("authorization", bad),
            "401 malformed_credentials",
        );
    }
    for more in [", Basic dTpw", ", HmacSHA512 all:n-1:x", ","] {
        expect(
            &post().changed("authorization", format!("{good}{more}")),
            "400 multiple_credentials",
        );
    }
    let mut undated = post();
    undated.fields.retain(|(name, _)| name != "date");
    expect(&undated, "401 malformed_credentials");
}

#[test]
fn the_date_counts_five_minutes_both_ways() {
    for (offset_s, short) in [
        (-300, "allow"),
        (300, "allow"),
        (-301, "401 signature_stale"),
        (301, "401 signature_stale"),
    ] {
        expect(
            &sent(&Signed {
                date: date(offset_s),
                ..base()
            }),
            short,
        );
    }
    expect(
        &sent(&Signed {
            date: date(0).replace("GMT", "+0000"),
            ..base()
        }),
        "allow",
    );
    // The other spelling of the same second is another date.
    let sent = post().changed("date", date(0).replace("GMT", "+0000"));
    expect(&sent, "401 invalid_credentials");
}

#[test]
fn a_query_is_not_signed_so_the_key_must_allow_it() {
    let with_query = |key| {
        let signed = Signed { key, ..base() };
        Sent {
            target: "/v1/users?role=admin".to_owned(),
            ..sent(&signed)
        }
    };
    expect(&with_query("query"), "allow");
    expect(&with_query("all"), "401 insufficient_coverage");
    expect(
        &Sent {
            target: "/v1/users?".to_owned(),
            ..post()
        },
        "401 insufficient_coverage",
    );
    // Only after the MAC: otherwise anybody learns what keys allow.
    let wrong = with_query("all").content("[]");
    expect(&wrong, "401 invalid_credentials");
    let signed = Signed {
        key: "nobody",
        ..base()
    };
    let unknown = Sent {
        target: "/v1/users?a".to_owned(),
        ..sent(&signed)
    };
    expect(&unknown, "401 invalid_credentials");
}

fn forwarded_type(sent: &Sent) -> String {
    let Became::Allowed { forwarded, .. } = sent.became() else {
        panic!("{:?}", sent.became());
    };
    let types: Vec<_> = forwarded
        .into_iter()
        .filter(|(name, _)| name == "content-type")
        .collect();
    assert_eq!(types.len(), 1);
    types[0].1.clone()
}

#[test]
fn a_content_type_may_be_signed_with_or_without_its_parameters() {
    let with = |content_type: &str, signed: &str| {
        post().changed("content-type", content_type).changed(
            "authorization",
            Signed {
                content_type: signed,
                ..base()
            }
            .authorization(),
        )
    };
    let whole = "application/json; charset=utf-8";
    assert_eq!(forwarded_type(&with(whole, whole)), whole);
    // What was not signed does not go on.
    assert_eq!(
        forwarded_type(&with(whole, "application/json")),
        "application/json"
    );
    assert_eq!(
        forwarded_type(&with("application/json ;x", "application/json")),
        "application/json"
    );
    assert_eq!(
        forwarded_type(&with("application/json", "application/json")),
        "application/json"
    );
    for (content_type, signed) in [
        (whole, "application/json; charset=latin1"),
        (whole, "application/json;charset=utf-8"),
        ("application/json", whole),
        // The boundary decides how the content is read.
        ("multipart/form-data; boundary=b", "multipart/form-data"),
        ("Multipart/Mixed; boundary=b", "Multipart/Mixed"),
        (";x=1", ""),
        ("text/plain", "Text/Plain"),
    ] {
        expect(&with(content_type, signed), "401 invalid_credentials");
    }
    let multipart = "multipart/form-data; boundary=b";
    assert_eq!(forwarded_type(&with(multipart, multipart)), multipart);
    expect(
        &post().with("content-type", "application/json"),
        "400 invalid_header",
    );
}

#[test]
fn content_is_asked_for_whoever_it_is_and_judged_by_itself() {
    let setting = setting();
    for key_id in ["all", "native", "all-256", "nobody"] {
        let sent = sent(&Signed {
            key: key_id,
            ..base()
        });
        sent.as_received(|request| {
            let exchange =
                Exchange::parse(&setting.deployment, &setting.catalogue, request).unwrap();
            let credential = Credential::parse(&exchange).unwrap();
            let key = setting.keys.iter().find(|key| key.key_id() == key_id);
            let ask = || match authenticate(&credential, key, NOW_S) {
                Ok(Authenticated::AwaitingContent(awaiting)) => awaiting,
                other => panic!("{other:?}"),
            };
            let needs = ContentNeeds {
                digests: Vec::new(),
                bytes: true,
            };
            assert_eq!(ask().needs(), needs);
            let right = ask().with_content(&ContentEvidence::of(b"{}", &needs));
            assert_eq!(right.is_ok(), key_id == "all");
            // Evidence without what was asked for is none.
            let silent = ContentEvidence {
                bytes: None,
                ..ContentEvidence::of(b"{}", &needs)
            };
            assert!(ask().with_content(&silent).is_err());
        });
    }
}

#[test]
fn debug_shows_the_head_and_not_the_content() {
    let sent = post().content("{\"password\":1}");
    let Became::Denied { base: shown, .. } = sent.became_in(&deployment(true), NOW_S) else {
        panic!();
    };
    let wanted = format!(
        "POST\nhttps\napi.example:443\n/v1/users\napplication/json\nall\nn-1\n{}\n(content of 14 octets)\n",
        date(0)
    );
    assert_eq!(shown, Some(wanted));
}

#[test]
fn too_much_content_is_refused() {
    let sent = post().content(&"a".repeat(1024 * 1024 + 1));
    expect(&sent, "413 content_too_large");
    expect(
        &Sent {
            announced: false,
            ..sent
        },
        "413 content_too_large",
    );
}
