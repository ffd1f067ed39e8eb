//! Secrets of an organisation and its operators that have to be read again, sealed under the
//! operators' ring: `<ring id>.<base64url>`.
use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_wire::ring::RingId;
use keyward_wire::seal::{SEAL_NONCE_BYTES, SealContext};
use zeroize::Zeroizing;

use crate::configuration::Configuration;
use crate::random;
use crate::refusal::Refusal;

/// What a sealed secret belongs to: elsewhere it does not open.
#[derive(Clone, Copy)]
pub(crate) struct Belongs<'a> {
    pub(crate) organisation: &'a str,
    pub(crate) id: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) issue: &'a str,
    pub(crate) algorithm: &'a str,
}

impl Belongs<'_> {
    fn context<'a>(&'a self, configuration: &'a Configuration) -> SealContext<'a> {
        SealContext {
            deployment: &configuration.settings.deployment,
            // None of an environment's; a name cannot be empty, so no key is like this.
            environment: "",
            organisation: self.organisation,
            key_id: self.id,
            kind: self.kind,
            issue: self.issue,
            algorithm: self.algorithm,
        }
    }

    pub(crate) fn seal(
        &self,
        configuration: &Configuration,
        secret: &[u8],
    ) -> Result<String, Refusal> {
        let masters = &configuration.secrets.operators;
        let (ring, keys) = masters
            .sealing(self.organisation)
            .map_err(|error| Refusal::internal(&error))?;
        let nonce = random::bytes::<SEAL_NONCE_BYTES>()?;
        let sealed = keys
            .seal(&self.context(configuration), ring, *nonce, secret)
            .map_err(|error| Refusal::internal(&error))?;
        let sealed = Base64UrlUnpadded::encode_string(&sealed);
        Ok(format!("{ring}.{sealed}"))
    }

    /// `None` when it was sealed for something else, or under a master that is gone.
    pub(crate) fn unseal(
        &self,
        configuration: &Configuration,
        sealed: &str,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (ring, sealed) = sealed.split_once('.')?;
        let ring = RingId::parse(ring).ok()?;
        let sealed = Base64UrlUnpadded::decode_vec(sealed).ok()?;
        let masters = &configuration.secrets.operators;
        let keys = masters.opening(self.organisation, &ring).ok()?;
        keys.unseal(&self.context(configuration), &ring, &sealed)
            .ok()
    }
}
