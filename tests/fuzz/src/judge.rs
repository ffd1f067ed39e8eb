//! The whole way of a request, step by step, with what must hold at each step.
use keyward_core::authenticate::{Authenticated, authenticate};
use keyward_core::authorize::{Grant, authorize};
use keyward_core::content::{ContentDigest, ContentEvidence};
use keyward_core::decide::Decision;
use keyward_core::denial::{Code, Denial};
use keyward_core::deployment::Deployment;
use keyward_core::key::Key;
use keyward_core::parse::{Credential, Exchange};
use keyward_core::structured::{Bounds, parse_dictionary, parse_item, parse_list};
use keyward_core::verify::{Surroundings, verify};
use keyward_wire::problem;

use crate::message::Message;
use crate::setting::{IMPORTED_SECRET, NOW_S, SETTING, Setting};

const FREE: Bounds = Bounds {
    members: usize::MAX,
    items: usize::MAX,
    parameters: usize::MAX,
};

/// The code of a refusal, or the id of the key that was let through.
pub type Outcome = Result<String, Code>;

/// Decides on a request in two ways, `verify` and step by step, which must agree.
pub fn decide(setting: &Setting, deployment: &Deployment, message: &Message) -> Outcome {
    let surroundings = Surroundings {
        deployment,
        catalogue: &setting.catalogue,
        client_address: None,
        now_s: NOW_S,
    };
    message.look(|request| {
        let content = message.content.as_bytes();
        let find = |_: &str, key_id: &str| Ok(setting.key(key_id));
        let whole = verify(
            &surroundings,
            request,
            content,
            find,
            |decision| match decision {
                Decision::Allow(grant) => {
                    check_grant(&grant);
                    Ok(grant.key_id.to_owned())
                }
                Decision::Deny(denial) => {
                    check_denial(&denial, message);
                    Err(denial.code())
                }
            },
        );
        let steps = Exchange::parse(deployment, &setting.catalogue, request)
            .and_then(|exchange| step_by_step(setting, &exchange, message))
            .map_err(|denial| denial.code());
        assert_eq!(whole, steps);
        whole
    })
}

fn step_by_step(
    setting: &Setting,
    exchange: &Exchange<'_>,
    message: &Message,
) -> Result<String, Denial> {
    check_cors(exchange, message);
    let credential = Credential::parse(exchange)?;
    assert_ne!(Some(credential.key_id()), Some(""));
    let decoy = prove(&credential, exchange, None, message)
        .map(drop)
        .map_err(|d| d.code());
    for key in setting.keys() {
        let outcome = prove(&credential, exchange, Some(key), message);
        if key.key_id() != credential.key_id() || key.environment() != credential.environment() {
            // Another key must not be told from none at all.
            assert_eq!(outcome.map(drop).map_err(|d| d.code()), decoy);
        }
    }
    let id = prove(
        &credential,
        exchange,
        setting.key(credential.key_id()),
        message,
    )?;
    assert_eq!(id, credential.key_id());
    Ok(id)
}

fn prove(
    credential: &Credential<'_>,
    exchange: &Exchange<'_>,
    key: Option<&Key>,
    message: &Message,
) -> Result<String, Denial> {
    let principal = match authenticate(credential, key, NOW_S)? {
        Authenticated::Principal(principal) => principal,
        Authenticated::AwaitingContent(awaiting) => {
            let content = message.content.as_bytes();
            let evidence = ContentEvidence::of(content, &awaiting.needs());
            awaiting.with_content(&evidence)?
        }
    };
    if let Ok(Authenticated::AwaitingContent(awaiting)) = authenticate(credential, key, NOW_S)
        && let Ok((_, digest)) = awaiting.left_to_the_origin()
    {
        assert!(ContentDigest::parse(&digest).is_ok_and(|digest| !digest.is_empty()));
    }
    let grant = authorize(&principal, None)?;
    check_forwarded(exchange, &grant, message);
    Ok(grant.key_id.to_owned())
}

fn check_grant(grant: &Grant<'_>) {
    for (name, value) in grant.fields() {
        assert!(name.starts_with("keyward-"));
        let readable = parse_item(&value, &FREE).is_ok() || parse_list(&value, &FREE).is_ok();
        assert!(readable || value == "*", "{name}: {value}");
    }
}

/// A refusal is known, can be written, and repeats no credential.
pub fn check_denial(denial: &Denial, message: &Message) {
    let code = denial.code();
    assert!(Code::ALL.contains(&code) && (400..600).contains(&code.status()));
    let body = problem::body(denial);
    let json: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(json["code"], code.as_str());
    for (name, value) in denial.fields() {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
        assert!(value.bytes().all(|b| (b' '..0x7F).contains(&b)));
    }
    // Key ids and names of components are no secrets, whatever is written there. In Basic the
    // secret is encoded, so only who decoded it can repeat it.
    let sent = message
        .fields
        .iter()
        .fold(message.target.clone(), |all, (name, value)| {
            all + name + value
        });
    for secret in [&SETTING.right, &SETTING.wrong, IMPORTED_SECRET] {
        assert!(!body.contains(secret) || sent.contains(secret), "{body}");
    }
}

/// No credential, no field of the connection and none by which Keyward speaks goes on.
fn check_forwarded(exchange: &Exchange<'_>, grant: &Grant<'_>, message: &Message) {
    let forwarded = exchange.forwarded_fields(grant);
    for (name, value) in &forwarded {
        let name = name.to_lowercase().replace('_', "-");
        let never = [
            "authorization",
            "proxy-authorization",
            "host",
            "connection",
            "te",
            "upgrade",
        ];
        assert!(
            !never.contains(&name.as_str()) && !name.starts_with("keyward-"),
            "{name}"
        );
        if name == "signature" || name == "signature-input" {
            let members = parse_dictionary(value, &FREE).expect("a dictionary");
            assert!(!members.is_empty());
        }
        let same = |field: &(String, String)| match name.as_str() {
            // Its parameters go, where they were not signed.
            "content-type" => field.1.trim().starts_with(value.trim()),
            _ => field.1 == *value,
        };
        let sent = message.fields.iter().any(same);
        assert!(
            sent || name == "signature" || name == "signature-input",
            "{name}"
        );
    }
    let count = |wanted: &str| forwarded.iter().filter(|(name, _)| *name == wanted).count();
    assert_eq!(count("signature"), count("signature-input"));
}

fn check_cors(exchange: &Exchange<'_>, message: &Message) {
    let fields = exchange.cors_fields();
    let origin = message.combined("origin");
    if !fields.is_empty() {
        assert_eq!(origin.as_deref(), Some("https://app.example"));
    }
    match exchange.preflight() {
        Some(Ok(answer)) => {
            assert_eq!(origin.as_deref(), Some("https://app.example"));
            let plain = |b: u8| (b' '..0x7F).contains(&b) || b == b'\t';
            assert!(
                answer.iter().all(|(_, value)| value.bytes().all(plain)),
                "{answer:?}"
            );
        }
        Some(Err(denial)) => check_denial(&denial, message),
        None => {}
    }
    if exchange.preflight().is_some() {
        assert!(Credential::parse(exchange).is_err());
    }
}
