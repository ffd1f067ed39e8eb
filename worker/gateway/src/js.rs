//! What the bindings do not offer.
use wasm_bindgen::{JsCast, JsValue};

/// A property of an object; `None` when it is absent, undefined or null.
pub(crate) fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &JsValue::from_str(name))
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
}

/// The global object of a Worker.
pub(crate) fn global() -> web_sys::WorkerGlobalScope {
    js_sys::global().unchecked_into()
}
