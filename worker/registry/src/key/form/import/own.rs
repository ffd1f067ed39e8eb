//! What a key from elsewhere brings along: its secret, or a digest of it.
use core::fmt;

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use keyward_issuer::import::{Brought, SecretFault};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::RowFault;

/// Text that is not shown.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Hidden(Zeroizing<String>);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

/// What a key brings along.
pub(crate) enum Own {
    Secret(Zeroizing<Vec<u8>>),
    Digest(Zeroizing<[u8; 32]>),
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Own(..)")
    }
}

impl Own {
    /// # Errors
    /// With what is wrong with it, whatever may be overridden; `NoSecret` unless there is one of both.
    pub(super) fn read(secret: Option<&Hidden>, sha256: Option<&Hidden>) -> Result<Self, RowFault> {
        let own = match (secret, sha256) {
            (Some(Hidden(secret)), None) => {
                let bytes = Base64UrlUnpadded::decode_vec(secret);
                Self::Secret(bytes.map(Zeroizing::new).map_err(|_| RowFault::NotBase64)?)
            }
            (None, Some(Hidden(text))) => {
                Self::Digest(digest(text).ok_or(RowFault::InvalidDigest)?)
            }
            _ => return Err(RowFault::NoSecret),
        };
        own.brought(true).check()?;
        Ok(own)
    }

    pub(crate) fn brought(&self, may_be_short: bool) -> Brought<'_> {
        match self {
            Self::Secret(secret) if may_be_short => Brought::ShortSecret(secret),
            Self::Secret(secret) => Brought::Secret(secret),
            Self::Digest(digest) => Brought::Digest(digest),
        }
    }

    pub(crate) fn is_short(&self) -> bool {
        self.brought(false).check() == Err(SecretFault::Short)
    }
}

impl From<SecretFault> for RowFault {
    fn from(fault: SecretFault) -> Self {
        match fault {
            SecretFault::Empty => Self::NoSecret,
            SecretFault::Long => Self::LongSecret,
            SecretFault::Mistyped => Self::MistypedSecret,
            SecretFault::Short => Self::ShortSecret,
        }
    }
}

/// In hex, or base64 of either alphabet: lists of digests come from many hands.
fn digest(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    if text.len() == 64 {
        let mut digest = Zeroizing::new([0; 32]);
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
        }
        return Some(digest);
    }
    let decoders = [
        Base64::decode_vec,
        Base64Unpadded::decode_vec,
        Base64Url::decode_vec,
        Base64UrlUnpadded::decode_vec,
    ];
    let bytes = decoders.iter().find_map(|decode| decode(text).ok())?;
    let bytes = Zeroizing::new(bytes);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_in_every_spelling_and_nothing_else_is_one() {
        let spelt = |text: &str| {
            let hidden = Hidden(Zeroizing::new(text.to_owned()));
            Own::read(None, Some(&hidden)).map(|own| match own {
                Own::Digest(digest) => *digest,
                Own::Secret(_) => panic!("a secret"),
            })
        };
        let bytes = [0xFB; 32];
        for text in [
            "fb".repeat(32),
            "FB".repeat(32),
            Base64::encode_string(&bytes),
            Base64Unpadded::encode_string(&bytes),
            Base64Url::encode_string(&bytes),
            Base64UrlUnpadded::encode_string(&bytes),
        ] {
            assert_eq!(spelt(&text), Ok(bytes), "{text}");
        }
        for text in ["", "fb", &"fg".repeat(32), &Base64::encode_string(&[0; 31])] {
            assert_eq!(spelt(text), Err(RowFault::InvalidDigest), "{text}");
        }
    }
}
