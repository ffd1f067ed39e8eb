//! Cross-origin requests of browsers (the CORS protocol of the Fetch standard): which origins an
//! API answers, and the answer to a preflight, which is never forwarded.
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::catalogue::Method;
use crate::denial::{Code, Denial};
use crate::limits;
use crate::parse::Exchange;
use crate::request::Field;

/// The cross-origin rules of one API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// `scheme://host[:port]` as browsers send it, or `*` alone for any.
    pub origins: Vec<String>,
    /// How long browsers may remember the answer, in seconds (at most a day).
    pub max_age_s: u32,
    /// Fields of answers that scripts may read.
    pub expose_headers: Vec<String>,
}

impl Cors {
    /// What is wrong with the rules, as a sentence; `None` if they can be kept.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.origins.is_empty() || self.origins.len() > limits::CORS_ORIGINS_MAX {
            return Some("1 to 100 origins are needed");
        }
        if self.origins.iter().any(|origin| origin == "*") && self.origins.len() > 1 {
            return Some("`*` stands alone");
        }
        if !self
            .origins
            .iter()
            .all(|origin| origin == "*" || is_origin(origin))
        {
            return Some("an origin is scheme://host or scheme://host:port, in lower case");
        }
        if self.max_age_s > limits::CORS_AGE_S_MAX {
            return Some("maxAge is at most 86400");
        }
        if self.expose_headers.len() > limits::CORS_HEADERS_MAX
            || !self.expose_headers.iter().all(|name| is_token(name))
        {
            return Some("exposeHeaders are at most 64 field names");
        }
        None
    }

    /// What `Access-Control-Allow-Origin` says to this origin.
    fn answer_to(&self, origin: &str) -> Option<String> {
        let any = self.origins.iter().any(|one| one == "*");
        let listed = self.origins.iter().any(|one| one == origin);
        if any {
            Some("*".to_owned())
        } else {
            listed.then(|| origin.to_owned())
        }
    }
}

fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && host.bytes().all(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || matches!(b, b'-' | b'.' | b':' | b'[' | b']')
            })
    })
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// What a request asks, if it is a preflight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// For permission to send a request with this method.
    For(Method),
    /// For a method that there is not.
    Nothing,
}

/// A preflight is an `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
pub(crate) fn asked(method: Method, fields: &[Field<'_>]) -> Option<Asked> {
    let find = |wanted: &str| {
        fields
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| *value)
    };
    if method != Method::Options || find("origin").is_none() {
        return None;
    }
    let wanted = find("access-control-request-method")?;
    let wanted = wanted.trim_matches([' ', '\t']);
    Some(Method::parse(wanted).map_or(Asked::Nothing, Asked::For))
}

impl Exchange<'_> {
    /// The fields of the answer to a preflight (204, without content); `None` for every other
    /// request.
    ///
    /// # Errors
    /// `no_route`, and `origin_not_allowed` where the API does not list the origin.
    #[must_use]
    pub fn preflight(&self) -> Option<Result<Vec<(&'static str, String)>, Denial>> {
        let asked = self.preflight?;
        let answer = || {
            let (Some(found), Asked::For(method)) = (&self.route, asked) else {
                return Err(Code::NoRoute.into());
            };
            let mut fields = self.cors_fields();
            if fields.is_empty() {
                return Err(Code::OriginNotAllowed.into());
            }
            fields.push(("access-control-allow-methods", method.as_str().to_owned()));
            let headers = self.fields.combined("access-control-request-headers");
            if let Some(headers) = headers.filter(|value| !value.is_empty()) {
                let names = || {
                    headers
                        .split(',')
                        .map(|name| name.trim_matches([' ', '\t']))
                };
                if names().count() > limits::CORS_HEADERS_MAX || !names().all(is_token) {
                    return Err(Denial::because(
                        Code::InvalidHeader,
                        "access-control-request-headers is not a short list of field names",
                    ));
                }
                fields.push(("access-control-allow-headers", headers.into_owned()));
            }
            let max_age_s = self
                .catalogue
                .cors(found.route.api_name())
                .map(|cors| cors.max_age_s);
            fields.push((
                "access-control-max-age",
                max_age_s.unwrap_or_default().to_string(),
            ));
            Ok(fields)
        };
        Some(answer())
    }

    /// The fields with which a browser lets the asking page read the answer; none if the request
    /// has no `Origin` or the route's API does not list it.
    #[must_use]
    pub fn cors_fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        let cors = self
            .route
            .as_ref()
            .and_then(|found| self.catalogue.cors(found.route.api_name()));
        let (Some(cors), Some(origin)) = (cors, self.fields.combined("origin")) else {
            return fields;
        };
        let Some(answer) = cors.answer_to(&origin) else {
            return fields;
        };
        fields.push(("access-control-allow-origin", answer));
        // Never `Access-Control-Allow-Credentials`: credentials here are fields, not cookies.
        fields.push(("vary", "origin".to_owned()));
        if !cors.expose_headers.is_empty() && self.preflight.is_none() {
            fields.push((
                "access-control-expose-headers",
                cors.expose_headers.join(", "),
            ));
        }
        fields
    }
}
