//! Pages for owners: a sentence, and a button that does what it says. Opening one does nothing,
//! since programs that look through mails open links, too.
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use crate::call::Answer;

pub(crate) const HTML: &str = "text/html; charset=utf-8";

pub(crate) struct Page {
    title: &'static str,
    sentence: &'static str,
    button: &'static str,
    /// What it says afterwards.
    done: &'static str,
    /// Makes the request.
    ask: &'static str,
}

/// An owner says that his address is his. What names him is behind the `#` of the link, which
/// browsers send nobody.
pub(crate) const CONFIRMING: Page = Page {
    title: "Is this your address?",
    sentence: "Confirm that you want to get mails about the API keys that you own.",
    button: "Yes, it is mine",
    done: "Thank you. You will get these mails from now on.",
    ask: r#"const ask = () =>
  fetch("/v1/owners/confirmation", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: location.hash.slice(1) }),
  });
"#,
};

/// He takes that back. The link is one that mail programs can call by themselves.
pub(crate) const DECLINING: Page = Page {
    title: "No more of these mails?",
    sentence: "You will get no mails about the API keys that you own, not when one expires either.",
    button: "Stop these mails",
    done: "Done. You will get no more of these mails.",
    ask: r#"const ask = () =>
  fetch(location.pathname, { method: "POST", body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) });
"#,
};

const STYLE: &str = "body{margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color-scheme:light dark}\
main{max-width:560px;margin:0 auto}h1{font-size:20px}button{font:inherit;padding:8px 16px}";
const SCRIPT: &str = r#"const button = document.querySelector("button");
const said = document.querySelector("[role=status]");
button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const answer = await ask();
    said.textContent = answer.ok
      ? button.dataset.done
      : answer.status === 404
        ? "This link is not good any more."
        : "That did not work. Please try it again later.";
    button.disabled = answer.ok || answer.status === 404;
  } catch {
    said.textContent = "That did not work. Please try it again later.";
    button.disabled = false;
  }
});"#;

impl Page {
    fn script(&self) -> String {
        format!("{}{SCRIPT}", self.ask)
    }

    pub(crate) fn answer(&self) -> Answer {
        let Self {
            title,
            sentence,
            button,
            done,
            ..
        } = self;
        let script = self.script();
        let body = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{sentence}</p>\n\
             <p><button type=\"button\" data-done=\"{done}\">{button}</button></p>\n<p role=\"status\"></p>\n</main>\n\
             <script type=\"module\">{script}</script>\n</body>\n</html>\n"
        );
        Answer {
            status: 200,
            media_type: HTML,
            body: Some(body),
            ..Answer::default()
        }
    }
}

/// What a page may do: run its own script, and ask us.
pub(crate) fn policy() -> String {
    let hash = |text: &str| Base64::encode_string(&Sha256::digest(text.as_bytes()));
    let style = hash(STYLE);
    let [confirming, declining] = [CONFIRMING, DECLINING].map(|page| hash(&page.script()));
    format!(
        "default-src 'none'; script-src 'sha256-{confirming}' 'sha256-{declining}'; style-src 'sha256-{style}'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
