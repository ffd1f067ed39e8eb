//! Files with two columns and commas between: ids with secrets, or with digests of secrets. The
//! first line names the columns.
use csv::{ByteRecord, ReaderBuilder};
use keyward_core::key::Profile;
use keyward_core::mac::Algorithm;
use zeroize::Zeroizing;

use super::{Fault, Material, ROWS_MAX, Row, base64};

/// What the second column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Secrets of clients that sign as Cloud9 does.
    Secret,
    /// SHA-256 of secrets that are sent along, in hex or base64.
    Digest,
}

impl Column {
    const fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Digest => "sha256",
        }
    }
}

/// The rows of a file whose first line is `id,secret` or `id,sha256`.
///
/// # Errors
/// When it has another first line, or too many.
pub fn rows(bytes: &[u8], column: Column) -> Result<Vec<Row>, String> {
    // As spreadsheets write it.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut records = reader.byte_records();
    let is_head = |record: &ByteRecord| {
        record.len() == 2
            && record.get(0) == Some(b"id")
            && record.get(1) == Some(column.name().as_bytes())
    };
    if !matches!(records.next(), Some(Ok(record)) if is_head(&record)) {
        return Err(format!("the first line must be id,{}", column.name()));
    }
    let mut rows = Vec::new();
    let mut lines = Lines {
        bytes,
        at: 0,
        line: 1,
    };
    for record in records {
        if rows.len() == ROWS_MAX {
            return Err("more than 50,000 lines; split the file".to_owned());
        }
        // Errors are of encodings and of reading; bytes in memory have neither.
        let record = record.map_err(|_| "the file cannot be read as columns".to_owned())?;
        let line = lines.of(&record);
        rows.push(row(&record, line, lines.text(), column));
    }
    Ok(rows)
}

/// Where records begin: the reader's own count is before the line break of the record before.
struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, record: &ByteRecord) -> u64 {
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        while let Some(byte) = self.bytes.get(self.at) {
            if self.at >= start && !b"\r\n".contains(byte) {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }

    /// What stands in the line.
    fn text(&self) -> &[u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        rest.split(|byte| b"\r\n".contains(byte))
            .next()
            .unwrap_or_default()
    }
}

fn row(record: &ByteRecord, line: u64, text: &[u8], column: Column) -> Row {
    let (key_id, material) = match two(record, text) {
        Ok((id, value)) => {
            let id = core::str::from_utf8(id).map_err(|_| Fault::KeyId);
            (id.map(str::to_owned), material(value, column))
        }
        Err(fault) => (Err(fault.clone()), Err(fault)),
    };
    Row {
        line,
        consumer: None,
        credential: column.name().to_owned(),
        key_id,
        material,
    }
}

/// The two fields of a line that is written as RFC 4180 has it. What readers make something of
/// anyway may be another secret than the one that was meant.
fn two<'r>(record: &'r ByteRecord, text: &[u8]) -> Result<(&'r [u8], &'r [u8]), Fault> {
    // No id has a line break, and no secret that somebody wrote into a line.
    if record.iter().flatten().any(|byte| b"\r\n".contains(byte)) {
        return Err(Fault::OpenQuote);
    }
    let (Some(id), Some(value), 2) = (record.get(0), record.get(1), record.len()) else {
        return Err(Fault::Columns);
    };
    let rest = after(text, id)?.strip_prefix(b",");
    match after(rest.ok_or(Fault::StrayQuote)?, value)? {
        [] => Ok((id, value)),
        _ => Err(Fault::StrayQuote),
    }
}

/// What stands behind a field.
fn after<'t>(text: &'t [u8], field: &[u8]) -> Result<&'t [u8], Fault> {
    let Some(mut rest) = text.strip_prefix(b"\"") else {
        if is_padded(field) {
            return Err(Fault::Blank);
        }
        let rest = text.strip_prefix(field).filter(|_| !field.contains(&b'"'));
        return rest.ok_or(Fault::StrayQuote);
    };
    for byte in field {
        let written: &[u8] = if *byte == b'"' { b"\"\"" } else { &[*byte] };
        rest = rest.strip_prefix(written).ok_or(Fault::StrayQuote)?;
    }
    match rest {
        [] => Err(Fault::OpenQuote),
        _ => rest.strip_prefix(b"\"").ok_or(Fault::StrayQuote),
    }
}

fn is_padded(field: &[u8]) -> bool {
    match core::str::from_utf8(field) {
        Ok(text) => text.trim() != text,
        Err(_) => field.trim_ascii() != field,
    }
}

fn material(value: &[u8], column: Column) -> Result<Material, Fault> {
    match column {
        Column::Secret => Ok(Material::Signed {
            algorithm: Algorithm::HmacSha512,
            profile: Profile::Cloud9,
            secret: Zeroizing::new(value.to_vec()),
        }),
        Column::Digest => digest(value).map(Material::Basic).ok_or(Fault::Digest),
    }
}

fn digest(value: &[u8]) -> Option<[u8; 32]> {
    if value.len() != 64 {
        return base64(value)?.as_slice().try_into().ok();
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(value.chunks_exact(2)) {
        let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(digest)
}
