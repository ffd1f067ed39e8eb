//! HTTP Message Signatures (RFC 9421): the profile `rfc9421`.
use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::content::ContentDigest;
use crate::credential_text::is_key_id;
use crate::denial::{Code, Denial};
use crate::limits;
use crate::mac::Algorithm;
use crate::parse::Exchange;
use crate::request::ContentLength;
use crate::signature_base::{BaseError, Message, Showing, write_base};
use crate::structured::{
    self, BareItem, Bounds, InnerList, Member, StructuredError, StructuredErrorKind,
};

/// The tag of signatures that are meant for Keyward.
pub(crate) const TAG: &str = "keyward";

/// One signature, its base rebuilt from the request as it was received.
pub(crate) struct SignatureCredential {
    pub(crate) key_id: String,
    /// What the MAC is as long as, and `alg` says if it is there; `None` if no key can have it.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) created_s: u64,
    pub(crate) expires_s: Option<u64>,
    pub(crate) has_nonce: bool,
    /// `Content-Digest`, if it is covered.
    pub(crate) content_digest: Option<ContentDigest>,
    pub(crate) mac: Vec<u8>,
    pub(crate) base: String,
    /// The base without the client's other secrets, if the deployment shows it.
    pub(crate) shown_base: Option<String>,
}

impl fmt::Debug for SignatureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureCredential({}, ..)", self.key_id)
    }
}

/// The members of both fields, in order.
struct Signatures<'a> {
    inputs: Vec<(&'a str, InnerList<'a>)>,
    macs: Vec<(&'a str, Member<'a>)>,
}

/// The labels of all signatures whose tag says that they are for somebody else, and the label
/// of the one for Keyward.
pub(crate) struct Labels {
    pub(crate) own: Option<String>,
}

fn malformed(detail: impl Into<String>) -> Denial {
    Denial::because(Code::MalformedCredentials, detail)
}

/// Which signature of the request is the credential. `own` is `None` when all of them carry
/// tags of others: then the request has no signature credential.
pub(crate) fn labels(input: &str, signature: &str) -> Result<Labels, Denial> {
    let signatures = Signatures::parse(input, signature)?;
    Ok(Labels {
        own: signatures.own()?.map(ToOwned::to_owned),
    })
}

impl<'a> Signatures<'a> {
    fn parse(input: &'a str, signature: &'a str) -> Result<Self, Denial> {
        if input.len().max(signature.len()) > limits::CREDENTIAL_FIELD_BYTES_MAX {
            return Err(malformed("Signature-Input or Signature exceeds 8 KiB"));
        }
        let bounds = Bounds {
            members: limits::SIGNATURE_LABELS_MAX,
            items: limits::SIGNATURE_COMPONENTS_MAX,
            parameters: limits::SIGNATURE_PARAMETERS_MAX,
        };
        let members = structured::parse_dictionary(input, &bounds)
            .map_err(|error| malformed(say("Signature-Input", error)))?;
        let macs = structured::parse_dictionary(signature, &bounds)
            .map_err(|error| malformed(say("Signature", error)))?;
        let mut inputs = Vec::with_capacity(members.len());
        for (label, member) in members {
            if label.len() > limits::SIGNATURE_LABEL_BYTES_MAX {
                return Err(malformed("a signature label has more than 64 characters"));
            }
            let Member::InnerList(list) = member else {
                return Err(malformed(
                    "a member of Signature-Input is not a list of components",
                ));
            };
            inputs.push((label, list));
        }
        let same = inputs.len() == macs.len()
            && inputs.iter().enumerate().all(|(index, (label, _))| {
                !inputs.iter().take(index).any(|(other, _)| other == label)
                    && macs.iter().filter(|(other, _)| other == label).count() == 1
            });
        if !same {
            return Err(malformed(
                "Signature-Input and Signature do not have the same labels, each once",
            ));
        }
        Ok(Self { inputs, macs })
    }

    /// Never "any valid one wins": exactly one is tagged `keyward`, or exactly one has no tag.
    fn own(&self) -> Result<Option<&'a str>, Denial> {
        let tagged = |wanted: Option<&str>| {
            let mut labels = self.inputs.iter().filter_map(move |(label, list)| {
                let tag = list.parameters.iter().find(|(name, _)| *name == "tag");
                let found = match tag {
                    None => None,
                    Some((_, BareItem::String(tag))) => Some(tag.as_ref()),
                    // Not a tag at all, so nobody's: refused when it is read.
                    Some(_) => Some(TAG),
                };
                (found == wanted).then_some(*label)
            });
            (labels.next(), labels.next().is_some())
        };
        let (own, several) = match tagged(Some(TAG)) {
            (None, _) => tagged(None),
            found => found,
        };
        if several {
            return Err(Denial::because(
                Code::MultipleCredentials,
                "more than one signature could be meant: tag one of them \"keyward\"",
            ));
        }
        Ok(own)
    }
}

impl SignatureCredential {
    /// Reads the signature with this label.
    pub(crate) fn parse(
        exchange: &Exchange<'_>,
        input: &str,
        signature: &str,
        own: &str,
    ) -> Result<Self, Denial> {
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
        let algorithm = match mac.len() {
            32 => Algorithm::HmacSha256,
            64 => Algorithm::HmacSha512,
            _ => return Err(malformed("the signature has neither 32 nor 64 bytes")),
        };
        let parameters = Parameters::parse(list, exchange.settings().imported_key_ids)?;
        let covers = covered(list)?;
        let content_digest = match (covers.content_digest, &exchange.fields.content_digest) {
            (true, Some(value)) => {
                Some(ContentDigest::parse(value).map_err(|error| malformed(format!("{error}")))?)
            }
            _ => None,
        };

        let settings = exchange.settings();
        let message = exchange.message();
        let mut base = String::with_capacity(512);
        write_base(&mut base, &message, list, Showing::Everything).map_err(deny_base)?;
        let shown_base = settings.debug.then(|| {
            let mut shown = String::with_capacity(base.len());
            // The same components were written a line above, so this does not fail.
            let _ = write_base(&mut shown, &message, list, Showing::NoCredentials);
            match shown.get(..limits::SIGNATURE_BASE_SHOWN_BYTES_MAX) {
                Some(cut) => cut.to_owned(),
                None => shown,
            }
        });
        require_coverage(exchange, &covers, content_digest.as_ref())?;

        let agrees = parameters
            .alg
            .as_deref()
            .is_none_or(|alg| alg == algorithm.as_str());
        Ok(Self {
            key_id: parameters.key_id,
            algorithm: agrees.then_some(algorithm),
            created_s: parameters.created_s,
            expires_s: parameters.expires_s,
            has_nonce: parameters.has_nonce,
            content_digest,
            mac: mac.clone(),
            base,
            shown_base,
        })
    }
}

fn deny_base(error: BaseError) -> Denial {
    let code = match error {
        BaseError::Unsupported(_) => Code::UnsupportedComponent,
        _ => Code::MalformedCredentials,
    };
    Denial::because(code, format!("{error}"))
}

fn say(field: &str, error: StructuredError) -> String {
    match error.kind() {
        StructuredErrorKind::TooManyMembers => format!("{field} has more than 4 labels"),
        StructuredErrorKind::TooManyItems => format!("{field} covers more than 32 components"),
        StructuredErrorKind::TooManyParameters => format!("{field} has more than 8 parameters"),
        _ => format!("{field}: {error}"),
    }
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

/// What the plain components cover.
#[derive(Default)]
struct Covers {
    method: bool,
    target_uri: bool,
    authority: bool,
    path: bool,
    query: bool,
    content_digest: bool,
}

fn covered(list: &InnerList<'_>) -> Result<Covers, Denial> {
    let mut covers = Covers::default();
    for (index, item) in list.items.iter().enumerate() {
        if list.items.iter().take(index).any(|other| other == item) {
            return Err(malformed("a component is covered twice"));
        }
        let BareItem::String(name) = &item.value else {
            continue;
        };
        match name.as_ref() {
            "@method" => covers.method = true,
            "@target-uri" => covers.target_uri = true,
            "@authority" => covers.authority = true,
            "@path" => covers.path = true,
            "@query" => covers.query = true,
            "content-digest" => covers.content_digest = true,
            _ => {}
        }
    }
    Ok(covers)
}

/// The least that a signature must cover of this request, known before any key is looked up.
fn require_coverage(
    exchange: &Exchange<'_>,
    covers: &Covers,
    digest: Option<&ContentDigest>,
) -> Result<(), Denial> {
    let mut missing = Vec::new();
    if !covers.method {
        missing.push("@method");
    }
    if !covers.target_uri {
        let has_query = exchange
            .target
            .query()
            .is_some_and(|query| !query.is_empty());
        for (is_covered, name, matters) in [
            (covers.authority, "@authority", true),
            (covers.path, "@path", true),
            (covers.query, "@query", has_query),
        ] {
            if matters && !is_covered {
                missing.push(name);
            }
        }
    }
    let announced = matches!(exchange.request.content, ContentLength::Declared(1..));
    if announced && digest.is_none_or(ContentDigest::is_empty) {
        missing.push("content-digest");
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(insufficient(missing))
}

/// Content must be covered by a digest that counts.
pub(crate) fn content_not_covered() -> Denial {
    insufficient(alloc::vec!["content-digest"])
}

fn insufficient(missing: Vec<&'static str>) -> Denial {
    let mut detail = String::from("the signature must also cover ");
    detail.push_str(&missing.join(", "));
    if missing.contains(&"content-digest") {
        detail.push_str(" with sha-512 or sha-256");
    }
    Denial::because(Code::InsufficientCoverage, detail).missing(missing)
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

/// Both fields without the credential's member, for those that other signatures are meant for;
/// `None` when nothing is left.
pub(crate) fn own_removed(input: &str, signature: &str) -> Option<(String, String)> {
    let mut signatures = Signatures::parse(input, signature).ok()?;
    let own = signatures.own().ok()?;
    signatures.inputs.retain(|(label, _)| Some(*label) != own);
    signatures.macs.retain(|(label, _)| Some(*label) != own);
    if signatures.inputs.is_empty() {
        return None;
    }
    let inputs: Vec<_> = signatures
        .inputs
        .into_iter()
        .map(|(label, list)| (label, Member::InnerList(list)))
        .collect();
    let (mut input, mut signature) = (String::new(), String::new());
    structured::write_dictionary(&mut input, &inputs).ok()?;
    structured::write_dictionary(&mut signature, &signatures.macs).ok()?;
    Some((input, signature))
}
