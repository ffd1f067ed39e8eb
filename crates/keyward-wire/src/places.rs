//! Where values stand in a document, for tests that put others there.
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

/// Every place below `path`, as JSON pointers (RFC 6901).
pub(crate) fn places(value: &Value, path: &str, into: &mut Vec<String>) {
    into.push(path.to_string());
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                places(value, &format!("{path}/{name}"), into);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                places(value, &format!("{path}/{index}"), into);
            }
        }
        _ => {}
    }
}
