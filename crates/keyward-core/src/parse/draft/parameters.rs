//! `name="value", name=7`: the parameters of a credential (RFC 9110 section 11.2).
use alloc::format;
use alloc::vec::Vec;

use crate::denial::{Code, Denial};
use crate::limits;
use crate::parse::signature::malformed;

const OWS: [char; 2] = [' ', '\t'];

#[derive(Clone, Copy)]
enum Value<'a> {
    Quoted(&'a str),
    Token(&'a str),
}

/// Parameters, each once; those that nobody asks for mean nothing.
pub(in crate::parse) struct Parameters<'a>(Vec<(&'a str, Value<'a>)>);

impl<'a> Parameters<'a> {
    /// # Errors
    /// `multiple_credentials` when another credential follows, `malformed_credentials`.
    pub(super) fn parse(text: &'a str) -> Result<Self, Denial> {
        let mut found: Vec<(&str, Value<'_>)> = Vec::new();
        let mut rest = text.trim_matches(OWS);
        loop {
            let (name, after_name) = token(rest);
            if name.is_empty() {
                return Err(malformed("a parameter of the credential has no name"));
            }
            let after = after_name.trim_start_matches(OWS);
            let Some(after) = after.strip_prefix('=') else {
                // `hmac .., Basic dTpw`: a scheme where a parameter should be.
                let other =
                    !found.is_empty() && !after.is_empty() && after.len() < after_name.len();
                return Err(if other {
                    Code::MultipleCredentials.into()
                } else {
                    malformed("a parameter of the credential has no value")
                });
            };
            let after = after.trim_start_matches(OWS);
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => {
                    let (value, after) = quoted.split_once('"').ok_or_else(|| {
                        malformed("a quoted parameter of the credential does not end")
                    })?;
                    // Nothing that is asked for needs an escape, so there is one spelling.
                    if value.contains('\\') {
                        return Err(malformed("a parameter of the credential has a backslash"));
                    }
                    (Value::Quoted(value), after)
                }
                None => {
                    let (value, after) = token(after);
                    if value.is_empty() {
                        return Err(malformed("a parameter of the credential has no value"));
                    }
                    (Value::Token(value), after)
                }
            };
            if found
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
            {
                return Err(malformed("a parameter of the credential occurs twice"));
            }
            if found.len() >= limits::CREDENTIAL_PARAMETERS_MAX {
                return Err(malformed("the credential has more than 16 parameters"));
            }
            found.push((name, value));
            rest = after.trim_start_matches(OWS);
            if rest.is_empty() {
                return Ok(Self(found));
            }
            rest = rest
                .strip_prefix(',')
                .ok_or_else(|| malformed("parameters of the credential need commas between"))?
                .trim_start_matches(OWS);
        }
    }

    fn find(&self, name: &str) -> Option<Value<'a>> {
        self.0
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// A quoted string that must be there.
    pub(super) fn quoted(&self, name: &str) -> Result<&'a str, Denial> {
        self.optional(name)?
            .ok_or_else(|| malformed(format!("the parameter {name} is missing")))
    }

    /// A quoted string that may be there.
    pub(super) fn optional(&self, name: &str) -> Result<Option<&'a str>, Denial> {
        match self.find(name) {
            None => Ok(None),
            Some(Value::Quoted(value)) => Ok(Some(value)),
            Some(Value::Token(_)) => Err(malformed(format!(
                "the parameter {name} is not a quoted string"
            ))),
        }
    }

    /// A time in whole seconds that must be there. One spelling: it is signed as a number.
    pub(in crate::parse) fn seconds(&self, name: &str) -> Result<u64, Denial> {
        match self.find(name) {
            Some(Value::Token(digits))
                if digits.len() <= 15
                    && digits.bytes().all(|b| b.is_ascii_digit())
                    && (digits == "0" || !digits.starts_with('0')) =>
            {
                digits.parse().ok()
            }
            _ => None,
        }
        .ok_or_else(|| {
            malformed(format!(
                "the parameter {name} is not a time in whole seconds"
            ))
        })
    }

    /// Whether `algorithm` says how the signature is made, and not that the key does.
    pub(in crate::parse) fn names_algorithm(&self) -> bool {
        !matches!(self.find("algorithm"), None | Some(Value::Quoted("hs2019")))
    }
}

/// The token at the start, and what follows.
fn token(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)))
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}
