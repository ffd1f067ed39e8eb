//! JSON objects (RFC 8259), small, bounded and read strictly. Names given twice are errors, since
//! parsers differ on which of two wins. Written by hand because the core needs so little of JSON,
//! on every request that brings a token, and because it is a tenth of the size of a library that
//! can do more, in a module that browsers download.
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::limits;

mod members;

pub use members::{JsonError, Members};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'t> {
    Null,
    Bool(bool),
    /// A number without sign, fraction and exponent.
    Integer(u64),
    /// Any other number.
    Number,
    String(Cow<'t, str>),
    Array(Vec<Value<'t>>),
    Object(Object<'t>),
}

/// Names, each once, and their values, in the order in which they stand in the text.
pub type Object<'t> = Vec<(Cow<'t, str>, Value<'t>)>;

/// Reads one object of a token with nothing around it but whitespace. `None`: the text is not
/// exactly that, a name is repeated at any depth, or a bound is exceeded.
pub(crate) fn read_object(text: &[u8]) -> Option<Object<'_>> {
    read(text, limits::JSON_MEMBERS_MAX)
}

/// The same for what a deployment or its registry wrote: a record, a catalogue.
#[must_use]
pub fn read_document(text: &[u8]) -> Option<Object<'_>> {
    read(text, limits::DOCUMENT_MEMBERS_MAX)
}

fn read(text: &[u8], members_max: usize) -> Option<Object<'_>> {
    let mut reader = Reader {
        rest: core::str::from_utf8(text).ok()?,
        members_max,
    };
    reader.skip_whitespace();
    reader.take('{').then_some(())?;
    let object = reader.members(limits::JSON_DEPTH_MAX)?;
    reader.skip_whitespace();
    reader.rest.is_empty().then_some(object)
}

struct Reader<'t> {
    rest: &'t str,
    members_max: usize,
}

impl<'t> Reader<'t> {
    fn skip_whitespace(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The first `length` bytes.
    fn split(&mut self, length: usize) -> Option<&'t str> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// The members of an object, its brace having been read.
    fn members(&mut self, depth: usize) -> Option<Object<'t>> {
        let mut members: Object<'t> = Vec::new();
        self.skip_whitespace();
        if self.take('}') {
            return Some(members);
        }
        loop {
            self.skip_whitespace();
            self.take('"').then_some(())?;
            let name = self.string()?;
            if members.len() >= self.members_max || members.iter().any(|(other, _)| *other == name)
            {
                return None;
            }
            self.skip_whitespace();
            self.take(':').then_some(())?;
            members.push((name, self.value(depth)?));
            self.skip_whitespace();
            if self.take('}') {
                return Some(members);
            }
            self.take(',').then_some(())?;
        }
    }

    /// The elements of an array, its bracket having been read.
    fn elements(&mut self, depth: usize) -> Option<Vec<Value<'t>>> {
        let mut elements = Vec::new();
        self.skip_whitespace();
        if self.take(']') {
            return Some(elements);
        }
        loop {
            elements.push(self.value(depth)?);
            self.skip_whitespace();
            if self.take(']') {
                return Some(elements);
            }
            self.take(',').then_some(())?;
        }
    }

    /// A value that may hold others down to `depth`.
    fn value(&mut self, depth: usize) -> Option<Value<'t>> {
        self.skip_whitespace();
        match self.rest.bytes().next()? {
            b'"' => {
                self.split(1)?;
                self.string().map(Value::String)
            }
            b'{' => {
                self.split(1)?;
                self.members(depth.checked_sub(1)?).map(Value::Object)
            }
            b'[' => {
                self.split(1)?;
                self.elements(depth.checked_sub(1)?).map(Value::Array)
            }
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                let words = [
                    ("true", Value::Bool(true)),
                    ("false", Value::Bool(false)),
                    ("null", Value::Null),
                ];
                words.into_iter().find_map(|(word, value)| {
                    self.rest = self.rest.strip_prefix(word)?;
                    Some(value)
                })
            }
        }
    }

    fn number(&mut self) -> Option<Value<'t>> {
        let negative = self.take('-');
        let integer = self.digits();
        if integer.is_empty() || (integer.len() > 1 && integer.starts_with('0')) {
            return None;
        }
        let mut whole = !negative;
        if self.take('.') {
            whole = false;
            (!self.digits().is_empty()).then_some(())?;
        }
        if self.take('e') || self.take('E') {
            whole = false;
            let _ = self.take('+') || self.take('-');
            (!self.digits().is_empty()).then_some(())?;
        }
        Some(match integer.parse() {
            Ok(value) if whole => Value::Integer(value),
            _ => Value::Number,
        })
    }

    fn digits(&mut self) -> &'t str {
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.rest.len());
        self.split(end).unwrap_or_default()
    }

    /// The rest of a string, its first quotation mark having been read.
    fn string(&mut self) -> Option<Cow<'t, str>> {
        let ends = |c: char| matches!(c, '"' | '\\') || c < ' ';
        let plain = self.split(self.rest.find(ends)?)?;
        if self.take('"') {
            return Some(Cow::Borrowed(plain));
        }
        let mut text = String::from(plain);
        while !self.take('"') {
            // A control character is neither.
            self.take('\\').then_some(())?;
            text.push(self.escaped()?);
            text.push_str(self.split(self.rest.find(ends)?)?);
        }
        Some(Cow::Owned(text))
    }

    /// What stands behind a backslash.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.split(1)? {
            "\"" => '"',
            "\\" => '\\',
            "/" => '/',
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => {
                let unit = self.code_unit()?;
                let units = if (0xD800..0xDC00).contains(&unit) {
                    (self.split(2)? == "\\u").then_some(())?;
                    [unit, self.code_unit()?]
                } else {
                    [unit, 0]
                };
                // Half a surrogate pair is no character.
                char::decode_utf16(units).next()?.ok()?
            }
            _ => return None,
        })
    }

    fn code_unit(&mut self) -> Option<u16> {
        let digits = self.split(4)?;
        // `from_str_radix` would take a sign.
        digits
            .bytes()
            .all(|digit| digit.is_ascii_hexdigit())
            .then_some(())?;
        u16::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests;
