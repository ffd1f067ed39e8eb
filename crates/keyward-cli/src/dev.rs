//! The keys of `cargo xtask dev`.
use std::path::PathBuf;

use keyward_totp::secret_of;
use keyward_wire::dev::{DevFile, DevKey, PATH};

use crate::failure::{Failure, Result};

/// Reads the file from this folder or one above it.
///
/// # Errors
/// When there is none, or it is of another version.
pub fn find() -> Result<DevFile> {
    let here = std::env::current_dir().unwrap_or_default();
    let path: PathBuf = here
        .ancestors()
        .map(|folder| folder.join(PATH))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Failure::new(format!("there is no {PATH}: start `cargo xtask dev` first"))
        })?;
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    // The whole error would quote what it could not read.
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(format!(
            "{}: line {} is not as expected",
            path.display(),
            error.line()
        ))
    })
}

/// What an authenticator app of the demonstration's operator shows at this time.
///
/// # Errors
/// When the demonstration has no registry.
pub fn code(file: &DevFile, now_s: u64) -> Result<String> {
    let registry = file.registry.as_ref();
    let secret = registry
        .and_then(|registry| secret_of(&registry.otpauth))
        .ok_or_else(|| Failure::new(format!("{PATH} has no operator")))?;
    Ok(keyward_totp::code(&secret, now_s))
}

/// The key with this name.
///
/// # Errors
/// When there is none; the names that there are.
pub fn key<'f>(file: &'f DevFile, name: &str) -> Result<&'f DevKey> {
    file.keys
        .iter()
        .find(|key| key.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = file.keys.iter().map(|key| key.name.as_str()).collect();
            Failure::new(format!(
                "no demo key {name:?}; there are: {}",
                names.join(", ")
            ))
        })
}
