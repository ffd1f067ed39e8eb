//! Guarantees that the primitives, used as Keyward uses them, are right and
//! strict: MACs in full length only, Ed25519 without its malleable corners,
//! sealing with XChaCha20-Poly1305.

#[path = "../../keyward-core/tests/suite/mod.rs"]
mod suite;

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use ed25519_dalek::{Signature, VerifyingKey};
use keyward_core::mac::{Algorithm, MacKey};
use serde_json::Value;
use suite::{Suite, expect, hex};

const WYCHEPROOF: &str = "https://github.com/C2SP/wycheproof, testvectors_v1";

#[test]
fn rfc4231() {
    let Some(mut suite) = Suite::open("rfc4231", "RFC 4231") else {
        return;
    };
    for (file, content) in suite.files() {
        let algorithm = match text(&content["alg"]) {
            "sha256" => Algorithm::HmacSha256,
            "sha384" => Algorithm::HmacSha384,
            "sha512" => Algorithm::HmacSha512,
            other => panic!("unknown algorithm {other}"),
        };
        for (case, number) in list(&content["cases"]).iter().zip(1..) {
            let outcome = mac(algorithm, case, &case["mac"], true);
            suite.case(format!("{file}/{number}"), outcome);
        }
    }
    suite.finish(18);
}

#[test]
fn no_signed_key_has_the_hash_of_tokens_alone() {
    assert_eq!(Algorithm::parse(Algorithm::HmacSha384.as_str()), None);
}

#[test]
fn wycheproof_hmac_sha256() {
    wycheproof_hmac("wycheproof/hmac_sha256_test", Algorithm::HmacSha256);
}

#[test]
fn wycheproof_hmac_sha512() {
    wycheproof_hmac("wycheproof/hmac_sha512_test", Algorithm::HmacSha512);
}

fn wycheproof_hmac(name: &'static str, algorithm: Algorithm) {
    wycheproof(name, 174, |_, case| {
        mac(algorithm, case, &case["tag"], valid(case))
    });
}

/// A right tag is the start of the MAC we compute, and only a right tag in full
/// length verifies, however the message is cut into parts.
fn mac(algorithm: Algorithm, case: &Value, tag: &Value, right: bool) -> Result<(), String> {
    let (secret, message, tag) = (hex(&case["key"]), hex(&case["msg"]), hex(tag));
    let key = MacKey::new(algorithm, &secret);
    let parts = message.split_at(message.len() / 3);
    let parts = [parts.0, parts.1];
    let whole = tag.len() == algorithm.mac_bytes();
    let computed = key.mac(&[&message]);
    expect("computed", computed.as_bytes().starts_with(&tag), right)?;
    expect("verified", key.verify(&[&message], &tag), right && whole)?;
    expect("verified parts", key.verify(&parts, &tag), right && whole)
}

#[test]
fn wycheproof_ed25519() {
    wycheproof("wycheproof/ed25519_test", 151, |group, case| {
        let key: [u8; 32] = hex(&group["publicKey"]["pk"])
            .try_into()
            .map_err(|_| "a public key of another length".to_owned())?;
        let key = VerifyingKey::from_bytes(&key).map_err(|error| error.to_string())?;
        let verified = Signature::from_slice(&hex(&case["sig"]))
            .and_then(|signature| key.verify_strict(&hex(&case["msg"]), &signature));
        expect("verified", verified.is_ok(), valid(case))
    });
}

/// With the neutral element as key and as R, and S = 0, the verification
/// equation holds for every message, and the suite has no such case.
#[test]
fn a_key_of_small_order_verifies_nothing() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let key = VerifyingKey::from_bytes(&neutral).expect("a point");
    let signature = Signature::from_components(neutral, [0; 32]);
    assert!(key.is_weak());
    assert!(key.verify_strict(b"any message", &signature).is_err());
}

#[test]
fn wycheproof_xchacha20_poly1305() {
    wycheproof("wycheproof/xchacha20_poly1305_test", 315, |_, case| {
        let key = Key::try_from(hex(&case["key"]).as_slice()).map_err(|error| error.to_string())?;
        let cipher = XChaCha20Poly1305::new(&key);
        let (aad, message) = (hex(&case["aad"]), hex(&case["msg"]));
        let sealed = [hex(&case["ct"]), hex(&case["tag"])].concat();
        let Ok(nonce) = XNonce::try_from(hex(&case["iv"]).as_slice()) else {
            return expect("nonce taken", false, valid(case));
        };
        let payload = |msg| Payload { msg, aad: &aad };
        let opened = cipher.decrypt(&nonce, payload(&sealed));
        expect("opened", opened.as_ref() == Ok(&message), valid(case))?;
        expect("refused", opened.is_err(), !valid(case))?;
        let again = cipher.encrypt(&nonce, payload(&message));
        expect("sealed", again.as_ref() == Ok(&sealed), valid(case))
    });
}

/// Runs one file; `outcome` gets a case and the group that holds it.
fn wycheproof(
    name: &'static str,
    cases: usize,
    outcome: impl Fn(&Value, &Value) -> Result<(), String>,
) {
    let Some(mut suite) = Suite::open(name, WYCHEPROOF) else {
        return;
    };
    for group in list(&suite.json(&format!("{name}.json"))["testGroups"]) {
        for case in list(&group["tests"]) {
            suite.case(case["tcId"].to_string(), outcome(group, case));
        }
    }
    suite.finish(cases);
}

fn valid(case: &Value) -> bool {
    match text(&case["result"]) {
        "valid" => true,
        "invalid" => false,
        other => panic!("unknown result {other}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}
