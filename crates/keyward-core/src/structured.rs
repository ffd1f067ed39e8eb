//! Structured field values (RFC 9651): exact parsing and writing.
//!
//! The whole grammar, no leniency, time linear in the input. Two things go
//! beyond what the RFC asks: duplicate keys are kept, so that a caller can
//! refuse them instead of silently using the last one, and byte sequences must
//! be padded with zero pad bits.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

mod parse;
#[cfg(test)]
mod tests;
mod write;

pub use parse::{parse_dictionary, parse_item, parse_list};
pub use write::{
    write_bare_item, write_dictionary, write_inner_list, write_item, write_list, write_parameters,
};

/// One value without parameters (RFC 9651, section 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BareItem<'a> {
    /// At most 15 digits.
    Integer(i64),
    /// In thousandths: `1.5` is 1500. At most 15 digits.
    Decimal(i64),
    /// Printable ASCII without its quotes and escapes; borrowed when the input
    /// had no escape.
    String(Cow<'a, str>),
    Token(&'a str),
    Bytes(Vec<u8>),
    Boolean(bool),
    /// In seconds since 1970-01-01T00:00:00Z. At most 15 digits.
    Date(i64),
    DisplayString(String),
}

/// The parameters of one item or inner list, in order and with duplicates
/// (RFC 9651, section 3.1.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters<'a> {
    pairs: Vec<(&'a str, BareItem<'a>)>,
}

impl<'a> Parameters<'a> {
    /// Appends a pair; nothing is replaced.
    pub fn push(&mut self, name: &'a str, value: BareItem<'a>) {
        self.pairs.push((name, value));
    }

    /// The pairs in order, duplicates included.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a str, &BareItem<'a>)> {
        self.pairs.iter().map(|(name, value)| (*name, value))
    }

    /// The first value with this name. The RFC lets the last one win, so ask
    /// [`has_duplicates`](Self::has_duplicates) before relying on a value.
    pub fn get(&self, name: &str) -> Option<&BareItem<'a>> {
        self.iter()
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Whether a name occurs twice. Compares every pair with those before it,
    /// which [`Bounds::parameters`] keeps cheap.
    pub fn has_duplicates(&self) -> bool {
        self.iter()
            .enumerate()
            .any(|(index, (name, _))| self.iter().take(index).any(|(earlier, _)| earlier == name))
    }

    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub fn len(&self) -> usize {
        self.pairs.len()
    }
}

/// A value with its parameters (RFC 9651, section 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub value: BareItem<'a>,
    pub parameters: Parameters<'a>,
}

impl<'a> From<BareItem<'a>> for Item<'a> {
    /// The item with this value and no parameters.
    fn from(value: BareItem<'a>) -> Self {
        Self {
            value,
            parameters: Parameters::default(),
        }
    }
}

/// A list in parentheses, the only nesting there is (RFC 9651, section 3.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InnerList<'a> {
    pub items: Vec<Item<'a>>,
    pub parameters: Parameters<'a>,
}

/// One member of a list or dictionary (RFC 9651, sections 3.1 and 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member<'a> {
    Item(Item<'a>),
    InnerList(InnerList<'a>),
}

/// How many parts a field may have before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Members of the list or dictionary.
    pub members: usize,
    /// Items of each inner list.
    pub items: usize,
    /// Parameters of each item and each inner list.
    pub parameters: usize,
}

/// Why a field could not be parsed, or a value not be written, and where.
/// Holds nothing of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructuredError {
    kind: StructuredErrorKind,
    offset: usize,
}

impl StructuredError {
    pub fn kind(self) -> StructuredErrorKind {
        self.kind
    }

    /// Parsing: the byte of the input at which it stopped making sense.
    /// Writing: the byte of the one key, string or token that cannot be written.
    pub fn offset(self) -> usize {
        self.offset
    }
}

impl fmt::Display for StructuredError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, at byte {}", self.kind, self.offset)
    }
}

impl core::error::Error for StructuredError {}

/// What was wrong, in the order of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StructuredErrorKind {
    /// Something else than a comma and a further member, or text after the end.
    Separator,
    InnerList,
    Key,
    /// No value starts with this byte.
    Value,
    Number,
    /// More than 15 digits, or 12 before the point and 3 after it.
    NumberRange,
    String,
    Token,
    Bytes,
    Boolean,
    Date,
    DisplayString,
    TooManyMembers,
    TooManyItems,
    TooManyParameters,
}

impl fmt::Display for StructuredErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Separator => "the end or a comma and a further member is missing",
            Self::InnerList => "a list in parentheses is not closed or its items are not apart",
            Self::Key => "a key is missing or holds a character that keys cannot have",
            Self::Value => "a value is missing",
            Self::Number => "a number is incomplete",
            Self::NumberRange => "a number has too many digits",
            Self::String => "a string is not closed or holds a character that needs escaping",
            Self::Token => "a token holds a character that tokens cannot have",
            Self::Bytes => "a byte sequence is not closed or not padded base64",
            Self::Boolean => "a boolean is neither ?0 nor ?1",
            Self::Date => "a date is not a whole number of seconds",
            Self::DisplayString => "a display string is not closed or not escaped UTF-8",
            Self::TooManyMembers => "there are too many members",
            Self::TooManyItems => "a list in parentheses has too many items",
            Self::TooManyParameters => "there are too many parameters",
        })
    }
}

/// Key bytes after the first (RFC 9651, section 3.1.2).
fn is_key_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*')
}

fn is_key_start(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'*')
}

/// Token bytes after the first (RFC 9651, section 3.3.4).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
                | b':'
                | b'/'
        )
}

fn is_token_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'*'
}

/// What a string holds as it is; `"` and `\` are escaped (RFC 9651, section 3.3.3).
fn is_plain_string_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// What a display string holds as it is (RFC 9651, section 3.3.8).
fn is_plain_display_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'%'
}
