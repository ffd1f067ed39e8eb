//! What is wrong with JSON, without what it was.
use core::fmt;

use serde::de::{Error, Expected, Unexpected};

/// Of one value: what it must be. Never what it is.
#[derive(Debug)]
pub(super) struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(must_be(&expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(must_be(&expected.to_string()))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(format!("must be one of {}", expected.join(", ")))
    }

    fn unknown_field(name: &str, expected: &'static [&'static str]) -> Self {
        let expected = expected.join(", ");
        Self(format!(
            "unknown field `{name}`, the fields are: {expected}"
        ))
    }
}

/// What serde expects, in words of JSON.
fn must_be(expected: &str) -> String {
    let words = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        "unit" => "null",
        expected => expected,
    };
    format!("must be {words}")
}

/// What a parser says. Where it is, is said by the member, but of what is no JSON at all.
pub(crate) fn said(error: &serde_json::Error) -> String {
    let said = error.to_string();
    if !error.is_data() {
        return said;
    }
    let place = format!(" at line {} column {}", error.line(), error.column());
    let said = said.strip_suffix(&place).unwrap_or(&said);
    // Of lists and objects, whose content is not in it.
    let expected = said
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.split_once(", expected "));
    match expected {
        Some((_, expected)) => must_be(expected),
        None => said.to_owned(),
    }
}

/// The member that a parser complains of; `.` is the content as a whole. One that is missing, or
/// there twice, it names in its words alone, and says where the object is.
pub(crate) fn member(path: &str, detail: &str) -> String {
    let named = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|words| detail.strip_prefix(words)?.split_once('`'));
    match (path, named) {
        ("." | "?", None) => ".".to_owned(),
        ("." | "?", Some((name, _))) => name.to_owned(),
        (path, None) => path.to_owned(),
        (path, Some((name, _))) => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_named_wherever_it_is_wrong() {
        for (path, detail, field) in [
            (".", "missing field `name`", "name"),
            ("roles[0]", "missing field `role`", "roles[0].role"),
            (".", "duplicate field `name`", "name"),
            ("memo", "must be a string", "memo"),
            (".", "must be an object", "."),
            ("?", "EOF while parsing an object at line 1 column 1", "."),
        ] {
            assert_eq!(member(path, detail), field, "{detail}");
        }
    }
}
