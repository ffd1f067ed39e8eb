//! JWS in compact serialization (RFC 7515 section 7.1), read strictly: one spelling of base64url,
//! and a header with nothing in it that could change what is verified or with which key.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::json::{Value, read_object};
use crate::limits;
use crate::mac::{Algorithm, MacKey};

/// The algorithms of tokens. The key fixes which, never the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsAlgorithm {
    /// Ed25519 (RFC 8037 section 3.1).
    EdDsa,
    Hs256,
    Hs384,
    Hs512,
}

impl JwsAlgorithm {
    /// Reads the `alg` of a header. `EdDSA` and `Ed25519` (RFC 9864) are the same here.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "HS256" => Some(Self::Hs256),
            "HS384" => Some(Self::Hs384),
            "HS512" => Some(Self::Hs512),
            _ => None,
        }
    }

    /// The name as it stands in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// The HMAC, where it is one.
    #[must_use]
    pub const fn mac(self) -> Option<Algorithm> {
        match self {
            Self::EdDsa => None,
            Self::Hs256 => Some(Algorithm::HmacSha256),
            Self::Hs384 => Some(Algorithm::HmacSha384),
            Self::Hs512 => Some(Algorithm::HmacSha512),
        }
    }

    /// Length of a signature, in bytes.
    #[must_use]
    pub const fn signature_bytes(self) -> usize {
        match self.mac() {
            Some(mac) => mac.mac_bytes(),
            None => 64,
        }
    }
}

/// A well-formed JWS, about which nothing is proven yet.
pub struct CompactJws<'t> {
    pub algorithm: JwsAlgorithm,
    pub typ: Option<String>,
    /// Names the verification key; says nothing of where it comes from.
    pub kid: Option<String>,
    signing_input: &'t str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'t> CompactJws<'t> {
    /// Reads header, payload and signature.
    ///
    /// # Errors
    /// What is wrong with it, which depends on nothing but the text.
    pub fn parse(text: &'t str) -> Result<Self, JwsError> {
        if text.len() > limits::TOKEN_BYTES_MAX {
            return Err(JwsError::TooLong);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::Parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Parts)?;
        if payload.contains('.') {
            return Err(JwsError::Parts);
        }
        let header = Header::parse(&decode(header)?)?;
        let signature = decode(signature)?;
        if signature.len() != header.algorithm.signature_bytes() {
            return Err(JwsError::Signature);
        }
        Ok(Self {
            algorithm: header.algorithm,
            typ: header.typ,
            kid: header.kid,
            signing_input,
            payload: decode(payload)?,
            signature,
        })
    }

    /// The decoded payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// What is signed: header and payload as they were sent.
    #[must_use]
    pub const fn signing_input(&self) -> &'t str {
        self.signing_input
    }

    /// As many bytes as the algorithm's signatures have.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether the signature is the MAC under this key. Never for a key of another algorithm.
    #[must_use]
    pub fn verify_mac(&self, key: &MacKey) -> bool {
        self.algorithm.mac() == Some(key.algorithm())
            && key.verify(&[self.signing_input.as_bytes()], &self.signature)
    }
}

impl fmt::Debug for CompactJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompactJws({}, ..)", self.algorithm.as_str())
    }
}

/// The members of a header that are taken. Any other one, `crit` first, is refused: `b64` and
/// `zip` change what is signed, `jku`, `jwk`, `x5u` and `x5c` bring a key along.
struct Header {
    algorithm: JwsAlgorithm,
    typ: Option<String>,
    kid: Option<String>,
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, JwsError> {
        let (mut algorithm, mut typ, mut kid) = (None, None, None);
        for (name, value) in read_object(json).ok_or(JwsError::HeaderJson)? {
            let slot = match name.as_ref() {
                "alg" => &mut algorithm,
                "typ" => &mut typ,
                "kid" => &mut kid,
                _ => return Err(JwsError::HeaderMember),
            };
            let Value::String(text) = value else {
                return Err(JwsError::HeaderMember);
            };
            *slot = Some(text.into_owned());
        }
        Ok(Self {
            algorithm: algorithm
                .and_then(|name| JwsAlgorithm::parse(&name))
                .ok_or(JwsError::Algorithm)?,
            typ,
            kid,
        })
    }
}

/// The one spelling: no padding, no whitespace, no bits left over.
fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    keyward_base64::decode_url(part).ok_or(JwsError::Base64)
}

/// What is wrong with a JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsError {
    TooLong,
    Parts,
    Base64,
    HeaderJson,
    HeaderMember,
    Algorithm,
    Signature,
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the token exceeds 4 KiB",
            Self::Parts => "a token has three parts with dots between them",
            Self::Base64 => "a part of the token is not base64url without padding",
            Self::HeaderJson => "the token's header is not one JSON object, each name once",
            Self::HeaderMember => "the token's header may have alg, typ and kid, as strings",
            Self::Algorithm => "the token's alg must be EdDSA, Ed25519, HS256, HS384 or HS512",
            Self::Signature => "the token's signature is not as long as those of its alg",
        })
    }
}

impl core::error::Error for JwsError {}
