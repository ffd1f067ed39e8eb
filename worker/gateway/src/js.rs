//! What the bindings do not offer.
pub(crate) use keyward_platform::property;
use wasm_bindgen::JsCast;

/// The global object of a Worker.
pub(crate) fn global() -> web_sys::WorkerGlobalScope {
    js_sys::global().unchecked_into()
}
