//! The conformance suite for runners in Rust: each call is made, each answer compared whole.
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The files as text, for runtimes without a file system.
pub(crate) const FILES: &[&str] = &[
    include_str!("../../../../tests/vectors/generated/address.json"),
    include_str!("../../../../tests/vectors/generated/basic.json"),
    include_str!("../../../../tests/vectors/generated/cavage.json"),
    include_str!("../../../../tests/vectors/generated/cloud9.json"),
    include_str!("../../../../tests/vectors/generated/content.json"),
    include_str!("../../../../tests/vectors/generated/credentials.json"),
    include_str!("../../../../tests/vectors/generated/envelope.json"),
    include_str!("../../../../tests/vectors/generated/fields.json"),
    include_str!("../../../../tests/vectors/generated/forwarding.json"),
    include_str!("../../../../tests/vectors/generated/kong.json"),
    include_str!("../../../../tests/vectors/generated/order-of-checks.json"),
    include_str!("../../../../tests/vectors/generated/permissions.json"),
    include_str!("../../../../tests/vectors/generated/records.json"),
    include_str!("../../../../tests/vectors/generated/replay.json"),
    include_str!("../../../../tests/vectors/generated/rfc9421-coverage.json"),
    include_str!("../../../../tests/vectors/generated/rfc9421-mac.json"),
    include_str!("../../../../tests/vectors/generated/rfc9421-parameters.json"),
    include_str!("../../../../tests/vectors/generated/routes.json"),
    include_str!("../../../../tests/vectors/generated/signing.json"),
    include_str!("../../../../tests/vectors/generated/target.json"),
    include_str!("../../../../tests/vectors/generated/token.json"),
    include_str!("../../../../tests/vectors/generated/validity.json"),
];

#[derive(Deserialize)]
struct File<'a> {
    export: &'a str,
    #[serde(borrow)]
    given: BTreeMap<&'a str, &'a RawValue>,
    vectors: Vec<Vector<'a>>,
}

#[derive(Deserialize)]
struct Vector<'a> {
    name: &'a str,
    #[serde(borrow)]
    call: BTreeMap<&'a str, &'a RawValue>,
    answer: String,
}

/// Runs a generated file and says how many decisions were made.
pub(crate) fn run(text: &str) -> usize {
    let file: File<'_> = serde_json::from_str(text).expect("a generated file");
    for vector in &file.vectors {
        let mut call = file.given.clone();
        call.extend(vector.call.clone());
        let call = serde_json::to_string(&call).expect("JSON");
        let answer = match file.export {
            "decide" => keyward_wasm::decide(&call),
            "sign" => keyward_wasm::sign(&call),
            other => panic!("no export {other}"),
        };
        assert_eq!(answer, vector.answer, "{}", vector.name);
    }
    file.vectors.len()
}
