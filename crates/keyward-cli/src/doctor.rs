//! A deployed gateway is looked at from outside, without a key: what stands between it and its
//! clients, and whether it answers what it must.
mod judge;
mod report;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keyward_core::deployment::Scheme;

pub use report::show;

use crate::failure::Result;
use crate::request::Request;
use crate::send::{Answer, send_within};

const PATIENCE: Duration = Duration::from_secs(15);
const HEALTH: &str = "/_keyward/health";
const JWKS: &str = "/_keyward/jwks.json";
/// A name that nobody serves (RFC 2606).
const STRANGER: &str = "doctor.invalid";

/// Spellings of the path of [`HEALTH`], each with the code that the gateway refuses it with. Where
/// one is answered like [`HEALTH`], somebody rewrote it on the way.
const SPELLINGS: [(&str, &str); 5] = [
    ("/_keyward/x/../health", "ambiguous_target"),
    ("/_keyward/x/%2e%2e/health", "ambiguous_target"),
    ("/_keyward//health", "ambiguous_target"),
    ("/_keyward\\health", "ambiguous_target"),
    ("/_keyward/he%61lth", "no_route"),
];

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Right,
    /// Worth knowing; nothing is unsafe.
    Note,
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug)]
pub struct Finding {
    pub what: &'static str,
    pub state: State,
    pub found: String,
    /// What to do about it, in lines; empty where there is nothing to do.
    pub advice: &'static str,
}

/// Looks at the gateway that serves this URL. Sends a dozen requests, none of them with a
/// credential.
///
/// # Errors
/// When this is no URL.
pub fn examine(url: &str) -> Result<Vec<Finding>> {
    let entry = Request::to("GET", url)?;
    let health = ask(&entry, HEALTH);
    let mut findings = vec![judge::health(&health)];
    if health.is_err() {
        return Ok(findings);
    }
    let spellings = SPELLINGS.map(|(path, code)| (path, code, ask(&entry, path)));
    findings.push(judge::paths(&spellings));
    let refusal = ask(&entry, &entry.target);
    findings.push(judge::no_credential(&refusal));
    findings.push(judge::stranger(&as_stranger(&entry)));
    findings.push(judge::transport(entry.scheme, over_http(&entry).as_ref()));
    findings.push(judge::assertions(&ask(&entry, JWKS)));
    findings.push(judge::clock(&refusal, now_s()));
    Ok(findings)
}

fn ask(entry: &Request, target: &str) -> Result<Answer> {
    let request = Request {
        target: target.to_owned(),
        ..entry.clone()
    };
    send_within(&request, PATIENCE)
}

fn as_stranger(entry: &Request) -> Result<Answer> {
    let host = ("host".to_owned(), STRANGER.to_owned());
    let request = Request {
        target: HEALTH.to_owned(),
        fields: vec![host],
        ..entry.clone()
    };
    send_within(&request, PATIENCE)
}

/// The same without TLS; `None` where nobody would expect an answer: the URL names a port, or is
/// without TLS itself.
fn over_http(entry: &Request) -> Option<Result<Answer>> {
    let has_port = entry
        .authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    (entry.scheme == Scheme::Https && !has_port).then(|| {
        let plain = Request {
            scheme: Scheme::Http,
            ..entry.clone()
        };
        ask(&plain, HEALTH)
    })
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
