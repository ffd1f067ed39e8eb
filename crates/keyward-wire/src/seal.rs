//! How secrets rest: sealed under a key of one organisation, together with all that they belong
//! to, so that a sealed secret that is moved to another record does not open.
//!
//! Keys of an organisation are HKDF-SHA-512 (RFC 5869) of an environment's master, without salt,
//! with the parts `keyward`, purpose, organisation, ring id as info. Secrets are sealed with
//! XChaCha20-Poly1305 and stored as nonce and ciphertext. Parts, here and in the associated data,
//! are each preceded by their length as four bytes, big-endian.
use alloc::vec::Vec;
use core::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use keyward_core::mac::{Algorithm, MacKey};
use keyward_core::sorted_map::SortedMap;
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::open::RecordError;
use crate::organisation::OrganisationKeys;
use crate::ring::{RingError, RingId};

/// Length of a sealing nonce, in bytes: long enough to be drawn at random.
pub const SEAL_NONCE_BYTES: usize = 24;

const FORMAT: &str = "keyward-seal-v1";

/// All that a sealed secret belongs to.
#[derive(Clone, Copy, Debug)]
pub struct SealContext<'a> {
    pub deployment: &'a str,
    pub environment: &'a str,
    pub organisation: &'a str,
    pub key_id: &'a str,
    /// The kind of key, as in its record.
    pub kind: &'a str,
    pub issue: &'a str,
    /// The algorithm that the secret is for, as in the record.
    pub algorithm: &'a str,
}

/// The masters of one environment, by id. The first seals, all of them open.
pub struct MasterRing {
    current: RingId,
    masters: SortedMap<RingId, Zeroizing<[u8; 32]>>,
}

impl MasterRing {
    /// The first key is the one that seals.
    ///
    /// # Errors
    /// When there is no key or an id is repeated.
    pub fn new(
        keys: impl IntoIterator<Item = (RingId, Zeroizing<[u8; 32]>)>,
    ) -> Result<Self, RingError> {
        let mut current = None;
        let mut masters = SortedMap::new();
        for (id, master) in keys {
            if masters.insert(id.clone(), master).is_some() {
                return Err(RingError::Repeated);
            }
            current = current.or(Some(id));
        }
        Ok(Self {
            current: current.ok_or(RingError::Empty)?,
            masters,
        })
    }

    /// The id of the key that seals.
    #[must_use]
    pub const fn current(&self) -> &RingId {
        &self.current
    }

    /// The keys of one organisation under the master that seals.
    ///
    /// # Errors
    /// Only if the master were not there, which the ring rules out.
    pub fn sealing(&self, organisation: &str) -> Result<(&RingId, DerivedKeys), RecordError> {
        Ok((&self.current, self.derive(organisation, &self.current)?))
    }

    /// The keys of one organisation under the master with this id.
    ///
    /// # Errors
    /// `UnknownSealingKey` when there is none.
    pub fn opening(&self, organisation: &str, ring: &RingId) -> Result<DerivedKeys, RecordError> {
        self.derive(organisation, ring)
    }

    /// The keys of one organisation under every master, for its own verifiers.
    ///
    /// # Errors
    /// Never in practice: see [`MasterRing::sealing`].
    pub fn export(
        &self,
        deployment: &str,
        environment: &str,
        organisation: &str,
    ) -> Result<OrganisationKeys, RecordError> {
        let rings = self
            .masters
            .keys()
            .map(|id| Ok((id.clone(), self.derive(organisation, id)?)))
            .collect::<Result<_, RecordError>>()?;
        Ok(OrganisationKeys::new(
            deployment,
            environment,
            organisation,
            rings,
        ))
    }

    fn derive(&self, organisation: &str, ring: &RingId) -> Result<DerivedKeys, RecordError> {
        let master = self
            .masters
            .get(ring)
            .ok_or(RecordError::UnknownSealingKey)?;
        let hkdf = Hkdf::<Sha512>::new(None, master.as_slice());
        let mut keys = DerivedKeys {
            seal: Zeroizing::new([0; 32]),
            pepper: Zeroizing::new([0; 64]),
        };
        let info = |purpose| length_prefixed(&["keyward", purpose, organisation, ring.as_str()]);
        // The lengths are far below HKDF's bound of 255 hashes.
        hkdf.expand(&info("seal"), keys.seal.as_mut_slice())
            .and_then(|()| hkdf.expand(&info("basic"), keys.pepper.as_mut_slice()))
            .map_err(|_| RecordError::UnknownSealingKey)?;
        Ok(keys)
    }
}

impl fmt::Debug for MasterRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterRing")?;
        f.debug_list().entries(self.masters.keys()).finish()
    }
}

/// The keys of one organisation under one master.
#[derive(Clone)]
pub struct DerivedKeys {
    pub(crate) seal: Zeroizing<[u8; 32]>,
    pub(crate) pepper: Zeroizing<[u8; 64]>,
}

impl DerivedKeys {
    /// Nonce and ciphertext of a secret. The nonce must be random and never used again.
    ///
    /// # Errors
    /// When the secret is longer than the cipher takes (256 GiB).
    pub fn seal(
        &self,
        context: &SealContext<'_>,
        ring: &RingId,
        nonce: [u8; SEAL_NONCE_BYTES],
        secret: &[u8],
    ) -> Result<Vec<u8>, RecordError> {
        let aad = associated_data(context, ring);
        let sealed = self
            .cipher()
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: secret,
                    aad: &aad,
                },
            )
            .map_err(|_| RecordError::TooLarge)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The secret, when it was sealed under this key in exactly this context.
    ///
    /// # Errors
    /// `Unsealable` otherwise.
    pub fn unseal(
        &self,
        context: &SealContext<'_>,
        ring: &RingId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, RecordError> {
        let (nonce, sealed) = sealed
            .split_first_chunk::<SEAL_NONCE_BYTES>()
            .ok_or(RecordError::Unsealable)?;
        let aad = associated_data(context, ring);
        self.cipher()
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: sealed,
                    aad: &aad,
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| RecordError::Unsealable)
    }

    /// HMAC-SHA512 of a secret under the pepper, as basic keys keep it.
    #[must_use]
    pub fn basic_mac(&self, secret: &[u8]) -> [u8; 64] {
        let tag = MacKey::new(Algorithm::HmacSha512, self.pepper.as_slice()).mac(&[secret]);
        let mut mac = [0; 64];
        for (to, from) in mac.iter_mut().zip(tag.as_bytes()) {
            *to = *from;
        }
        mac
    }

    /// The pepper of basic keys.
    #[must_use]
    pub fn pepper(&self) -> &[u8] {
        self.pepper.as_slice()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.seal).into())
    }
}

impl fmt::Debug for DerivedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DerivedKeys(..)")
    }
}

/// What opens sealed secrets: the masters of an environment, or some organisations' keys.
#[derive(Debug)]
pub enum Unsealing {
    Masters(MasterRing),
    Organisations(Vec<OrganisationKeys>),
}

impl Unsealing {
    /// The keys of one organisation under the master with this id.
    ///
    /// # Errors
    /// `OtherOrganisation` or `UnknownSealingKey` when there are none.
    pub fn keys(&self, organisation: &str, ring: &RingId) -> Result<DerivedKeys, RecordError> {
        match self {
            Self::Masters(masters) => masters.derive(organisation, ring),
            Self::Organisations(all) => all
                .iter()
                .find(|keys| keys.organisation() == organisation)
                .ok_or(RecordError::OtherOrganisation)?
                .keys(ring)
                .cloned(),
        }
    }
}

fn associated_data(context: &SealContext<'_>, ring: &RingId) -> Vec<u8> {
    length_prefixed(&[
        FORMAT,
        context.deployment,
        context.environment,
        context.organisation,
        context.key_id,
        context.kind,
        context.issue,
        context.algorithm,
        ring.as_str(),
    ])
}

fn length_prefixed(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        // Parts are names of some hundred bytes; one of 4 GiB would get a length that no other has.
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}
