//! An origin that answers only what came through the gateway.
use std::error::Error;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use tiny_http::{Request, Response, Server};

/// What the gateway says of a request; an error when it is not the gateway that says it.
fn claims(request: &Request, keys: &JwkSet) -> Result<Value, Box<dyn Error>> {
    let mut fields = request.headers().iter();
    let assertion = fields.find(|field| field.field.equiv("Keyward-Assertion"));
    let assertion = assertion.ok_or("no assertion")?.value.as_str();
    let header = decode_header(assertion)?;
    if header.typ.as_deref() != Some("keyward-assertion+jwt") {
        return Err("this is no assertion".into());
    }
    let key = keys.find(header.kid.as_deref().unwrap_or_default());
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[std::env::var("KEYWARD_ISSUER")?]);
    validation.set_audience(&[std::env::var("KEYWARD_AUDIENCE")?]);
    // What is not required here may be left out by the token.
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.leeway = 10;
    let key = DecodingKey::from_jwk(key.ok_or("an unknown key")?)?;
    Ok(decode(assertion, &key, &validation)?.claims)
}

fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "0".to_owned());
    let server = Server::http(format!("127.0.0.1:{port}")).map_err(|error| error.to_string())?;
    println!("http://{}", server.server_addr());
    let url = std::env::var("KEYWARD_JWKS")?;
    let mut keys = None;
    for request in server.incoming_requests() {
        // Fetched once; an origin that runs for months fetches them again at a key that it does not know.
        if keys.is_none() {
            keys = Some(ureq::get(&url).call()?.body_mut().read_json::<JwkSet>()?);
        }
        let (status, answer) = match claims(&request, keys.as_ref().ok_or("no keys")?) {
            Ok(said) => (200, said.to_string()),
            Err(error) => (401, error.to_string()),
        };
        request.respond(Response::from_string(answer).with_status_code(status))?;
    }
    Ok(())
}
