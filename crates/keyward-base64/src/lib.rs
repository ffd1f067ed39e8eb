//! The base64 of requests, in a crate of its own so that it is compiled for speed where the rest is
//! compiled for size: `base64ct` is generic, and so is compiled as its caller is. One spelling of
//! each value is taken, in a time that does not depend on it.
#![no_std]
extern crate alloc;

use alloc::vec::Vec;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};

/// The bytes of padded base64 (RFC 4648 section 4).
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}

/// The same, into a buffer that has room for them.
pub fn decode_into<'b>(text: &str, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    Base64::decode(text, buffer).ok()
}

/// The bytes of base64url without padding (RFC 4648 section 5).
#[must_use]
pub fn decode_url(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_into, decode_url};

    #[test]
    fn one_spelling_is_taken() {
        assert_eq!(decode("+/8="), Some([0xFB, 0xFF].to_vec()));
        assert_eq!(decode_into("+/8=", &mut [0; 2]), Some(&[0xFB, 0xFF][..]));
        assert_eq!(decode_url("-_8"), Some([0xFB, 0xFF].to_vec()));
        for other in ["+/9=", "+/8", "-_8=", "+/8= ", "+/8=\n", "A", "\u{e9}a=="] {
            assert_eq!(decode(other), None, "{other:?}");
            assert_eq!(decode_into(other, &mut [0; 8]), None, "{other:?}");
        }
        for other in ["-_9", "-_8=", "+/8", "-_8 ", "-_8\n", "A", "\u{e9}a"] {
            assert_eq!(decode_url(other), None, "{other:?}");
        }
        assert_eq!(decode_into("+/8=", &mut [0; 1]), None);
    }
}
