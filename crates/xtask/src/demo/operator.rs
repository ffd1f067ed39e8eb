//! The demonstration's operator, who asks the registry over HTTP as anybody would.
use serde_json::{Value, json};

use crate::failure::{About, Failure, Result};
use crate::http::{self, Answer};
use crate::keyring::{base64url, now_s, random};

pub(super) struct Operator {
    port: u16,
    cookie: String,
    pub(super) password: String,
    /// For an authenticator app.
    pub(super) otpauth: String,
}

/// The time of one step of codes.
const STEP_S: u64 = 30;

impl Operator {
    /// Founds the organisation, enrols its first firm-admin and signs him in.
    pub(super) fn found(port: u16, root: &str, organisation: &str, email: &str) -> Result<Self> {
        let root = format!("Bearer {root}");
        let form = json!({ "name": organisation, "firmAdmin": email });
        let root = [("Authorization", root.as_str())];
        let founded = post(port, "/v1/organisations", &root, &form)?;

        let password = base64url(&random()?[..12]);
        let invitation = text(&body(&founded)?, "invitation")?;
        let form = |more: Value| {
            let mut form =
                json!({ "organisation": organisation, "email": email, "invitation": invitation });
            merge(&mut form, more);
            form
        };
        let enrolled = form(json!({ "password": &password }));
        let enrolled = post(port, "/v1/enrolment", &[], &enrolled)?;
        let otpauth = text(&body(&enrolled)?, "otpauth")?;
        let secret = keyward_totp::secret_of(&otpauth)
            .ok_or_else(|| Failure::new("the registry gives no secret for an app"))?;
        // The code before the present one is taken, too, and leaves that for who tries things out.
        let code = keyward_totp::code(&secret, now_s()?.saturating_sub(STEP_S));
        let confirmed = form(json!({ "code": code }));
        let confirmed = post(port, "/v1/enrolment/confirmation", &[], &confirmed)?;
        let codes = &body(&confirmed)?["recoveryCodes"];

        let form = json!({ "organisation": organisation, "email": email, "password": password, "code": codes[0] });
        let session = post(port, "/v1/session", &[], &form)?;
        let cookie = session
            .field("set-cookie")
            .and_then(|field| field.split(';').next())
            .ok_or_else(|| Failure::new("the registry gives no cookie"))?;
        Ok(Self {
            port,
            cookie: cookie.to_owned(),
            password,
            otpauth,
        })
    }

    /// The answer's content, whatever was answered.
    pub(super) fn try_post(&self, path: &str, content: &Value) -> Result<(u16, Value)> {
        let answer = self.ask("POST", path, content)?;
        Ok((answer.status, body(&answer)?))
    }

    pub(super) fn post(&self, path: &str, content: &Value) -> Result<Value> {
        body(&taken(path, self.ask("POST", path, content)?)?)
    }

    pub(super) fn delete(&self, path: &str) -> Result<()> {
        taken(path, self.ask("DELETE", path, &Value::Null)?).map(drop)
    }

    /// Whether KV has every key as it is.
    pub(super) fn is_published(&self) -> Result<bool> {
        let found = self.post("/v1/reconcile", &json!({}))?;
        Ok(found["differing"].as_array().is_some_and(Vec::is_empty))
    }

    fn ask(&self, method: &str, path: &str, content: &Value) -> Result<Answer> {
        ask(
            self.port,
            method,
            path,
            &[("Cookie", &self.cookie)],
            content,
        )
    }
}

/// Puts the members of one object into another.
pub(super) fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

pub(super) fn text(object: &Value, name: &str) -> Result<String> {
    let text = object[name].as_str().map(str::to_owned);
    text.ok_or_else(|| Failure::new(format!("the registry's answer has no {name}")))
}

fn post(port: u16, path: &str, fields: &[(&str, &str)], content: &Value) -> Result<Answer> {
    taken(path, ask(port, "POST", path, fields, content)?)
}

/// `null` is no content.
fn ask(
    port: u16,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    content: &Value,
) -> Result<Answer> {
    let origin = format!("http://127.0.0.1:{port}");
    let mut all = vec![("Origin", origin.as_str())];
    all.extend(fields);
    if content.is_null() {
        return http::ask(port, method, path, &all, b"");
    }
    all.push(("Content-Type", "application/json"));
    http::ask(port, method, path, &all, content.to_string().as_bytes())
}

/// The registry's own words say what was wrong, and hold no secret.
fn taken(path: &str, answer: Answer) -> Result<Answer> {
    if answer.status < 300 {
        return Ok(answer);
    }
    let Answer { status, body, .. } = answer;
    Err(Failure::new(format!("{path} answers {status}: {body}")))
}

fn body(answer: &Answer) -> Result<Value> {
    serde_json::from_str(&answer.body).about("the registry's answer")
}
