//! Signing requests, on the builders that verification uses.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::credential_text::is_key_id;
use crate::deployment::{Scheme, normalise_authority};
use crate::key::Profile;
use crate::mac::MacKey;
use crate::request::Field;
use crate::signature_base::Message;
use crate::target::Target;

mod cavage;
mod cloud9;
mod draft;
mod kong;
mod rfc9421;

/// A request that is to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Unsigned<'a> {
    pub method: &'a str,
    pub scheme: Scheme,
    pub authority: &'a str,
    /// Path and query, as they will be sent.
    pub target: &'a str,
    /// As it will be sent. Signed by the profile `cloud9`.
    pub content_type: Option<&'a str>,
    pub content: &'a [u8],
}

/// The parameters of a signature.
#[derive(Clone, Copy, Debug)]
pub struct SignatureParameters<'a> {
    pub profile: Profile,
    pub key_id: &'a str,
    /// Seconds of Unix time.
    pub created_s: u64,
    /// 1 to 128 visible ASCII characters that were never used before. `cloud9` needs one;
    /// `kong` and `cavage` have no place for it.
    pub nonce: Option<&'a str>,
}

/// Why a request cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// The key has another algorithm than the profile.
    Algorithm,
    /// The authority is not a host with an optional port.
    Authority,
    /// There is no nonce, and the profile needs one.
    NonceMissing,
    /// The time, key id or nonce cannot be written.
    Parameters,
    /// The gateway would refuse the target as ambiguous.
    Target,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Algorithm => "the profile needs a key of another algorithm",
            Self::Authority => "the authority is not a host with an optional port",
            Self::NonceMissing => "the profile needs a nonce",
            Self::Parameters => "the time, key id or nonce cannot be written",
            Self::Target => "the target can be read in more than one way",
        })
    }
}

impl core::error::Error for SignError {}

/// The fields to add to a request, those that hold the signature last. Covers the method, the
/// whole target (`cloud9`: the path, so keys take a query only by choice), the authority
/// (`kong`: not), the time and the content.
///
/// # Errors
/// When the gateway would refuse what was asked for.
pub fn sign(
    request: &Unsigned<'_>,
    key: &MacKey,
    parameters: &SignatureParameters<'_>,
) -> Result<Vec<(&'static str, String)>, SignError> {
    let authority =
        normalise_authority(request.authority, request.scheme).ok_or(SignError::Authority)?;
    let target = Target::parse(request.target).map_err(|_| SignError::Target)?;
    let order = Order {
        request,
        authority: &authority,
        target: &target,
        key,
        parameters,
    };
    match parameters.profile {
        Profile::Rfc9421 => rfc9421::sign(&order),
        Profile::Cloud9 => cloud9::sign(&order),
        Profile::Kong => kong::sign(&order),
        Profile::Cavage => cavage::sign(&order),
    }
}

/// What is asked for, its parts judged.
struct Order<'a> {
    request: &'a Unsigned<'a>,
    /// Lower case, without the default port.
    authority: &'a str,
    target: &'a Target<'a>,
    key: &'a MacKey,
    parameters: &'a SignatureParameters<'a>,
}

impl<'a> Order<'a> {
    /// The message with the fields that are added to it.
    fn message<'m>(&'m self, fields: &'m [Field<'m>]) -> Message<'m> {
        Message {
            method: self.request.method,
            scheme: self.request.scheme,
            authority: self.authority,
            path: self.target.path(),
            query: self.target.query(),
            fields,
        }
    }

    /// A key id that needs no escaping, whoever made it.
    fn key_id(&self) -> Result<&'a str, SignError> {
        let key_id = self.parameters.key_id;
        if is_key_id(key_id, true) {
            Ok(key_id)
        } else {
            Err(SignError::Parameters)
        }
    }
}
