//! Writing, in the order of RFC 9651, section 4.1. Everything is appended; after
//! an error a part may already be there.

use alloc::string::String;
use core::fmt::Write;

use base64ct::{Base64, Encoding};

use super::{
    BareItem, InnerList, Item, Member, Parameters, StructuredError, StructuredErrorKind,
    is_key_byte, is_key_start, is_plain_display_byte, is_plain_string_byte, is_token_byte,
    is_token_start,
};

/// The largest integer and date, and the largest decimal in thousandths.
const NUMBER_MAX: u64 = 999_999_999_999_999;

/// Appends a list. An empty one appends nothing, and then there is no field.
///
/// # Errors
/// A part of it has no written form.
pub fn write_list(out: &mut String, members: &[Member<'_>]) -> Result<(), StructuredError> {
    let mut separator = "";
    for member in members {
        out.push_str(separator);
        separator = ", ";
        write_member(out, member)?;
    }
    Ok(())
}

/// Appends a dictionary. An empty one appends nothing, and then there is no
/// field. Duplicate keys are written as they are.
///
/// # Errors
/// A part of it has no written form.
pub fn write_dictionary(
    out: &mut String,
    members: &[(&str, Member<'_>)],
) -> Result<(), StructuredError> {
    let mut separator = "";
    for (key, member) in members {
        out.push_str(separator);
        separator = ", ";
        write_key(out, key)?;
        match member {
            Member::Item(item) if item.value == BareItem::Boolean(true) => {
                write_parameters(out, &item.parameters)?;
            }
            _ => {
                out.push('=');
                write_member(out, member)?;
            }
        }
    }
    Ok(())
}

/// Appends an inner list, its parameters included.
///
/// # Errors
/// A part of it has no written form.
pub fn write_inner_list(out: &mut String, list: &InnerList<'_>) -> Result<(), StructuredError> {
    out.push('(');
    let mut separator = "";
    for item in &list.items {
        out.push_str(separator);
        separator = " ";
        write_item(out, item)?;
    }
    out.push(')');
    write_parameters(out, &list.parameters)
}

/// Appends an item, its parameters included.
///
/// # Errors
/// A part of it has no written form.
pub fn write_item(out: &mut String, item: &Item<'_>) -> Result<(), StructuredError> {
    write_bare_item(out, &item.value)?;
    write_parameters(out, &item.parameters)
}

/// Appends each parameter with its semicolon. Duplicates are written as they are.
///
/// # Errors
/// A part of it has no written form.
pub fn write_parameters(
    out: &mut String,
    parameters: &Parameters<'_>,
) -> Result<(), StructuredError> {
    for (name, value) in parameters.iter() {
        out.push(';');
        write_key(out, name)?;
        if *value != BareItem::Boolean(true) {
            out.push('=');
            write_bare_item(out, value)?;
        }
    }
    Ok(())
}

/// Appends a value.
///
/// # Errors
/// A number has too many digits, a string is not printable ASCII, or a token
/// holds a character that tokens cannot have.
pub fn write_bare_item(out: &mut String, value: &BareItem<'_>) -> Result<(), StructuredError> {
    match value {
        BareItem::Integer(number) => write_integer(out, *number),
        BareItem::Decimal(thousandths) => write_decimal(out, *thousandths),
        BareItem::String(text) => write_string(out, text),
        BareItem::Token(token) => write_name(
            out,
            token,
            is_token_start,
            is_token_byte,
            StructuredErrorKind::Token,
        ),
        BareItem::Bytes(bytes) => write_bytes(out, bytes),
        BareItem::Boolean(boolean) => {
            out.push_str(if *boolean { "?1" } else { "?0" });
            Ok(())
        }
        BareItem::Date(seconds) => {
            out.push('@');
            write_integer(out, *seconds)
        }
        BareItem::DisplayString(text) => {
            write_display_string(out, text);
            Ok(())
        }
    }
}

fn write_member(out: &mut String, member: &Member<'_>) -> Result<(), StructuredError> {
    match member {
        Member::Item(item) => write_item(out, item),
        Member::InnerList(list) => write_inner_list(out, list),
    }
}

fn write_key(out: &mut String, key: &str) -> Result<(), StructuredError> {
    write_name(
        out,
        key,
        is_key_start,
        is_key_byte,
        StructuredErrorKind::Key,
    )
}

fn write_name(
    out: &mut String,
    name: &str,
    is_start: fn(u8) -> bool,
    is_part: fn(u8) -> bool,
    kind: StructuredErrorKind,
) -> Result<(), StructuredError> {
    if !name.bytes().next().is_some_and(is_start) {
        return Err(StructuredError { kind, offset: 0 });
    }
    if let Some(offset) = name.bytes().position(|byte| !is_part(byte)) {
        return Err(StructuredError { kind, offset });
    }
    out.push_str(name);
    Ok(())
}

fn write_integer(out: &mut String, number: i64) -> Result<(), StructuredError> {
    if number.unsigned_abs() > NUMBER_MAX {
        return Err(number_range());
    }
    write!(out, "{number}").map_err(|_| number_range())
}

fn write_decimal(out: &mut String, thousandths: i64) -> Result<(), StructuredError> {
    let magnitude = thousandths.unsigned_abs();
    if magnitude > NUMBER_MAX {
        return Err(number_range());
    }
    if thousandths < 0 {
        out.push('-');
    }
    let (whole, fraction) = (magnitude / 1000, magnitude % 1000);
    let (fraction, width) = match fraction {
        _ if fraction % 100 == 0 => (fraction / 100, 1),
        _ if fraction % 10 == 0 => (fraction / 10, 2),
        _ => (fraction, 3),
    };
    write!(out, "{whole}.{fraction:0width$}").map_err(|_| number_range())
}

fn number_range() -> StructuredError {
    StructuredError {
        kind: StructuredErrorKind::NumberRange,
        offset: 0,
    }
}

fn write_string(out: &mut String, text: &str) -> Result<(), StructuredError> {
    if let Some(offset) = text.bytes().position(|byte| !matches!(byte, b' '..=b'~')) {
        return Err(StructuredError {
            kind: StructuredErrorKind::String,
            offset,
        });
    }
    out.push('"');
    if text.bytes().all(is_plain_string_byte) {
        out.push_str(text);
    } else {
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                out.push('\\');
            }
            out.push(character);
        }
    }
    out.push('"');
    Ok(())
}

fn write_bytes(out: &mut String, bytes: &[u8]) -> Result<(), StructuredError> {
    out.push(':');
    // Whole groups of three, so that only the last part is padded.
    let mut encoded = [0_u8; 64];
    for part in bytes.chunks(48) {
        let text = Base64::encode(part, &mut encoded).map_err(|_| StructuredError {
            kind: StructuredErrorKind::Bytes,
            offset: 0,
        })?;
        out.push_str(text);
    }
    out.push(':');
    Ok(())
}

fn write_display_string(out: &mut String, text: &str) {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    out.push_str("%\"");
    for byte in text.bytes() {
        if is_plain_display_byte(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend(HEX.get(usize::from(byte >> 4)));
            out.extend(HEX.get(usize::from(byte & 0x0f)));
        }
    }
    out.push('"');
}
