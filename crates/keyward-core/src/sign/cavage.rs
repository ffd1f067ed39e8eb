//! `Digest` if there is content, `Authorization: Signature ..`.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::draft::{digest, mac};
use super::{Order, SignError};
use crate::parse::cavage::REQUEST_TARGET;
use crate::signature_base::draft::Covered;

/// The latest time that parsers of the draft have to take: twelve digits.
const CREATED_S_MAX: u64 = 999_999_999_999;

pub(super) fn sign(order: &Order<'_>) -> Result<Vec<(&'static str, String)>, SignError> {
    let (key_id, created_s) = (order.key_id()?, order.parameters.created_s);
    if created_s > CREATED_S_MAX {
        return Err(SignError::Parameters);
    }
    let mut added = Vec::new();
    let mut lines = alloc::vec![
        Covered::RequestTarget(REQUEST_TARGET),
        Covered::Created(created_s),
        Covered::Field("host"),
    ];
    let mut headers = format!("{REQUEST_TARGET} (created) host");
    if let Some(digest) = digest(order) {
        added.push(digest);
        lines.push(Covered::Field("digest"));
        headers.push_str(" digest");
    }
    let mac = mac(order, &added, &lines)?;
    added.push((
        "authorization",
        format!(
            r#"Signature keyId="{key_id}", algorithm="hs2019", created={created_s}, headers="{headers}", signature="{mac}""#
        ),
    ));
    Ok(added)
}
