//! What `kong` and `cavage` share: credentials that are a list of parameters and name the lines
//! that they sign.
mod parameters;

use alloc::string::String;
use alloc::vec::Vec;

use crate::content::ContentDigest;
use crate::credential_text::is_key_id;
use crate::denial::{Code, Denial};
use crate::freshness::Freshness;
use crate::http_date;
use crate::key::Profile;
use crate::limits;
use crate::parse::Exchange;
use crate::parse::signature::{
    SignatureCredential, algorithm_of, cut, deny_base, insufficient, malformed,
};
use crate::request::ContentLength;
use crate::signature_base::draft::{Covered, write_lines};

pub(super) use parameters::Parameters;

/// What tells one of the two from the other.
pub(super) struct Dialect {
    pub(super) profile: Profile,
    /// The parameter that names the key.
    pub(super) key_id: &'static str,
    /// What the target is called where it is missing.
    pub(super) target: &'static str,
    pub(super) needs_host: bool,
    /// The line that a name in `headers` stands for. A name that no line has is taken for a
    /// field's and refused as such.
    pub(super) line:
        for<'t> fn(name: &'t str, parameters: &Parameters<'_>) -> Result<Covered<'t>, Denial>,
}

/// Reads the credential and rebuilds the lines that it covers.
pub(super) fn parse(
    exchange: &Exchange<'_>,
    text: &str,
    dialect: &Dialect,
) -> Result<SignatureCredential, Denial> {
    if text.len() > limits::CREDENTIAL_FIELD_BYTES_MAX {
        return Err(malformed("the credential exceeds 8 KiB"));
    }
    let parameters = Parameters::parse(text)?;
    let key_id = parameters.quoted(dialect.key_id)?;
    if !is_key_id(key_id, exchange.settings().imported_key_ids) {
        return Err(malformed("the key id is not well-formed or mistyped"));
    }
    let text = parameters.quoted("signature")?;
    let mac = keyward_base64::decode(text)
        .ok_or_else(|| malformed("the signature is not padded base64"))?;
    let algorithm = algorithm_of(&mac)?;
    let agrees = match parameters.optional("algorithm")? {
        None | Some("hs2019") => true,
        Some(name) => name == algorithm.as_str(),
    };

    // What its absence means differs between drafts: the date alone, or `(created)`. It is nothing
    // here, and clients that leave it out are told all that is missing.
    let headers = parameters.optional("headers")?;
    let names = match headers {
        Some(text) => names(text)?,
        None => Vec::new(),
    };
    let lines = names
        .into_iter()
        .map(|name| (dialect.line)(name, &parameters))
        .collect::<Result<Vec<_>, _>>()?;
    let freshness = freshness(exchange, &lines)?;
    let content_digest = match exchange.fields.combined("digest") {
        Some(value) if lines.contains(&Covered::Field("digest")) => {
            Some(ContentDigest::parse_rfc3230(&value).map_err(malformed)?)
        }
        _ => None,
    };
    let mut base = String::with_capacity(256);
    write_lines(&mut base, &exchange.message(), &lines).map_err(deny_base)?;
    require_coverage(
        exchange,
        dialect,
        &lines,
        &freshness,
        content_digest.as_ref(),
    )
    .map_err(|denial| match headers {
        Some(_) => denial,
        None => Denial::because(
            Code::InsufficientCoverage,
            "the parameter headers, which names what is covered, is missing",
        )
        .missing(denial.missing_components().to_vec()),
    })?;

    Ok(SignatureCredential {
        profile: dialect.profile,
        key_id: key_id.into(),
        algorithm: agrees.then_some(algorithm),
        freshness,
        has_nonce: false,
        content_digest,
        mac,
        // Credentials of the client's are never covered here, so all may be shown.
        shown_base: exchange.settings().debug.then(|| cut(base.clone())),
        base,
    })
}

/// The covered names, each once.
fn names(text: &str) -> Result<Vec<&str>, Denial> {
    let mut names: Vec<&str> = Vec::new();
    for name in text.split(' ') {
        if name.is_empty() {
            return Err(malformed(
                "headers must name what is signed, with single spaces between",
            ));
        }
        if names.len() >= limits::SIGNATURE_COMPONENTS_MAX {
            return Err(malformed("headers names more than 32 components"));
        }
        if names.contains(&name) {
            return Err(malformed("a component is covered twice"));
        }
        names.push(name);
    }
    Ok(names)
}

/// The times that are covered; others may be anybody's.
fn freshness(exchange: &Exchange<'_>, lines: &[Covered<'_>]) -> Result<Freshness, Denial> {
    let mut freshness = Freshness::default();
    for line in lines {
        match line {
            Covered::Created(at_s) => freshness.created_s = Some(*at_s),
            Covered::Expires(at_s) => freshness.expires_s = Some(*at_s),
            _ => {}
        }
    }
    for name in ["x-date", "date"] {
        if !lines.contains(&Covered::Field(name)) {
            continue;
        }
        if let Some(value) = exchange.fields.combined(name) {
            // Held to this grammar with the other fields already.
            let at_s = http_date::parse(&value).ok_or(Code::InvalidHeader)?;
            freshness.dates.push((name, at_s));
        }
    }
    match (freshness.created_s, freshness.expires_s) {
        (Some(created_s), Some(expires_s)) if expires_s <= created_s => {
            Err(malformed("the parameter expires is not after created"))
        }
        _ => Ok(freshness),
    }
}

/// The least that a signature must cover of this request, known before any key is looked up.
fn require_coverage(
    exchange: &Exchange<'_>,
    dialect: &Dialect,
    lines: &[Covered<'_>],
    freshness: &Freshness,
    digest: Option<&ContentDigest>,
) -> Result<(), Denial> {
    let target =
        |line: &Covered<'_>| matches!(line, Covered::RequestLine | Covered::RequestTarget(_));
    let announced = matches!(exchange.request.content, ContentLength::Declared(1..));
    let mut missing = Vec::new();
    for (is_covered, name) in [
        (lines.iter().any(target), dialect.target),
        (
            !dialect.needs_host || lines.contains(&Covered::Field("host")),
            "host",
        ),
        (freshness.has_beginning(), "date"),
        (
            !announced || digest.is_some_and(|digest| !digest.is_empty()),
            "digest",
        ),
    ] {
        if !is_covered {
            missing.push(name);
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(insufficient(missing))
    }
}
