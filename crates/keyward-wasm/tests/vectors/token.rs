//! Tokens, made rightly or wrongly: put together here a second time, so that the vectors do not only say that the
//! core agrees with itself.
use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use keyward_core::jws::JwsAlgorithm;
use keyward_core::mac::MacKey;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::setting::{KeyJson, Setting};

/// How a token differs from the one that a good client of the key has.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenSpec {
    /// Laid over the header and the claims; `null` takes a member away, and times are `now+5`.
    #[serde(default)]
    header: Map<String, Value>,
    #[serde(default)]
    claims: Map<String, Value>,
    /// Instead of their JSON.
    header_text: Option<String>,
    claims_text: Option<String>,
    /// Signed by this algorithm instead of the key's.
    algorithm: Option<String>,
    /// Signed with this secret, or that of the key's second issue, or the key of another environment.
    secret: Option<String>,
    #[serde(default)]
    next: bool,
    signer: Option<String>,
    /// The bit of the signature of this number is another.
    flip: Option<usize>,
    /// Text around `${token}`.
    text: Option<String>,
}

pub(crate) fn token(setting: &Setting, key: &KeyJson, spec: &TokenSpec) -> String {
    let own = setting.algorithm(key);
    let algorithm = spec.algorithm.as_ref().unwrap_or(&own);
    let environment = setting.environment(key);
    let issue = if spec.next { "i2" } else { "i1" };
    let (mut header, mut claims) = if key.record.contains_key("tokenProfile") {
        (
            json!({ "alg": own, "typ": "JWT" }),
            json!({ "iss": key.key_id, "exp": "now+3600" }),
        )
    } else {
        let kid = if own == "EdDSA" {
            setting.token_kid(&environment)
        } else {
            issue.to_owned()
        };
        (
            json!({ "alg": own, "typ": "keyward-token+jwt", "kid": kid }),
            json!({
                "iss": setting.settings["name"], "aud": environment, "sub": key.key_id, "jti": issue,
                "iat": "now-10", "exp": "now+3600",
            }),
        )
    };
    lay(setting, &mut header, &spec.header);
    lay(setting, &mut claims, &spec.claims);
    let header = spec.header_text.clone().unwrap_or(header.to_string());
    let claims = spec.claims_text.clone().unwrap_or(claims.to_string());
    let claims = claims.replace("${keyid}", &key.key_id);
    let message = format!(
        "{}.{}",
        encode(header.as_bytes()),
        encode(claims.as_bytes())
    );
    let mut signature = match JwsAlgorithm::parse(algorithm).expect("an algorithm").mac() {
        None => {
            let signer = spec.signer.as_ref().unwrap_or(&environment);
            SigningKey::from_bytes(&setting.token_seed(signer))
                .sign(message.as_bytes())
                .to_vec()
        }
        Some(mac) => {
            let next = spec
                .next
                .then(|| key.next_secret.as_ref().expect("a next secret"));
            let secret = spec.secret.as_ref().or(next).unwrap_or(&key.secret);
            let mac = MacKey::new(mac, secret.as_bytes()).mac(&[message.as_bytes()]);
            mac.as_bytes().to_vec()
        }
    };
    if let Some(bit) = spec.flip {
        signature[bit / 8] ^= 0x80 >> (bit % 8);
    }
    let token = format!("{message}.{}", encode(&signature));
    match &spec.text {
        None => token,
        Some(text) => text.replace("${token}", &token),
    }
}

fn lay(setting: &Setting, value: &mut Value, over: &Map<String, Value>) {
    let members = value.as_object_mut().expect("an object");
    for (name, value) in over {
        match value {
            Value::Null => members.remove(name),
            _ => members.insert(name.clone(), value.clone()),
        };
    }
    for name in ["iat", "nbf", "exp"] {
        if let Some(time) = members.get_mut(name)
            && let Some(text) = time.as_str().filter(|text| text.starts_with("now"))
        {
            *time = setting.time(text).into();
        }
    }
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
