//! What a MAC is computed over, built the same way for signing and verifying: here the signature
//! base of RFC 9421 section 2.5, beside it those of the other profiles.
use alloc::string::String;
use core::fmt;

use crate::deployment::Scheme;
use crate::parse::fields::combined;
use crate::request::Field;
use crate::structured::{BareItem, InnerList, write_inner_list};

pub(crate) mod cloud9;
pub(crate) mod draft;
#[cfg(test)]
mod tests;

/// The parts of a message that components are taken from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) method: &'a str,
    pub(crate) scheme: Scheme,
    /// Lower case, without the default port.
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) fields: &'a [Field<'a>],
}

/// Why there is no base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BaseError {
    /// A covered field is not in the message.
    Absent(String),
    /// A covered field cannot be represented.
    NotAscii(String),
    /// A component that is never accepted.
    Unsupported(String),
    /// The parameters cannot be written.
    Parameters,
}

/// Fields that a CDN or proxy in front may rewrite, so that a signature over them would fail
/// for reasons that nobody sees.
const REWRITTEN: [&str; 12] = [
    "accept-encoding",
    "connection",
    "te",
    "upgrade",
    "via",
    "cdn-loop",
    "cookie",
    "x-real-ip",
    "expect",
    "transfer-encoding",
    // Other parties add their signatures on the way.
    "signature",
    "signature-input",
];

/// What a base shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Showing {
    Everything,
    /// All but values that are secrets of the client's.
    NoCredentials,
}

/// Appends the base to `out`. What is not in order with the message comes before what is
/// never accepted, whichever is covered first: so is the order of the answers.
pub(crate) fn write_base(
    out: &mut String,
    message: &Message<'_>,
    covered: &InnerList<'_>,
    showing: Showing,
) -> Result<(), BaseError> {
    let mut unsupported = None;
    for item in &covered.items {
        let BareItem::String(name) = &item.value else {
            unsupported.get_or_insert_with(|| "a component that is not a string".into());
            continue;
        };
        if !item.parameters.is_empty() {
            unsupported.get_or_insert_with(|| shown(name));
            continue;
        }
        out.push('"');
        out.push_str(name);
        out.push_str("\": ");
        match name.as_ref() {
            "@method" => out.push_str(message.method),
            "@target-uri" => {
                out.push_str(message.scheme.as_str());
                out.push_str("://");
                out.push_str(message.authority);
                out.push_str(message.path);
                if let Some(query) = message.query {
                    out.push('?');
                    out.push_str(query);
                }
            }
            "@authority" => out.push_str(message.authority),
            "@scheme" => out.push_str(message.scheme.as_str()),
            "@path" => out.push_str(message.path),
            "@query" => {
                out.push('?');
                out.push_str(message.query.unwrap_or_default());
            }
            name if is_coverable_field(name) => {
                let value =
                    combined(message.fields, name).ok_or_else(|| BaseError::Absent(shown(name)))?;
                if !value.is_ascii() {
                    return Err(BaseError::NotAscii(shown(name)));
                }
                if showing == Showing::NoCredentials && is_credential(name) {
                    out.push_str("(not shown)");
                } else {
                    out.push_str(&value);
                }
            }
            _ => {
                unsupported.get_or_insert_with(|| shown(name));
            }
        }
        out.push('\n');
    }
    if let Some(name) = unsupported {
        return Err(BaseError::Unsupported(name));
    }
    out.push_str("\"@signature-params\": ");
    write_inner_list(out, covered).map_err(|_| BaseError::Parameters)
}

fn is_credential(name: &str) -> bool {
    matches!(name, "authorization" | "proxy-authorization")
}

/// Whether a plain lower-case field name may be covered.
fn is_coverable_field(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b)
        })
        && !REWRITTEN.contains(&name)
        && !name.starts_with("cf-")
        && !name.starts_with("x-forwarded-")
}

/// A name that came from the client, short enough to be repeated to it.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

impl fmt::Display for BaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(name) => write!(f, "the covered field {name:?} is not in the request"),
            Self::NotAscii(name) => write!(f, "the covered field {name:?} is not ASCII"),
            Self::Unsupported(name) => write!(f, "the component {name:?} cannot be covered"),
            Self::Parameters => f.write_str("the signature's parameters cannot be written"),
        }
    }
}
