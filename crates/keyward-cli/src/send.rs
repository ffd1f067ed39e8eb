//! A request goes out, and what comes back is shown.
use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::request::Request;

/// Answers are read up to this length: a page of the registry's has half of it.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The code of a problem (RFC 9457), if it is one.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let problem: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        problem.get("code")?.as_str().map(str::to_owned)
    }

    /// The first field of this name, which is lower case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether this is what `/_keyward/health` says when all is well.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.status == 200 && self.field("content-type") == Some("application/health+json")
    }

    #[must_use]
    pub const fn is_redirect(&self) -> bool {
        matches!(self.status, 300..=399)
    }
}

/// Sends the request as it is: no redirect is followed, nothing is added but what HTTP needs.
///
/// # Errors
/// When no answer comes.
pub fn send(request: &Request) -> Result<Answer> {
    send_within(request, Duration::from_secs(60))
}

/// [`send`], giving up after this time.
///
/// # Errors
/// When no answer comes.
pub fn send_within(request: &Request, patience: Duration) -> Result<Answer> {
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(patience))
            .build(),
    );
    let mut builder = ureq::http::Request::builder()
        .method(request.method.as_str())
        .uri(request.url());
    for (name, value) in &request.fields {
        builder = builder.header(name, value);
    }
    let failed =
        |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", request.url()));
    let answered = if request.body.is_empty() {
        agent.run(builder.body(()).map_err(|error| failed(&error))?)
    } else {
        agent.run(
            builder
                .body(request.body.as_slice())
                .map_err(|error| failed(&error))?,
        )
    };
    let mut response = answered.map_err(|error| failed(&error))?;
    let fields = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let body = response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec();
    let body = body.map_err(|error| failed(&error))?;
    Ok(Answer {
        status: response.status().as_u16(),
        fields,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// Shows an answer: the status, the fields that matter here, the body.
pub fn show(answer: &Answer) {
    const SHOWN: [&str; 6] = [
        "www-authenticate",
        "accept-signature",
        "want-content-digest",
        "retry-after",
        "allow",
        "content-type",
    ];
    let mut out = String::new();
    let colour = if answer.status < 400 { "32" } else { "31" };
    out.push_str(&format!("\x1b[1;{colour}m{}\x1b[0m\n", answer.status));
    for (name, value) in answer
        .fields
        .iter()
        .filter(|(name, _)| SHOWN.contains(&name.as_str()))
    {
        out.push_str(&format!("\x1b[2m{name}: {value}\x1b[0m\n"));
    }
    let body = serde_json::from_str::<serde_json::Value>(&answer.body)
        .and_then(|json| serde_json::to_string_pretty(&json))
        .unwrap_or_else(|_| answer.body.clone());
    out.push_str(&body);
    out.push('\n');
    // Colours only where they are seen.
    anstream::print!("{out}");
}
