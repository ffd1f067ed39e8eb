//! The cryptography of `jsonwebtoken`: HMAC and Ed25519, on the crates that the rest uses. Ed25519
//! keys are raw, 32 bytes.
use alloc::boxed::Box;
use alloc::vec::Vec;

use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use keyward_core::jws::JwsAlgorithm;
use keyward_core::mac::MacKey;
use signature::{Signer, Verifier};

/// Makes this the provider of the process, where none is yet. With another one tokens with HMAC
/// are the same, and those with Ed25519 an error.
pub fn install() {
    let _ = PROVIDER.install_default();
}

pub(super) fn public_key(private_key: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(private_key)
        .verifying_key()
        .to_bytes()
}

pub(super) const fn algorithm(algorithm: JwsAlgorithm) -> Algorithm {
    match algorithm {
        JwsAlgorithm::EdDsa => Algorithm::EdDSA,
        JwsAlgorithm::Hs256 => Algorithm::HS256,
        JwsAlgorithm::Hs384 => Algorithm::HS384,
        JwsAlgorithm::Hs512 => Algorithm::HS512,
    }
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory,
    verifier_factory,
    // Those of `new_unimplemented` panic.
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

fn unsupported() -> Error {
    ErrorKind::InvalidAlgorithm.into()
}

fn signer_factory(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    if *algorithm == Algorithm::EdDSA {
        let key = key
            .as_bytes()
            .try_into()
            .map_err(|_| ErrorKind::InvalidEddsaKey)?;
        return Ok(Box::new(Ed25519Signer(SigningKey::from_bytes(key))));
    }
    Ok(Box::new(HmacKey::new(*algorithm, key.as_bytes())?))
}

fn verifier_factory(
    algorithm: &Algorithm,
    key: &DecodingKey,
) -> Result<Box<dyn JwtVerifier>, Error> {
    let bytes = key.try_get_as_bytes()?;
    if *algorithm == Algorithm::EdDSA {
        let key = bytes
            .try_into()
            .ok()
            .and_then(|bytes| VerifyingKey::from_bytes(bytes).ok())
            .ok_or(ErrorKind::InvalidEddsaKey)?;
        return Ok(Box::new(Ed25519Verifier(key)));
    }
    Ok(Box::new(HmacKey::new(*algorithm, bytes)?))
}

struct Ed25519Signer(SigningKey);

impl Signer<Vec<u8>> for Ed25519Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        use ed25519_dalek::Signer as _;
        Ok(self.0.sign(message).to_bytes().to_vec())
    }
}

impl JwtSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Ed25519Verifier(VerifyingKey);

impl Verifier<Vec<u8>> for Ed25519Verifier {
    fn verify(&self, message: &[u8], presented: &Vec<u8>) -> Result<(), signature::Error> {
        Signature::from_slice(presented)
            .and_then(|presented| self.0.verify_strict(message, &presented))
            .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct HmacKey {
    algorithm: Algorithm,
    key: MacKey,
}

impl HmacKey {
    fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, Error> {
        let mac = match algorithm {
            Algorithm::HS256 => JwsAlgorithm::Hs256.mac(),
            Algorithm::HS384 => JwsAlgorithm::Hs384.mac(),
            Algorithm::HS512 => JwsAlgorithm::Hs512.mac(),
            _ => None,
        };
        Ok(Self {
            algorithm,
            key: MacKey::new(mac.ok_or_else(unsupported)?, secret),
        })
    }
}

impl Signer<Vec<u8>> for HmacKey {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.key.mac(&[message]).as_bytes().to_vec())
    }
}

impl JwtSigner for HmacKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for HmacKey {
    fn verify(&self, message: &[u8], presented: &Vec<u8>) -> Result<(), signature::Error> {
        if self.key.verify(&[message], presented) {
            Ok(())
        } else {
            Err(signature::Error::new())
        }
    }
}

impl JwtVerifier for HmacKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
