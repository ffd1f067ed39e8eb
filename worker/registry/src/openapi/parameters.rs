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
            let about = match name {
                "environment" => "One of the deployment's.",
                "name" => "The role's, which is its organisation's own.",
                _ => "As the answers have it that made or listed it.",
            };
            json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema })
        })
        .collect();
    parameters.extend(query(described.query.as_ref()));
    parameters.extend(described.headers.iter().cloned());
    if writes
        && !matches!(
            described.identity,
            Identity::Root | Identity::Key | Identity::Link
        )
    {
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
            let mut schema = schema.clone();
            let members = schema.as_object_mut();
            let description = members.and_then(|it| it.remove("description"));
            let schema = without_null(&schema);
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
    let nulls = [json!(null), json!("null"), json!({ "type": "null" })];
    let mut schema = schema.clone();
    for several in ["type", "anyOf", "enum"] {
        let Some(all) = schema.get_mut(several).and_then(Value::as_array_mut) else {
            continue;
        };
        all.retain(|one| !nulls.contains(one));
        if let [one] = all.as_slice() {
            match several {
                "anyOf" => schema = one.clone(),
                "type" => schema[several] = one.clone(),
                _ => {}
            }
        }
    }
    schema
}
