//! `X-Date`, `Digest` if there is content, `Authorization: Signature ..`.
//!
//! As most verifiers can read it: no blanks between the parameters; the algorithm by its own name,
//! since few know `hs2019`, and so a date, since `(created)` goes with `hs2019` alone; and `X-Date`,
//! which may be set in browsers, too.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::draft::{digest, mac};
use super::{Order, SignError};
use crate::http_date;
use crate::parse::cavage::REQUEST_TARGET;
use crate::signature_base::draft::Covered;

pub(super) fn sign(order: &Order<'_>) -> Result<Vec<(&'static str, String)>, SignError> {
    let key_id = order.key_id()?;
    let date = http_date::write(order.parameters.created_s).ok_or(SignError::Parameters)?;
    let mut added = alloc::vec![("x-date", date)];
    let mut lines = alloc::vec![
        Covered::RequestTarget(REQUEST_TARGET),
        Covered::Field("host"),
        Covered::Field("x-date"),
    ];
    let mut headers = format!("{REQUEST_TARGET} host x-date");
    if let Some(digest) = digest(order) {
        added.push(digest);
        lines.push(Covered::Field("digest"));
        headers.push_str(" digest");
    }
    let mac = mac(order, &added, &lines)?;
    let algorithm = order.key.algorithm().as_str();
    added.push((
        "authorization",
        format!(
            r#"Signature keyId="{key_id}",algorithm="{algorithm}",headers="{headers}",signature="{mac}""#
        ),
    ));
    Ok(added)
}
