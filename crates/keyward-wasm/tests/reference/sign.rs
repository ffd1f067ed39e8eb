//! Signing for clients.
use keyward_core::key::Profile;
use keyward_core::mac::{Algorithm, MacKey};
use keyward_core::sign::{SignatureParameters, Unsigned, sign};

use super::answer::{CallError, SignAnswer, write_or_error};
use super::call::{SignCall, read};

/// Signs a request: `{ request, key: { keyId, algorithm, secret }, created: seconds, nonce?, profile? }`, the
/// request as in [`super::decide_json`].
///
/// The answer is `{ fields: [[name, value]] }` to be added to the request, or
/// `{ error: { code, message } }`.
#[must_use]
pub(crate) fn sign_json(call: &str) -> String {
    write_or_error(answer(call))
}

fn answer(call: &str) -> Result<SignAnswer, CallError> {
    let call: SignCall<'_> = read(call)?;
    let algorithm = Algorithm::parse(&call.key.algorithm).ok_or_else(|| {
        CallError::new(
            "invalid_call",
            "key.algorithm is hmac-sha512 or hmac-sha256",
        )
    })?;
    let profile = match call.profile.as_deref() {
        None => Profile::Rfc9421,
        Some(name) => Profile::parse(name).ok_or_else(|| {
            CallError::new("invalid_call", "profile is rfc9421, cloud9, kong or cavage")
        })?,
    };
    let (content, _) = call.request.content()?;
    let request = Unsigned {
        method: &call.request.method,
        scheme: call.request.scheme()?,
        authority: &call.request.authority,
        target: &call.request.target,
        content_type: call.request.field("content-type"),
        content: &content,
    };
    let parameters = SignatureParameters {
        profile,
        key_id: &call.key.key_id,
        created_s: call.created,
        nonce: call.nonce.as_deref(),
    };
    let key = MacKey::new(algorithm, call.key.secret.as_bytes());
    sign(&request, &key, &parameters)
        .map(|fields| SignAnswer { fields })
        .map_err(|error| CallError::new("cannot_sign", error.to_string()))
}
