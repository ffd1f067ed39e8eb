//! Signing requests, on the builders that verification uses.
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest, Sha512};

use crate::deployment::{Scheme, normalise_authority};
use crate::mac::MacKey;
use crate::parse::signature::TAG;
use crate::request::Field;
use crate::signature_base::{Message, Showing, write_base};
use crate::structured::{BareItem, InnerList, Item, Member, Parameters, write_dictionary};
use crate::target::Target;

/// A request that is to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Unsigned<'a> {
    pub method: &'a str,
    pub scheme: Scheme,
    pub authority: &'a str,
    /// Path and query, as they will be sent.
    pub target: &'a str,
    pub content: &'a [u8],
}

/// The parameters of a signature.
#[derive(Clone, Copy, Debug)]
pub struct SignatureParameters<'a> {
    pub key_id: &'a str,
    /// Seconds of Unix time.
    pub created_s: u64,
    /// 1 to 128 visible ASCII characters that were never used before.
    pub nonce: Option<&'a str>,
}

/// Why a request cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// The authority is not a host with an optional port.
    Authority,
    /// The gateway would refuse the target as ambiguous.
    Target,
    /// The time, key id or nonce cannot be written.
    Parameters,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "the authority is not a host with an optional port",
            Self::Target => "the target can be read in more than one way",
            Self::Parameters => "the time, key id or nonce cannot be written",
        })
    }
}

impl core::error::Error for SignError {}

/// The fields to add to a request: `Content-Digest` if it has content, `Signature-Input` and
/// `Signature` (RFC 9421). Covers the method, the whole target URI and the digest.
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
    let mut components = alloc::vec!["@method", "@target-uri"];
    let mut signed = Vec::new();
    if !request.content.is_empty() {
        let digest = Sha512::digest(request.content).to_vec();
        let member = Member::Item(Item::from(BareItem::Bytes(digest)));
        signed.push(("content-digest", dictionary("sha-512", member)?));
        components.push("content-digest");
    }
    let covered = inner_list(&components, parameters)?;
    let fields: Vec<Field<'_>> = signed
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let message = Message {
        method: request.method,
        scheme: request.scheme,
        authority: &authority,
        path: target.path(),
        query: target.query(),
        fields: &fields,
    };
    let mut base = String::new();
    write_base(&mut base, &message, &covered, Showing::Everything)
        .map_err(|_| SignError::Parameters)?;
    let mac = key.mac(&[base.as_bytes()]).as_bytes().to_vec();
    signed.push((
        "signature-input",
        dictionary("keyward", Member::InnerList(covered))?,
    ));
    let member = Member::Item(Item::from(BareItem::Bytes(mac)));
    signed.push(("signature", dictionary("keyward", member)?));
    Ok(signed)
}

fn inner_list<'a>(
    components: &[&'a str],
    parameters: &SignatureParameters<'a>,
) -> Result<InnerList<'a>, SignError> {
    let created = i64::try_from(parameters.created_s).map_err(|_| SignError::Parameters)?;
    let mut list = InnerList {
        items: components
            .iter()
            .map(|name| Item::from(BareItem::String(Cow::Borrowed(*name))))
            .collect(),
        parameters: Parameters::default(),
    };
    list.parameters.push("created", BareItem::Integer(created));
    list.parameters
        .push("keyid", BareItem::String(Cow::Borrowed(parameters.key_id)));
    if let Some(nonce) = parameters.nonce {
        list.parameters
            .push("nonce", BareItem::String(Cow::Borrowed(nonce)));
    }
    list.parameters
        .push("tag", BareItem::String(Cow::Borrowed(TAG)));
    Ok(list)
}

fn dictionary(key: &str, member: Member<'_>) -> Result<String, SignError> {
    let mut out = String::new();
    write_dictionary(&mut out, &[(key, member)]).map_err(|_| SignError::Parameters)?;
    Ok(out)
}
