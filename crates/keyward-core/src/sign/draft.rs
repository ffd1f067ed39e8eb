//! What signing has in common in `kong` and `cavage`.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha512};

use super::{Order, SignError};
use crate::request::Field;
use crate::signature_base::draft::{Covered, write_lines};

/// `Digest` (RFC 3230), if there is content.
pub(super) fn digest(order: &Order<'_>) -> Option<(&'static str, String)> {
    let content = order.request.content;
    (!content.is_empty()).then(|| {
        let digest = Base64::encode_string(&Sha512::digest(content));
        ("digest", format!("SHA-512={digest}"))
    })
}

/// The MAC over the lines, as base64.
pub(super) fn mac(
    order: &Order<'_>,
    added: &[(&'static str, String)],
    lines: &[Covered<'_>],
) -> Result<String, SignError> {
    let fields: Vec<Field<'_>> = added
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut base = String::new();
    write_lines(&mut base, &order.message(&fields), lines).map_err(|_| SignError::Parameters)?;
    Ok(Base64::encode_string(
        order.key.mac(&[base.as_bytes()]).as_bytes(),
    ))
}
