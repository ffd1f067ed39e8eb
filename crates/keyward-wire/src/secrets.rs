//! The secrets of a gateway as they are written: public publishing keys, and the masters that
//! open sealed secrets.
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use keyward_core::deployment::is_name;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::base64url::{SecretText, Text};
use crate::envelope::PublishRing;
use crate::ring::{RingError, RingId};
use crate::seal::{MasterRing, Unsealing};
use crate::unique_map;

/// What a gateway verifies and opens records with.
#[derive(Debug)]
pub struct Secrets {
    pub publish: PublishRing,
    /// By environment; each has masters of its own.
    pub environments: BTreeMap<String, Unsealing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretsJson {
    publish_keys: Vec<PublishKeyJson>,
    #[serde(deserialize_with = "unique_map::deserialize")]
    environments: BTreeMap<String, EnvironmentJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PublishKeyJson {
    id: RingId,
    public_key: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentJson {
    rings: Vec<MasterJson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MasterJson {
    id: RingId,
    master: SecretText<32>,
}

impl Secrets {
    /// Reads `{ publishKeys: [{ id, publicKey }], environments: { "<env>": { rings: [{ id, master }] } } }`,
    /// keys as base64url of 32 bytes. The first master of an environment is the one that seals.
    ///
    /// # Errors
    /// A sentence without any of the text, when it is not exactly that.
    pub fn parse(json: &str) -> Result<Self, SecretsError> {
        let json: SecretsJson = serde_json::from_str(json).map_err(|error| SecretsError::Json {
            line: error.line(),
            column: error.column(),
        })?;
        let environments = json.environments.into_iter().map(|(name, environment)| {
            if !is_name(&name) {
                return Err(SecretsError::Environment);
            }
            let masters: Vec<(RingId, Zeroizing<[u8; 32]>)> = environment
                .rings
                .into_iter()
                .map(|one| (one.id, one.master.0))
                .collect();
            let masters = MasterRing::new(masters).map_err(SecretsError::Rings)?;
            Ok((name, Unsealing::Masters(masters)))
        });
        Ok(Self {
            publish: publish_ring(json.publish_keys).map_err(SecretsError::PublishKeys)?,
            environments: environments.collect::<Result<_, _>>()?,
        })
    }
}

fn publish_ring(keys: Vec<PublishKeyJson>) -> Result<PublishRing, RingError> {
    let keys = keys.into_iter().map(|one| {
        let bytes = one.public_key.0.try_into();
        Ok((one.id, bytes.map_err(|_| RingError::PublicKey)?))
    });
    PublishRing::new(keys.collect::<Result<Vec<_>, _>>()?)
}

/// What is wrong with the secrets. Holds nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsError {
    /// Where the text is not what it must be.
    Json {
        line: usize,
        column: usize,
    },
    PublishKeys(RingError),
    Environment,
    Rings(RingError),
}

impl fmt::Display for SecretsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { line, column } => {
                write!(
                    f,
                    "the secrets are not as documented, at line {line}, column {column}"
                )
            }
            Self::PublishKeys(error) => write!(f, "publishKeys: {error}"),
            Self::Environment => f.write_str("environments must be 1 to 64 of a-z, 0-9 and -"),
            Self::Rings(error) => write!(f, "rings: {error}"),
        }
    }
}

impl core::error::Error for SecretsError {}
