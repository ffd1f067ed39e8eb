//! Tokens that nobody should make: any header and payload, rightly signed.
use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key;
use keyward_core::mac::MacKey;
use keyward_issuer::IssuedKey;
use serde_json::{Value, json};

use crate::fixture::{claims, parts};

/// With what the tokens of a key are signed.
pub(crate) enum Pen {
    Ed25519,
    Mac(JwsAlgorithm, Vec<u8>),
}

impl Pen {
    pub(crate) fn of(issued: &IssuedKey) -> Self {
        let key::Material::Token {
            algorithm, issues, ..
        } = parts(&issued.record).material
        else {
            panic!("not a token key")
        };
        match &issues[0].secret {
            Some(secret) => Self::Mac(algorithm, secret.to_vec()),
            None => Self::Ed25519,
        }
    }

    pub(crate) fn sign(&self, message: &str) -> Vec<u8> {
        match self {
            // The private key of `SIGNER`.
            Self::Ed25519 => SigningKey::from_bytes(&[7; 32])
                .sign(message.as_bytes())
                .to_bytes()
                .to_vec(),
            Self::Mac(algorithm, secret) => MacKey::new(algorithm.mac().unwrap(), secret)
                .mac(&[message.as_bytes()])
                .as_bytes()
                .to_vec(),
        }
    }

    /// A token with these very bytes as header and payload.
    pub(crate) fn token(&self, header: &str, payload: &str) -> String {
        let message = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(payload.as_bytes())
        );
        let signature = encode(&self.sign(&message));
        format!("{message}.{signature}")
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Header and claims of a token.
pub(crate) fn parsed(token: &str) -> (Value, Value) {
    let header = Base64UrlUnpadded::decode_vec(token.split('.').next().unwrap()).unwrap();
    (
        serde_json::from_slice(&header).unwrap(),
        claims(token).unwrap(),
    )
}

/// The value with one member set, or removed with null.
pub(crate) fn with(value: &Value, name: &str, to: Value) -> Value {
    let mut changed = value.clone();
    let members = changed.as_object_mut().unwrap();
    if to == json!(null) {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), to);
    }
    changed
}
