//! Guarantees that the core, as wasm in a browser, gives the recorded answers byte for byte.
#![cfg(target_arch = "wasm32")]

mod suite;

use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn browser() {
    let decisions: usize = suite::FILES.iter().map(|text| suite::run(text)).sum();
    console_log!("conformance browser: {decisions} decisions");
}
