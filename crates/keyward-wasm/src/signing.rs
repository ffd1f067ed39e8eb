//! Signing for clients.
use keyward_core::deployment::Scheme;
use keyward_core::key::Profile;
use keyward_core::mac::{Algorithm, MacKey};
use keyward_core::sign::{SignatureParameters, Unsigned, sign};

use crate::answer::Answer;
use crate::parts::Parts;

/// The parts are method, scheme, authority, target, content type, key id, secret, algorithm,
/// profile and nonce; an empty content type or nonce is none. Behind them is the content.
///
/// # Errors
/// A sentence on what cannot be signed.
pub(crate) fn fields(
    mut parts: Parts<'_>,
    created_s: u64,
    answer: &mut Answer,
) -> Result<(), String> {
    let content = parts.rest();
    let method = parts.part();
    let scheme = Scheme::parse(parts.part()).ok_or("the scheme is http or https")?;
    let (authority, target, content_type) = (parts.part(), parts.part(), parts.part());
    let (key_id, secret) = (parts.part(), parts.part());
    let algorithm =
        Algorithm::parse(parts.part()).ok_or("the algorithm is hmac-sha512 or hmac-sha256")?;
    let profile =
        Profile::parse(parts.part()).ok_or("the profile is rfc9421, cloud9, kong or cavage")?;
    let nonce = parts.part();
    if secret.is_empty() {
        return Err("a secret is not empty".to_owned());
    }
    let request = Unsigned {
        method,
        scheme,
        authority,
        target,
        content_type: (!content_type.is_empty()).then_some(content_type),
        content,
    };
    let parameters = SignatureParameters {
        profile,
        key_id,
        created_s,
        nonce: (!nonce.is_empty()).then_some(nonce),
    };
    let key = MacKey::new(algorithm, secret.as_bytes());
    let fields = sign(&request, &key, &parameters).map_err(|error| error.to_string())?;
    for (name, value) in fields {
        answer.push(name);
        answer.push(value);
    }
    Ok(())
}
