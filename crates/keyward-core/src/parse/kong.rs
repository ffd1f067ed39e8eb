//! Kong's hmac-auth: `hmac username="..", algorithm="hmac-sha512", headers="date request-line
//! digest", signature=".."`.
use super::Exchange;
use super::draft::{self, Dialect, Parameters};
use crate::denial::Denial;
use crate::key::Profile;
use crate::parse::signature::SignatureCredential;
use crate::signature_base::draft::Covered;

pub(crate) const REQUEST_TARGET: &str = "@request-target";

const DIALECT: Dialect = Dialect {
    profile: Profile::Kong,
    key_id: "username",
    target: "request-line",
    // Kong does not ask for it, and its clients' proxies often change it.
    needs_host: false,
    line,
};

/// Reads what follows the scheme's name.
pub(crate) fn parse(exchange: &Exchange<'_>, text: &str) -> Result<SignatureCredential, Denial> {
    draft::parse(exchange, text, &DIALECT)
}

/// Kong takes a field of the name `request-line`, if the client sends one, for the request line.
/// Here the request line is always the request's.
fn line<'t>(name: &'t str, _: &Parameters<'_>) -> Result<Covered<'t>, Denial> {
    Ok(match name {
        "request-line" => Covered::RequestLine,
        REQUEST_TARGET => Covered::RequestTarget(REQUEST_TARGET),
        name => Covered::Field(name),
    })
}
