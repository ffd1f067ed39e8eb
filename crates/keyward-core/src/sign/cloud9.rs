//! `Date`, `Authorization: HmacSHA512 <key id>:<nonce>:<MAC>`.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding};

use super::{Order, SignError};
use crate::http_date;
use crate::limits;
use crate::mac::Algorithm;
use crate::signature_base::cloud9::{END, Head};

pub(super) fn sign(order: &Order<'_>) -> Result<Vec<(&'static str, String)>, SignError> {
    let (request, key_id) = (order.request, order.key_id()?);
    if order.key.algorithm() != Algorithm::HmacSha512 {
        return Err(SignError::Algorithm);
    }
    let nonce = order.parameters.nonce.ok_or(SignError::NonceMissing)?;
    let fits = (1..=limits::NONCE_BYTES_MAX).contains(&nonce.len());
    // A colon or comma would end it.
    let plain = |b: u8| b.is_ascii_graphic() && b != b':' && b != b',';
    if !fits || !nonce.bytes().all(plain) {
        return Err(SignError::Parameters);
    }
    let content_type = request
        .content_type
        .unwrap_or_default()
        .trim_matches([' ', '\t']);
    if content_type.bytes().any(|b| !(b' '..=b'~').contains(&b)) {
        return Err(SignError::Parameters);
    }
    let date = http_date::write(order.parameters.created_s).ok_or(SignError::Parameters)?;
    let mut head = String::new();
    Head {
        method: request.method,
        scheme: request.scheme,
        authority: order.authority,
        path: order.target.path(),
        // The whole: more is signed so than without its parameters.
        content_type,
        key_id,
        nonce,
        date: &date,
    }
    .write(&mut head);
    let mac = order.key.mac(&[head.as_bytes(), request.content, END]);
    let mac = Base64::encode_string(mac.as_bytes());
    Ok(alloc::vec![
        ("date", date),
        (
            "authorization",
            format!("HmacSHA512 {key_id}:{nonce}:{mac}")
        ),
    ])
}
