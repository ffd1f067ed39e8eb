//! A request gets its credential.
use base64ct::{Base64, Encoding};
use keyward_core::mac::MacKey;
use keyward_core::sign::{SignatureParameters, Unsigned};

use crate::credential::{Credential, Scheme};
use crate::failure::{Failure, Result};
use crate::request::Request;

/// Adds the fields that the credential needs.
///
/// # Errors
/// When the gateway would refuse the request whatever its credential.
pub fn sign(request: &mut Request, credential: &Credential, now_s: u64) -> Result<()> {
    match credential.scheme {
        Scheme::Basic => {
            let pair = format!("{}:{}", credential.key_id, *credential.secret);
            let value = format!("Basic {}", Base64::encode_string(pair.as_bytes()));
            request.fields.push(("authorization".to_owned(), value));
        }
        Scheme::Bearer => {
            let value = format!("Bearer {}", *credential.secret);
            request.fields.push(("authorization".to_owned(), value));
        }
        Scheme::Signature(algorithm, profile) => {
            let nonce = nonce()?;
            let content_type = request
                .fields
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
                .map(|(_, value)| value.as_str());
            let signed = keyward_core::sign::sign(
                &Unsigned {
                    method: &request.method,
                    scheme: request.scheme,
                    authority: &request.authority,
                    target: &request.target,
                    content_type,
                    content: &request.body,
                },
                &MacKey::new(algorithm, credential.secret.as_bytes()),
                &SignatureParameters {
                    profile,
                    key_id: &credential.key_id,
                    created_s: now_s,
                    nonce: Some(&nonce),
                },
            )
            .map_err(|error| Failure::new(error.to_string()))?;
            let fields = signed
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            request.fields.extend(fields);
        }
    }
    Ok(())
}

/// 128 random bits.
fn nonce() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::new(format!("no randomness: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The request as a curl command that can be pasted.
#[must_use]
pub fn as_curl(request: &Request) -> String {
    let mut words = vec![
        "curl".to_owned(),
        "--path-as-is".to_owned(),
        "-i".to_owned(),
    ];
    if request.method == "HEAD" {
        words.push("--head".to_owned());
    } else if request.method != "GET" || !request.body.is_empty() {
        words.extend(["-X".to_owned(), request.method.clone()]);
    }
    for (name, value) in &request.fields {
        words.extend(["-H".to_owned(), quoted(&format!("{name}: {value}"))]);
    }
    if !request.body.is_empty() {
        let body = String::from_utf8_lossy(&request.body);
        words.extend(["--data-binary".to_owned(), quoted(&body)]);
    }
    words.push(quoted(&request.url()));
    words.join(" ")
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
