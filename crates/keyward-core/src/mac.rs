//! Keyed hashes. A key is expanded once into its two midstates; each use starts from a copy.
use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// The algorithms of keyed hashes. The key fixes which, never the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RFC 9421 section 3.3.3.
    HmacSha256,
    /// JOSE's HS384 (RFC 7518 section 3.2), for tokens alone: no signed key has it.
    HmacSha384,
    /// The HMAC of JOSE's HS512 (RFC 7518 section 3.2), used as RFC 9421 section 3.3.7 describes.
    HmacSha512,
}

impl Algorithm {
    /// Reads the name of a signed key's algorithm, as it stands in records and in the `alg`
    /// parameter, byte for byte.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "hmac-sha256" => Some(Self::HmacSha256),
            "hmac-sha512" => Some(Self::HmacSha512),
            _ => None,
        }
    }

    /// The name as it stands in records and in the `alg` parameter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha384 => "hmac-sha384",
            Self::HmacSha512 => "hmac-sha512",
        }
    }

    /// Length of a MAC, in bytes.
    #[must_use]
    pub const fn mac_bytes(self) -> usize {
        match self {
            Self::HmacSha256 => 32,
            Self::HmacSha384 => 48,
            Self::HmacSha512 => 64,
        }
    }
}

/// A key ready to authenticate messages.
#[derive(Clone)]
pub struct MacKey(Keyed);

#[derive(Clone)]
enum Keyed {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl MacKey {
    /// Expands a secret of any length.
    #[must_use]
    pub fn new(algorithm: Algorithm, secret: &[u8]) -> Self {
        // HMAC takes keys of every length, so the error of `new_from_slice` cannot happen; should
        // it ever, the key is a fixed one that no stored secret equals.
        Self(match algorithm {
            Algorithm::HmacSha256 => Keyed::Sha256(
                Hmac::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default())),
            ),
            Algorithm::HmacSha384 => Keyed::Sha384(
                Hmac::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default())),
            ),
            Algorithm::HmacSha512 => Keyed::Sha512(
                Hmac::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default())),
            ),
        })
    }

    /// The algorithm this key was made for.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Keyed::Sha256(_) => Algorithm::HmacSha256,
            Keyed::Sha384(_) => Algorithm::HmacSha384,
            Keyed::Sha512(_) => Algorithm::HmacSha512,
        }
    }

    /// The MAC over the parts, one after the other.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> Tag {
        let mut tag = Tag {
            bytes: [0; 64],
            len: self.algorithm().mac_bytes(),
        };
        match &self.0 {
            Keyed::Sha256(keyed) => {
                let out = run(keyed.clone(), parts).finalize().into_bytes();
                for (to, from) in tag.bytes.iter_mut().zip(out) {
                    *to = from;
                }
            }
            Keyed::Sha384(keyed) => {
                let out = run(keyed.clone(), parts).finalize().into_bytes();
                for (to, from) in tag.bytes.iter_mut().zip(out) {
                    *to = from;
                }
            }
            Keyed::Sha512(keyed) => {
                let out = run(keyed.clone(), parts).finalize().into_bytes();
                tag.bytes = out.into();
            }
        }
        tag
    }

    /// Whether `presented` is the MAC over the parts; takes the same time wherever they differ.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], presented: &[u8]) -> bool {
        self.mac(parts).matches(presented)
    }
}

fn run<M: Mac>(mut keyed: M, parts: &[&[u8]]) -> M {
    for part in parts {
        keyed.update(part);
    }
    keyed
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacKey({}, ..)", self.algorithm().as_str())
    }
}

/// A computed MAC. Compared in constant time only.
#[derive(Clone)]
pub struct Tag {
    bytes: [u8; 64],
    len: usize,
}

impl Tag {
    /// The bytes, as many as the algorithm makes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    /// Whether `presented` has the full length and the same bytes.
    #[must_use]
    pub fn matches(&self, presented: &[u8]) -> bool {
        self.as_bytes().ct_eq(presented).into()
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag(..)")
    }
}
