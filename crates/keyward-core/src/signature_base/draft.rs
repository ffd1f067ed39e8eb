//! The lines that `kong` and `cavage` sign (draft-cavage-http-signatures-12 section 2.3).
use alloc::string::{String, ToString};

use super::{BaseError, Message, is_coverable_field, is_credential, shown};
use crate::parse::fields::combined;

/// One covered line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Covered<'a> {
    /// Kong: `GET /path?query HTTP/1.1`, without a name. The version that the client really
    /// used is not known behind a CDN; clients sign this one.
    RequestLine,
    /// `<name>: get /path?query`.
    RequestTarget(&'static str),
    Created(u64),
    Expires(u64),
    /// A field, by its lower-case name. `host` is the listed authority that was received.
    Field(&'a str),
}

/// Appends the lines, without a line feed after the last. As in [`super::write_base`], what is
/// not in order with the message comes before what is never accepted.
pub(crate) fn write_lines(
    out: &mut String,
    message: &Message<'_>,
    lines: &[Covered<'_>],
) -> Result<(), BaseError> {
    let mut unsupported = None;
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        match line {
            Covered::RequestLine => {
                out.push_str(message.method);
                out.push(' ');
                write_target(out, message);
                out.push_str(" HTTP/1.1");
            }
            Covered::RequestTarget(name) => {
                write_name(out, name);
                out.push_str(&message.method.to_ascii_lowercase());
                out.push(' ');
                write_target(out, message);
            }
            Covered::Created(at_s) => {
                write_name(out, "(created)");
                out.push_str(&at_s.to_string());
            }
            Covered::Expires(at_s) => {
                write_name(out, "(expires)");
                out.push_str(&at_s.to_string());
            }
            Covered::Field("host") => {
                write_name(out, "host");
                out.push_str(message.authority);
            }
            Covered::Field(name) if !is_coverable_field(name) || is_credential(name) => {
                unsupported.get_or_insert_with(|| shown(name));
            }
            Covered::Field(name) => {
                let value =
                    combined(message.fields, name).ok_or_else(|| BaseError::Absent(shown(name)))?;
                if !value.is_ascii() {
                    return Err(BaseError::NotAscii(shown(name)));
                }
                write_name(out, name);
                out.push_str(&value);
            }
        }
    }
    match unsupported {
        Some(name) => Err(BaseError::Unsupported(name)),
        None => Ok(()),
    }
}

fn write_name(out: &mut String, name: &str) {
    out.push_str(name);
    out.push_str(": ");
}

fn write_target(out: &mut String, message: &Message<'_>) {
    out.push_str(message.path);
    if let Some(query) = message.query {
        out.push('?');
        out.push_str(query);
    }
}
