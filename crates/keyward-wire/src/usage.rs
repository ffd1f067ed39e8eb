//! What gateways tell the registry of the use of keys, and what they ask it.
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// What one isolate counted of one key since it last said so. Times are seconds of Unix time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyUsage {
    pub organisation: String,
    pub key_id: String,
    /// Requests that were let through.
    pub allowed: u64,
    /// The minute of the last of them.
    pub last_used_at: Option<u64>,
    /// Where that one came from: an IPv4 /24 or an IPv6 /48.
    pub last_used_from: Option<String>,
    /// The same minute for each secret or token that was used, by its id.
    pub issues: Vec<(String, u64)>,
    /// Refused requests, by their code.
    pub denials: Vec<(String, u64)>,
}

/// A key whose present generation is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyName {
    pub organisation: String,
    pub key_id: String,
}

/// A key, and the generation that is the present one; `None` if the organisation has no such key.
/// What could not be found out is left out.
pub type Generation = (String, Option<u64>);
