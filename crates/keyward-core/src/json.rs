//! JSON objects (RFC 8259) as tokens hold them: flat, small, and read strictly. Names given twice
//! are errors, since parsers differ on which of two wins. Written by hand because tokens need so
//! little of JSON, on every request and in every build of the core.
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::limits;

/// A value, as far as tokens have any use for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'t> {
    String(Cow<'t, str>),
    /// A number without sign, fraction and exponent.
    Integer(u64),
    /// An array of nothing but strings.
    Strings(Vec<Cow<'t, str>>),
    /// Anything else. Well-formed too.
    Other,
}

pub(crate) type Object<'t> = Vec<(Cow<'t, str>, Value<'t>)>;

/// Reads one object with nothing around it but whitespace. `None`: the text is not exactly that,
/// a name is repeated at any depth, or a bound is exceeded.
pub(crate) fn read_object(text: &[u8]) -> Option<Object<'_>> {
    let mut reader = Reader {
        rest: core::str::from_utf8(text).ok()?,
    };
    reader.skip_whitespace();
    reader.take('{').then_some(())?;
    let object = reader.members(limits::JSON_DEPTH_MAX)?;
    reader.skip_whitespace();
    reader.rest.is_empty().then_some(object)
}

struct Reader<'t> {
    rest: &'t str,
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
            if members.len() >= limits::JSON_MEMBERS_MAX
                || members.iter().any(|(other, _)| *other == name)
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
    fn elements(&mut self, depth: usize) -> Option<Value<'t>> {
        let mut strings = Some(Vec::new());
        self.skip_whitespace();
        if self.take(']') {
            return Some(Value::Strings(Vec::new()));
        }
        loop {
            match (self.value(depth)?, &mut strings) {
                (Value::String(text), Some(strings)) => strings.push(text),
                _ => strings = None,
            }
            self.skip_whitespace();
            if self.take(']') {
                return Some(strings.map_or(Value::Other, Value::Strings));
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
                self.members(depth.checked_sub(1)?).map(|_| Value::Other)
            }
            b'[' => {
                self.split(1)?;
                self.elements(depth.checked_sub(1)?)
            }
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                let rest = ["true", "false", "null"]
                    .iter()
                    .find_map(|word| self.rest.strip_prefix(word))?;
                self.rest = rest;
                Some(Value::Other)
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
            _ => Value::Other,
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
