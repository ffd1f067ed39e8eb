//! The header fields: judged once, in one pass, and those that matter here set aside.
use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use crate::denial::{Code, Denial};
use crate::http_date;
use crate::limits;
use crate::request::{Field, Names};

/// The fields of a request, known to be well-formed.
pub(crate) struct Fields<'a> {
    pub(crate) all: &'a [Field<'a>],
    pub(crate) authorization: Option<Cow<'a, str>>,
    pub(crate) proxy_authorization: Option<Cow<'a, str>>,
    pub(crate) signature: Option<Cow<'a, str>>,
    pub(crate) signature_input: Option<Cow<'a, str>>,
    pub(crate) content_digest: Option<Cow<'a, str>>,
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Names(self.all).fmt(f)
    }
}

/// Fields with which clients ask frameworks to act on another method or target than the one
/// that was authorised.
const OVERRIDES: [&str; 7] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-url",
    "x-rewrite-url",
    "x-forwarded-prefix",
];

impl<'a> Fields<'a> {
    pub(crate) fn parse(all: &'a [Field<'a>]) -> Result<Self, Denial> {
        let invalid = |detail: &str| Err(Denial::because(Code::InvalidHeader, detail));
        if all.len() > limits::FIELDS_MAX {
            return invalid("there are more than 256 header fields");
        }
        let mut fields = Self {
            all,
            authorization: None,
            proxy_authorization: None,
            signature: None,
            signature_input: None,
            content_digest: None,
        };
        let mut bytes = 0_usize;
        let mut overrides = false;
        let mut seen = Singletons::default();
        for (name, value) in all {
            bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
            if bytes > limits::FIELDS_BYTES_MAX {
                return invalid("the header fields exceed 32 KiB");
            }
            if !is_field_name(name) {
                return invalid("a field name is not a token");
            }
            if !is_field_value(value) {
                return invalid("a field value holds a control character");
            }
            overrides |= OVERRIDES.iter().any(|one| is_same_spelling(name, one));
            let slot = match () {
                () if name.eq_ignore_ascii_case("authorization") => &mut fields.authorization,
                () if name.eq_ignore_ascii_case("proxy-authorization") => {
                    &mut fields.proxy_authorization
                }
                () if name.eq_ignore_ascii_case("signature") => &mut fields.signature,
                () if name.eq_ignore_ascii_case("signature-input") => &mut fields.signature_input,
                () if name.eq_ignore_ascii_case("content-digest") => &mut fields.content_digest,
                () => {
                    seen.check(name, value)?;
                    continue;
                }
            };
            append(slot, value);
        }
        if overrides {
            return Err(Code::MethodOverride.into());
        }
        Ok(fields)
    }

    /// The combined value of a field (RFC 9421 section 2.1): lines trimmed and joined in order.
    pub(crate) fn combined(&self, name: &str) -> Option<Cow<'a, str>> {
        combined(self.all, name)
    }
}

/// The combined value of a field (RFC 9421 section 2.1): lines trimmed and joined in order.
pub(crate) fn combined<'a>(all: &[Field<'a>], name: &str) -> Option<Cow<'a, str>> {
    let mut value = None;
    for (found, line) in all {
        if found.eq_ignore_ascii_case(name) {
            append(&mut value, line);
        }
    }
    value
}

fn append<'a>(slot: &mut Option<Cow<'a, str>>, line: &'a str) {
    let line = line.trim_matches([' ', '\t']);
    *slot = Some(match slot.take() {
        None => Cow::Borrowed(line),
        Some(before) => {
            let mut joined = String::from(before);
            joined.push_str(", ");
            joined.push_str(line);
            Cow::Owned(joined)
        }
    });
}

/// Fields that may be there once. A runtime may have joined two lines into one, so each is also
/// held to its own grammar.
#[derive(Default)]
struct Singletons {
    content_length: bool,
    content_type: bool,
    date: bool,
    host: bool,
    transfer_encoding: bool,
    x_date: bool,
}

impl Singletons {
    fn check(&mut self, name: &str, value: &str) -> Result<(), Denial> {
        let value = value.trim_matches([' ', '\t']);
        let (seen, ok): (&mut bool, fn(&str) -> bool) = match () {
            () if name.eq_ignore_ascii_case("content-length") => {
                (&mut self.content_length, is_content_length)
            }
            () if name.eq_ignore_ascii_case("content-type") => {
                (&mut self.content_type, has_no_bare_comma)
            }
            () if name.eq_ignore_ascii_case("date") => (&mut self.date, is_date),
            () if name.eq_ignore_ascii_case("host") => {
                (&mut self.host, |value| !value.contains(','))
            }
            () if name.eq_ignore_ascii_case("transfer-encoding") => {
                // Other codings would reach the origin undone and unlabelled.
                (&mut self.transfer_encoding, |value| {
                    value.eq_ignore_ascii_case("chunked")
                })
            }
            () if name.eq_ignore_ascii_case("x-date") => (&mut self.x_date, is_date),
            () => return Ok(()),
        };
        if *seen {
            return Err(Denial::because(
                Code::InvalidHeader,
                alloc::format!("{} occurs more than once", name.to_ascii_lowercase()),
            ));
        }
        *seen = true;
        if !ok(value) {
            return Err(Denial::because(
                Code::InvalidHeader,
                alloc::format!(
                    "{} does not have exactly one valid value",
                    name.to_ascii_lowercase()
                ),
            ));
        }
        if self.content_length && self.transfer_encoding {
            return Err(Denial::because(
                Code::InvalidHeader,
                "Content-Length and Transfer-Encoding exclude each other",
            ));
        }
        Ok(())
    }
}

fn is_content_length(value: &str) -> bool {
    (1..=19).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit())
}

fn has_no_bare_comma(value: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    for byte in value.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return false,
            _ => {}
        }
    }
    !quoted
}

fn is_date(value: &str) -> bool {
    http_date::parse(value).is_some()
}

/// RFC 9110 section 5.6.2.
fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// RFC 9110 section 5.5: no control characters but the tab. What is not ASCII may pass, but
/// cannot be signed.
fn is_field_value(value: &str) -> bool {
    value
        .bytes()
        .all(|b| b == b'\t' || (b >= b' ' && b != 0x7F))
}

/// Whether two names are one for a framework that cannot tell `_` from `-`.
pub(crate) fn is_same_spelling(name: &str, lower_case: &str) -> bool {
    name.len() == lower_case.len()
        && name.bytes().zip(lower_case.bytes()).all(|(found, wanted)| {
            found.to_ascii_lowercase() == wanted || (found == b'_' && wanted == b'-')
        })
}
