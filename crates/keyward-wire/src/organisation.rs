//! The keys of one organisation, for verifiers of its own: nothing here opens the secrets of
//! another one.
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::base64url::SecretText;
use crate::open::RecordError;
use crate::ring::RingId;
use crate::seal::DerivedKeys;
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
        let rings = json.rings.into_iter();
        Ok(Self {
            deployment: json.deployment,
            environment: json.environment,
            organisation: json.organisation,
            rings: rings
                .map(|(id, keys)| {
                    (
                        id,
                        DerivedKeys {
                            seal: keys.seal.0,
                            pepper: keys.pepper.0,
                        },
                    )
                })
                .collect(),
        })
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

    pub(crate) fn keys(
        &self,
        organisation: &str,
        ring: &RingId,
    ) -> Result<&DerivedKeys, RecordError> {
        if organisation != self.organisation {
            return Err(RecordError::OtherOrganisation);
        }
        self.rings.get(ring).ok_or(RecordError::UnknownSealingKey)
    }
}

impl fmt::Debug for OrganisationKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "OrganisationKeys({} in {}, ..)",
            self.organisation, self.environment
        )
    }
}
