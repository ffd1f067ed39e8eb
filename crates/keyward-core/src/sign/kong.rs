//! `X-Date` (which may be set in browsers, too), `Digest` if there is content, `Authorization: hmac ..`.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::draft::{digest, mac};
use super::{Order, SignError};
use crate::http_date;
use crate::signature_base::draft::Covered;

pub(super) fn sign(order: &Order<'_>) -> Result<Vec<(&'static str, String)>, SignError> {
    let key_id = order.key_id()?;
    let date = http_date::write(order.parameters.created_s).ok_or(SignError::Parameters)?;
    let mut added = alloc::vec![("x-date", date)];
    let mut lines = alloc::vec![Covered::Field("x-date"), Covered::RequestLine];
    let mut headers = String::from("x-date request-line");
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
            r#"hmac username="{key_id}", algorithm="{algorithm}", headers="{headers}", signature="{mac}""#
        ),
    ));
    Ok(added)
}
