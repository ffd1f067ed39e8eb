//! Parameters of an operation: of its path, its query, its header.
use serde_json::{Value, json};

use super::describing::{Described, Identity};
use super::shapes::path_parameter;

pub(super) fn parameters(path: &str, writes: bool, described: &Described) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = names
        .map(|name| {
            let schema = path_parameter(name);
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    parameters.extend(query(described.query.as_ref()));
    parameters.extend(described.headers.iter().cloned());
    if writes && !matches!(described.identity, Identity::Root | Identity::Link) {
        parameters.push(json!({
            "name": "Origin", "in": "header", "required": true,
            "description": "The registry's own, as browsers say it: pages of other origins write nothing.",
            "schema": { "type": "string", "format": "uri", "maxLength": 300 },
        }));
    }
    parameters
}

/// The members of a query's type, each as a parameter.
fn query(schema: Option<&Value>) -> Vec<Value> {
    let members = schema.and_then(|schema| schema["properties"].as_object());
    members
        .into_iter()
        .flatten()
        .map(|(name, schema)| {
            let mut schema = without_null(schema);
            let description = schema
                .as_object_mut()
                .and_then(|it| it.remove("description"));
            let mut parameter = json!({ "name": name, "in": "query", "schema": schema });
            if let Some(description) = description {
                parameter["description"] = description;
            }
            parameter
        })
        .collect()
}

/// A parameter is there or not.
fn without_null(schema: &Value) -> Value {
    let is_null = |one: &Value| *one == json!("null") || *one == json!({ "type": "null" });
    let mut schema = schema.clone();
    for several in ["type", "anyOf"] {
        let Some(all) = schema.get_mut(several).and_then(Value::as_array_mut) else {
            continue;
        };
        all.retain(|one| !is_null(one));
        if let [one] = all.as_slice() {
            match several {
                "type" => schema[several] = one.clone(),
                _ => schema = one.clone(),
            }
        }
    }
    schema
}
