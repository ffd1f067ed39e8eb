//! The page on which an owner says that his address is his. Opening it does nothing, since
//! programs that look through mails open links, too. What names him is behind the `#` of the link,
//! which browsers send nobody.
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::call::Answer;

/// An owner's word.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerConfirmation {
    /// What stands behind the `#` of a mail's link.
    #[cfg_attr(test, schemars(length(max = 256)))]
    pub(crate) token: String,
}

pub(crate) const HTML: &str = "text/html; charset=utf-8";

const STYLE: &str = "body{margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color-scheme:light dark}\
main{max-width:560px;margin:0 auto}h1{font-size:20px}button{font:inherit;padding:8px 16px}";
const SCRIPT: &str = r#"const button = document.querySelector("button");
const said = document.querySelector("[role=status]");
button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const answer = await fetch("/v1/owners/confirmation", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: location.hash.slice(1) }),
    });
    said.textContent = answer.ok
      ? "Thank you. You will get these mails from now on."
      : answer.status === 404
        ? "This link is not good any more."
        : "That did not work. Please try it again later.";
    button.disabled = answer.ok || answer.status === 404;
  } catch {
    said.textContent = "That did not work. Please try it again later.";
    button.disabled = false;
  }
});"#;

/// Where the page of this token is.
pub(crate) fn link(origin: &str, organisation: &str, token: &str) -> String {
    format!("{origin}/owners/confirmation#{organisation}.{token}")
}

pub(crate) fn page() -> Answer {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Is this your address?</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Is this your address?</h1>\n\
         <p>Confirm that you want to get mails about the API keys that you own.</p>\n\
         <p><button type=\"button\">Yes, it is mine</button></p>\n<p role=\"status\"></p>\n</main>\n\
         <script type=\"module\">{SCRIPT}</script>\n</body>\n</html>\n"
    );
    Answer {
        status: 200,
        media_type: HTML,
        body: Some(body),
        ..Answer::default()
    }
}

/// What the page may do: run its own script, and ask us.
pub(crate) fn policy() -> String {
    let hash = |text: &str| Base64::encode_string(&Sha256::digest(text.as_bytes()));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!(
        "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
