//! Content and its digest (RFC 9530). The host hashes, the core compares: what comes in is
//! evidence, never a verdict.
use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use crate::limits;
use crate::structured::{self, BareItem, Bounds, Member};

/// The digest algorithms that count (the active ones of RFC 9530 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    Sha256,
    Sha512,
}

impl DigestAlgorithm {
    /// The key in `Content-Digest`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha512 => "sha-512",
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// What the host found when it read the content.
#[derive(Clone, Debug, Default)]
pub struct ContentEvidence {
    /// How many octets arrived.
    pub octets: u64,
    /// SHA-256 over them, where [`ContentDigest::needs`] asked for it.
    pub sha256: Option<[u8; 32]>,
    /// SHA-512 over them, where [`ContentDigest::needs`] asked for it.
    pub sha512: Option<[u8; 64]>,
}

impl ContentEvidence {
    /// Hashes content in memory. Above some 4 KiB most hosts are faster than wasm.
    #[must_use]
    pub fn of(content: &[u8], needed: &[DigestAlgorithm]) -> Self {
        Self {
            octets: u64::try_from(content.len()).unwrap_or(u64::MAX),
            sha256: needed
                .contains(&DigestAlgorithm::Sha256)
                .then(|| Sha256::digest(content).into()),
            sha512: needed
                .contains(&DigestAlgorithm::Sha512)
                .then(|| Sha512::digest(content).into()),
        }
    }

    fn digest(&self, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        match algorithm {
            DigestAlgorithm::Sha256 => self.sha256.as_ref().map(<[u8; 32]>::as_slice),
            DigestAlgorithm::Sha512 => self.sha512.as_ref().map(<[u8; 64]>::as_slice),
        }
    }
}

/// A parsed `Content-Digest`: the members with an algorithm that counts.
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
    /// Reads the field. Algorithms that do not count are skipped, their values unread.
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

    /// The digests that evidence must hold.
    #[must_use]
    pub fn needs(&self) -> Vec<DigestAlgorithm> {
        self.0.iter().map(|(algorithm, _)| *algorithm).collect()
    }

    /// Whether no member counts.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every member that counts equals the evidence. Missing evidence is a mismatch.
    #[must_use]
    pub(crate) fn matches(&self, evidence: &ContentEvidence) -> bool {
        self.0.iter().all(|(algorithm, expected)| {
            evidence
                .digest(*algorithm)
                .is_some_and(|found| found.ct_eq(expected).into())
        })
    }
}
