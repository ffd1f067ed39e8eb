//! HTTP Basic (RFC 7617): key id and secret.
use alloc::vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::credential_text::{SECRET_PREFIX, is_key_id, is_secret};
use crate::denial::{Code, Denial};
use crate::limits;

/// A key id with the secret that was sent along.
pub(crate) struct BasicCredential {
    decoded: Zeroizing<alloc::string::String>,
    colon: usize,
}

impl BasicCredential {
    /// Reads what follows the scheme's name.
    pub(crate) fn parse(token: &str, imported_key_ids: bool) -> Result<Self, Denial> {
        let malformed = |detail: &str| Denial::because(Code::MalformedCredentials, detail);
        let not_base64 = || malformed("Basic needs key id and secret as padded base64");
        if token.len() > limits::CREDENTIAL_FIELD_BYTES_MAX {
            return Err(malformed("the credential exceeds 8 KiB"));
        }
        if token.contains(',') {
            return Err(Code::MultipleCredentials.into());
        }
        let mut buffer = Zeroizing::new(vec![0_u8; token.len()]);
        let bytes = keyward_base64::decode_into(token, &mut buffer).ok_or_else(not_base64)?;
        let text = core::str::from_utf8(bytes)
            .map_err(|_| malformed("key id and secret must be UTF-8 (RFC 7617 section 2.1)"))?;
        let Some((key_id, secret)) = text.split_once(':') else {
            return Err(malformed("there is no colon between key id and secret"));
        };
        if !is_key_id(key_id, imported_key_ids) {
            return Err(malformed("the key id is not well-formed or mistyped"));
        }
        if secret.is_empty() || secret.len() > limits::SECRET_BYTES_MAX {
            return Err(malformed("the secret must have 1 to 512 bytes"));
        }
        if secret.starts_with(SECRET_PREFIX) && !is_secret(secret) {
            return Err(malformed("the secret is mistyped"));
        }
        let colon = key_id.len();
        Ok(Self {
            decoded: Zeroizing::new(text.into()),
            colon,
        })
    }

    pub(crate) fn key_id(&self) -> &str {
        self.decoded.get(..self.colon).unwrap_or_default()
    }

    pub(crate) fn secret(&self) -> &[u8] {
        self.decoded
            .as_bytes()
            .get(self.colon.saturating_add(1)..)
            .unwrap_or_default()
    }
}

impl fmt::Debug for BasicCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BasicCredential({}, ..)", self.key_id())
    }
}
