//! Any request: no panic, a known outcome, never let through. It knows key ids and no secret.
#![no_main]
use keyward_fuzz::judge::decide;
use keyward_fuzz::message::Message;
use keyward_fuzz::setting::SETTING;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let message = Message::read(&SETTING.expand(text));
    for deployment in SETTING.deployments() {
        let outcome = decide(&SETTING, deployment, &message);
        assert!(outcome.is_err(), "let through: {outcome:?}");
    }
});
