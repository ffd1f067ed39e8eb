//! The keys of one organisation, for verifiers of its own: nothing here opens the secrets of
//! another one.
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::base64url::SecretText;
use crate::envelope::PublishRing;
use crate::open::RecordError;
use crate::ring::{RingError, RingId};
use crate::seal::{DerivedKeys, Unsealing};
use crate::secrets::{self, PublishKeyJson};
use crate::unique_map;

/// Sealing keys and peppers of one organisation in one environment, by the id of their master.
pub struct OrganisationKeys {
    deployment: String,
    environment: String,
    organisation: String,
    rings: BTreeMap<RingId, DerivedKeys>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganisationKeysJson {
    deployment: String,
    environment: String,
    organisation: String,
    #[serde(deserialize_with = "unique_map::deserialize")]
    rings: BTreeMap<RingId, DerivedKeysJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DerivedKeysJson {
    seal: SecretText<32>,
    pepper: SecretText<64>,
}

impl From<OrganisationKeysJson> for OrganisationKeys {
    fn from(json: OrganisationKeysJson) -> Self {
        let derived = |keys: DerivedKeysJson| DerivedKeys {
            seal: keys.seal.0,
            pepper: keys.pepper.0,
        };
        Self {
            deployment: json.deployment,
            environment: json.environment,
            organisation: json.organisation,
            rings: json
                .rings
                .into_iter()
                .map(|(id, keys)| (id, derived(keys)))
                .collect(),
        }
    }
}

impl OrganisationKeys {
    pub(crate) fn new(
        deployment: &str,
        environment: &str,
        organisation: &str,
        rings: BTreeMap<RingId, DerivedKeys>,
    ) -> Self {
        Self {
            deployment: deployment.to_owned(),
            environment: environment.to_owned(),
            organisation: organisation.to_owned(),
            rings,
        }
    }

    /// Reads what [`OrganisationKeys::to_json`] wrote.
    ///
    /// # Errors
    /// `Malformed` when it is not exactly that.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        let json: OrganisationKeysJson = serde_json::from_str(text)
            .map_err(|_| RecordError::Malformed("not the keys of an organisation"))?;
        Ok(Self::from(json))
    }

    /// `{ deployment, environment, organisation, rings: { "<id>": { seal, pepper } } }`, secret as
    /// a whole.
    ///
    /// # Errors
    /// Never in practice.
    pub fn to_json(&self) -> Result<Zeroizing<String>, RecordError> {
        let rings = self.rings.iter();
        serde_json::to_string(&OrganisationKeysJson {
            deployment: self.deployment.clone(),
            environment: self.environment.clone(),
            organisation: self.organisation.clone(),
            rings: rings
                .map(|(id, keys)| {
                    let seal = SecretText(keys.seal.clone());
                    (
                        id.clone(),
                        DerivedKeysJson {
                            seal,
                            pepper: SecretText(keys.pepper.clone()),
                        },
                    )
                })
                .collect(),
        })
        .map(Zeroizing::new)
        .map_err(|_| RecordError::Malformed("the keys cannot be written"))
    }

    #[must_use]
    pub fn deployment(&self) -> &str {
        &self.deployment
    }

    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    #[must_use]
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    pub(crate) fn keys(&self, ring: &RingId) -> Result<&DerivedKeys, RecordError> {
        self.rings.get(ring).ok_or(RecordError::UnknownSealingKey)
    }
}

/// What a verifier of organisations' own reads records with.
#[derive(Debug)]
pub struct VerifierKeys {
    pub publish: PublishRing,
    /// By environment.
    pub environments: BTreeMap<String, Unsealing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VerifierKeysJson {
    publish_keys: Vec<PublishKeyJson>,
    organisation_keys: Vec<OrganisationKeysJson>,
}

impl VerifierKeys {
    /// Reads `{ publishKeys: [{ id, publicKey }], organisationKeys: [<as exported>] }`.
    ///
    /// # Errors
    /// A sentence without any of the keys, when it is not exactly that.
    pub fn parse(json: &str) -> Result<Self, VerifierKeysError> {
        let json: VerifierKeysJson =
            serde_json::from_str(json).map_err(|_| VerifierKeysError::Json)?;
        let publish =
            secrets::publish_ring(json.publish_keys).map_err(VerifierKeysError::PublishKeys)?;
        let mut environments = BTreeMap::new();
        for one in json.organisation_keys {
            let keys = OrganisationKeys::from(one);
            let organisations = environments
                .entry(keys.environment.clone())
                .or_insert_with(Vec::new);
            if organisations
                .iter()
                .any(|other: &OrganisationKeys| other.organisation == keys.organisation)
            {
                return Err(VerifierKeysError::Repeated);
            }
            organisations.push(keys);
        }
        Ok(Self {
            publish,
            environments: environments
                .into_iter()
                .map(|(name, keys)| (name, Unsealing::Organisations(keys)))
                .collect(),
        })
    }
}

/// What is wrong with the keys of a verifier. Holds nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifierKeysError {
    Json,
    PublishKeys(RingError),
    Repeated,
}

impl fmt::Display for VerifierKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json => f.write_str(
                "publishKeys and organisationKeys are not as they were exported: base64url of 32 and 64 bytes, no other members",
            ),
            Self::PublishKeys(error) => write!(f, "publishKeys: {error}"),
            Self::Repeated => f.write_str("organisationKeys: one organisation is there twice"),
        }
    }
}

impl core::error::Error for VerifierKeysError {}

impl fmt::Debug for OrganisationKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "OrganisationKeys({} in {}, ..)",
            self.organisation, self.environment
        )
    }
}
