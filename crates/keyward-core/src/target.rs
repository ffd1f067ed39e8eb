//! The request target, judged once: what is accepted here is the same path to every reader.
//!
//! Path normalisation differs between proxies, runtimes and origins. A path that any of them would
//! rewrite or read twice is refused, so the path that was authorised is the path that is served.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::{fmt, str::Split};

use crate::limits::TARGET_BYTES_MAX;

#[cfg(test)]
mod tests;

/// A target in origin-form whose path is its own WHATWG serialisation and means one thing.
///
/// Empty segments and encoded slashes are only flagged, because a route may allow them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    raw: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    empty_segment: bool,
    encoded_slash: bool,
}

impl<'a> Target<'a> {
    /// The target of a request line, as received (RFC 9112 section 3.2.1).
    ///
    /// The query is taken as it is, short of `#` and bytes that no request line may hold.
    ///
    /// # Errors
    /// The first reason why two readers could differ about the path.
    pub fn parse(raw: &'a str) -> Result<Self, AmbiguousTarget> {
        if raw.len() > TARGET_BYTES_MAX {
            return Err(AmbiguousTarget::TooLong);
        }
        let (path, query) = match raw.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (raw, None),
        };
        if !path.starts_with('/') {
            return Err(AmbiguousTarget::NotOriginForm);
        }
        for byte in raw.bytes() {
            match byte {
                b'#' => return Err(AmbiguousTarget::Fragment),
                0x21..=0x7E => {}
                _ => return Err(AmbiguousTarget::Byte),
            }
        }
        let mut target = Self {
            raw,
            path,
            query,
            empty_segment: path.contains("//"),
            encoded_slash: false,
        };
        for segment in target.segments() {
            target.encoded_slash |= judge(segment.raw)?;
        }
        Ok(target)
    }

    /// The whole target as received.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.raw
    }

    /// The path as received, which is also the path to forward.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// The query as received, without the `?`; `Some("")` when nothing follows the `?`.
    #[must_use]
    pub fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// Whether the path holds `//`. A trailing slash is no empty segment in this sense.
    #[must_use]
    pub fn has_empty_segment(&self) -> bool {
        self.empty_segment
    }

    /// Whether the path holds `%2f`, in either case.
    #[must_use]
    pub fn has_encoded_slash(&self) -> bool {
        self.encoded_slash
    }

    /// What stands between the slashes: `/` is one empty segment, `/a/` is `a` and an empty one.
    #[must_use]
    pub fn segments(&self) -> Segments<'a> {
        Segments(self.path.strip_prefix('/').unwrap_or_default().split('/'))
    }

    /// The query in its WHATWG serialisation for http and https: what every URL parser on the way
    /// to the origin keeps as it is.
    #[must_use]
    pub fn forward_query(&self) -> Option<Cow<'a, str>> {
        self.query.map(|query| {
            if query.bytes().any(|byte| query_escape(byte).is_some()) {
                let mut escaped = String::with_capacity(query.len());
                write_query(query, &mut escaped);
                Cow::Owned(escaped)
            } else {
                Cow::Borrowed(query)
            }
        })
    }

    /// Appends the target to forward: the path as received, then [`Self::forward_query`].
    pub fn write_forward(&self, out: &mut String) {
        out.push_str(self.path);
        if let Some(query) = self.query {
            out.push('?');
            write_query(query, out);
        }
    }
}

/// The segments of a [`Target`], in order.
#[derive(Clone, Debug)]
pub struct Segments<'a>(Split<'a, char>);

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        self.0.next().map(|raw| Segment { raw })
    }
}

/// One segment of a [`Target`]'s path, so its escapes are known to be good UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    raw: &'a str,
}

impl<'a> Segment<'a> {
    /// The segment as received.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// The segment percent-decoded once; borrowed when it has no escapes.
    #[must_use]
    pub fn decoded(self) -> Cow<'a, str> {
        // `Target::parse` decoded it before, so the fallback is never taken.
        decode(self.raw).unwrap_or(Cow::Borrowed(self.raw))
    }
}

/// Why a target is refused (400 `ambiguous_target`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AmbiguousTarget {
    /// Longer than [`TARGET_BYTES_MAX`].
    TooLong,
    /// Does not start with `/`: absolute-form, authority-form or `*`.
    NotOriginForm,
    /// A `#`.
    Fragment,
    /// A byte outside 0x21-0x7E.
    Byte,
    /// A character that a WHATWG URL parser escapes in a path.
    NotSerialised,
    /// `\` or `%5c`, which some readers take for a slash.
    Backslash,
    /// A `.` or `..` segment, however it is written.
    DotSegment,
    /// A `%` without two hex digits.
    BadPercent,
    /// `%00`.
    Nul,
    /// A segment that has escapes again once it is decoded.
    DoubleEncoding,
    /// A segment that is not UTF-8 once it is decoded.
    NotUtf8,
}

impl fmt::Display for AmbiguousTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the target is longer than 8192 bytes",
            Self::NotOriginForm => "the target does not start with a slash",
            Self::Fragment => "the target has a `#`",
            Self::Byte => "the target has a byte that is not visible ASCII",
            Self::NotSerialised => {
                "the path has one of the characters \" < > ^ ` { } without percent-encoding"
            }
            Self::Backslash => "the path has a backslash",
            Self::DotSegment => "the path has a `.` or `..` segment",
            Self::BadPercent => "the path has a `%` that is not followed by two hex digits",
            Self::Nul => "the path has `%00`",
            Self::DoubleEncoding => "the path is percent-encoded twice",
            Self::NotUtf8 => "the path is not UTF-8 once it is decoded",
        })
    }
}

impl core::error::Error for AmbiguousTarget {}

/// Whether the segment has an encoded slash; refuses what two readers could take for two things.
fn judge(raw: &str) -> Result<bool, AmbiguousTarget> {
    for byte in raw.bytes() {
        match byte {
            b'\\' => return Err(AmbiguousTarget::Backslash),
            // The path percent-encode set of the URL standard, less what `parse` refused before.
            b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'}' => {
                return Err(AmbiguousTarget::NotSerialised);
            }
            _ => {}
        }
    }
    let decoded = decode(raw)?;
    if decoded.contains('\0') {
        return Err(AmbiguousTarget::Nul);
    }
    if decoded.contains('\\') {
        return Err(AmbiguousTarget::Backslash);
    }
    if has_escape(decoded.as_bytes()) {
        return Err(AmbiguousTarget::DoubleEncoding);
    }
    // An origin that takes `%2f` for a slash sees the segments between those, and servlet
    // containers drop `;` and what follows before they resolve `..`.
    let is_dot = |piece: &str| {
        let name = piece.split_once(';').map_or(piece, |(name, _)| name);
        matches!(name, "." | "..")
    };
    if decoded.split('/').any(is_dot) {
        return Err(AmbiguousTarget::DotSegment);
    }
    Ok(decoded.contains('/'))
}

fn decode(raw: &str) -> Result<Cow<'_, str>, AmbiguousTarget> {
    if !raw.contains('%') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = rest.next().and_then(hex_digit);
            let low = rest.next().and_then(hex_digit);
            let (Some(high), Some(low)) = (high, low) else {
                return Err(AmbiguousTarget::BadPercent);
            };
            decoded.push((high << 4) | low);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| AmbiguousTarget::NotUtf8)
}

fn has_escape(decoded: &[u8]) -> bool {
    decoded.windows(3).any(|window| {
        matches!(window, [b'%', high, low]
            if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    })
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// The special-query percent-encode set of the URL standard, less what `parse` refused.
fn query_escape(byte: u8) -> Option<&'static str> {
    match byte {
        b'"' => Some("%22"),
        b'\'' => Some("%27"),
        b'<' => Some("%3C"),
        b'>' => Some("%3E"),
        _ => None,
    }
}

fn write_query(query: &str, out: &mut String) {
    for byte in query.bytes() {
        match query_escape(byte) {
            Some(escape) => out.push_str(escape),
            None => out.push(char::from(byte)),
        }
    }
}
