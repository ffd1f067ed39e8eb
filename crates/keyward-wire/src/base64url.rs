//! base64url without padding (RFC 4648 section 5); the one spelling of each value is taken.
use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, Zeroizing};

pub(crate) fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

/// Secret bytes of a fixed length. No copy is left behind.
pub(crate) fn secret<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    fixed(decode(text)?)
}

fn fixed<const N: usize>(mut bytes: Vec<u8>) -> Option<Zeroizing<[u8; N]>> {
    let fixed = <[u8; N]>::try_from(bytes.as_slice()).map(Zeroizing::new);
    bytes.zeroize();
    fixed.ok()
}

/// Bytes as JSON text.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Text(pub(crate) Vec<u8>);

impl Text {
    pub(crate) fn decode(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("base64url without padding")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
        // The text may be a secret: it is not part of the error.
        decode(text)
            .map(Text)
            .ok_or_else(|| E::custom("not base64url without padding"))
    }
}

/// Secret bytes of a fixed length as JSON text. No copy is left behind.
#[derive(Clone)]
pub(crate) struct SecretText<const N: usize>(pub(crate) Zeroizing<[u8; N]>);

impl<const N: usize> Serialize for SecretText<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(encode(self.0.as_slice())))
    }
}

impl<'de, const N: usize> Deserialize<'de> for SecretText<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(bytes) = Text::deserialize(deserializer)?;
        fixed(bytes)
            .map(Self)
            .ok_or_else(|| de::Error::custom("not the right number of bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_taken() {
        assert_eq!(decode("-_8"), Some(Vec::from([0xFB, 0xFF])));
        for other in ["-_9", "-_8=", "+/8", "-_8 ", "-_8\n", "A", "\u{e9}a"] {
            assert_eq!(decode(other), None, "{other:?}");
        }
    }

    #[test]
    fn errors_do_not_repeat_the_text() {
        let error = serde_json::from_str::<SecretText<32>>("\"c2VjcmV0\"").err();
        assert!(!std::format!("{error:?}").contains("c2VjcmV0"));
        let error = serde_json::from_str::<SecretText<32>>("\"c2VjcmV0=\"").err();
        assert!(!std::format!("{error:?}").contains("c2VjcmV0"));
    }
}
