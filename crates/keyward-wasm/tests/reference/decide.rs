//! The whole way of a request, from the text in KV to the answer.
use std::cell::OnceCell;

use keyward_core::address::parse_address;
use keyward_core::catalogue::Catalogue;
use keyward_core::decide::Decision;
use keyward_core::denial::{Code, Denial};
use keyward_core::key::Key;
use keyward_core::parse::Exchange;
use keyward_core::verify::{Surroundings, verify_with};
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::secrets::Secrets;
use keyward_wire::settings::Settings;
use keyward_wire::{Expect, Opened, kv_name, open_record};

use super::answer::{CallError, DecideAnswer, write, write_or_error};
use super::call::{DecideCall, read};

/// Decides a request:
/// `{ settings, catalogue, secrets, records: { "<KV name>": "<KV text>" }, request: { method, scheme,
/// authority, target, fields: [[name, value]], content: null | { declared?, text | base64 } },
/// clientAddress: "192.0.2.1" | null, now: seconds }`.
///
/// The answer is `{ outcome: "allow", grant }`, `{ outcome: "deny", status, code, fields, problem }`,
/// or `{ error: { code, message } }` when the call itself is wrong.
#[must_use]
pub(crate) fn decide_json(call: &str) -> String {
    decide(call).unwrap_or_else(|error| write_or_error::<()>(Err(error)))
}

fn decide(call: &str) -> Result<String, CallError> {
    let call: DecideCall<'_> = read(call)?;
    let wrong = |code, error: &dyn std::fmt::Display| CallError::new(code, error.to_string());
    let settings =
        Settings::parse(call.settings.get()).map_err(|error| wrong("invalid_settings", &error))?;
    let catalogue = CatalogueFile::parse(call.catalogue.get())
        .and_then(|file| file.definitions())
        .map_err(|error| wrong("invalid_catalogue", &error))?;
    let catalogue =
        Catalogue::compile(catalogue).map_err(|error| wrong("invalid_catalogue", &error))?;
    let secrets =
        Secrets::parse(call.secrets.get()).map_err(|error| wrong("invalid_secrets", &error))?;
    let client_address = call
        .client_address
        .as_deref()
        .map(parse_address)
        .transpose()
        .map_err(|error| wrong("invalid_call", &format_args!("clientAddress {error}")))?;
    let (content, length) = call.request.content()?;
    let fields = call.request.fields();
    let request = call.request.request(&fields, length)?;

    let surroundings = Surroundings {
        deployment: &settings.deployment,
        catalogue: &catalogue,
        client_address,
        now_s: call.now,
    };
    let found = OnceCell::new();
    let find = |environment: &str, key_id: &str| {
        Ok(
            open(&call, &settings, &secrets, &catalogue, environment, key_id)?
                .map(|key| found.get_or_init(|| key)),
        )
    };
    Ok(verify_with(
        &surroundings,
        &request,
        &content,
        find,
        |asked| asked.check(),
        |decision| match decision {
            Decision::Deny(denial) => write(&DecideAnswer::deny(&denial)),
            // The pipeline keeps its exchange to itself; what parsed once parses again.
            Decision::Allow(grant) => {
                match Exchange::parse(&settings.deployment, &catalogue, &request) {
                    Ok(exchange) => write(&DecideAnswer::allow(&grant, &exchange)),
                    Err(denial) => write(&DecideAnswer::deny(&denial)),
                }
            }
        },
    ))
}

/// The key as KV has it; a record that cannot be believed says nothing about the key.
fn open(
    call: &DecideCall<'_>,
    settings: &Settings,
    secrets: &Secrets,
    catalogue: &Catalogue,
    environment: &str,
    key_id: &str,
) -> Result<Option<Key>, Denial> {
    let name = kv_name(key_id);
    let Some(text) = call.records.get(name.as_str()) else {
        return Ok(None);
    };
    let unsealing = secrets
        .environments
        .get(environment)
        .ok_or(Code::StoreUnavailable)?;
    let expect = Expect {
        deployment: &settings.deployment.settings().name,
        environment,
        key_id,
    };
    match open_record(text, &name, &secrets.publish, unsealing, expect, call.now) {
        Ok(Opened::Key(parts)) => Key::compile(parts, catalogue)
            .map(Some)
            .map_err(|_| Code::StoreUnavailable.into()),
        Ok(Opened::Tombstone { .. } | Opened::OtherEnvironment { .. }) => Ok(None),
        Err(_) => Err(Code::StoreUnavailable.into()),
    }
}
