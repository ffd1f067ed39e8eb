//! HTTP Message Signatures (RFC 9421): the profile `rfc9421`.
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use crate::content::ContentDigest;
use crate::credential_text::is_key_id;
use crate::denial::Denial;
use crate::freshness::Freshness;
use crate::key::Profile;
use crate::limits;
use crate::parse::Exchange;
use crate::parse::signature::{SignatureCredential, algorithm_of, cut, deny_base, malformed};
use crate::signature_base::{Message, Showing, write_base};
use crate::structured::{BareItem, InnerList, Member};

mod coverage;
mod labels;

pub(crate) use labels::{TAG, own_label, own_removed};

use coverage::{covered, require_coverage};
use labels::Signatures;

/// Reads the signature with this label.
pub(crate) fn parse(
    exchange: &Exchange<'_>,
    input: &str,
    signature: &str,
    own: &str,
) -> Result<SignatureCredential, Denial> {
    let signatures = Signatures::parse(input, signature)?;
    let list = signatures
        .inputs
        .iter()
        .find(|(label, _)| *label == own)
        .map(|(_, list)| list);
    let mac = signatures
        .macs
        .iter()
        .find(|(label, _)| *label == own)
        .map(|(_, mac)| mac);
    let (Some(list), Some(Member::Item(mac))) = (list, mac) else {
        return Err(malformed("the signature is not a byte sequence"));
    };
    let BareItem::Bytes(mac) = &mac.value else {
        return Err(malformed("the signature is not a byte sequence"));
    };
    let algorithm = algorithm_of(mac)?;
    let parameters = Parameters::parse(list, exchange.settings().imported_key_ids)?;
    let covers = covered(list)?;
    let content_digest = match (covers.content_digest, &exchange.fields.content_digest) {
        (true, Some(value)) => {
            Some(ContentDigest::parse(value).map_err(|error| malformed(format!("{error}")))?)
        }
        _ => None,
    };

    let message = exchange.message();
    let mut base = String::with_capacity(512);
    write_base(&mut base, &message, list, Showing::Everything).map_err(deny_base)?;
    let shown_base = exchange.settings().debug.then(|| {
        let mut shown = String::with_capacity(base.len());
        // The same components were written a line above, so this does not fail.
        let _ = write_base(&mut shown, &message, list, Showing::NoCredentials);
        cut(shown)
    });
    require_coverage(exchange, &covers, content_digest.as_ref())?;

    let agrees = parameters
        .alg
        .as_deref()
        .is_none_or(|alg| alg == algorithm.as_str());
    Ok(SignatureCredential {
        profile: Profile::Rfc9421,
        key_id: parameters.key_id,
        algorithm: agrees.then_some(algorithm),
        freshness: Freshness {
            created_s: Some(parameters.created_s),
            expires_s: parameters.expires_s,
            ..Freshness::default()
        },
        has_nonce: parameters.has_nonce,
        content_digest,
        mac: mac.clone(),
        base,
        shown_base,
    })
}

/// The parameters of RFC 9421 section 2.3; others are signed along and mean nothing.
struct Parameters {
    alg: Option<String>,
    created_s: u64,
    expires_s: Option<u64>,
    key_id: String,
    has_nonce: bool,
}

impl Parameters {
    fn parse(list: &InnerList<'_>, imported_key_ids: bool) -> Result<Self, Denial> {
        if list.parameters.has_duplicates() {
            return Err(malformed("a signature parameter occurs twice"));
        }
        let (mut alg, mut created_s, mut expires_s, mut key_id) = (None, None, None, None);
        let mut has_nonce = false;
        for (name, value) in list.parameters.iter() {
            match name {
                "alg" => alg = Some(string(name, value)?.clone().into_owned()),
                "created" => created_s = Some(seconds(name, value)?),
                "expires" => expires_s = Some(seconds(name, value)?),
                "keyid" => key_id = Some(string(name, value)?.clone().into_owned()),
                "nonce" => {
                    let nonce = string(name, value)?;
                    let fits = (1..=limits::NONCE_BYTES_MAX).contains(&nonce.len());
                    if !fits || !nonce.bytes().all(|b| b.is_ascii_graphic()) {
                        return Err(malformed(
                            "the nonce must be 1 to 128 visible ASCII characters",
                        ));
                    }
                    has_nonce = true;
                }
                "tag" => {
                    string(name, value)?;
                }
                _ => {}
            }
        }
        let key_id = key_id.ok_or_else(|| malformed("the parameter keyid is missing"))?;
        if !is_key_id(&key_id, imported_key_ids) {
            return Err(malformed("the key id is not well-formed or mistyped"));
        }
        let created_s = created_s.ok_or_else(|| malformed("the parameter created is missing"))?;
        if expires_s.is_some_and(|expires_s| expires_s <= created_s) {
            return Err(malformed("the parameter expires is not after created"));
        }
        Ok(Self {
            alg,
            created_s,
            expires_s,
            key_id,
            has_nonce,
        })
    }
}

fn string<'v, 'a>(name: &str, value: &'v BareItem<'a>) -> Result<&'v Cow<'a, str>, Denial> {
    match value {
        BareItem::String(text) => Ok(text),
        _ => Err(malformed(format!("the parameter {name} is not a string"))),
    }
}

fn seconds(name: &str, value: &BareItem<'_>) -> Result<u64, Denial> {
    match value {
        BareItem::Integer(seconds) => u64::try_from(*seconds).ok(),
        _ => None,
    }
    .ok_or_else(|| {
        malformed(format!(
            "the parameter {name} is not a time in whole seconds"
        ))
    })
}

impl<'a> Exchange<'a> {
    pub(crate) fn message(&self) -> Message<'_> {
        Message {
            method: self.request.method,
            scheme: self.request.scheme,
            authority: &self.authority.authority,
            path: self.target.path(),
            query: self.target.query(),
            fields: self.fields.all,
        }
    }
}
