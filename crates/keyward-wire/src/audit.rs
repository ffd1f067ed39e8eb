//! The head of an audit log, which the registry signs as it signs records.
use alloc::format;
use alloc::string::String;

use serde::{Deserialize, Serialize};

/// How far a log had come: whoever keeps one can tell later that nothing before it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditHead {
    pub organisation: String,
    /// Of the last entry; the first has 1.
    pub sequence: u64,
    /// After the last entry, as in the lines of an export.
    pub hash: String,
    /// When it was signed, in seconds of Unix time.
    pub at: u64,
}

/// The name in KV, which the signature is bound to.
#[must_use]
pub fn head_kv_name(organisation: &str) -> String {
    format!("a/{organisation}")
}
