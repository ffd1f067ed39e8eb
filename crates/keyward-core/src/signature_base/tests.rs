//! Guarantees that signature bases are those of RFC 9421: its appendix B and the examples of
//! section 2. Components that we never accept are in `tests/vectors/exceptions.json`.
use std::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

use base64ct::{Base64, Encoding};
use serde_json::Value;

use super::{Message, Showing, write_base};
use crate::catalogue::Catalogue;
use crate::denial::Code;
use crate::deployment::{Authority, AuthorityRole, Deployment, Scheme, Settings};
use crate::mac::{Algorithm, MacKey};
use crate::parse::{Credential, Exchange};
use crate::request::{ContentLength, Request};
use crate::structured::{Bounds, InnerList, Member, parse_dictionary};

mod appendix_b;
mod section_2;
#[path = "../../tests/suite/mod.rs"]
mod suite;

use suite::Suite;

const ORIGIN: &str = "https://www.rfc-editor.org/rfc/rfc9421";

/// A message of the RFC, as far as requests have it.
#[derive(Clone, Default)]
struct Example {
    method: String,
    target: String,
    fields: Vec<(String, String)>,
}

impl Example {
    fn host(&self) -> &str {
        let host = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("host");
        self.fields
            .iter()
            .find(host)
            .map_or("", |(_, value)| value.trim())
    }

    fn base(&self, scheme: Scheme, covered: &InnerList<'_>) -> Result<String, String> {
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.target.as_str(), None),
        };
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let message = Message {
            method: &self.method,
            scheme,
            authority: self.host(),
            path,
            query,
            fields: &fields,
        };
        let mut base = String::new();
        write_base(&mut base, &message, covered, Showing::Everything)
            .map(|()| base)
            .map_err(|error| error.to_string())
    }
}

/// The components and parameters of the one member of a `Signature-Input`.
fn covered(input: &str) -> Result<InnerList<'_>, String> {
    let bounds = Bounds {
        members: 1,
        items: 32,
        parameters: 8,
    };
    let members = parse_dictionary(input, &bounds).map_err(|error| error.to_string())?;
    match members.into_iter().next() {
        Some((_, Member::InnerList(list))) => Ok(list),
        _ => Err("no inner list".to_owned()),
    }
}

fn same(found: Result<String, String>, wanted: &str) -> Result<(), String> {
    match found? {
        found if found == wanted => Ok(()),
        found => Err(format!("{found:?} instead of {wanted:?}")),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}
