//! The body of a refusal (RFC 9457).
use alloc::string::String;

use keyward_core::denial::Denial;
use serde::Serialize;

/// The media type of the body.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// `{ type, title, status, code, detail?, missing?, signatureBase? }`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// Components that the signature should have covered.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    missing: &'a [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_base: Option<&'a str>,
}

impl<'a> Problem<'a> {
    /// Says what the denial says and nothing else.
    #[must_use]
    pub fn of(denial: &'a Denial) -> Self {
        let code = denial.code();
        Self {
            kind: alloc::format!("urn:keyward:problem:{}", code.as_str()),
            title: code.title(),
            status: code.status(),
            code: code.as_str(),
            detail: denial.detail(),
            missing: denial.missing_components(),
            signature_base: denial.signature_base(),
        }
    }

    /// The JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers only: it cannot fail. Should it ever, the status says enough.
        serde_json::to_string(self).unwrap_or_else(|_| String::from("{}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyward_core::denial::Code;

    #[test]
    fn every_code_has_its_body() {
        for code in Code::ALL {
            let denial = Denial::new(code);
            let json: serde_json::Value =
                serde_json::from_str(&Problem::of(&denial).to_json()).unwrap();
            assert_eq!(
                json["type"],
                alloc::format!("urn:keyward:problem:{}", code.as_str())
            );
            assert_eq!(json["status"], code.status());
            assert_eq!(
                json.as_object().unwrap().len(),
                4,
                "nothing that was not said: {json}"
            );
        }
    }

    #[test]
    fn a_detail_is_text_and_not_markup() {
        let denial = Denial::because(Code::InvalidHeader, "a \"quoted\"\nline");
        let json = Problem::of(&denial).to_json();
        assert!(json.contains(r#""detail":"a \"quoted\"\nline""#), "{json}");
    }
}
