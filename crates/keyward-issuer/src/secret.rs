//! Key ids, issue ids and secrets as people see them.
use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use keyward_core::credential_text::{
    CHECKSUM, KEY_ID_PREFIX, KEY_ID_RANDOM, SECRET_PREFIX, SECRET_RANDOM, checksum,
};
use zeroize::Zeroizing;

use crate::error::IssueError;
use crate::random::{Entropy, base62};

/// Characters of an issue's id: with 22 of base62 none is ever drawn twice.
const ISSUE_RANDOM: usize = 22;

/// A secret, to be shown once. Wiped when dropped, and without a way to print it by accident.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// `kws_`, 86 random characters, checksum.
    ///
    /// # Errors
    /// `Randomness` when the source does not give any.
    pub fn make(entropy: &mut Entropy<'_>) -> Result<Self, IssueError> {
        Ok(Self(checked(SECRET_PREFIX, SECRET_RANDOM, entropy)?))
    }

    /// A token, shown once like any secret.
    pub(crate) const fn of_token(token: Zeroizing<String>) -> Self {
        Self(token)
    }

    /// The text for its owner: a token, or a secret whose ASCII bytes are the HMAC key.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// `kwk_`, 22 random characters, checksum.
///
/// # Errors
/// `Randomness` when the source does not give any.
pub fn make_key_id(entropy: &mut Entropy<'_>) -> Result<String, IssueError> {
    Ok(checked(KEY_ID_PREFIX, KEY_ID_RANDOM, entropy)?
        .as_str()
        .to_owned())
}

pub(crate) fn make_issue_id(entropy: &mut Entropy<'_>) -> Result<String, IssueError> {
    Ok(base62(ISSUE_RANDOM, entropy)?.as_str().to_owned())
}

fn checked(
    prefix: &str,
    random: usize,
    entropy: &mut Entropy<'_>,
) -> Result<Zeroizing<String>, IssueError> {
    // The whole length at once: a text that grows leaves copies of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + random + CHECKSUM));
    text.push_str(prefix);
    text.push_str(&base62(random, entropy)?);
    let check = checksum(&text);
    text.extend(check.map(char::from));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyward_core::credential_text::{is_key_id, is_secret};
    use proptest::prelude::*;

    /// A source that looks random and is a function of its seed (SplitMix64).
    fn source(mut seed: u64) -> impl FnMut(&mut [u8]) {
        move |bytes: &mut [u8]| {
            for byte in bytes {
                seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                *byte = (mixed ^ (mixed >> 27)).to_le_bytes()[5];
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_made_here_is_taken_here(seed: u64) {
            let mut source = source(seed);
            let key_id = make_key_id(&mut source).unwrap();
            prop_assert!(is_key_id(&key_id, false), "{}", key_id);
            prop_assert_eq!(key_id.len(), 32);
            let secret = Secret::make(&mut source).unwrap();
            prop_assert!(is_secret(secret.reveal()));
            prop_assert_eq!(secret.reveal().len(), 96);
            prop_assert!(!is_key_id(secret.reveal(), false));
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::make(&mut source(1)).unwrap();
        assert_eq!(alloc::format!("{secret:?}"), "Secret(..)");
    }
}
