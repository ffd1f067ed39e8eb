//! What key ids and secrets look like, and the checksum that tells a mistyped one without I/O.
use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

use crate::limits;

/// Key ids made here start so; imported ones must not.
pub const KEY_ID_PREFIX: &str = "kwk_";
/// Secrets made here start so.
pub const SECRET_PREFIX: &str = "kws_";
/// Random characters of a key id: 22 of base62 are 130 bits.
pub const KEY_ID_RANDOM: usize = 22;
/// Random characters of a secret: 86 of base62 are 512 bits (RFC 7518 section 3.2 wants as many
/// for HS512).
pub const SECRET_RANDOM: usize = 86;
/// Characters of the checksum: 62^6 is just over 2^32.
pub const CHECKSUM: usize = 6;

/// The digits, in order of their value.
pub const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// Some hundred bytes a request: a table is not worth its size.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// CRC-32/ISO-HDLC of the text before it, as six base62 digits, left-padded with `0`.
#[must_use]
pub fn checksum(text: &str) -> [u8; CHECKSUM] {
    let mut rest = CRC.checksum(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        let index = usize::try_from(rest % 62).unwrap_or(0);
        *digit = BASE62.get(index).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits
}

/// Whether a key id may be looked up: one made here with its checksum right, or, where the
/// deployment takes them, an imported one of `[A-Za-z0-9._~-]{1,128}`.
#[must_use]
pub fn is_key_id(text: &str, imported_key_ids: bool) -> bool {
    if text.starts_with(KEY_ID_PREFIX) {
        return is_checked(text, KEY_ID_PREFIX, KEY_ID_RANDOM);
    }
    imported_key_ids
        && (1..=limits::KEY_ID_BYTES_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-'))
}

/// Whether a text is a secret made here. Says nothing of imported ones.
#[must_use]
pub fn is_secret(text: &str) -> bool {
    is_checked(text, SECRET_PREFIX, SECRET_RANDOM)
}

fn is_checked(text: &str, prefix: &str, random: usize) -> bool {
    let length = prefix.len().saturating_add(random).saturating_add(CHECKSUM);
    if text.len() != length || !text.is_ascii() {
        return false;
    }
    let Some((body, check)) = text.split_at_checked(length.saturating_sub(CHECKSUM)) else {
        return false;
    };
    body.strip_prefix(prefix)
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric()))
        && check.as_bytes() == checksum(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn checksum_is_padded_with_zeros() {
        // The CRC of nothing is zero.
        assert_eq!(&checksum(""), b"000000");
    }

    #[test]
    fn a_changed_character_is_noticed() {
        let mut id = String::from("kwk_0123456789abcdefABCDEF");
        let check = checksum(&id);
        id.push_str(core::str::from_utf8(&check).unwrap());
        assert!(is_key_id(&id, false));
        for at in 4..id.len() {
            let mut other = id.clone().into_bytes();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            assert!(
                !is_key_id(core::str::from_utf8(&other).unwrap(), true),
                "position {at}"
            );
        }
    }

    #[test]
    fn imported_ids_are_taken_only_where_allowed() {
        assert!(is_key_id("user-1.a~b_c", true));
        assert!(!is_key_id("user-1", false));
        assert!(!is_key_id("kwk_short", true));
        assert!(!is_key_id("", true));
        assert!(!is_key_id("a b", true));
        assert!(!is_key_id(&"a".repeat(129), true));
    }
}
