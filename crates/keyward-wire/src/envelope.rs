//! The text in KV: a payload, signed by the registry together with the name it is stored under,
//! so that who can write to KV can neither make a record nor move one to another name.
//!
//! `kwr1.<ring id>.<base64url payload>.<base64url signature>`, Ed25519 (RFC 8032) over
//! `keyward-record-v1`, the KV name and the payload with NUL between them.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use keyward_core::sorted_map::SortedMap;

use crate::base64url;
use crate::open::RecordError;
use crate::ring::{RingError, RingId};

/// Bound of the text: thousands of accounts and addresses fit, and an isolate can hold many.
pub const ENVELOPE_BYTES_MAX: usize = 256 * 1024;

const FORMAT: &str = "kwr1";
const CONTEXT: &[u8] = b"keyward-record-v1";

/// The name under which the record of a key is stored.
#[must_use]
pub fn kv_name(key_id: &str) -> String {
    alloc::format!("k/{key_id}")
}

/// The public keys of the registry, by id. Verifies and cannot sign.
#[derive(Clone)]
pub struct PublishRing(SortedMap<RingId, VerifyingKey>);

impl PublishRing {
    /// # Errors
    /// When there is no key, an id is repeated, or a key is no Ed25519 key or a weak one.
    pub fn new(keys: impl IntoIterator<Item = (RingId, [u8; 32])>) -> Result<Self, RingError> {
        let mut ring = SortedMap::new();
        for (id, bytes) in keys {
            let key = VerifyingKey::from_bytes(&bytes).map_err(|_| RingError::PublicKey)?;
            if key.is_weak() {
                return Err(RingError::PublicKey);
            }
            if ring.insert(id, key).is_some() {
                return Err(RingError::Repeated);
            }
        }
        if ring.is_empty() {
            Err(RingError::Empty)
        } else {
            Ok(Self(ring))
        }
    }

    /// From ids and keys as they are written: base64url of 32 bytes.
    ///
    /// # Errors
    /// As [`PublishRing::new`].
    pub fn from_text<'a>(
        keys: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, RingError> {
        let keys = keys.into_iter().map(|(id, key)| {
            let key = base64url::decode(key).and_then(|bytes| bytes.try_into().ok());
            Ok((RingId::parse(id)?, key.ok_or(RingError::PublicKey)?))
        });
        Self::new(keys.collect::<Result<Vec<_>, _>>()?)
    }

    /// The payload of a KV text, when it was signed by a key of the ring for this KV name.
    ///
    /// # Errors
    /// When it was not, or is too large or not an envelope at all.
    pub fn open(&self, kv_name: &str, text: &str) -> Result<Vec<u8>, RecordError> {
        if text.len() > ENVELOPE_BYTES_MAX {
            return Err(RecordError::TooLarge);
        }
        // NUL separates what is signed: with one in the name it could be split in another place.
        if kv_name.contains('\0') {
            return Err(RecordError::Malformed("the KV name has a NUL"));
        }
        let mut parts = text.split('.');
        let (Some(format), Some(ring_id), Some(payload), Some(signature), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(RecordError::Malformed("not an envelope"));
        };
        if format != FORMAT {
            return Err(match format.strip_prefix("kwr") {
                Some(version) if version.parse::<u32>().is_ok_and(|one| one > 1) => {
                    RecordError::FutureVersion
                }
                _ => RecordError::Malformed("not an envelope"),
            });
        }
        let ring_id = RingId::parse(ring_id)
            .map_err(|_| RecordError::Malformed("the envelope's ring id is not one"))?;
        let key = self.0.get(&ring_id).ok_or(RecordError::UnknownPublishKey)?;
        let signature = base64url::decode(signature)
            .and_then(|bytes| Signature::from_slice(&bytes).ok())
            .ok_or(RecordError::Malformed(
                "the envelope's signature is not base64url",
            ))?;
        let payload = base64url::decode(payload).ok_or(RecordError::Malformed(
            "the envelope's payload is not base64url",
        ))?;
        key.verify_strict(&signed_bytes(kv_name, &payload), &signature)
            .map_err(|_| RecordError::WrongSignature)?;
        Ok(payload)
    }
}

impl fmt::Debug for PublishRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublishRing")?;
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// The registry's signing key.
pub struct Publisher {
    id: RingId,
    key: SigningKey,
}

impl Publisher {
    /// From an id and the 32 bytes of an Ed25519 private key.
    #[must_use]
    pub fn new(id: RingId, private_key: &[u8; 32]) -> Self {
        Self {
            id,
            key: SigningKey::from_bytes(private_key),
        }
    }

    #[must_use]
    pub const fn id(&self) -> &RingId {
        &self.id
    }

    /// What verifiers need, for their [`PublishRing`].
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The KV text that carries a payload under this KV name and no other.
    ///
    /// # Errors
    /// When it would be larger than [`ENVELOPE_BYTES_MAX`], or the name has a NUL.
    pub fn publish(&self, kv_name: &str, payload: &[u8]) -> Result<String, RecordError> {
        if kv_name.contains('\0') {
            return Err(RecordError::Malformed("the KV name has a NUL"));
        }
        let signature = self.key.sign(&signed_bytes(kv_name, payload)).to_bytes();
        let text = alloc::format!(
            "{FORMAT}.{}.{}.{}",
            self.id,
            base64url::encode(payload),
            base64url::encode(&signature)
        );
        if text.len() > ENVELOPE_BYTES_MAX {
            Err(RecordError::TooLarge)
        } else {
            Ok(text)
        }
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publisher({}, ..)", self.id)
    }
}

fn signed_bytes(kv_name: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(CONTEXT.len() + kv_name.len() + payload.len() + 2);
    bytes.extend_from_slice(CONTEXT);
    bytes.push(0);
    bytes.extend_from_slice(kv_name.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(payload);
    bytes
}
