//! Where requests go: a URL or another Worker.
use alloc::string::String;
use core::net::Ipv6Addr;

use keyward_core::deployment::Scheme;
use serde::Serialize;

/// An origin in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize), serde(try_from = "OriginJson"))]
#[serde(into = "OriginJson")]
pub enum Origin {
    /// `https://host` or `http://host:port`, nothing behind it: the path is the request's own.
    Url(String),
    /// The name of a service binding.
    Service(String),
}

#[derive(Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(deny_unknown_fields)]
pub(super) struct OriginJson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
}

impl TryFrom<OriginJson> for Origin {
    type Error = &'static str;

    fn try_from(json: OriginJson) -> Result<Self, Self::Error> {
        match json {
            OriginJson {
                url: Some(url),
                service: None,
            } if is_bare_url(&url) => Ok(Self::Url(url)),
            OriginJson {
                url: None,
                service: Some(name),
            } if is_binding(&name) => Ok(Self::Service(name)),
            OriginJson {
                url: Some(_),
                service: None,
            } => Err(
                "an origin's url must be http:// or https://, a host and perhaps a port; \
                 no user, path, query or final slash",
            ),
            OriginJson {
                url: None,
                service: Some(_),
            } => Err("an origin's service must be the name of a binding: letters, digits and _"),
            _ => Err("an origin has either url or service"),
        }
    }
}

impl From<Origin> for OriginJson {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Url(url) => Self {
                url: Some(url),
                service: None,
            },
            Origin::Service(name) => Self {
                url: None,
                service: Some(name),
            },
        }
    }
}

/// Scheme, host and perhaps port, such that no reader finds anything else in it.
fn is_bare_url(url: &str) -> bool {
    let Some((scheme, authority)) = url.split_once("://") else {
        return false;
    };
    if Scheme::parse(scheme).is_none() || authority.len() > 255 {
        return false;
    }
    let port = if let Some(rest) = authority.strip_prefix('[') {
        let Some((address, rest)) = rest.split_once(']') else {
            return false;
        };
        if address.parse::<Ipv6Addr>().is_err() {
            return false;
        }
        rest
    } else {
        let end = authority.find(':').unwrap_or(authority.len());
        let (host, rest) = authority.split_at(end);
        if !is_host(host) {
            return false;
        }
        rest
    };
    port.is_empty() || port.strip_prefix(':').is_some_and(is_port)
}

fn is_host(host: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    host.split('.')
        .all(|label| !label.is_empty() && label.bytes().all(plain))
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_binding(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
