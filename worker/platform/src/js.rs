//! Reading what the runtime hands over.
use wasm_bindgen::JsValue;

/// A property of an object; `None` when it is absent, undefined or null.
#[must_use]
pub fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &JsValue::from_str(name))
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
}
