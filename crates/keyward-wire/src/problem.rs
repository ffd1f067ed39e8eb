//! The body of a refusal (RFC 9457).
use alloc::string::{String, ToString};

use keyward_core::denial::Denial;

/// The media type of the body.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// `{ type, title, status, code, detail?, missing?, signatureBase? }` as JSON text. Says what the
/// denial says and nothing else.
#[must_use]
pub fn body(denial: &Denial) -> String {
    let code = denial.code();
    let mut json = String::from("{\"type\":\"urn:keyward:problem:");
    json.push_str(code.as_str());
    json.push_str("\",\"title\":");
    write_text(&mut json, code.title());
    json.push_str(",\"status\":");
    json.push_str(&code.status().to_string());
    json.push_str(",\"code\":\"");
    json.push_str(code.as_str());
    json.push('"');
    if let Some(detail) = denial.detail() {
        json.push_str(",\"detail\":");
        write_text(&mut json, detail);
    }
    // Components that the signature should have covered.
    let mut before = ",\"missing\":[";
    for name in denial.missing_components() {
        json.push_str(before);
        write_text(&mut json, name);
        before = ",";
    }
    if before == "," {
        json.push(']');
    }
    if let Some(base) = denial.signature_base() {
        json.push_str(",\"signatureBase\":");
        write_text(&mut json, base);
    }
    json.push('}');
    json
}

/// A string of JSON (RFC 8259 section 7).
fn write_text(json: &mut String, text: &str) {
    json.push('"');
    for one in text.chars() {
        let escaped = match one {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            control if control < ' ' => {
                json.push_str("\\u00");
                for nibble in [u32::from(control) >> 4, u32::from(control) & 15] {
                    json.extend(char::from_digit(nibble, 16));
                }
                continue;
            }
            plain => {
                json.push(plain);
                continue;
            }
        };
        json.push_str(escaped);
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyward_core::denial::Code;

    #[test]
    fn every_code_has_its_body() {
        for code in Code::ALL {
            let denial = Denial::new(code);
            let json: serde_json::Value = serde_json::from_str(&body(&denial)).unwrap();
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
        let json = body(&denial);
        assert!(json.contains(r#""detail":"a \"quoted\"\nline""#), "{json}");
    }

    #[test]
    fn text_is_written_as_serde_json_writes_it() {
        let all: String = (0..0x300).filter_map(char::from_u32).collect();
        let mut json = String::new();
        write_text(&mut json, &all);
        assert_eq!(json, serde_json::to_string(&all).unwrap());
    }
}
