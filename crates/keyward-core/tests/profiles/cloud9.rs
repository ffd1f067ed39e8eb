//! The profile `cloud9`: everything is in the request, the content included.
use keyward_core::deployment::Scheme;
use keyward_core::mac::Algorithm;

use crate::setting::*;

/// What is signed, as one reads it in the scheme's documentation.
#[derive(Clone)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) key: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) date: String,
    pub(crate) body: &'a str,
}

impl Signed<'_> {
    pub(crate) fn authorization(&self) -> String {
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

pub(crate) fn base<'a>() -> Signed<'a> {
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

pub(crate) fn sent(signed: &Signed<'_>) -> Sent {
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
