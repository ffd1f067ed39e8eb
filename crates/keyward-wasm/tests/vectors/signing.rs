//! `signing.json`: requests to sign.
use serde::Deserialize;
use serde_json::{Value, json};

use crate::expand::RequestSpec;
use crate::over;
use crate::setting::Setting;
use crate::sign::{SignSpec, sign};

/// The file of vectors for signing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignTheme {
    #[expect(dead_code, reason = "for people")]
    about: String,
    pub(crate) vectors: Vec<SignVector>,
}

/// A request to sign, and the code if that is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignVector {
    pub(crate) name: String,
    #[serde(default)]
    request: RequestSpec,
    key: String,
    /// `rfc9421` where nothing is said.
    profile: Option<String>,
    nonce: Option<String>,
    /// Of other profiles what is signed and the fields to expect, as [`over::fill`] reads them.
    over: Option<String>,
    #[serde(default)]
    fields: Vec<(String, String)>,
    error: Option<String>,
}

impl SignVector {
    pub(crate) fn call(&self, setting: &Setting) -> Value {
        let key = setting.key(&self.key);
        json!({
            "request": self.request.to_json(self.request.fields()),
            "key": { "keyId": key.key_id, "algorithm": setting.algorithm(key), "secret": key.secret },
            "created": setting.now,
            "nonce": self.nonce,
            "profile": self.profile,
        })
    }

    pub(crate) fn answer(&self, setting: &Setting) -> Value {
        if let Some(message) = &self.error {
            return json!({ "error": { "code": "cannot_sign", "message": message } });
        }
        let key = setting.key(&self.key);
        if let Some(over) = &self.over {
            let filled = |(name, value): &(String, String)| {
                json!([name, over::fill(setting, key, over, value)])
            };
            let fields: Vec<_> = self.fields.iter().map(filled).collect();
            return json!({ "fields": fields });
        }
        let signed = sign(
            setting,
            key,
            &self.request,
            &SignSpec::with_nonce(self.nonce.clone()),
        );
        let digest = signed
            .digest
            .map(|digest| json!(["content-digest", digest]));
        let mut fields: Vec<_> = digest.into_iter().collect();
        fields.push(json!([
            "signature-input",
            format!("keyward={}", signed.covered)
        ]));
        fields.push(json!(["signature", format!("keyward={}", signed.mac)]));
        json!({ "fields": fields })
    }
}
