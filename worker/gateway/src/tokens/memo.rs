//! Tokens whose signature was found right. Nothing else is remembered of them: claims, record and
//! permission are judged each time.
use std::collections::BTreeMap;

use keyward_core::ed25519::SignatureEvidence;

/// Tokens in memory; entries have some 200 bytes. Only right ones are stored, so that nobody
/// without a token can drive others out.
const TOKENS_MAX: usize = 4_096;

type TokenDigest = [u8; 32];

#[derive(Default)]
pub(super) struct Memo {
    entries: BTreeMap<TokenDigest, Entry>,
    /// The order of last use.
    uses: BTreeMap<u64, TokenDigest>,
    clock: u64,
}

struct Entry {
    kid: String,
    generation: u64,
    evidence: SignatureEvidence,
    used: u64,
}

impl Memo {
    /// The evidence, if it was found under this key while the record was in this generation.
    pub(super) fn find(
        &mut self,
        token: &TokenDigest,
        kid: &str,
        generation: u64,
    ) -> Option<SignatureEvidence> {
        let entry = self
            .entries
            .get_mut(token)
            .filter(|entry| entry.kid == kid && entry.generation == generation)?;
        self.clock += 1;
        self.uses.remove(&entry.used);
        self.uses.insert(self.clock, *token);
        entry.used = self.clock;
        Some(entry.evidence.clone())
    }

    pub(super) fn put(
        &mut self,
        token: TokenDigest,
        kid: &str,
        generation: u64,
        evidence: SignatureEvidence,
    ) {
        self.clock += 1;
        let entry = Entry {
            kid: kid.to_owned(),
            generation,
            evidence,
            used: self.clock,
        };
        self.uses.insert(self.clock, token);
        if let Some(old) = self.entries.insert(token, entry) {
            self.uses.remove(&old.used);
        }
        if self.entries.len() > TOKENS_MAX
            && let Some((_, oldest)) = self.uses.pop_first()
        {
            self.entries.remove(&oldest);
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
        let mut memo = Memo::default();
        memo.put([1; 32], "k1", 7, evidence(1));
        assert_eq!(memo.find(&[1; 32], "k1", 7), Some(evidence(1)));
        assert_eq!(memo.find(&[2; 32], "k1", 7), None);
        assert_eq!(memo.find(&[1; 32], "k2", 7), None);
        assert_eq!(memo.find(&[1; 32], "k1", 8), None);
        memo.put([1; 32], "k1", 8, evidence(2));
        assert_eq!(memo.find(&[1; 32], "k1", 7), None);
        assert_eq!(memo.find(&[1; 32], "k1", 8), Some(evidence(2)));
        assert_eq!((memo.entries.len(), memo.uses.len()), (1, 1));
    }

    #[test]
    fn memory_is_bounded_and_what_is_in_use_stays() {
        let mut memo = Memo::default();
        let token = |n: usize| {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&n.to_be_bytes());
            digest
        };
        for n in 0..3 * TOKENS_MAX {
            memo.put(token(n), "k1", 1, evidence(1));
            assert!(memo.find(&token(0), "k1", 1).is_some(), "{n}");
        }
        assert_eq!(memo.entries.len(), TOKENS_MAX);
        assert_eq!(memo.uses.len(), TOKENS_MAX);
        assert!(memo.find(&token(1), "k1", 1).is_none());
    }
}
