//! Digest fields: `Content-Digest` (RFC 9530) and `Digest` (RFC 3230).
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};
use subtle::ConstantTimeEq;

use super::{ContentEvidence, DigestAlgorithm};
use crate::limits;
use crate::structured::{self, BareItem, Bounds, Member};

/// A parsed digest field: the members with an algorithm that counts.
#[derive(Clone, Debug, Default)]
pub struct ContentDigest(Vec<(DigestAlgorithm, Vec<u8>)>);

/// What is wrong with a `Content-Digest` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentDigestError {
    NotADictionary,
    Duplicate,
    NotABinary,
    WrongLength,
}

impl fmt::Display for ContentDigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotADictionary => "Content-Digest is not a dictionary (RFC 9530 section 2)",
            Self::Duplicate => "Content-Digest names an algorithm twice",
            Self::NotABinary => "a digest in Content-Digest is not :base64:",
            Self::WrongLength => "a digest in Content-Digest has the wrong length",
        })
    }
}

impl ContentDigest {
    /// Reads `Content-Digest`. Algorithms that do not count are skipped, their values unread.
    ///
    /// # Errors
    /// When a member is doubled, not a byte sequence or not as long as its algorithm's digests.
    pub fn parse(value: &str) -> Result<Self, ContentDigestError> {
        let bounds = Bounds {
            members: limits::DIGEST_MEMBERS_MAX,
            items: 0,
            parameters: 0,
        };
        let members = structured::parse_dictionary(value, &bounds)
            .map_err(|_| ContentDigestError::NotADictionary)?;
        let mut digests = Vec::new();
        for (index, (name, member)) in members.iter().enumerate() {
            if members.iter().take(index).any(|(other, _)| other == name) {
                return Err(ContentDigestError::Duplicate);
            }
            let algorithm = match *name {
                "sha-256" => DigestAlgorithm::Sha256,
                "sha-512" => DigestAlgorithm::Sha512,
                _ => continue,
            };
            let Member::Item(item) = member else {
                return Err(ContentDigestError::NotABinary);
            };
            let BareItem::Bytes(digest) = &item.value else {
                return Err(ContentDigestError::NotABinary);
            };
            if digest.len() != algorithm.bytes() {
                return Err(ContentDigestError::WrongLength);
            }
            digests.push((algorithm, digest.clone()));
        }
        Ok(Self(digests))
    }

    /// Reads `Digest`, the field before RFC 9530. Names are in any case; algorithms that do not
    /// count are skipped, their values unread.
    ///
    /// # Errors
    /// When it is not a list, an algorithm is doubled, or a digest that counts is not padded
    /// base64 of its algorithm's length.
    pub(crate) fn parse_rfc3230(value: &str) -> Result<Self, &'static str> {
        const NOT_A_LIST: &str =
            "Digest is not a list of algorithm=digest (RFC 3230 section 4.3.2)";
        let mut names: Vec<&str> = Vec::new();
        let mut digests = Vec::new();
        for member in value.split(',') {
            let (name, text) = member
                .trim_matches([' ', '\t'])
                .split_once('=')
                .filter(|(name, _)| !name.is_empty() && !name.contains([' ', '\t']))
                .ok_or(NOT_A_LIST)?;
            if names.len() >= limits::DIGEST_MEMBERS_MAX {
                return Err(NOT_A_LIST);
            }
            if names.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                return Err("Digest names an algorithm twice");
            }
            names.push(name);
            let algorithm = match () {
                () if name.eq_ignore_ascii_case("sha-256") => DigestAlgorithm::Sha256,
                () if name.eq_ignore_ascii_case("sha-512") => DigestAlgorithm::Sha512,
                () => continue,
            };
            let digest =
                keyward_base64::decode(text).ok_or("a digest in Digest is not padded base64")?;
            if digest.len() != algorithm.bytes() {
                return Err("a digest in Digest has the wrong length");
            }
            digests.push((algorithm, digest));
        }
        Ok(Self(digests))
    }

    /// The digests that evidence must hold.
    #[must_use]
    pub fn needs(&self) -> Vec<DigestAlgorithm> {
        self.0.iter().map(|(algorithm, _)| *algorithm).collect()
    }

    /// The members that count, as `Content-Digest`.
    pub(crate) fn to_field(&self) -> String {
        let mut field = String::new();
        for (algorithm, digest) in &self.0 {
            if !field.is_empty() {
                field.push_str(", ");
            }
            field.push_str(algorithm.as_str());
            field.push_str("=:");
            field.push_str(&Base64::encode_string(digest));
            field.push(':');
        }
        field
    }

    /// Whether no member counts.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every member that counts equals the evidence. Missing evidence is a mismatch.
    #[must_use]
    pub(crate) fn matches(&self, evidence: &ContentEvidence<'_>) -> bool {
        self.0.iter().all(|(algorithm, expected)| {
            evidence
                .digest(*algorithm)
                .is_some_and(|found| found.ct_eq(expected).into())
        })
    }
}
