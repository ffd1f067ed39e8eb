//! Which of a request's signatures is meant for Keyward.
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::denial::{Code, Denial};
use crate::limits;
use crate::parse::signature::malformed;
use crate::structured::{
    self, BareItem, Bounds, InnerList, Member, StructuredError, StructuredErrorKind,
};

/// The tag of signatures that are meant for Keyward.
pub(crate) const TAG: &str = "keyward";

/// The members of both fields, in order.
pub(super) struct Signatures<'a> {
    pub(super) inputs: Vec<(&'a str, InnerList<'a>)>,
    pub(super) macs: Vec<(&'a str, Member<'a>)>,
}

/// The label of the signature that is the credential; `None` when all of them carry tags of
/// others: then the request has no signature credential.
pub(crate) fn own_label(input: &str, signature: &str) -> Result<Option<String>, Denial> {
    let signatures = Signatures::parse(input, signature)?;
    Ok(signatures.own()?.map(ToOwned::to_owned))
}

impl<'a> Signatures<'a> {
    pub(super) fn parse(input: &'a str, signature: &'a str) -> Result<Self, Denial> {
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

fn say(field: &str, error: StructuredError) -> String {
    match error.kind() {
        StructuredErrorKind::TooManyMembers => format!("{field} has more than 4 labels"),
        StructuredErrorKind::TooManyItems => format!("{field} covers more than 32 components"),
        StructuredErrorKind::TooManyParameters => format!("{field} has more than 8 parameters"),
        _ => format!("{field}: {error}"),
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
