//! The runtime's request as the core wants it: nothing judged, nothing repaired. What cannot be
//! represented is refused here.
use core::ops::Range;

use keyward_core::denial::{Code, Denial};
use keyward_core::deployment::Scheme;
use keyward_core::request::{ContentLength, Field, Request};
use worker::Headers;

/// A request, copied out of the runtime.
pub(crate) struct Received {
    method: String,
    scheme: Scheme,
    url: String,
    /// Where the authority stands in `url`; the target is what follows.
    authority: Range<usize>,
    fields: Vec<(String, String)>,
    content: ContentLength,
}

impl Received {
    /// # Errors
    /// `ambiguous_target` when the URL is not one or names another authority than `Host`: then
    /// nobody can say which the client meant.
    pub(crate) fn from(request: &web_sys::Request) -> Result<Self, Denial> {
        let url = request.url();
        let (scheme, authority) = split(&url).ok_or_else(|| {
            Denial::because(Code::AmbiguousTarget, "the request's URL cannot be read")
        })?;
        let fields: Vec<_> = Headers(request.headers()).entries().collect();
        let host = fields
            .iter()
            .find(|(name, _)| name == "host")
            .map(|(_, value)| value.as_str());
        let named = url.get(authority.clone()).unwrap_or_default();
        if !host.is_some_and(|host| host.eq_ignore_ascii_case(named)) {
            return Err(Denial::because(
                Code::AmbiguousTarget,
                "the target and the Host field name different authorities",
            ));
        }
        let content = content_length(request, &fields);
        Ok(Self {
            method: request.method(),
            scheme,
            authority,
            url,
            fields,
            content,
        })
    }

    pub(crate) fn fields(&self) -> Vec<Field<'_>> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    pub(crate) fn request<'a>(&'a self, fields: &'a [Field<'a>]) -> Request<'a> {
        Request {
            method: &self.method,
            scheme: self.scheme,
            authority: self.url.get(self.authority.clone()).unwrap_or_default(),
            target: self.url.get(self.authority.end..).unwrap_or_default(),
            fields,
            content: self.content,
        }
    }
}

/// By hand: a URL parser would repair what must be judged.
fn split(url: &str) -> Option<(Scheme, Range<usize>)> {
    let (scheme, rest) = url.split_once("://")?;
    let start = url.len() - rest.len();
    let length = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    Some((Scheme::parse(scheme)?, start..start + length))
}

fn content_length(request: &web_sys::Request, fields: &[(String, String)]) -> ContentLength {
    let declared = fields.iter().find(|(name, _)| name == "content-length");
    match declared.and_then(|(_, value)| value.parse().ok()) {
        Some(octets) => ContentLength::Declared(octets),
        None if request.body().is_some() => ContentLength::Unknown,
        None => ContentLength::None,
    }
}
