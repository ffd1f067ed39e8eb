//! draft-cavage-http-signatures-12: `Signature keyId="..", algorithm="hs2019",
//! headers="(request-target) (created) host digest", created=1790000000, signature=".."`.
use super::Exchange;
use super::draft::{self, Dialect, Parameters};
use crate::denial::Denial;
use crate::key::Profile;
use crate::parse::signature::{SignatureCredential, malformed};
use crate::signature_base::draft::Covered;

pub(crate) const REQUEST_TARGET: &str = "(request-target)";

const DIALECT: Dialect = Dialect {
    profile: Profile::Cavage,
    key_id: "keyId",
    target: REQUEST_TARGET,
    needs_host: true,
    line,
};

/// Whether a `Signature` field without `Signature-Input` holds parameters of this draft. Labels
/// of RFC 9421 have no upper case.
pub(crate) fn is_meant(signature: &str) -> bool {
    signature.contains("keyId")
}

/// Reads what follows the scheme's name, or the whole of a `Signature` field.
pub(crate) fn parse(exchange: &Exchange<'_>, text: &str) -> Result<SignatureCredential, Denial> {
    draft::parse(exchange, text, &DIALECT)
}

fn line<'t>(name: &'t str, parameters: &Parameters<'_>) -> Result<Covered<'t>, Denial> {
    Ok(match name {
        REQUEST_TARGET => Covered::RequestTarget(REQUEST_TARGET),
        "(created)" => Covered::Created(time(parameters, "created")?),
        "(expires)" => Covered::Expires(time(parameters, "expires")?),
        name => Covered::Field(name),
    })
}

/// Section 2.3: with an algorithm whose name begins with rsa, hmac or ecdsa these are an error.
fn time(parameters: &Parameters<'_>, name: &str) -> Result<u64, Denial> {
    if parameters.names_algorithm() {
        return Err(malformed(
            "(created) and (expires) need the algorithm hs2019 or none (draft-cavage-12 section 2.3)",
        ));
    }
    parameters.seconds(name)
}
