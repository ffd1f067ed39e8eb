//! How mails leave: through the `send_email` binding, or any HTTP API by a template.
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

use form_urlencoded::Serializer;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zeroize::Zeroizing;

use super::RegistryFileError;
use crate::unique_map;

/// Mails of one organisation in a day, where the settings do not say otherwise.
const DAILY_MAX: u32 = 1_000;
const HEADERS_MAX: usize = 20;
const HEADER_BYTES_MAX: usize = 4_096;
const ADDRESS_BYTES_MAX: usize = 254;
/// Of what a mail says only ids and the event are in fields: the rest is nobody's header.
const IN_HEADERS: [&str; 3] = ["event", "messageId", "idempotencyKey"];
/// A mail is somebody's and says something, as text and as HTML.
const IN_BODY: [&str; 4] = ["to", "subject", "text", "html"];
/// By one of these a repeat is known.
const IDS: [&str; 2] = ["messageId", "idempotencyKey"];
/// A template nests no deeper.
const DEPTH_MAX: usize = 16;

/// Mails of a deployment.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The sender's address.
    pub from: String,
    /// The sender's name.
    pub from_name: String,
    /// Mails of one organisation in a day of UTC.
    pub daily_max: u32,
    pub way: MailWay,
}

/// By whom mails are sent.
#[derive(Clone, Debug)]
pub enum MailWay {
    /// The binding `EMAIL`.
    Binding,
    Http(MailRequest),
}

/// A request to a mail API, with places for what a mail says.
#[derive(Clone, Debug)]
pub struct MailRequest {
    /// `https`.
    pub url: String,
    pub method: String,
    headers: BTreeMap<String, String>,
    /// Of a form, the names and what they say.
    body: Value,
    is_form: bool,
}

/// What stands in the places of a template.
#[derive(Clone, Copy, Debug)]
pub struct MailParts<'a> {
    /// The name of what it tells.
    pub event: &'a str,
    pub from: &'a str,
    pub from_name: &'a str,
    pub to: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
    /// With its angle brackets.
    pub message_id: &'a str,
    /// The same for each repeat.
    pub idempotency_key: &'a str,
    /// The URL for `List-Unsubscribe`, without angle brackets.
    pub unsubscribe: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MailJson {
    from: String,
    #[serde(default = "name")]
    from_name: String,
    #[serde(default = "daily_max")]
    daily_max: u32,
    http: Option<HttpJson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpJson {
    url: String,
    #[serde(default = "post")]
    method: String,
    #[serde(default, deserialize_with = "unique_map::deserialize")]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    #[serde(default, deserialize_with = "form")]
    form: Option<BTreeMap<String, String>>,
}

fn form<'de, D: Deserializer<'de>>(json: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    unique_map::deserialize(json).map(Some)
}

fn name() -> String {
    "Keyward".to_owned()
}

const fn daily_max() -> u32 {
    DAILY_MAX
}

fn post() -> String {
    "POST".to_owned()
}

fn wrong(sentence: &str) -> RegistryFileError {
    RegistryFileError(sentence.to_owned())
}

impl MailSettings {
    pub(super) fn checked(json: MailJson) -> Result<Self, RegistryFileError> {
        let visible = |text: &str| text.bytes().all(|b| (0x21..=0x7E).contains(&b));
        let is_address = json.from.len() <= ADDRESS_BYTES_MAX
            && visible(&json.from)
            && json.from.split('@').filter(|part| !part.is_empty()).count() == 2
            && !json
                .from
                .contains(['<', '>', ',', '"', '(', ')', ';', ':', '\\']);
        if !is_address {
            return Err(wrong("mail.from must be an e-mail address"));
        }
        let is_name = |c: char| !c.is_control() && !"<>\"\\,".contains(c);
        if json.from_name.chars().count() > 100 || !json.from_name.chars().all(is_name) {
            return Err(wrong(
                "mail.fromName must be a plain name of at most 100 characters",
            ));
        }
        Ok(Self {
            from: json.from,
            from_name: json.from_name,
            daily_max: json.daily_max,
            way: match json.http {
                None => MailWay::Binding,
                Some(http) => MailWay::Http(MailRequest::checked(http)?),
            },
        })
    }

    /// The domain of the sender, which ids of messages have, too.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.from.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl MailRequest {
    fn checked(json: HttpJson) -> Result<Self, RegistryFileError> {
        let is_url = json.url.starts_with("https://")
            && json.url.len() <= 2_048
            && json.url.bytes().all(|b| (0x21..=0x7E).contains(&b))
            && !json.url.contains(['#', '@']);
        if !is_url {
            return Err(wrong(
                "mail.http.url must be a URL that begins with https://",
            ));
        }
        if !["POST", "PUT"].contains(&json.method.as_str()) {
            return Err(wrong("mail.http.method must be POST or PUT"));
        }
        check_headers(&json.headers)?;
        for value in json.headers.values() {
            check_places(value, &IN_HEADERS)?;
        }
        let is_form = json.form.is_some();
        let body = match (json.body, json.form) {
            (Some(body), None) => body,
            (None, Some(form)) => {
                let fields = form.into_iter();
                Value::Object(
                    fields
                        .map(|(name, text)| (name, Value::String(text)))
                        .collect(),
                )
            }
            _ => return Err(wrong("mail.http must have either a body, or a form")),
        };
        check_body(&body, 0)?;
        if !IN_BODY.iter().all(|name| has_place(&body, name)) {
            return Err(wrong(
                "the body or form of mail.http must have places for ${to}, ${subject}, ${text} and ${html}",
            ));
        }
        let in_headers = |name: &str| json.headers.values().any(|one| one.contains(&place(name)));
        if !IDS
            .iter()
            .any(|name| has_place(&body, name) || in_headers(name))
        {
            return Err(wrong(
                "mail.http must have a place for ${messageId} or ${idempotencyKey}, by which repeats are known",
            ));
        }
        Ok(Self {
            url: json.url,
            method: json.method,
            headers: json.headers,
            body,
            is_form,
        })
    }

    /// The content for this mail. What the mail says is in it as text, whatever it says.
    #[must_use]
    pub fn body(&self, parts: &MailParts<'_>) -> String {
        match filled(&self.body, parts) {
            Value::Object(fields) if self.is_form => {
                let texts = fields.iter();
                let texts = texts.filter_map(|(name, text)| Some((name, text.as_str()?)));
                Serializer::new(String::new()).extend_pairs(texts).finish()
            }
            json => json.to_string(),
        }
    }

    /// What that is.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self.is_form {
            true => "application/x-www-form-urlencoded",
            false => "application/json",
        }
    }

    /// The fields for this mail.
    pub fn headers<'a>(
        &'a self,
        parts: &'a MailParts<'_>,
    ) -> impl Iterator<Item = (&'a str, String)> {
        let headers = self.headers.iter();
        headers.map(move |(name, value)| (name.as_str(), replaced(value, parts, &IN_HEADERS)))
    }
}

impl<'a> MailParts<'a> {
    const ALL: [&'static str; 10] = [
        "event",
        "from",
        "fromName",
        "to",
        "subject",
        "text",
        "html",
        "messageId",
        "idempotencyKey",
        "unsubscribe",
    ];

    fn part(&self, name: &str) -> Option<&'a str> {
        Some(match name {
            "event" => self.event,
            "from" => self.from,
            "fromName" => self.from_name,
            "to" => self.to,
            "subject" => self.subject,
            "text" => self.text,
            "html" => self.html,
            "messageId" => self.message_id,
            "idempotencyKey" => self.idempotency_key,
            "unsubscribe" => self.unsubscribe,
            _ => return None,
        })
    }
}

/// The text in one go: what a mail says is not looked through for places.
fn replaced(text: &str, parts: &MailParts<'_>, allowed: &[&str]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let place = after.split_once('}').and_then(|(name, after)| {
            let part = parts.part(name).filter(|_| allowed.contains(&name))?;
            Some((part, after))
        });
        match place {
            Some((part, after)) => {
                out.push_str(part);
                rest = after;
            }
            None => {
                out.push_str("${");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn filled(template: &Value, parts: &MailParts<'_>) -> Value {
    match template {
        Value::String(text) => Value::String(replaced(text, parts, &MailParts::ALL)),
        Value::Array(all) => Value::Array(all.iter().map(|one| filled(one, parts)).collect()),
        Value::Object(all) => {
            let members = all.iter();
            Value::Object(
                members
                    .map(|(name, one)| (name.clone(), filled(one, parts)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn check_body(template: &Value, depth: usize) -> Result<(), RegistryFileError> {
    if depth > DEPTH_MAX {
        return Err(wrong("mail.http.body nests too deep"));
    }
    match template {
        Value::String(text) => check_places(text, &MailParts::ALL),
        Value::Array(all) => all
            .iter()
            .try_for_each(|one| check_body(one, depth.saturating_add(1))),
        Value::Object(all) => all
            .values()
            .try_for_each(|one| check_body(one, depth.saturating_add(1))),
        _ => Ok(()),
    }
}

fn place(name: &str) -> String {
    alloc::format!("${{{name}}}")
}

fn has_place(template: &Value, name: &str) -> bool {
    match template {
        Value::String(text) => text.contains(&place(name)),
        Value::Array(all) => all.iter().any(|one| has_place(one, name)),
        Value::Object(all) => all.values().any(|one| has_place(one, name)),
        _ => false,
    }
}

fn check_places(text: &str, allowed: &[&str]) -> Result<(), RegistryFileError> {
    for after in text.split("${").skip(1) {
        let name = after.split_once('}').map(|(name, _)| name);
        if !name.is_some_and(|name| allowed.contains(&name)) {
            let all = allowed.join("}, ${");
            let sentence = alloc::format!("mail.http has places for ${{{all}}} alone here");
            return Err(RegistryFileError(sentence));
        }
    }
    Ok(())
}

fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), RegistryFileError> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_value = |value: &str| {
        value.len() <= HEADER_BYTES_MAX && value.bytes().all(|b| (0x20..=0x7E).contains(&b))
    };
    let are_fields = headers
        .iter()
        .all(|(name, value)| is_name(name) && is_value(value));
    if headers.len() <= HEADERS_MAX && are_fields {
        Ok(())
    } else {
        // Not which: values may be secret.
        Err(wrong(
            "headers of the mail API must be at most 20 fields of printable ASCII",
        ))
    }
}

pub(super) fn secret_headers(
    headers: BTreeMap<String, String>,
) -> Result<BTreeMap<String, Zeroizing<String>>, RegistryFileError> {
    check_headers(&headers)?;
    let headers = headers.into_iter();
    Ok(headers
        .map(|(name, value)| (name, Zeroizing::new(value)))
        .collect())
}

#[cfg(test)]
mod tests;
