//! What the registry is told: its settings, and its secrets.
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use keyward_core::deployment::{Scheme, is_name};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::base64url::SecretText;
use crate::envelope::Publisher;
use crate::ring::RingId;
use crate::seal::MasterRing;
use crate::settings::{ClientAddress, ClientAddressJson, SchemeJson, client_address};
use crate::unique_map;

mod mail;

use mail::MailJson;
pub use mail::{MailParts, MailRequest, MailSettings, MailWay};

/// The settings of a registry.
#[derive(Clone, Debug)]
pub struct RegistrySettings {
    /// The deployment's name; the gateway has the same.
    pub deployment: String,
    /// The one authority that is answered, in lower case and without the default port.
    pub authority: String,
    pub scheme: Scheme,
    pub client_address: ClientAddress,
    /// Whether keys may bring ids and secrets of their own.
    pub imported_key_ids: bool,
    /// Authorities of the deployment's gateways, where no webhook may go either.
    pub api_authorities: Vec<String>,
    /// How owners get mails; `None`: they get none.
    pub mail: Option<MailSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SettingsJson {
    name: String,
    authority: String,
    scheme: SchemeJson,
    client_address: ClientAddressJson,
    #[serde(default)]
    imported_key_ids: bool,
    #[serde(default)]
    api_authorities: Vec<String>,
    #[serde(default)]
    mail: Option<MailJson>,
}

impl RegistrySettings {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// A sentence that names the setting and what it may be.
    pub fn parse(json: &str) -> Result<Self, RegistryFileError> {
        let json: SettingsJson =
            serde_json::from_str(json).map_err(|error| RegistryFileError(error.to_string()))?;
        if !is_name(&json.name) {
            return Err(RegistryFileError("name is not a name".to_string()));
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b);
        let is_authority = |text: &str| !text.is_empty() && text.bytes().all(plain);
        if !is_authority(&json.authority) {
            return Err(RegistryFileError(
                "authority must be a host in lower case, with a port where it is not the scheme's"
                    .to_string(),
            ));
        }
        // One that is written otherwise would be nobody's, and webhooks could go there.
        let is_host = |text: &String| {
            let (host, _) = text.split_once(':').unwrap_or((text, ""));
            is_authority(text) && !host.is_empty() && !host.ends_with('.')
        };
        if !json.api_authorities.iter().all(is_host) {
            return Err(RegistryFileError(
                "apiAuthorities must be hosts in lower case, with a port where it is not the scheme's"
                    .to_string(),
            ));
        }
        Ok(Self {
            deployment: json.name,
            authority: json.authority,
            scheme: json.scheme.to_core(),
            client_address: client_address(json.client_address)
                .map_err(|error| RegistryFileError(error.to_string()))?,
            imported_key_ids: json.imported_key_ids,
            api_authorities: json.api_authorities,
            mail: json.mail.map(MailSettings::checked).transpose()?,
        })
    }

    /// Every authority of the deployment.
    #[must_use]
    pub fn own(&self) -> Vec<&str> {
        let gateways = self.api_authorities.iter().map(String::as_str);
        gateways.chain([self.authority.as_str()]).collect()
    }

    /// What browsers say where a page of this authority sends from (RFC 6454).
    #[must_use]
    pub fn origin(&self) -> String {
        alloc::format!("{}://{}", self.scheme.as_str(), self.authority)
    }
}

/// The secrets of a registry: with them keys are made, published and believed.
pub struct RegistrySecrets {
    pub publisher: Publisher,
    /// What seals the second factors of operators.
    pub operators: MasterRing,
    pub environments: BTreeMap<String, EnvironmentSecrets>,
    /// Fields that the mail API is sent besides those of the settings.
    pub mail_headers: BTreeMap<String, Zeroizing<String>>,
}

impl fmt::Debug for RegistrySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrySecrets")
            .field("publisher", &self.publisher)
            .field("operators", &self.operators)
            .field("environments", &self.environments)
            .finish_non_exhaustive()
    }
}

/// What an environment's keys are made with.
pub struct EnvironmentSecrets {
    pub masters: MasterRing,
    /// The private key that signs tokens.
    pub token_key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for EnvironmentSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvironmentSecrets(..)")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretsJson {
    publish_key: PublishKeyJson,
    operator_rings: Vec<MasterJson>,
    #[serde(deserialize_with = "unique_map::deserialize")]
    environments: BTreeMap<String, EnvironmentJson>,
    #[serde(default, deserialize_with = "unique_map::deserialize")]
    mail_headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PublishKeyJson {
    id: RingId,
    private_key: SecretText<32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EnvironmentJson {
    rings: Vec<MasterJson>,
    token_key: SecretText<32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MasterJson {
    id: RingId,
    master: SecretText<32>,
}

impl RegistrySecrets {
    /// Reads `{ publishKey: { id, privateKey }, operatorRings: [{ id, master }], environments:
    /// { "<env>": { rings: [{ id, master }], tokenKey } }, mailHeaders?: { "<name>": "<value>" } }`, keys
    /// as base64url of 32 bytes. The first of several rings is the one that seals.
    ///
    /// # Errors
    /// A sentence without any of the text, when it is not exactly that.
    pub fn parse(json: &str) -> Result<Self, RegistryFileError> {
        let json: SecretsJson = serde_json::from_str(json).map_err(|error| {
            // Not the parser's own words: they may repeat some of the text.
            RegistryFileError(alloc::format!(
                "the secrets are not as documented, at line {}, column {}",
                error.line(),
                error.column()
            ))
        })?;
        if json.environments.is_empty() {
            return Err(RegistryFileError("there is no environment".to_string()));
        }
        let environments = json.environments.into_iter().map(|(name, one)| {
            if !is_name(&name) {
                return Err(RegistryFileError("an environment is not a name".into()));
            }
            let secrets = EnvironmentSecrets {
                masters: ring(one.rings)?,
                token_key: one.token_key.0,
            };
            Ok((name, secrets))
        });
        Ok(Self {
            environments: environments.collect::<Result<_, _>>()?,
            mail_headers: mail::secret_headers(json.mail_headers)?,
            operators: ring(json.operator_rings)?,
            publisher: Publisher::new(json.publish_key.id, &json.publish_key.private_key.0),
        })
    }
}

fn ring(masters: Vec<MasterJson>) -> Result<MasterRing, RegistryFileError> {
    let masters = masters.into_iter().map(|one| (one.id, one.master.0));
    MasterRing::new(masters).map_err(|error| RegistryFileError(error.to_string()))
}

/// What is wrong with settings or secrets, for who wrote them. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryFileError(String);

impl fmt::Display for RegistryFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for RegistryFileError {}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn secrets() -> String {
        alloc::format!(
            r#"{{ "publishKey": {{ "id": "p1", "privateKey": "{KEY}" }},
                 "operatorRings": [ {{ "id": "o1", "master": "{KEY}" }} ],
                 "environments": {{ "production": {{ "rings": [ {{ "id": "m1", "master": "{KEY}" }} ],
                                    "tokenKey": "{KEY}" }} }} }}"#
        )
    }

    #[test]
    fn secrets_are_read_and_never_told() {
        let read = RegistrySecrets::parse(&secrets()).unwrap();
        assert!(read.environments.contains_key("production"));
        assert_eq!(read.operators.current().as_str(), "o1");
        let shown = alloc::format!("{read:?}");
        assert!(!shown.contains("31"), "{shown}");
        for (from, to) in [
            (KEY, "c2VjcmV0"),
            ("\"p1\"", "\"P 1\""),
            ("\"production\"", "\"Production\""),
            ("\"tokenKey\"", "\"tokenKeys\""),
        ] {
            let error = RegistrySecrets::parse(&secrets().replacen(from, to, 1)).unwrap_err();
            assert!(!error.to_string().contains("c2VjcmV0"), "{error}");
        }
    }

    #[test]
    fn settings_are_read_and_mistakes_named() {
        let parse = |authority: &str, more: &str| {
            RegistrySettings::parse(&alloc::format!(
                r#"{{ "name": "demo", "authority": "{authority}", "scheme": "https", "clientAddress": "peer" {more} }}"#
            ))
        };
        assert_eq!(
            parse("admin.example", "").unwrap().origin(),
            "https://admin.example"
        );
        for (authority, more, named) in [
            ("Admin.example", "", "authority"),
            ("admin.example/x", "", "authority"),
            ("admin.example", r#", "debug": true"#, "debug"),
            (
                "admin.example",
                r#", "apiAuthorities": ["https://api.example"]"#,
                "apiAuthorities",
            ),
            (
                "admin.example",
                r#", "apiAuthorities": ["api.example", "Api.example"]"#,
                "apiAuthorities",
            ),
            (
                "admin.example",
                r#", "apiAuthorities": ["api.example.:8443"]"#,
                "apiAuthorities",
            ),
            (
                "admin.example",
                r#", "mail": { "from": "me" }"#,
                "mail.from",
            ),
        ] {
            let error = parse(authority, more).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
