//! `HmacSHA512 <key id>:<nonce>:<MAC>`, with everything else in the request itself.
use alloc::string::String;
use core::fmt;

use super::Exchange;
use crate::credential_text::is_key_id;
use crate::denial::{Code, Denial};
use crate::freshness::Freshness;
use crate::http_date;
use crate::limits;
use crate::parse::signature::malformed;
use crate::signature_base::cloud9::{Head, content_types};

/// A signature over the request and its content: there is no base before that is read.
pub(crate) struct Cloud9Credential {
    pub(crate) key_id: String,
    pub(crate) freshness: Freshness,
    pub(crate) mac: [u8; 64],
    /// What precedes the content, with the `Content-Type` that is tried first.
    pub(crate) head: String,
    /// The same with the whole `Content-Type`, where the first is without its parameters.
    pub(crate) head_whole: Option<String>,
}

impl fmt::Debug for Cloud9Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cloud9Credential({}, ..)", self.key_id)
    }
}

/// Base64 of 64 bytes.
const MAC_CHARACTERS: usize = 88;

impl Cloud9Credential {
    /// Reads what follows the scheme's name.
    pub(crate) fn parse(exchange: &Exchange<'_>, text: &str) -> Result<Self, Denial> {
        if text.contains(',') {
            return Err(Code::MultipleCredentials.into());
        }
        let mut parts = text.split(':');
        let (Some(key_id), Some(nonce), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed(
                "HmacSHA512 needs key id, nonce and signature with colons between",
            ));
        };
        if !is_key_id(key_id, exchange.settings().imported_key_ids) {
            return Err(malformed("the key id is not well-formed or mistyped"));
        }
        let fits = (1..=limits::NONCE_BYTES_MAX).contains(&nonce.len());
        if !fits || !nonce.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(malformed(
                "the nonce must be 1 to 128 visible ASCII characters",
            ));
        }
        let mut bytes = [0_u8; 64];
        let whole = mac.len() == MAC_CHARACTERS
            && keyward_base64::decode_into(mac, &mut bytes).is_some_and(|found| found.len() == 64);
        if !whole {
            return Err(malformed("the signature is not 64 bytes as padded base64"));
        }
        let date = exchange
            .fields
            .combined("date")
            .ok_or_else(|| malformed("the field date, which HmacSHA512 signs, is missing"))?;
        // Held to this grammar with the other fields already.
        let date_s = http_date::parse(&date).ok_or(Code::InvalidHeader)?;
        let content_type = exchange.fields.combined("content-type").unwrap_or_default();
        if !content_type.is_ascii() {
            return Err(malformed("the signed field content-type is not ASCII"));
        }
        let message = exchange.message();
        let head = |content_type| {
            let mut head = String::with_capacity(256);
            Head {
                method: message.method,
                scheme: message.scheme,
                authority: message.authority,
                path: message.path,
                content_type,
                key_id,
                nonce,
                date: &date,
            }
            .write(&mut head);
            head
        };
        let (first, whole) = content_types(&content_type);
        Ok(Self {
            key_id: key_id.into(),
            freshness: Freshness {
                dates: alloc::vec![("date", date_s)],
                ..Freshness::default()
            },
            mac: bytes,
            head: head(first),
            head_whole: whole.map(head),
        })
    }
}
