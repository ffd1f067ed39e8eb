//! Signs what a vector asks to be signed, rightly or wrongly. The signature base is built here a
//! second time, so that the vectors do not only say that the core agrees with itself.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use crate::expand::RequestSpec;
use crate::setting::{KeyJson, Setting, mac};

/// What to sign, and how it differs from what a good client does.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SignSpec {
    /// Names of components; what starts with a quote is taken as it is written.
    covers: Option<Vec<String>>,
    created: Option<String>,
    expires: Option<String>,
    nonce: Option<String>,
    alg: Option<String>,
    keyid: Option<String>,
    tag: Option<String>,
    #[serde(default)]
    untagged: bool,
    /// Instead of all parameters: text with `${created}` and `${keyid}` in it.
    parameters: Option<String>,
    /// Behind the parameters.
    #[serde(default)]
    more: String,
    label: Option<String>,
    /// Signed with this instead of the key's secret.
    secret: Option<String>,
    /// Signed with the key's next secret.
    #[serde(default)]
    next: bool,
    algorithm: Option<String>,
    /// What was signed, where it is not what is sent.
    #[serde(rename = "as")]
    signed: Option<RequestSpec>,
    /// The values that covered fields had when they were signed.
    #[serde(default)]
    values: BTreeMap<String, String>,
    digest: Option<DigestSpec>,
    #[serde(default)]
    mac: MacSpec,
}

/// The digest that is sent along; what is not there is as a good client does it.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DigestSpec {
    algorithms: Option<Vec<String>>,
    of: Option<String>,
    text: Option<String>,
}

/// What happens to the MAC on the way.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MacSpec {
    /// The bit of this number, counted from the first byte's highest.
    flip: Option<usize>,
    /// Only so many bytes.
    keep: Option<usize>,
    /// So many zero bytes behind it.
    #[serde(default)]
    pad: usize,
}

impl SignSpec {
    pub(crate) fn with_nonce(nonce: Option<String>) -> Self {
        Self {
            nonce,
            ..Self::default()
        }
    }
}

/// What there is to put into fields.
pub(crate) struct Signed {
    pub(crate) label: String,
    /// The components with their parameters.
    pub(crate) covered: String,
    pub(crate) mac: String,
    pub(crate) digest: Option<String>,
}

pub(crate) fn sign(
    setting: &Setting,
    key: &KeyJson,
    sent: &RequestSpec,
    spec: &SignSpec,
) -> Signed {
    let message = match &spec.signed {
        None => sent.clone(),
        Some(changed) => sent.changed(changed),
    };
    let digest = digest(&message, spec);
    let components: Vec<String> = match &spec.covers {
        Some(names) => names.clone(),
        None => {
            let mut names = vec!["@method".to_owned(), "@target-uri".to_owned()];
            names.extend(digest.is_some().then(|| "content-digest".to_owned()));
            names
        }
    }
    .into_iter()
    .map(|name| {
        if name.starts_with('"') {
            name
        } else {
            format!("\"{name}\"")
        }
    })
    .collect();
    let covered = format!(
        "({}){}",
        components.join(" "),
        parameters(setting, key, spec)
    );

    let mut base = String::new();
    for component in &components {
        let name = component.split('"').nth(1).unwrap_or_default();
        let value = match spec.values.get(name) {
            Some(value) => value.clone(),
            None => value(&message, name, digest.as_deref()),
        };
        writeln!(base, "{component}: {value}").expect("text");
    }
    write!(base, "\"@signature-params\": {covered}").expect("text");

    let own = if spec.next {
        key.next_secret.as_ref().expect("a next secret")
    } else {
        &key.secret
    };
    let secret = spec.secret.as_ref().unwrap_or(own);
    let algorithm = spec
        .algorithm
        .clone()
        .unwrap_or_else(|| setting.algorithm(key));
    let mut bytes = mac(&algorithm, secret, base.as_bytes());
    if let Some(bit) = spec.mac.flip {
        bytes[bit / 8] ^= 0x80 >> (bit % 8);
    }
    bytes.truncate(spec.mac.keep.unwrap_or(usize::MAX));
    bytes.resize(bytes.len() + spec.mac.pad, 0);
    Signed {
        label: spec.label.clone().unwrap_or_else(|| "keyward".to_owned()),
        covered,
        mac: format!(":{}:", Base64::encode_string(&bytes)),
        digest,
    }
}

fn parameters(setting: &Setting, key: &KeyJson, spec: &SignSpec) -> String {
    let created = setting.time(spec.created.as_deref().unwrap_or("now"));
    let keyid = spec.keyid.as_ref().unwrap_or(&key.key_id);
    if let Some(text) = &spec.parameters {
        return text
            .replace("${created}", &created.to_string())
            .replace("${keyid}", keyid);
    }
    let mut out = format!(";created={created}");
    if let Some(expires) = &spec.expires {
        write!(out, ";expires={}", setting.time(expires)).expect("text");
    }
    if let Some(alg) = &spec.alg {
        write!(out, ";alg=\"{alg}\"").expect("text");
    }
    write!(out, ";keyid=\"{keyid}\"").expect("text");
    if let Some(nonce) = &spec.nonce {
        write!(out, ";nonce=\"{nonce}\"").expect("text");
    }
    if !spec.untagged {
        write!(out, ";tag=\"{}\"", spec.tag.as_deref().unwrap_or("keyward")).expect("text");
    }
    out + &spec.more
}

fn digest(message: &RequestSpec, spec: &SignSpec) -> Option<String> {
    let content = message.content_text();
    let wanted = spec.digest.clone();
    if wanted.is_none() && (content.is_empty() || message.has_field("content-digest")) {
        return None;
    }
    let wanted = wanted.unwrap_or_default();
    if wanted.text.is_some() {
        return wanted.text;
    }
    let content = wanted.of.unwrap_or(content);
    let algorithms = wanted
        .algorithms
        .unwrap_or_else(|| vec!["sha-512".to_owned()]);
    let members: Vec<_> = algorithms
        .iter()
        .map(|name| {
            let bytes = match name.as_str() {
                "sha-256" => Sha256::digest(&content).to_vec(),
                "sha-512" => Sha512::digest(&content).to_vec(),
                other => panic!("{other}: no such digest"),
            };
            format!("{name}=:{}:", Base64::encode_string(&bytes))
        })
        .collect();
    (!members.is_empty()).then(|| members.join(", "))
}

/// RFC 9421 sections 2.1 and 2.2; what it does not know has an empty value.
fn value(message: &RequestSpec, name: &str, digest: Option<&str>) -> String {
    let (method, scheme) = (message.method(), message.scheme());
    let port = if scheme == "https" { ":443" } else { ":80" };
    let authority = message.authority().to_ascii_lowercase();
    let authority = authority.strip_suffix(port).unwrap_or(&authority);
    let target = message.target();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match name {
        "@method" => method.to_owned(),
        "@scheme" => scheme.to_owned(),
        "@authority" => authority.to_owned(),
        "@target-uri" => format!("{scheme}://{authority}{target}"),
        "@path" => path.to_owned(),
        "@query" => format!("?{query}"),
        "content-digest" if digest.is_some() => digest.unwrap_or_default().to_owned(),
        _ => {
            let lines: Vec<_> = message
                .fields()
                .iter()
                .filter(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, line)| line.trim())
                .collect();
            lines.join(", ")
        }
    }
}

impl Signed {
    /// Puts its parts where a field's text asks for them.
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("${covered}", &self.covered)
            .replace("${mac}", &self.mac)
            .replace("${digest}", self.digest.as_deref().unwrap_or_default())
    }
}

/// `{ "text": … }` in JSON, for the announced length and the octets.
pub(crate) fn content_json(text: &str, is_declared: bool) -> Value {
    let mut content = serde_json::json!({ "text": text });
    if is_declared {
        content["declared"] = text.len().into();
    }
    content
}
