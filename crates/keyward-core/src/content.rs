//! Content, and what of it must be known to compare it with what was signed. The host reads and
//! hashes, the core compares: what comes in is evidence, never a verdict.
use alloc::vec::Vec;

use sha2::{Digest, Sha256, Sha512};

mod digest;

pub use digest::{ContentDigest, ContentDigestError};

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

/// What the evidence must hold besides the number of octets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentNeeds {
    pub digests: Vec<DigestAlgorithm>,
    /// The content itself: the profile `cloud9` signs it, not a digest of it.
    pub bytes: bool,
}

/// What the host found when it read the content.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContentEvidence<'c> {
    /// How many octets arrived.
    pub octets: u64,
    /// SHA-256 over them, where [`ContentNeeds::digests`] asks for it.
    pub sha256: Option<[u8; 32]>,
    /// SHA-512 over them, where [`ContentNeeds::digests`] asks for it.
    pub sha512: Option<[u8; 64]>,
    /// They themselves, where [`ContentNeeds::bytes`] asks for them.
    pub bytes: Option<&'c [u8]>,
}

impl<'c> ContentEvidence<'c> {
    /// Hashes content in memory. Above some 4 KiB most hosts are faster than wasm.
    #[must_use]
    pub fn of(content: &'c [u8], needs: &ContentNeeds) -> Self {
        Self {
            octets: u64::try_from(content.len()).unwrap_or(u64::MAX),
            sha256: needs
                .digests
                .contains(&DigestAlgorithm::Sha256)
                .then(|| Sha256::digest(content).into()),
            sha512: needs
                .digests
                .contains(&DigestAlgorithm::Sha512)
                .then(|| Sha512::digest(content).into()),
            bytes: needs.bytes.then_some(content),
        }
    }

    fn digest(&self, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        match algorithm {
            DigestAlgorithm::Sha256 => self.sha256.as_ref().map(<[u8; 32]>::as_slice),
            DigestAlgorithm::Sha512 => self.sha512.as_ref().map(<[u8; 64]>::as_slice),
        }
    }
}
