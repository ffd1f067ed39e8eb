//! Keys that come from elsewhere: each file becomes rows, and each row is judged.
//!
//! Secrets stay in their rows. Whatever is said of a row, or of a file that cannot be read, holds
//! nothing of them.
use std::collections::BTreeMap;
use std::fmt;

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::Profile;
use keyward_core::mac::Algorithm;
use keyward_issuer::import::{SecretFault, check_imported_secret, is_imported_key_id};
use zeroize::Zeroizing;

pub mod command;
pub mod delimited;
mod fault;
pub mod json;
pub mod kong;
mod naming;
mod post;
mod report;
pub mod yaml;

pub use fault::Fault;

/// The largest file: ten thousands of keys, and no more than memory has room for as a tree.
pub const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Rows of one file.
pub const ROWS_MAX: usize = 50_000;

/// A credential as it stands in a file.
pub struct Row {
    pub line: u64,
    /// Whose it is, where the file says so.
    pub consumer: Option<String>,
    /// What the file calls it, such as `hmac-auth`.
    pub credential: String,
    pub key_id: Result<String, Fault>,
    pub material: Result<Material, Fault>,
}

/// What becomes of it.
pub enum Material {
    Signed {
        algorithm: Algorithm,
        profile: Profile,
        secret: Secret,
    },
    /// A key of tokens that others make, known by their `iss`.
    Token {
        algorithm: JwsAlgorithm,
        secret: Secret,
    },
    /// The SHA-256 of a secret that is sent along.
    Basic([u8; 32]),
}

/// Wiped when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row(line {}, {}, ..)", self.line, self.credential)
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Material(..)")
    }
}

/// Whether a row can become a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ready,
    /// It is a key now.
    Imported,
    /// It was one already, by the same row.
    ImportedBefore,
    /// Somebody has to answer for it.
    NeedsOverride(Fault),
    Refused(Fault),
}

/// What becomes of each row, in their order.
#[must_use]
pub fn judge(rows: &[Row]) -> Vec<Verdict> {
    let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
    let verdict = |row| judge_one(row, &mut taken);
    rows.iter().map(verdict).collect()
}

fn judge_one<'a>(row: &'a Row, taken: &mut BTreeMap<&'a str, u64>) -> Verdict {
    let (material, key_id) = match (&row.material, &row.key_id) {
        (Ok(material), Ok(key_id)) => (material, key_id),
        (Err(fault), _) | (_, Err(fault)) => return Verdict::Refused(fault.clone()),
    };
    if !is_imported_key_id(key_id) {
        return Verdict::Refused(Fault::KeyId);
    }
    let secret = match material {
        Material::Signed { secret, .. } | Material::Token { secret, .. } => {
            check_imported_secret(secret)
        }
        Material::Basic(_) => Ok(()),
    };
    let verdict = match secret {
        Ok(()) => Verdict::Ready,
        Err(SecretFault::Short) => Verdict::NeedsOverride(Fault::Secret(SecretFault::Short)),
        Err(fault) => return Verdict::Refused(Fault::Secret(fault)),
    };
    // One that is refused anyway takes no id from another.
    if let Some(line) = taken.get(key_id.as_str()) {
        return Verdict::Refused(Fault::Duplicate { line: *line });
    }
    taken.insert(key_id, row.line);
    verdict
}

/// Base64 of either alphabet, with or without padding: files come from many hands.
fn base64(text: &[u8]) -> Option<Secret> {
    let text = core::str::from_utf8(text).ok()?;
    let decoders = [
        Base64::decode_vec,
        Base64Unpadded::decode_vec,
        Base64Url::decode_vec,
        Base64UrlUnpadded::decode_vec,
    ];
    let bytes = decoders.iter().find_map(|decode| decode(text).ok())?;
    Some(Zeroizing::new(bytes))
}
