//! The conformance suite for runners in Rust: each call is made, each answer compared whole.
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

#[path = "../reference/mod.rs"]
mod reference;

use reference::{decide_json, sign_json};

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
            "decide" => decide_json(&call),
            "sign" => sign_json(&call),
            other => panic!("no export {other}"),
        };
        assert_eq!(answer, vector.answer, "{}", vector.name);
    }
    file.vectors.len()
}
