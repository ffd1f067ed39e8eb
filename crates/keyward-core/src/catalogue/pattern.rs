//! Path patterns of routes.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::RESERVED_SEGMENT;
use crate::limits::{PATTERN_BYTES_MAX, PATTERN_SEGMENTS_MAX};

/// What one segment of a path has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PatternSegment {
    /// This text, once the path's segment is decoded. Empty at the end: a trailing slash.
    Literal(Box<str>),
    /// `{name}`: any one segment that is not empty.
    Parameter(Box<str>),
    /// `**`: the rest of the path, one segment or more, empty ones too. So `/v1/**` is `/v1/` and
    /// all below, but not `/v1`, which is another path to an origin as well.
    Rest,
}

/// The segments of a pattern such as `/v1/accounts/{account}/**`. Literals are written decoded.
pub(super) fn parse(
    pattern: &str,
    allow_empty_segments: bool,
) -> Result<Vec<PatternSegment>, PatternProblem> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(PatternProblem::TooLong);
    }
    let Some(path) = pattern.strip_prefix('/') else {
        return Err(PatternProblem::NoSlash);
    };
    let mut segments: Vec<PatternSegment> = Vec::new();
    let mut rest = path.split('/').peekable();
    while let Some(text) = rest.next() {
        if segments.len() >= PATTERN_SEGMENTS_MAX {
            return Err(PatternProblem::TooManySegments);
        }
        let segment = if text == "**" {
            if rest.peek().is_some() {
                return Err(PatternProblem::RestNotLast);
            }
            PatternSegment::Rest
        } else if let Some(name) = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            let segment = PatternSegment::Parameter(name.into());
            if !is_parameter_name(name) {
                return Err(PatternProblem::ParameterName);
            }
            if segments.contains(&segment) {
                return Err(PatternProblem::ParameterTwice);
            }
            segment
        } else {
            if text.is_empty() && rest.peek().is_some() && !allow_empty_segments {
                return Err(PatternProblem::EmptySegment);
            }
            if !can_be_decoded_segment(text) {
                return Err(PatternProblem::Literal);
            }
            PatternSegment::Literal(text.into())
        };
        segments.push(segment);
    }
    if matches!(segments.first(), Some(PatternSegment::Literal(first)) if **first == *RESERVED_SEGMENT)
    {
        return Err(PatternProblem::Reserved);
    }
    Ok(segments)
}

/// Where a pattern has the parameter of that name.
pub(super) fn position(segments: &[PatternSegment], parameter: &str) -> Option<usize> {
    segments.iter().position(
        |segment| matches!(segment, PatternSegment::Parameter(name) if **name == *parameter),
    )
}

fn is_parameter_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Literals that no path has, or that look like a mistake, are refused rather than never matched.
fn can_be_decoded_segment(text: &str) -> bool {
    let name = text.split_once(';').map_or(text, |(name, _)| name);
    !matches!(name, "." | "..")
        && !text.chars().any(|char| {
            char.is_control() || matches!(char, '\\' | '%' | '?' | '#' | '*' | '{' | '}')
        })
}

/// Why a pattern is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternProblem {
    /// Longer than [`PATTERN_BYTES_MAX`].
    TooLong,
    /// More than [`PATTERN_SEGMENTS_MAX`] segments.
    TooManySegments,
    /// Does not start with `/`.
    NoSlash,
    /// Starts with `/_keyward/`.
    Reserved,
    /// `//` on a route that does not allow empty segments.
    EmptySegment,
    /// `**` with something after it.
    RestNotLast,
    /// A `{name}` that is not `[A-Za-z0-9_-]{1,64}`.
    ParameterName,
    /// Two `{name}` of the same name.
    ParameterTwice,
    /// A literal segment that no path can have or that mixes text with `{}` or `*`.
    Literal,
}

impl fmt::Display for PatternProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => return write!(f, "is longer than {PATTERN_BYTES_MAX} bytes"),
            Self::TooManySegments => {
                return write!(f, "has more than {PATTERN_SEGMENTS_MAX} segments");
            }
            Self::NoSlash => "does not start with a slash",
            Self::Reserved => "is below `/_keyward/`, which the gateway answers itself",
            Self::EmptySegment => "has an empty segment, which the route does not allow",
            Self::RestNotLast => "has `**` before the end",
            Self::ParameterName => "has a `{}` whose name is not 1 to 64 of A-Z a-z 0-9 _ -",
            Self::ParameterTwice => "has two `{}` of the same name",
            Self::Literal => {
                "has a segment that no path can have: write text decoded, \
                 and `{name}` or `**` as a whole segment"
            }
        })
    }
}
