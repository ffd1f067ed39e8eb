//! The keys of one organisation, for verifiers of its own: nothing here opens the secrets of
//! another one.
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use keyward_core::sorted_map::SortedMap;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::base64url::{self, SecretText};
use crate::open::RecordError;
use crate::ring::RingId;
use crate::seal::DerivedKeys;
use crate::unique_map;

/// Sealing keys and peppers of one organisation in one environment, by the id of their master.
pub struct OrganisationKeys {
    deployment: String,
    environment: String,
    organisation: String,
    rings: SortedMap<RingId, DerivedKeys>,
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
        rings: SortedMap<RingId, DerivedKeys>,
    ) -> Self {
        Self {
            deployment: deployment.to_owned(),
            environment: environment.to_owned(),
            organisation: organisation.to_owned(),
            rings,
        }
    }

    /// From the members of what [`OrganisationKeys::to_json`] wrote, as text: id, sealing key and
    /// pepper of each ring.
    ///
    /// # Errors
    /// `Malformed` when an id or a key is not one, or an id is repeated.
    pub fn from_members<'a>(
        deployment: &str,
        environment: &str,
        organisation: &str,
        rings: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
    ) -> Result<Self, RecordError> {
        let malformed = RecordError::Malformed("not the keys of an organisation");
        let mut derived = SortedMap::new();
        for (id, seal, pepper) in rings {
            let id = RingId::parse(id).map_err(|_| malformed)?;
            let keys = DerivedKeys {
                seal: base64url::secret(seal).ok_or(malformed)?,
                pepper: base64url::secret(pepper).ok_or(malformed)?,
            };
            if derived.insert(id, keys).is_some() {
                return Err(malformed);
            }
        }
        Ok(Self::new(deployment, environment, organisation, derived))
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

impl fmt::Debug for OrganisationKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "OrganisationKeys({} in {}, ..)",
            self.organisation, self.environment
        )
    }
}
