//! Signatures made with the right secret, in every profile: what was signed is let through, and
//! anything else that is sent with them is not.
//!
//! A request with a credential; after a line `===` the request that is sent, if it is not the one
//! that was signed. `$MAC` is the right MAC over the signed one, `$DIGEST256` and `$DIGEST512` are
//! digests of its content, all as base64.
#![no_main]
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_core::denial::Code;
use keyward_core::key::Profile;
use keyward_fuzz::judge::decide;
use keyward_fuzz::message::Message;
use keyward_fuzz::setting::SETTING;
use keyward_fuzz::signing::{claims, digests};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|input: &str| -> Corpus {
    let input = SETTING.expand(input);
    let (signed, sent) = input.split_once("\n===\n").unwrap_or((&input, &input));
    let signed = with_digests(Message::read(signed));
    let Some(signed) = claims(&signed)
        .into_iter()
        .find(|claim| claim.base.is_some())
    else {
        return Corpus::Reject;
    };
    let (Some(key), Some(base)) = (SETTING.mac_key(&signed.key_id), &signed.base) else {
        return Corpus::Reject;
    };
    let mac = STANDARD.encode(key.mac(&[base.as_bytes()]).as_bytes());
    let mut sent = with_digests(Message::read(sent));
    for (_, value) in &mut sent.fields {
        *value = value.replace("$MAC", &mac);
    }

    let claimed = claims(&sent);
    let right = claimed.iter().filter(|claim| {
        (claim.profile, &claim.key_id, &claim.base)
            == (signed.profile, &signed.key_id, &signed.base)
            && claim.mac.as_ref() == Some(&mac)
    });
    for deployment in SETTING.deployments() {
        match decide(&SETTING, deployment, &sent) {
            Ok(allowed) => {
                assert_eq!(allowed, signed.key_id);
                let sound = right.clone().find(|claim| claim.sound);
                let sound = sound.unwrap_or_else(|| panic!("let through: {claimed:?}"));
                assert_eq!(carriers(&sent, sound.profile), 1);
            }
            // With several credentials another one may be meant.
            Err(Code::InvalidCredentials)
                if claimed.len() == 1 && carriers(&sent, claimed[0].profile) == 1 =>
            {
                let same_algorithm = |named: &Option<String>| {
                    named
                        .as_ref()
                        .is_none_or(|named| named == key.algorithm().as_str())
                };
                let elsewhere = sent.authority.to_lowercase().starts_with("uat.");
                let wrong =
                    right.clone().all(|claim| !same_algorithm(&claim.algorithm)) || elsewhere;
                assert!(wrong, "a right signature was refused: {claimed:?}");
            }
            Err(_) => {}
        }
    }
    Corpus::Keep
});

/// In how many places there is a credential.
fn carriers(message: &Message, profile: Profile) -> usize {
    let scheme = ["authorization", "proxy-authorization"]
        .iter()
        .filter(|name| message.combined(name).is_some())
        .count();
    // Signatures that are meant for others do not count.
    let alone = message.combined("signature-input").is_none();
    let field = profile == Profile::Rfc9421 || alone && message.combined("signature").is_some();
    scheme + usize::from(field)
}

fn with_digests(mut message: Message) -> Message {
    let (sha256, sha512) = digests(message.read_content());
    for (_, value) in &mut message.fields {
        *value = value
            .replace("$DIGEST256", &STANDARD.encode(sha256))
            .replace("$DIGEST512", &STANDARD.encode(sha512));
    }
    message
}
