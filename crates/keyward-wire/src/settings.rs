//! The gateway's settings as they are written.
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use ipnet::IpNet;
use keyward_core::address::{AddressSet, parse_network};
use keyward_core::deployment::{self, AuthorityRole, Deployment, Scheme};
use keyward_core::limits::CONTENT_S;
use serde::Deserialize;

use crate::jwks::JwkSet;
use crate::unique_map;

/// The settings of a gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    pub deployment: Deployment,
    pub client_address: ClientAddress,
    /// How long signed content may take to arrive, in seconds (1 to 300).
    pub content_s_max: u64,
    /// How long a key may be used from memory, in seconds (0 to 300): part of the time that a
    /// revocation needs.
    pub isolate_ttl_s: u64,
    /// Whether the registry has to confirm that a key's record is the present one.
    pub confirm_keys: bool,
    /// The kind of proxy that may ask for a decision; `None`: none may.
    pub forward_auth: Option<ProxyKind>,
    /// How long an origin may take to begin its answer once it was asked, and between one part of
    /// streamed content and the next, in seconds (1 to 300).
    pub origin_timeout_s: u64,
}

/// A proxy that asks before it passes a request on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyKind {
    /// `auth_request`
    Nginx,
    /// ForwardAuth
    Traefik,
    /// `forward_auth`
    Caddy,
    /// `ext_authz` over HTTP
    Envoy,
}

/// Where the client's address comes from. There is no default: a wrong guess would let clients
/// choose their own.
#[derive(Clone, Debug)]
pub enum ClientAddress {
    /// `CF-Connecting-IP`, set by Cloudflare.
    Cloudflare,
    /// The other end of the connection.
    Peer,
    /// `X-Forwarded-For`, when the other end is a proxy in these networks.
    TrustedProxy(AddressSet),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SettingsJson {
    name: String,
    authorities: Vec<AuthorityJson>,
    client_address: ClientAddressJson,
    #[serde(default)]
    imported_key_ids: bool,
    #[serde(default)]
    debug: bool,
    content_bytes_max: Option<u64>,
    content_seconds_max: Option<u64>,
    created_age_seconds_max: Option<u64>,
    created_ahead_seconds_max: Option<u64>,
    #[serde(default = "thirty")]
    isolate_ttl_seconds: u64,
    #[serde(default)]
    confirm_keys: bool,
    forward_auth: Option<ProxyKind>,
    #[serde(default = "thirty")]
    origin_timeout_seconds: u64,
    /// By environment.
    #[serde(default, deserialize_with = "unique_map::deserialize")]
    token_keys: BTreeMap<String, JwkSet>,
}

const fn thirty() -> u64 {
    30
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorityJson {
    authority: String,
    scheme: SchemeJson,
    environment: String,
    role: RoleJson,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SchemeJson {
    Http,
    Https,
}

impl SchemeJson {
    pub(crate) const fn to_core(&self) -> Scheme {
        match self {
            Self::Http => Scheme::Http,
            Self::Https => Scheme::Https,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RoleJson {
    Api,
    Admin,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ClientAddressJson {
    Cloudflare,
    Peer,
    TrustedProxy(Vec<String>),
}

impl Settings {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// A sentence that names the setting and what it may be.
    pub fn parse(json: &str) -> Result<Self, SettingsFileError> {
        let json: SettingsJson =
            serde_json::from_str(json).map_err(|error| SettingsFileError(error.to_string()))?;
        let authorities = json.authorities.into_iter().map(authority).collect();
        let mut settings = deployment::Settings::new(json.name, authorities);
        settings.imported_key_ids = json.imported_key_ids;
        settings.debug = json.debug;
        if let Some(bytes) = json.content_bytes_max {
            settings.content_bytes_max = bytes;
        }
        if let Some(seconds) = json.created_age_seconds_max {
            settings.created_age_s_max = seconds;
        }
        if let Some(seconds) = json.created_ahead_seconds_max {
            settings.created_ahead_s_max = seconds;
        }
        for (environment, set) in json.token_keys {
            let keys = set.to_token_keys().map_err(|error| {
                SettingsFileError(alloc::format!("tokenKeys of {environment:?}: {error}"))
            })?;
            settings.token_keys.insert(environment, keys);
        }
        Ok(Self {
            deployment: Deployment::new(settings)
                .map_err(|error| SettingsFileError(error.to_string()))?,
            client_address: client_address(json.client_address)?,
            content_s_max: within(
                "contentSecondsMax",
                json.content_seconds_max.unwrap_or(CONTENT_S.0),
                CONTENT_S.1,
            )?,
            confirm_keys: json.confirm_keys,
            forward_auth: json.forward_auth,
            isolate_ttl_s: within("isolateTtlSeconds", json.isolate_ttl_seconds, 0)?,
            origin_timeout_s: within("originTimeoutSeconds", json.origin_timeout_seconds, 1)?,
        })
    }
}

fn within(name: &str, seconds: u64, least: u64) -> Result<u64, SettingsFileError> {
    if (least..=300).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(SettingsFileError(alloc::format!(
            "{name} must be {least} to 300"
        )))
    }
}

fn authority(json: AuthorityJson) -> deployment::Authority {
    deployment::Authority {
        authority: json.authority,
        scheme: json.scheme.to_core(),
        environment: json.environment,
        role: match json.role {
            RoleJson::Api => AuthorityRole::Api,
            RoleJson::Admin => AuthorityRole::Admin,
        },
    }
}

pub(crate) fn client_address(json: ClientAddressJson) -> Result<ClientAddress, SettingsFileError> {
    let networks = match json {
        ClientAddressJson::Cloudflare => return Ok(ClientAddress::Cloudflare),
        ClientAddressJson::Peer => return Ok(ClientAddress::Peer),
        ClientAddressJson::TrustedProxy(networks) => networks,
    };
    if networks.is_empty() {
        return Err(SettingsFileError(
            "trustedProxy needs at least one network".to_string(),
        ));
    }
    let networks: Vec<IpNet> = networks
        .iter()
        .map(|text| parse_network(text))
        .collect::<Result<_, _>>()
        .map_err(|error| SettingsFileError(alloc::format!("trustedProxy: {error}")))?;
    AddressSet::compile(networks)
        .map(ClientAddress::TrustedProxy)
        .map_err(|_| SettingsFileError("trustedProxy has too many networks".to_string()))
}

/// What is wrong with the settings, for who wrote them. They hold no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFileError(String);

impl fmt::Display for SettingsFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for SettingsFileError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(more: &str) -> Result<Settings, SettingsFileError> {
        Settings::parse(&alloc::format!(
            r#"{{ "name": "demo", "authorities": [ {{ "authority": "127.0.0.1:8787", "scheme": "http",
                 "environment": "production", "role": "api" }} ] {more} }}"#
        ))
    }

    fn says(more: &str) -> String {
        parse(more).unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_the_cores() {
        let settings = parse(r#", "clientAddress": "cloudflare""#).unwrap();
        let core = deployment::Settings::new("demo", Vec::new());
        let read = settings.deployment.settings();
        assert!(matches!(settings.client_address, ClientAddress::Cloudflare));
        assert_eq!(read.content_bytes_max, core.content_bytes_max);
        assert_eq!(settings.content_s_max, CONTENT_S.0);
        assert_eq!(read.created_age_s_max, core.created_age_s_max);
        assert!(!read.imported_key_ids && !read.debug && !settings.confirm_keys);
    }

    #[test]
    fn every_setting_arrives() {
        let settings = parse(
            r#", "clientAddress": { "trustedProxy": ["10.0.0.0/8"] }, "importedKeyIds": true,
               "debug": true, "contentBytesMax": 5, "contentSecondsMax": 9, "createdAgeSecondsMax": 60,
               "createdAheadSecondsMax": 7, "confirmKeys": true"#,
        )
        .unwrap();
        let read = settings.deployment.settings();
        assert!(read.imported_key_ids && read.debug && settings.confirm_keys);
        assert_eq!(
            (
                read.content_bytes_max,
                read.created_age_s_max,
                read.created_ahead_s_max
            ),
            (5, 60, 7)
        );
        assert_eq!(settings.content_s_max, 9);
        let ClientAddress::TrustedProxy(set) = settings.client_address else {
            panic!()
        };
        assert!(set.contains([10, 1, 2, 3].into()));
        assert!(!set.contains([11, 1, 2, 3].into()));
    }

    #[test]
    fn token_keys_are_of_an_environment_that_there_is() {
        let keys = |environment: &str, kid: &str| {
            alloc::format!(
                r#", "clientAddress": "peer", "tokenKeys": {{ "{environment}": {{ "keys": [ {{
                     "kty": "OKP", "crv": "Ed25519", "kid": "{kid}",
                     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }} ] }} }}"#
            )
        };
        let kid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        let settings = parse(&keys("production", kid)).unwrap();
        let read = &settings.deployment.settings().token_keys;
        assert_eq!(read["production"].iter().next().unwrap().0, kid);
        assert!(says(&keys("uat", kid)).contains("tokenKeys"));
        assert!(says(&keys("production", "k1")).contains("thumbprint"));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(says("").contains("clientAddress"));
        assert!(says(r#", "clientAddress": "guess""#).contains("guess"));
        assert!(says(r#", "clientAddress": "peer", "debgu": true"#).contains("debgu"));
        assert!(
            says(r#", "clientAddress": "peer", "createdAgeSecondsMax": 1"#).contains("10 to 900")
        );
        assert!(
            says(r#", "clientAddress": "peer", "contentSecondsMax": 301"#).contains("1 to 300")
        );
        assert!(says(r#", "clientAddress": { "trustedProxy": [] }"#).contains("at least one"));
        assert!(
            says(r#", "clientAddress": { "trustedProxy": ["10.0.0.1/8"] }"#).contains("10.0.0.0/8")
        );
        assert!(
            says(r#", "clientAddress": "peer", "clientAddress": "peer""#).contains("duplicate")
        );
    }
}
