//! What is asked: requests as JSON.
use std::borrow::Cow;
use std::collections::BTreeMap;

use base64ct::{Base64, Encoding};
use keyward_core::deployment::Scheme;
use keyward_core::request::{ContentLength, Request};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::answer::CallError;

/// One request to be decided, with all that the answer depends on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DecideCall<'a> {
    #[serde(borrow)]
    pub(crate) settings: &'a RawValue,
    #[serde(borrow)]
    pub(crate) catalogue: &'a RawValue,
    #[serde(borrow)]
    pub(crate) secrets: &'a RawValue,
    /// What a verifier of the organisations' own has instead of `secrets`: not read here.
    #[serde(default, rename = "organisationKeys")]
    _organisation_keys: IgnoredAny,
    /// What KV holds, by its KV name.
    #[serde(borrow)]
    pub(crate) records: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) request: RequestJson<'a>,
    #[serde(borrow)]
    pub(crate) client_address: Option<Cow<'a, str>>,
    /// Seconds of Unix time.
    pub(crate) now: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestJson<'a> {
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) scheme: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) authority: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) target: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    #[serde(borrow)]
    pub(crate) content: Option<ContentJson<'a>>,
}

/// Content, as text or as padded base64.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContentJson<'a> {
    /// The length, if it was announced.
    pub(crate) declared: Option<u64>,
    #[serde(borrow)]
    pub(crate) text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) base64: Option<Cow<'a, str>>,
}

/// One request to be signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SignCall<'a> {
    #[serde(borrow)]
    pub(crate) request: RequestJson<'a>,
    #[serde(borrow)]
    pub(crate) key: SigningKeyJson<'a>,
    /// Seconds of Unix time.
    pub(crate) created: u64,
    #[serde(borrow)]
    pub(crate) nonce: Option<Cow<'a, str>>,
    /// `rfc9421` where nothing is said.
    #[serde(borrow)]
    pub(crate) profile: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SigningKeyJson<'a> {
    #[serde(borrow)]
    pub(crate) key_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) algorithm: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) secret: Cow<'a, str>,
}

/// Reads a call. The parser's own words are not passed on: they can repeat a secret.
pub(crate) fn read<'a, T: Deserialize<'a>>(call: &'a str) -> Result<T, CallError> {
    serde_json::from_str(call).map_err(|error| {
        CallError::new(
            "invalid_call",
            format!(
                "the call is not as documented, at line {}, column {}",
                error.line(),
                error.column()
            ),
        )
    })
}

impl RequestJson<'_> {
    pub(crate) fn scheme(&self) -> Result<Scheme, CallError> {
        Scheme::parse(&self.scheme)
            .ok_or_else(|| CallError::new("invalid_call", "request.scheme is http or https"))
    }

    pub(crate) fn fields(&self) -> Vec<(&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
            .collect()
    }

    /// The first field of this lower-case name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    /// The content received, and what was known of it before.
    pub(crate) fn content(&self) -> Result<(Vec<u8>, ContentLength), CallError> {
        let Some(content) = &self.content else {
            return Ok((Vec::new(), ContentLength::None));
        };
        let bytes = match (&content.text, &content.base64) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(base64)) => Base64::decode_vec(base64).map_err(|_| {
                CallError::new(
                    "invalid_call",
                    "request.content.base64 is not padded base64",
                )
            })?,
            _ => {
                return Err(CallError::new(
                    "invalid_call",
                    "request.content has either text or base64",
                ));
            }
        };
        let length = match content.declared {
            None => ContentLength::Unknown,
            // HTTP frames by the declared length, so another one is no request.
            Some(octets) if u64::try_from(bytes.len()) == Ok(octets) => {
                ContentLength::Declared(octets)
            }
            Some(_) => {
                return Err(CallError::new(
                    "invalid_call",
                    "request.content.declared is not the length of the content",
                ));
            }
        };
        Ok((bytes, length))
    }

    pub(crate) fn request<'r>(
        &'r self,
        fields: &'r [(&'r str, &'r str)],
        content: ContentLength,
    ) -> Result<Request<'r>, CallError> {
        Ok(Request {
            method: &self.method,
            scheme: self.scheme()?,
            authority: &self.authority,
            target: &self.target,
            fields,
            content,
        })
    }
}
