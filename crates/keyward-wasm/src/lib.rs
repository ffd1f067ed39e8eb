//! The core for JavaScript: JSON in, JSON out, nothing kept in between.
//!
//! Everything is done by functions that native code can call as well; the exports only pass the
//! text on. A call that is not one is answered with `{ "error": { code, message } }`, which
//! never repeats any of the call.
mod answer;
mod call;
mod decide;
mod sign;

pub use decide::decide_json;
pub use sign::sign_json;

use wasm_bindgen::prelude::wasm_bindgen;

/// Decides a request; see [`decide_json`].
#[wasm_bindgen]
#[must_use]
pub fn decide(call: &str) -> String {
    decide_json(call)
}

/// Signs a request; see [`sign_json`].
#[wasm_bindgen]
#[must_use]
pub fn sign(call: &str) -> String {
    sign_json(call)
}
