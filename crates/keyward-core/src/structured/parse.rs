//! Parsing, in the order of RFC 9651, section 4.2.

use alloc::{borrow::Cow, string::String, vec::Vec};

use super::{
    BareItem, Bounds, InnerList, Item, Member, Parameters, StructuredError, StructuredErrorKind,
    is_key_byte, is_key_start, is_plain_display_byte, is_plain_string_byte, is_token_byte,
    is_token_start,
};

/// The members of a list field, whose lines the caller joined with `, `.
///
/// # Errors
/// The input is not a list or goes beyond a bound.
pub fn parse_list<'a>(input: &'a str, bounds: &Bounds) -> Result<Vec<Member<'a>>, StructuredError> {
    let mut parser = Parser::new(input, bounds);
    parser.members(|parser| parser.member())
}

/// The members of a dictionary field in order, duplicate keys included, whose
/// lines the caller joined with `, `.
///
/// # Errors
/// The input is not a dictionary or goes beyond a bound.
pub fn parse_dictionary<'a>(
    input: &'a str,
    bounds: &Bounds,
) -> Result<Vec<(&'a str, Member<'a>)>, StructuredError> {
    let mut parser = Parser::new(input, bounds);
    parser.members(|parser| {
        let key = parser.key()?;
        let member = if parser.take(b'=') {
            parser.member()?
        } else {
            Member::Item(Item {
                value: BareItem::Boolean(true),
                parameters: parser.parameters()?,
            })
        };
        Ok((key, member))
    })
}

/// The value of an item field.
///
/// # Errors
/// The input is not exactly one item or goes beyond a bound.
pub fn parse_item<'a>(input: &'a str, bounds: &Bounds) -> Result<Item<'a>, StructuredError> {
    let mut parser = Parser::new(input, bounds);
    parser.run(is_space);
    let item = parser.item()?;
    parser.run(is_space);
    if parser.rest.is_empty() {
        Ok(item)
    } else {
        Err(parser.error(StructuredErrorKind::Separator))
    }
}

struct Parser<'a, 'b> {
    /// What is not consumed yet. Only ASCII is consumed, so it always starts at
    /// a character.
    rest: &'a str,
    length: usize,
    bounds: &'b Bounds,
}

impl<'a, 'b> Parser<'a, 'b> {
    fn new(input: &'a str, bounds: &'b Bounds) -> Self {
        Self {
            rest: input,
            length: input.len(),
            bounds,
        }
    }

    /// Sections 4.2.1 and 4.2.2, which differ only in what a member is.
    fn members<T>(
        &mut self,
        mut member: impl FnMut(&mut Self) -> Result<T, StructuredError>,
    ) -> Result<Vec<T>, StructuredError> {
        let mut members = Vec::new();
        self.run(is_space);
        if self.rest.is_empty() {
            return Ok(members);
        }
        loop {
            if members.len() >= self.bounds.members {
                return Err(self.error(StructuredErrorKind::TooManyMembers));
            }
            members.push(member(self)?);
            self.run(is_space_or_tab);
            if self.rest.is_empty() {
                return Ok(members);
            }
            if !self.take(b',') {
                return Err(self.error(StructuredErrorKind::Separator));
            }
            self.run(is_space_or_tab);
            if self.rest.is_empty() {
                return Err(self.error(StructuredErrorKind::Separator));
            }
        }
    }

    fn member(&mut self) -> Result<Member<'a>, StructuredError> {
        if self.take(b'(') {
            self.inner_list().map(Member::InnerList)
        } else {
            self.item().map(Member::Item)
        }
    }

    /// After the opening parenthesis.
    fn inner_list(&mut self) -> Result<InnerList<'a>, StructuredError> {
        let mut items = Vec::new();
        loop {
            let apart = !self.run(is_space).is_empty() || items.is_empty();
            if self.take(b')') {
                let parameters = self.parameters()?;
                return Ok(InnerList { items, parameters });
            }
            if !apart || self.rest.is_empty() {
                return Err(self.error(StructuredErrorKind::InnerList));
            }
            if items.len() >= self.bounds.items {
                return Err(self.error(StructuredErrorKind::TooManyItems));
            }
            items.push(self.item()?);
        }
    }

    fn item(&mut self) -> Result<Item<'a>, StructuredError> {
        Ok(Item {
            value: self.bare_item()?,
            parameters: self.parameters()?,
        })
    }

    fn bare_item(&mut self) -> Result<BareItem<'a>, StructuredError> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'"') => self.string().map(BareItem::String),
            Some(byte) if is_token_start(byte) => Ok(BareItem::Token(self.run(is_token_byte))),
            Some(b':') => self.bytes().map(BareItem::Bytes),
            Some(b'?') => self.boolean().map(BareItem::Boolean),
            Some(b'@') => self.date().map(BareItem::Date),
            Some(b'%') => self.display_string().map(BareItem::DisplayString),
            _ => Err(self.error(StructuredErrorKind::Value)),
        }
    }

    fn parameters(&mut self) -> Result<Parameters<'a>, StructuredError> {
        let mut parameters = Parameters::default();
        while self.take(b';') {
            if parameters.len() >= self.bounds.parameters {
                return Err(self.error(StructuredErrorKind::TooManyParameters));
            }
            self.run(is_space);
            let name = self.key()?;
            let value = if self.take(b'=') {
                self.bare_item()?
            } else {
                BareItem::Boolean(true)
            };
            parameters.push(name, value);
        }
        Ok(parameters)
    }

    fn key(&mut self) -> Result<&'a str, StructuredError> {
        if self.peek().is_some_and(is_key_start) {
            Ok(self.run(is_key_byte))
        } else {
            Err(self.error(StructuredErrorKind::Key))
        }
    }

    fn number(&mut self) -> Result<BareItem<'a>, StructuredError> {
        let start = self.offset();
        let out_of_range = Err(StructuredError {
            kind: StructuredErrorKind::NumberRange,
            offset: start,
        });
        let negative = self.take(b'-');
        let sign = |magnitude: i64| {
            if negative {
                magnitude.saturating_neg()
            } else {
                magnitude
            }
        };
        let whole = self.run(|byte| byte.is_ascii_digit());
        if whole.is_empty() {
            return Err(self.error(StructuredErrorKind::Number));
        }
        if !self.take(b'.') {
            return if whole.len() > 15 {
                out_of_range
            } else {
                Ok(BareItem::Integer(sign(decimal(whole))))
            };
        }
        if whole.len() > 12 {
            return out_of_range;
        }
        let fraction = self.run(|byte| byte.is_ascii_digit());
        let scale = match fraction.len() {
            0 => return Err(self.error(StructuredErrorKind::Number)),
            1 => 100,
            2 => 10,
            3 => 1,
            _ => return out_of_range,
        };
        let thousandths = decimal(whole)
            .saturating_mul(1000)
            .saturating_add(decimal(fraction).saturating_mul(scale));
        Ok(BareItem::Decimal(sign(thousandths)))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, StructuredError> {
        self.take(b'"');
        let plain = self.run(is_plain_string_byte);
        if self.take(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut unescaped = String::from(plain);
        loop {
            if self.take(b'"') {
                return Ok(Cow::Owned(unescaped));
            }
            if !self.take(b'\\') {
                return Err(self.error(StructuredErrorKind::String));
            }
            if self.take(b'"') {
                unescaped.push('"');
            } else if self.take(b'\\') {
                unescaped.push('\\');
            } else {
                return Err(self.error(StructuredErrorKind::String));
            }
            unescaped.push_str(self.run(is_plain_string_byte));
        }
    }

    /// base64ct wants the padding, and zero bits in it; RFC 9651 allows that.
    fn bytes(&mut self) -> Result<Vec<u8>, StructuredError> {
        let start = self.offset();
        self.take(b':');
        let text =
            self.run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        if !self.take(b':') {
            return Err(self.error(StructuredErrorKind::Bytes));
        }
        keyward_base64::decode(text).ok_or(StructuredError {
            kind: StructuredErrorKind::Bytes,
            offset: start,
        })
    }

    fn boolean(&mut self) -> Result<bool, StructuredError> {
        self.take(b'?');
        if self.take(b'1') {
            Ok(true)
        } else if self.take(b'0') {
            Ok(false)
        } else {
            Err(self.error(StructuredErrorKind::Boolean))
        }
    }

    fn date(&mut self) -> Result<i64, StructuredError> {
        let start = self.offset();
        self.take(b'@');
        match self.number() {
            Ok(BareItem::Integer(seconds)) => Ok(seconds),
            Err(error) if error.kind == StructuredErrorKind::NumberRange => Err(error),
            _ => Err(StructuredError {
                kind: StructuredErrorKind::Date,
                offset: start,
            }),
        }
    }

    fn display_string(&mut self) -> Result<String, StructuredError> {
        let start = self.offset();
        let kind = StructuredErrorKind::DisplayString;
        self.take(b'%');
        if !self.take(b'"') {
            return Err(self.error(kind));
        }
        let mut decoded = Vec::new();
        loop {
            decoded.extend_from_slice(self.run(is_plain_display_byte).as_bytes());
            if self.take(b'"') {
                return String::from_utf8(decoded).map_err(|_| StructuredError {
                    kind,
                    offset: start,
                });
            }
            if !self.take(b'%') {
                return Err(self.error(kind));
            }
            let (Some(high), Some(low)) = (self.lower_hex_digit(), self.lower_hex_digit()) else {
                return Err(self.error(kind));
            };
            decoded.push((high << 4) | low);
        }
    }

    fn lower_hex_digit(&mut self) -> Option<u8> {
        let digit = match self.peek()? {
            byte @ b'0'..=b'9' => byte.wrapping_sub(b'0'),
            byte @ b'a'..=b'f' => byte.wrapping_sub(b'a').wrapping_add(10),
            _ => return None,
        };
        self.advance(1);
        Some(digit)
    }

    /// Consumes the longest run of accepted bytes, all of which are ASCII.
    fn run(&mut self, accepted: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(|byte| !accepted(byte));
        self.advance(end.unwrap_or(self.rest.len()))
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.advance(1);
        }
        found
    }

    fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Consumes that many bytes; nothing when that is not at a character, which
    /// no caller does.
    fn advance(&mut self, count: usize) -> &'a str {
        let (consumed, rest) = self.rest.split_at_checked(count).unwrap_or(("", self.rest));
        self.rest = rest;
        consumed
    }

    fn offset(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    fn error(&self, kind: StructuredErrorKind) -> StructuredError {
        StructuredError {
            kind,
            offset: self.offset(),
        }
    }
}

/// The value of at most 15 decimal digits.
fn decimal(digits: &str) -> i64 {
    digits.bytes().fold(0_i64, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(digit.wrapping_sub(b'0')))
    })
}

fn is_space(byte: u8) -> bool {
    byte == b' '
}

fn is_space_or_tab(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
