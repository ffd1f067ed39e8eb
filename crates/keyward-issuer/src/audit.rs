//! The chain of an audit log: each entry's hash covers the one before it, so that none can be
//! changed, left out or put in between without every later hash being another.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

const CONTEXT: &[u8] = b"keyward-audit-v1";
/// What stands between an entry and its hash in an exported line.
const HASH_MEMBER: &str = ",\"hash\":\"";

/// A hash of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHash([u8; 32]);

impl AuditHash {
    /// What the first entry of an organisation's log follows.
    #[must_use]
    pub fn beginning(deployment: &str, organisation: &str) -> Self {
        Self::over(&[deployment.as_bytes(), organisation.as_bytes()])
    }

    /// The hash of the entry that follows this one: over the entry's text, byte for byte.
    #[must_use]
    pub fn then(&self, entry: &str) -> Self {
        Self::over(&[&self.0, entry.as_bytes()])
    }

    fn over(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new_with_prefix(CONTEXT);
        for part in parts {
            // Lengths first: no two lists of parts are the same bytes.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

/// A line of an export: the entry, which is a JSON object, with its hash as its last member.
#[must_use]
pub fn export_line(entry: &str, hash: &AuditHash) -> String {
    let members = entry.strip_suffix('}').unwrap_or(entry);
    alloc::format!("{members}{HASH_MEMBER}{hash}\"}}")
}

/// Follows the chain through exported lines, from the first entry on, and gives the hash after
/// each.
///
/// # Errors
/// With the number of the first line, from 1, that does not follow.
pub fn verify_lines<'a>(
    beginning: AuditHash,
    lines: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<AuditHash>, BrokenAt> {
    let mut last = beginning;
    let mut hashes = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        let broken = BrokenAt(index.saturating_add(1));
        let (members, rest) = line.rsplit_once(HASH_MEMBER).ok_or(broken)?;
        let hash = rest.strip_suffix("\"}").and_then(AuditHash::parse);
        last = last.then(&alloc::format!("{members}}}"));
        if hash != Some(last) {
            return Err(broken);
        }
        hashes.push(last);
    }
    Ok(hashes)
}

/// The first line that does not follow from the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenAt(pub usize);

impl fmt::Display for BrokenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} does not follow", self.0)
    }
}

impl core::error::Error for BrokenAt {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn beginning() -> AuditHash {
        AuditHash::beginning("demo", "acme")
    }

    fn log() -> Vec<String> {
        let mut last = beginning();
        [
            r#"{"sequence":1}"#,
            r#"{"sequence":2,"memo":",\"hash\":\"x\"}"}"#,
            r#"{"sequence":3}"#,
        ]
        .iter()
        .map(|entry| {
            last = last.then(entry);
            export_line(entry, &last)
        })
        .collect()
    }

    fn verify(lines: &[String]) -> Result<Vec<AuditHash>, BrokenAt> {
        verify_lines(beginning(), lines.iter().map(String::as_str))
    }

    #[test]
    fn a_whole_log_follows() {
        let hashes = verify(&log()).unwrap();
        assert_eq!(hashes.len(), 3);
        assert!(log()[2].ends_with(&alloc::format!("\"hash\":\"{}\"}}", hashes[2])));
        assert_eq!(AuditHash::parse(&hashes[2].to_string()), Some(hashes[2]));
    }

    #[test]
    fn a_log_that_was_touched_does_not() {
        let mut lines = log();
        lines[1] = lines[1].replace("\"sequence\":2", "\"sequence\":9");
        assert_eq!(verify(&lines), Err(BrokenAt(2)));
        let mut lines = log();
        lines.remove(1);
        assert_eq!(verify(&lines), Err(BrokenAt(2)));
        let mut lines = log();
        lines.swap(0, 1);
        assert_eq!(verify(&lines), Err(BrokenAt(1)));
        let lines = log();
        let elsewhere = AuditHash::beginning("demo", "other");
        let found = verify_lines(elsewhere, lines.iter().map(String::as_str));
        assert_eq!(found, Err(BrokenAt(1)));
        assert_eq!(verify(&["{}".to_string()]), Err(BrokenAt(1)));
    }

    #[test]
    fn names_cannot_be_cut_in_another_place() {
        assert_ne!(
            AuditHash::beginning("ab", "c"),
            AuditHash::beginning("a", "bc")
        );
    }
}
