//! Tokens whose signature was found right. Nothing else is remembered of them: claims, record and
//! permission are judged each time.
use alloc::borrow::ToOwned;
use alloc::string::String;

use keyward_core::ed25519::SignatureEvidence;
use keyward_core::sorted_map::SortedMap;

/// Tokens in memory; entries have some 200 bytes. Only right ones are stored, so that nobody
/// without a token can drive others out.
pub const TOKENS_MAX: usize = 4_096;

/// SHA-256 of a whole token.
pub type TokenDigest = [u8; 32];

/// The tokens that a host remembers.
#[derive(Debug, Default)]
pub struct Tokens {
    entries: SortedMap<TokenDigest, Entry>,
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    kid: String,
    generation: u64,
    evidence: SignatureEvidence,
    used: u64,
}

impl Tokens {
    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The evidence, if it was found under this key while the record was in this generation.
    pub fn find(
        &mut self,
        token: &TokenDigest,
        kid: &str,
        generation: u64,
    ) -> Option<SignatureEvidence> {
        let entry = self
            .entries
            .get_mut(token)
            .filter(|entry| entry.kid == kid && entry.generation == generation)?;
        self.uses += 1;
        entry.used = self.uses;
        Some(entry.evidence.clone())
    }

    /// Remembers a token. In place of the one that was not used for the longest time, where there
    /// is no room: finding that one costs less than the signature's check did.
    pub fn put(
        &mut self,
        token: TokenDigest,
        kid: &str,
        generation: u64,
        evidence: SignatureEvidence,
    ) {
        self.uses += 1;
        let entry = Entry {
            kid: kid.to_owned(),
            generation,
            evidence,
            used: self.uses,
        };
        self.entries.insert(token, entry);
        if self.entries.len() > TOKENS_MAX {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(token) = oldest.map(|(token, _)| *token) {
                self.entries.remove(&token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(n: u8) -> SignatureEvidence {
        SignatureEvidence::verified(&[n; 32], b"message", &[n; 64])
    }

    #[test]
    fn a_token_is_known_under_its_key_and_generation_alone() {
        let mut tokens = Tokens::default();
        tokens.put([1; 32], "k1", 7, evidence(1));
        assert_eq!(tokens.find(&[1; 32], "k1", 7), Some(evidence(1)));
        assert_eq!(tokens.find(&[2; 32], "k1", 7), None);
        assert_eq!(tokens.find(&[1; 32], "k2", 7), None);
        assert_eq!(tokens.find(&[1; 32], "k1", 8), None);
        tokens.put([1; 32], "k1", 8, evidence(2));
        assert_eq!(tokens.find(&[1; 32], "k1", 7), None);
        assert_eq!(tokens.find(&[1; 32], "k1", 8), Some(evidence(2)));
        assert_eq!(tokens.entries.len(), 1);
    }

    #[test]
    fn memory_is_bounded_and_what_is_in_use_stays() {
        let mut tokens = Tokens::default();
        let token = |n: usize| {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&n.to_be_bytes());
            digest
        };
        for n in 0..TOKENS_MAX + 500 {
            tokens.put(token(n), "k1", 1, evidence(1));
            assert!(tokens.find(&token(0), "k1", 1).is_some(), "{n}");
        }
        assert_eq!(tokens.entries.len(), TOKENS_MAX);
        assert!(tokens.find(&token(1), "k1", 1).is_none());
    }
}
