//! Random characters and bytes from a source that the caller brings.
use alloc::string::String;

use keyward_core::credential_text::BASE62;
use zeroize::Zeroizing;

use crate::error::IssueError;

/// Fills the whole slice with bytes of a cryptographic random generator.
pub type Entropy<'a> = dyn FnMut(&mut [u8]) + 'a;

/// Bytes below this are as often each of the 62 characters; the other eight are drawn again.
const REJECT_FROM: u8 = 248;

/// How many bytes are drawn at a time.
const BLOCK: usize = 64;

/// Blocks before giving up: of a working source the first two are nearly always enough for 86
/// characters.
const BLOCKS_MAX: usize = 32;

/// So many random characters of base62, each equally likely.
///
/// # Errors
/// `Randomness` when the source repeats itself or gives too few bytes below 248.
pub fn base62(count: usize, entropy: &mut Entropy<'_>) -> Result<Zeroizing<String>, IssueError> {
    let mut text = Zeroizing::new(String::with_capacity(count));
    for _ in 0..BLOCKS_MAX {
        let block = bytes::<BLOCK>(entropy)?;
        for byte in block.iter().filter(|byte| **byte < REJECT_FROM) {
            if text.len() == count {
                return Ok(text);
            }
            // 248 is four times 62.
            text.extend(
                BASE62
                    .get(usize::from(byte % 62))
                    .map(|digit| char::from(*digit)),
            );
        }
    }
    Err(IssueError::Randomness)
}

/// So many random bytes; at least 16, so that a source that gives one byte only is noticed.
///
/// # Errors
/// `Randomness` when all of them are the same.
pub fn bytes<const N: usize>(entropy: &mut Entropy<'_>) -> Result<Zeroizing<[u8; N]>, IssueError> {
    const { assert!(N >= 16) }
    let mut bytes = Zeroizing::new([0; N]);
    entropy(bytes.as_mut_slice());
    let first = bytes[0];
    if bytes.iter().all(|byte| *byte == first) {
        Err(IssueError::Randomness)
    } else {
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    /// A source that counts.
    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0u8;
        move |bytes: &mut [u8]| {
            for byte in bytes {
                *byte = next;
                next = next.wrapping_add(1);
            }
        }
    }

    #[test]
    fn every_character_is_equally_likely() {
        // Each byte once: the 248 that are taken give each of the 62 characters four times.
        let text = base62(248, &mut counting()).unwrap();
        let mut counts = BTreeMap::new();
        for character in text.chars() {
            *counts.entry(character).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| *count == 4), "{counts:?}");
    }

    #[test]
    fn bytes_from_248_on_are_drawn_again() {
        let mut first = true;
        let mut source = |bytes: &mut [u8]| {
            for (index, byte) in bytes.iter_mut().enumerate() {
                *byte = if first {
                    248 + (index % 8) as u8
                } else {
                    (index % 2) as u8
                };
            }
            first = false;
        };
        assert_eq!(base62(4, &mut source).unwrap().as_str(), "0101");
    }

    #[test]
    fn a_broken_source_is_noticed() {
        assert_eq!(
            base62(22, &mut |_: &mut [u8]| {}).unwrap_err(),
            IssueError::Randomness
        );
        assert_eq!(
            base62(22, &mut |b: &mut [u8]| b.fill(7)).unwrap_err(),
            IssueError::Randomness
        );
        let mut high = |bytes: &mut [u8]| {
            for (index, byte) in bytes.iter_mut().enumerate() {
                *byte = 255 - (index % 8) as u8;
            }
        };
        assert_eq!(base62(22, &mut high).unwrap_err(), IssueError::Randomness);
        assert!(bytes::<24>(&mut |b: &mut [u8]| b.fill(7)).is_err());
    }
}
