//! Signs a webhook for each documented event, as the registry does: a secret a line comes in, and
//! JSON goes out. `tests/webhooks` gives that to libraries that others wrote.
use std::error::Error;
use std::io::{Read, stdin};
use std::time::{SystemTime, UNIX_EPOCH};

use keyward_issuer::notice::{Address, KeyFacts, Notice, Recipient};
use keyward_issuer::webhook::{WebhookSecret, sign};
use keyward_wire::event::documented;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let secrets: Vec<WebhookSecret> = text
        .lines()
        .map(WebhookSecret::parse)
        .collect::<Result<_, _>>()?;
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let id = planned_id()?;
    let mut deliveries = Vec::new();
    for event in documented() {
        let body = event.body(now_s)?;
        let signed = sign(&secrets, &id, now_s, body.as_bytes());
        deliveries.push(json!({
            "body": body,
            "headers": {
                "webhook-id": signed.id,
                "webhook-timestamp": signed.timestamp,
                "webhook-signature": signed.signature,
            },
        }));
    }
    println!("{}", serde_json::to_string(&deliveries)?);
    Ok(())
}

/// An id as deliveries have it.
fn planned_id() -> Result<String, Box<dyn Error>> {
    let owner = Address::parse("ada@acme.example").ok_or("an address")?;
    let facts = KeyFacts {
        deployment: "demo",
        organisation: "acme",
        key_id: "kwk_52PftQTKXTfcTQZXcdkxOg3WYEOr",
        expires_at_s: u64::MAX,
        removed: false,
        recipients: &[Recipient::Owner(owner)],
    };
    let planned = facts.replan(Some(&Notice::Created), &[], 0).add;
    let first = planned.first().ok_or("a notice")?;
    Ok(first.id.as_str().to_owned())
}
