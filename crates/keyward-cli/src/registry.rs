//! The registry, asked over its HTTP API: with a session, or with a key of an operator's.
use std::fmt;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use keyward_core::deployment;
use keyward_core::key::Profile;
use keyward_core::mac::Algorithm;
use zeroize::Zeroizing;

use crate::credential::{Credential, Scheme};
use crate::failure::{Failure, Result};
use crate::request::Request;
use crate::send::{Answer, send};
use crate::sign::sign;

const COOKIE: &str = "__Host-keyward";
/// What passes by itself is asked again so often.
const TRIES_MAX: u32 = 6;
const WAIT_S_MAX: u64 = 30;

/// Where the registry is, and who asks.
#[derive(Args, Clone, Debug, Default)]
pub struct Access {
    /// The registry, for example https://admin.example.
    #[arg(long, value_name = "URL")]
    pub registry: Option<String>,
    /// A file that holds nothing but the value of a session's cookie; else the variable
    /// KEYWARD_SESSION does.
    #[arg(long, value_name = "FILE", conflicts_with = "key_id")]
    session_file: Option<PathBuf>,
    /// Instead of a session, a signed key for the registry's API. Its secret is read from
    /// KEYWARD_SECRET or --secret-file.
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// A file that holds nothing but the key's secret.
    #[arg(long, value_name = "FILE", requires = "key_id")]
    secret_file: Option<PathBuf>,
}

enum Who {
    Session(Zeroizing<String>),
    Key(Credential),
}

/// A registry that can be asked.
pub struct Registry {
    url: String,
    who: Who,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registry({}, ..)", self.url)
    }
}

impl Registry {
    /// # Errors
    /// When the URL is none that secrets may be sent to, or there is no credential.
    pub fn of(access: &Access) -> Result<Self> {
        let url = access.registry.as_deref().unwrap_or_default();
        let url = url.trim_end_matches('/').to_owned();
        if url.contains('@') {
            // Not repeated: what stands there may be a password.
            let what = "--registry has something before an @; a session or a key says who asks";
            return Err(Failure::new(what));
        }
        let request = Request::to("GET", &url)?;
        if request.target != "/" {
            return Err(Failure::new(format!(
                "{url} has a path; name the origin alone"
            )));
        }
        if request.scheme != deployment::Scheme::Https && !is_this_machine(&request.authority) {
            return Err(Failure::new(format!(
                "{url}: secrets are sent over https alone, except to this machine"
            )));
        }
        let who = match &access.key_id {
            Some(key_id) => {
                let scheme = Scheme::Signature(Algorithm::HmacSha512, Profile::Rfc9421);
                Who::Key(Credential::of(
                    key_id,
                    access.secret_file.as_deref(),
                    scheme,
                )?)
            }
            None => Who::Session(session(access)?),
        };
        Ok(Self { url, who })
    }

    /// Asks, and again when the registry cannot answer just now. `content` is JSON.
    ///
    /// # Errors
    /// With what the registry refuses, or when it does not answer.
    pub fn ask(&self, method: &str, target: &str, content: &[u8]) -> Result<Answer> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.ask_once(method, target, content);
            let wait_s = match &answer {
                Ok(answer) if answer.status < 400 => return Ok(answer.clone()),
                Ok(answer) if matches!(answer.status, 429 | 503) => {
                    let said = answer
                        .field("retry-after")
                        .and_then(|text| text.parse().ok());
                    said.unwrap_or(1_u64 << tries)
                }
                Ok(answer) => return Err(refused(answer)),
                Err(_) => 1_u64 << tries,
            };
            if tries == TRIES_MAX || wait_s > WAIT_S_MAX {
                return answer.and_then(|answer| Err(refused(&answer)));
            }
            sleep(Duration::from_secs(wait_s));
        }
    }

    fn ask_once(&self, method: &str, target: &str, content: &[u8]) -> Result<Answer> {
        let mut request = Request::to(method, &format!("{}{target}", self.url))?;
        if request.method != "GET" {
            let origin = ("origin".to_owned(), self.url.clone());
            let media_type = ("content-type".to_owned(), "application/json".to_owned());
            request.fields.extend([origin, media_type]);
            request.body = content.to_vec();
        }
        match &self.who {
            Who::Session(value) => {
                let cookie = format!("{COOKIE}={}", **value);
                request.fields.push(("cookie".to_owned(), cookie));
            }
            Who::Key(credential) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                let now = now.map_err(|_| Failure::new("the clock is set before 1970"))?;
                sign(&mut request, credential, now.as_secs())?;
            }
        }
        send(&request)
    }
}

fn is_this_machine(authority: &str) -> bool {
    // What stands before an @ is not where the request goes.
    if authority.contains('@') {
        return false;
    }
    let host = authority.strip_prefix("[::1]").map_or_else(
        || authority.split(':').next().unwrap_or_default(),
        |_| "localhost",
    );
    let is_loopback = |host: &str| {
        let address = host.parse::<std::net::Ipv4Addr>();
        address.is_ok_and(|address| address.is_loopback())
    };
    host == "localhost" || is_loopback(host)
}

fn session(access: &Access) -> Result<Zeroizing<String>> {
    let text = match &access.session_file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?,
        None => std::env::var("KEYWARD_SESSION")
            .map_err(|_| Failure::new("set KEYWARD_SESSION, or name --session-file or --key-id"))?,
    };
    let text = Zeroizing::new(text);
    let value = text.trim();
    let value = value.strip_prefix(COOKIE).unwrap_or(value);
    let value = value.strip_prefix('=').unwrap_or(value);
    let is_one = !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic() && b != b';');
    if is_one {
        Ok(Zeroizing::new(value.to_owned()))
    } else {
        Err(Failure::new("the session is not the value of a cookie"))
    }
}

/// In the registry's words, which hold nothing secret.
fn refused(answer: &Answer) -> Failure {
    let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(|value| value.as_str());
    let what = match (text("code"), text("detail").or_else(|| text("title"))) {
        (Some(code), Some(detail)) => format!("{code}: {detail}"),
        _ => "no answer of a registry".to_owned(),
    };
    let errors = problem.get("errors").and_then(|errors| errors.as_array());
    let fields = errors.into_iter().flatten().filter_map(|error| {
        let text = |name: &str| error.get(name)?.as_str();
        Some(format!("; {}: {}", text("field")?, text("detail")?))
    });
    let fields: String = fields.collect();
    Failure::new(format!(
        "the registry answers {} {what}{fields}",
        answer.status
    ))
}
