//! `Content-Digest` if there is content, `Signature-Input`, `Signature`.
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest, Sha512};

use super::{Order, SignError, SignatureParameters};
use crate::parse::rfc9421::TAG;
use crate::request::Field;
use crate::signature_base::{Showing, write_base};
use crate::structured::{BareItem, InnerList, Item, Member, Parameters, write_dictionary};

pub(super) fn sign(order: &Order<'_>) -> Result<Vec<(&'static str, String)>, SignError> {
    let mut components = alloc::vec!["@method", "@target-uri"];
    let mut signed = Vec::new();
    if !order.request.content.is_empty() {
        let digest = Sha512::digest(order.request.content).to_vec();
        let member = Member::Item(Item::from(BareItem::Bytes(digest)));
        signed.push(("content-digest", dictionary("sha-512", member)?));
        components.push("content-digest");
    }
    let covered = inner_list(&components, order.parameters)?;
    let fields: Vec<Field<'_>> = signed
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut base = String::new();
    write_base(
        &mut base,
        &order.message(&fields),
        &covered,
        Showing::Everything,
    )
    .map_err(|_| SignError::Parameters)?;
    let mac = order.key.mac(&[base.as_bytes()]).as_bytes().to_vec();
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
