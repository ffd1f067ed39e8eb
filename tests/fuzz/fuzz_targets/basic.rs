//! HTTP Basic: let through exactly if it is the right secret of a basic key, in one spelling.
//!
//! After `=` the text of the credential, else the whole field. `$RIGHT` is the right secret,
//! `$IMPORTED` that of `imported-1`.
#![no_main]
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_core::denial::Code;
use keyward_fuzz::judge::decide;
use keyward_fuzz::message::Message;
use keyward_fuzz::setting::{IMPORTED, IMPORTED_SECRET, SETTING};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let text = SETTING
        .expand(text)
        .replace("$RIGHT", &SETTING.right)
        .replace("$IMPORTED", IMPORTED_SECRET);
    let value = match text.strip_prefix('=') {
        Some(credential) => format!("Basic {}", STANDARD.encode(credential)),
        None => text,
    };
    if value.contains(|c: char| c.is_control() && c != '\t') {
        return;
    }
    let mut message = Message::read("GET /things api.example");
    message.fields.push(("authorization".into(), value.clone()));
    for (deployment, imported) in SETTING.deployments().into_iter().zip([true, false]) {
        let outcome = decide(&SETTING, deployment, &message);
        let right = decoded(&value).is_some_and(|text| {
            text == format!("{}:{}", SETTING.basic, SETTING.right)
                || imported && text == format!("{IMPORTED}:{IMPORTED_SECRET}")
        });
        assert_eq!(outcome.is_ok(), right, "{value:?}: {outcome:?}");
        let known = [
            Code::InvalidCredentials,
            Code::InvalidHeader,
            Code::MalformedCredentials,
            Code::MultipleCredentials,
        ];
        assert!(outcome.is_ok() || outcome.is_err_and(|code| known.contains(&code)));
    }
});

fn decoded(value: &str) -> Option<String> {
    let (scheme, token) = value.trim_matches([' ', '\t']).split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    String::from_utf8(STANDARD.decode(token.trim_matches(' ')).ok()?).ok()
}
