//! Where the one credential of a request stands.
use alloc::string::String;

use crate::denial::{Code, Denial};
use crate::parse::fields::Fields;
use crate::parse::signature::malformed;
use crate::parse::{cavage, rfc9421};
use crate::request::ContentLength;

/// The scheme of tokens (RFC 6750 section 2.1).
pub(super) const BEARER: &str = "bearer";

/// The one credential, unread but for what tells it from the others.
pub(crate) enum Carrier<'f> {
    /// `Signature-Input` with `Signature`, and the label of the signature that counts.
    Rfc9421 {
        input: &'f str,
        signature: &'f str,
        own: Result<String, Denial>,
    },
    /// What follows the scheme `Signature`, or a `Signature` field that stands alone.
    Cavage(&'f str),
    /// What follows the scheme `hmac`.
    Kong(&'f str),
    /// What follows the scheme `HmacSHA512`.
    Cloud9(&'f str),
    /// What follows the scheme `Basic`.
    Basic(&'f str),
    /// What follows the scheme `Bearer`.
    Bearer(&'f str),
}

impl<'f> Carrier<'f> {
    /// # Errors
    /// `multiple_credentials` when there are two, whatever they are; `missing_credentials`;
    /// `malformed_credentials` when it is of no known kind.
    pub(crate) fn find(fields: &'f Fields<'_>) -> Result<Self, Denial> {
        let signature = match (&fields.signature_input, &fields.signature) {
            (None, None) => None,
            (Some(input), Some(signature)) => match rfc9421::own_label(input, signature) {
                // All of them are meant for others.
                Ok(None) => None,
                // Fields that cannot be read count as a credential: they may be one.
                own => Some(Ok(Self::Rfc9421 {
                    input,
                    signature,
                    own: own.map(Option::unwrap_or_default),
                })),
            },
            (None, Some(signature)) if cavage::is_meant(signature) => {
                Some(Ok(Self::Cavage(signature)))
            }
            // So does one of the two alone.
            _ => Some(Err(malformed(
                "Signature-Input and Signature go together (RFC 9421 section 4)",
            ))),
        };
        let authorization = fields.authorization.as_deref();
        let proxy_authorization = fields.proxy_authorization.as_deref();
        match (signature, authorization, proxy_authorization) {
            (None, None, None) => Err(Code::MissingCredentials.into()),
            (Some(signature), None, None) => signature,
            (None, Some(value), None) | (None, None, Some(value)) => Self::by_scheme(value),
            _ => Err(Code::MultipleCredentials.into()),
        }
    }

    /// `Authorization: <scheme> <the rest>`, the scheme in any case (RFC 9110 section 11.1).
    fn by_scheme(value: &'f str) -> Result<Self, Denial> {
        if holds_another(value) {
            return Err(Code::MultipleCredentials.into());
        }
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        let rest = rest.trim_matches(' ');
        Ok(match () {
            () if scheme.eq_ignore_ascii_case("signature") => Self::Cavage(rest),
            () if scheme.eq_ignore_ascii_case("hmac") => Self::Kong(rest),
            () if scheme.eq_ignore_ascii_case("hmacsha512") => Self::Cloud9(rest),
            () if scheme.eq_ignore_ascii_case("basic") => Self::Basic(rest),
            () if scheme.eq_ignore_ascii_case(BEARER) => Self::Bearer(rest),
            () => {
                return Err(malformed(
                    "the authentication scheme is not one of those in WWW-Authenticate",
                ));
            }
        })
    }

    /// Signed content is buffered to be checked, so its announced length matters at once.
    ///
    /// # Errors
    /// `content_too_large`.
    pub(crate) fn require_content_fits(
        &self,
        content: ContentLength,
        bytes_max: u64,
    ) -> Result<(), Denial> {
        match (self, content) {
            (Self::Basic(_) | Self::Bearer(_), _) => Ok(()),
            (_, ContentLength::Declared(octets)) if octets > bytes_max => {
                Err(Code::ContentTooLarge.into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether another credential follows the first, as where a runtime joined two lines: behind a
/// comma a parameter is `name=value`, and a credential begins `scheme something`.
fn holds_another(value: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    let elements = value.split(|c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return c == ',' && !quoted,
        }
        false
    });
    elements.skip(1).any(|element| {
        let (first, rest) = element
            .trim_matches([' ', '\t'])
            .split_once([' ', '\t'])
            .unwrap_or_default();
        !first.contains(['=', '"']) && !rest.is_empty() && !rest.trim_start().starts_with('=')
    })
}
