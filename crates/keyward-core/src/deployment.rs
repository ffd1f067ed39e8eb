//! What the deployment says about itself: where it is served and which bounds it keeps.
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::ed25519::TokenKeys;
use crate::limits;
use crate::mac::{Algorithm, MacKey};

/// The scheme that clients use, on the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(crate) const fn default_port(self) -> &'static str {
        match self {
            Self::Http => ":80",
            Self::Https => ":443",
        }
    }
}

/// What an authority is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorityRole {
    /// Requests to an API, with a key.
    Api,
    /// The registry, which takes keys of its own API. No other host takes any there.
    Admin,
}

/// A public name under which the deployment is reached. It alone chooses the environment.
#[derive(Clone, Debug)]
pub struct Authority {
    /// `host` or `host:port`, lower case, without the scheme's default port.
    pub authority: String,
    pub scheme: Scheme,
    pub environment: String,
    pub role: AuthorityRole,
}

/// The settings of a deployment, as they are written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The deployment's name; records are bound to it.
    pub name: String,
    pub authorities: Vec<Authority>,
    /// The authorities that this host answers; the others are not its own.
    pub serves: AuthorityRole,
    /// Whether keys may have ids that were made elsewhere.
    pub imported_key_ids: bool,
    /// Whether a wrong signature is answered with the signature base.
    pub debug: bool,
    /// Bound of content that is signed, in bytes.
    pub content_bytes_max: u64,
    /// How old `created` may be, in seconds (10 to 900).
    pub created_age_s_max: u64,
    /// How far ahead `created` may be, in seconds (0 to 300).
    pub created_ahead_s_max: u64,
    /// What verifies tokens that are signed with Ed25519, by environment.
    pub token_keys: BTreeMap<String, TokenKeys>,
}

impl Settings {
    /// The defaults for everything but name and authorities.
    #[must_use]
    pub fn new(name: impl Into<String>, authorities: Vec<Authority>) -> Self {
        Self {
            name: name.into(),
            authorities,
            serves: AuthorityRole::Api,
            imported_key_ids: false,
            debug: false,
            content_bytes_max: limits::CONTENT_BYTES_MAX_DEFAULT,
            created_age_s_max: limits::CREATED_AGE_S.0,
            created_ahead_s_max: limits::CREATED_AHEAD_S.0,
            token_keys: BTreeMap::new(),
        }
    }
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct Deployment {
    settings: Settings,
    decoys: Decoys,
}

/// Keys that stand in for one that does not exist, so that it costs the same to be wrong.
#[derive(Clone, Debug)]
struct Decoys {
    sha256: MacKey,
    sha384: MacKey,
    sha512: MacKey,
}

/// What is wrong with a deployment's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(String);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for SettingsError {}

impl Deployment {
    /// Checks the settings.
    ///
    /// # Errors
    /// A sentence that names the setting and what it may be.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let error = |text: String| Err(SettingsError(text));
        if !is_name(&settings.name) {
            return error("the deployment's name must be 1 to 64 of a-z, 0-9 and -".to_owned());
        }
        if settings.authorities.is_empty() || settings.authorities.len() > limits::AUTHORITIES_MAX {
            return error("a deployment needs 1 to 64 authorities".to_owned());
        }
        for (index, one) in settings.authorities.iter().enumerate() {
            if normalise_authority(&one.authority, one.scheme).as_deref() != Some(&one.authority) {
                return error(alloc::format!(
                    "authority {:?} must be host or host:port, lower case, without the default port",
                    one.authority
                ));
            }
            if !is_name(&one.environment) {
                return error(alloc::format!(
                    "environment {:?} must be 1 to 64 of a-z, 0-9 and -",
                    one.environment
                ));
            }
            if settings
                .authorities
                .iter()
                .take(index)
                .any(|other| other.authority == one.authority)
            {
                return error(alloc::format!(
                    "authority {:?} is listed twice",
                    one.authority
                ));
            }
        }
        let within =
            |value: u64, (_, least, most): (u64, u64, u64)| (least..=most).contains(&value);
        if !within(settings.created_age_s_max, limits::CREATED_AGE_S) {
            return error("createdAgeSecondsMax must be 10 to 900".to_owned());
        }
        if !within(settings.created_ahead_s_max, limits::CREATED_AHEAD_S) {
            return error("createdAheadSecondsMax must be 0 to 300".to_owned());
        }
        for environment in settings.token_keys.keys() {
            if !settings
                .authorities
                .iter()
                .any(|one| one.environment == *environment)
            {
                return error(alloc::format!(
                    "tokenKeys: no authority is of environment {environment:?}"
                ));
            }
        }
        let decoys = Decoys {
            sha256: MacKey::new(Algorithm::HmacSha256, b"decoy"),
            sha384: MacKey::new(Algorithm::HmacSha384, b"decoy"),
            sha512: MacKey::new(Algorithm::HmacSha512, b"decoy"),
        };
        Ok(Self { settings, decoys })
    }

    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A key that matches nothing, of the algorithm that was presented.
    pub(crate) const fn decoy(&self, algorithm: Algorithm) -> &MacKey {
        match algorithm {
            Algorithm::HmacSha256 => &self.decoys.sha256,
            Algorithm::HmacSha384 => &self.decoys.sha384,
            Algorithm::HmacSha512 => &self.decoys.sha512,
        }
    }

    /// The listed authority that a received one names, in any case and with or without the
    /// default port.
    #[must_use]
    pub fn authority(&self, received: &str, scheme: Scheme) -> Option<&Authority> {
        let normal = normalise_authority(received, scheme)?;
        self.settings
            .authorities
            .iter()
            .find(|one| one.authority == normal)
    }
}

/// Names of deployments, environments, organisations, APIs and resources.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Lower case, without the default port (RFC 9421 section 2.2.3). `None` for what no URL has as
/// its host and port: user information, a path, spaces, more than one value.
pub(crate) fn normalise_authority(received: &str, scheme: Scheme) -> Option<String> {
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']');
    if received.is_empty() || received.len() > 255 || !received.bytes().all(plain) {
        return None;
    }
    let lower = received.to_ascii_lowercase();
    Some(match lower.strip_suffix(scheme.default_port()) {
        Some(host) if !host.is_empty() => host.to_owned(),
        _ => lower,
    })
}
