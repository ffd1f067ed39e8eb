//! Secrets as JSON: read or refused, and never repeated. `$S` stands for a secret.
#![no_main]
use std::fmt::Debug;

use keyward_wire::assertion::AssertionKey;
use keyward_wire::organisation::OrganisationKeys;
use keyward_wire::secrets::Secrets;
use libfuzzer_sys::fuzz_target;

/// 32 bytes, and a private key of Ed25519.
const SECRET: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
/// 64 bytes.
const PEPPER: &str =
    "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2CdYbGd7_1aYLqESvSS7CzEREnFaXsyaRlwO6wDHK5_YA";
/// The public key of `SECRET`.
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fuzz_target!(|text: &str| {
    let text = text
        .replace("$S", SECRET)
        .replace("$M", PEPPER)
        .replace("$P", PUBLIC);
    match Secrets::parse(&text) {
        Ok(secrets) => silent(&secrets),
        Err(error) => {
            silent(&error);
            assert!(!error.to_string().contains(SECRET));
        }
    }
    match OrganisationKeys::from_json(&text) {
        Ok(keys) => {
            let written = keys.to_json().expect("what was read can be written");
            let again =
                OrganisationKeys::from_json(&written).expect("what was written can be read");
            assert_eq!(again.to_json().ok(), Some(written));
            // The names around them may say anything.
            let named = [keys.deployment(), keys.environment(), keys.organisation()];
            if !named
                .iter()
                .any(|name| name.contains(SECRET) || name.contains(PEPPER))
            {
                silent(&keys);
            }
        }
        Err(error) => {
            silent(&error);
            assert!(!error.to_string().contains(SECRET));
        }
    }
    if let Some(key) = AssertionKey::parse(&text) {
        assert!(!format!("{key:?}{}", key.jwks()).contains(&text));
    }
});

fn silent(shown: &impl Debug) {
    let shown = format!("{shown:?}");
    assert!(
        !shown.contains(SECRET) && !shown.contains(PEPPER),
        "{shown}"
    );
}
