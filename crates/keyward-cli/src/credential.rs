//! With what a request is made: a key id and a secret that never stands in an argument.
use std::fmt;
use std::path::Path;

use keyward_core::key::Profile;
use keyward_core::mac::Algorithm;
use keyward_wire::dev::DevKey;
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};

/// How the credential travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A signature over the request, made in one of the ways that the key takes.
    Signature(Algorithm, Profile),
    /// HTTP Basic (RFC 7617).
    Basic,
    /// A token (RFC 6750), which is the secret.
    Bearer,
}

/// A key, ready to be used.
#[derive(Clone)]
pub struct Credential {
    pub key_id: String,
    pub secret: Zeroizing<String>,
    pub scheme: Scheme,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}, {:?}, ..)", self.key_id, self.scheme)
    }
}

impl Credential {
    /// The key of the demonstration, used in this way of signing if it signs.
    ///
    /// # Errors
    /// When it is of a kind that this command cannot use.
    pub fn of_demo(key: &DevKey, profile: Profile) -> Result<Self> {
        let secret = if key.kind == "token" {
            &key.token
        } else {
            &key.secret
        };
        let secret = secret
            .clone()
            .ok_or_else(|| Failure::new(format!("the demo key {} has no secret", key.name)))?;
        let scheme = match (
            key.kind.as_str(),
            key.algorithm.as_deref().and_then(Algorithm::parse),
        ) {
            ("basic", _) => Scheme::Basic,
            ("token", _) => Scheme::Bearer,
            ("signed", Some(algorithm)) => Scheme::Signature(algorithm, profile),
            (kind, _) => return Err(Failure::new(format!("cannot use keys of kind {kind}"))),
        };
        Ok(Self {
            key_id: key.key_id.clone(),
            secret: Zeroizing::new(secret),
            scheme,
        })
    }

    /// A key whose secret stands in a file or in the variable `KEYWARD_SECRET`: arguments can
    /// be read by every process.
    ///
    /// # Errors
    /// When there is no secret or the file cannot be read.
    pub fn of(key_id: &str, secret_file: Option<&Path>, scheme: Scheme) -> Result<Self> {
        let secret = match secret_file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?,
            None => std::env::var("KEYWARD_SECRET").map_err(|_| {
                Failure::new("set KEYWARD_SECRET or name a file with --secret-file")
            })?,
        };
        let secret = Zeroizing::new(secret);
        let trimmed = Zeroizing::new(secret.trim_end_matches(['\r', '\n']).to_owned());
        Ok(Self {
            key_id: key_id.to_owned(),
            secret: trimmed,
            scheme,
        })
    }
}
