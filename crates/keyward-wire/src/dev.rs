//! `.keyward/dev.json`: what `cargo xtask dev` made, for scripts and for the `keyward` command.
//! Fields may be added, never renamed.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

/// The place of the file, below the clone's root.
pub const PATH: &str = ".keyward/dev.json";

/// The organisation of the demonstration.
#[derive(Debug, Serialize, Deserialize)]
pub struct DevFile {
    pub organisation: String,
    /// Where the gateway is.
    pub url: String,
    pub registry: Option<DevRegistry>,
    pub keys: Vec<DevKey>,
}

/// The registry in which the keys were made.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DevRegistry {
    pub url: String,
    pub root_token: String,
    /// The e-mail address of a firm-admin.
    pub email: String,
    pub password: String,
    /// For an authenticator app; `keyward code` is one.
    pub otpauth: String,
}

impl fmt::Debug for DevRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DevRegistry({}, ..)", self.url)
    }
}

/// A key and one request that shows what it may do.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DevKey {
    pub name: String,
    /// `signed`, `token` or `basic`.
    pub kind: String,
    /// The ways of signing that the key may use.
    pub profiles: Vec<String>,
    pub algorithm: Option<String>,
    pub environment: String,
    /// The authority of the environment.
    pub url: String,
    pub key_id: String,
    pub secret: Option<String>,
    pub token: Option<String>,
    pub method: String,
    pub path: String,
    pub body: Option<String>,
    pub content_type: Option<String>,
    pub expect_status: u16,
    pub expect_code: Option<String>,
    pub note: String,
}

impl fmt::Debug for DevKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DevKey({}, ..)", self.name)
    }
}
