//! From a vector as people write it to a call as every runtime takes it.
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::over;
use crate::setting::{Setting, Tampering};
use crate::sign::{SignSpec, Signed, content_json, sign};
use crate::token::{TokenSpec, token};

/// A file of vectors about one theme.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Theme {
    #[expect(dead_code, reason = "for people")]
    about: String,
    pub(crate) vectors: Vec<Vector>,
}

/// One request and what has to become of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Vector {
    /// Its defect, or what is good about it.
    pub(crate) name: String,
    /// The rule in `tests/README.md` that it is about.
    pub(crate) rule: String,
    #[serde(default)]
    request: RequestSpec,
    /// The key that the credential is of.
    key: Option<String>,
    sign: Option<SignSpec>,
    basic: Option<BasicSpec>,
    token: Option<TokenSpec>,
    /// What was signed, in profiles where that can be read; see [`over::fill`].
    over: Option<String>,
    /// How the key's record differs from the published one.
    record: Option<Tampering>,
    /// Laid over the setting's settings.
    #[serde(default)]
    settings: Map<String, Value>,
    /// `null`: not known.
    #[serde(default, deserialize_with = "given")]
    client_address: Option<Value>,
    now: Option<String>,
    /// `allow`, or status and code.
    pub(crate) expect: String,
    /// What the answer must hold besides; lists must be equal.
    pub(crate) answer: Option<Value>,
}

fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A request; what is not said is as in the default of [`RequestSpec::method`] and so on.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequestSpec {
    method: Option<String>,
    scheme: Option<String>,
    authority: Option<String>,
    target: Option<String>,
    fields: Option<Vec<(String, String)>>,
    content: Option<String>,
    /// Instead of text.
    base64: Option<String>,
    /// The content's length is not announced.
    undeclared: Option<bool>,
    /// So many bytes of `a` in fields with these names, for bounds.
    filler: Option<Vec<(String, usize)>>,
}

/// HTTP Basic, rightly or wrongly.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BasicSpec {
    keyid: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    next: bool,
    /// Instead of `key id:secret`.
    text: Option<String>,
    /// Instead of its base64.
    token: Option<String>,
    scheme: Option<String>,
    field: Option<String>,
}

impl RequestSpec {
    pub(crate) fn method(&self) -> &str {
        self.method.as_deref().unwrap_or("GET")
    }

    pub(crate) fn scheme(&self) -> &str {
        self.scheme.as_deref().unwrap_or("https")
    }

    pub(crate) fn authority(&self) -> &str {
        self.authority.as_deref().unwrap_or("api.example")
    }

    pub(crate) fn target(&self) -> &str {
        self.target.as_deref().unwrap_or("/v1/users")
    }

    pub(crate) fn fields(&self) -> &[(String, String)] {
        self.fields.as_deref().unwrap_or_default()
    }

    pub(crate) fn content_text(&self) -> String {
        self.content.clone().unwrap_or_default()
    }

    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.fields()
            .iter()
            .any(|(found, _)| found.eq_ignore_ascii_case(name))
    }

    /// The request with what another one says laid over it.
    pub(crate) fn changed(&self, by: &Self) -> Self {
        let by = by.clone();
        let own = self.clone();
        Self {
            method: by.method.or(own.method),
            scheme: by.scheme.or(own.scheme),
            authority: by.authority.or(own.authority),
            target: by.target.or(own.target),
            fields: by.fields.or(own.fields),
            content: by.content.or(own.content),
            base64: by.base64.or(own.base64),
            undeclared: by.undeclared.or(own.undeclared),
            filler: by.filler.or(own.filler),
        }
    }

    pub(crate) fn to_json(&self, fields: &[(String, String)]) -> Value {
        let content = match (&self.content, &self.base64) {
            (None, None) => Value::Null,
            (Some(text), None) => content_json(text, self.undeclared != Some(true)),
            (_, Some(base64)) => json!({ "base64": base64 }),
        };
        json!({
            "method": self.method(),
            "scheme": self.scheme(),
            "authority": self.authority(),
            "target": self.target(),
            "fields": fields,
            "content": content,
        })
    }
}

impl Vector {
    pub(crate) fn key_name(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Another key whose record is used.
    pub(crate) fn other_key_name(&self) -> Option<&str> {
        self.record.as_ref()?.of.as_deref()
    }

    /// What the call has besides, or instead of, what all calls of the theme are given.
    pub(crate) fn call(&self, setting: &Setting) -> Map<String, Value> {
        let mut call = Map::new();
        call.insert("request".into(), self.request(setting));
        let address = self.client_address.clone();
        call.insert(
            "clientAddress".into(),
            address.unwrap_or_else(|| setting.client_address.clone().into()),
        );
        let now = setting.time(self.now.as_deref().unwrap_or("now"));
        call.insert("now".into(), now.into());
        if !self.settings.is_empty() {
            let mut settings = setting.settings.as_object().expect("settings").clone();
            settings.extend(self.settings.clone());
            call.insert("settings".into(), settings.into());
        }
        if let Some(tampering) = &self.record {
            call.insert("records".into(), self.records(setting, tampering));
        }
        call
    }

    fn records(&self, setting: &Setting, tampering: &Tampering) -> Value {
        let key = self.key.as_deref().expect("a record belongs to a key");
        let name = format!("k/{}", setting.key(key).key_id);
        if tampering.absent {
            return json!({});
        }
        let text = match (&tampering.text, &tampering.of) {
            (Some(text), _) => text.clone(),
            (None, Some(other)) => setting.record(other, &Tampering::default()),
            (None, None) => setting.record(key, tampering),
        };
        json!({ name: text })
    }

    fn request(&self, setting: &Setting) -> Value {
        let mut fields = self.request.fields().to_vec();
        for (name, bytes) in self.request.filler.iter().flatten() {
            fields.push((name.clone(), "a".repeat(*bytes)));
        }
        if let Some(spec) = &self.sign {
            let key = setting.key(self.key.as_deref().expect("a key to sign with"));
            let signed = sign(setting, key, &self.request, spec);
            for (_, value) in &mut fields {
                *value = signed.fill(value);
            }
            self.append(&mut fields, &signed);
        }
        if let Some(over) = &self.over {
            let key = setting.key(self.key.as_deref().expect("a key to sign with"));
            for (_, value) in &mut fields {
                *value = over::fill(setting, key, over, value);
            }
        }
        if let Some(spec) = &self.basic {
            let token = self.basic_token(setting, spec);
            let scheme = spec.scheme.as_deref().unwrap_or("Basic");
            let field = spec.field.as_deref().unwrap_or("Authorization");
            place(&mut fields, field, scheme, &token);
        }
        if let Some(spec) = &self.token {
            let key = setting.key(self.key.as_deref().expect("a key"));
            let token = token(setting, key, spec);
            place(&mut fields, "Authorization", "Bearer", &token);
        }
        self.request.to_json(&fields)
    }

    /// Adds the fields that the vector did not write itself.
    fn append(&self, fields: &mut Vec<(String, String)>, signed: &Signed) {
        let label = &signed.label;
        let all = [
            ("Content-Digest", signed.digest.clone()),
            (
                "Signature-Input",
                Some(format!("{label}={}", signed.covered)),
            ),
            ("Signature", Some(format!("{label}={}", signed.mac))),
        ];
        for (name, value) in all {
            if let Some(value) = value
                && !self.request.has_field(name)
            {
                fields.push((name.to_owned(), value));
            }
        }
    }

    fn basic_token(&self, setting: &Setting, spec: &BasicSpec) -> String {
        if let Some(token) = &spec.token {
            return token.clone();
        }
        let text = spec.text.clone().unwrap_or_else(|| {
            let key = setting.key(self.key.as_deref().expect("a key"));
            let own = if spec.next {
                key.next_secret.as_ref().expect("a next secret")
            } else {
                &key.secret
            };
            format!(
                "{}:{}",
                spec.keyid.as_ref().unwrap_or(&key.key_id),
                spec.secret.as_ref().unwrap_or(own)
            )
        });
        Base64::encode_string(text.as_bytes())
    }
}

/// Where a field asks for the token, or in one of its own.
fn place(fields: &mut Vec<(String, String)>, field: &str, scheme: &str, token: &str) {
    if !fields.iter().any(|(_, value)| value.contains("${token}")) {
        fields.push((field.to_owned(), format!("{scheme} ${{token}}")));
    }
    for (_, value) in fields {
        *value = value.replace("${token}", token);
    }
}
