//! The OpenAPI document, made of the types that are read and answered. It is made here, in tests,
//! so that the Worker carries nothing but the text.
mod operations;
mod schemas;
mod shapes;
mod tests;

use serde_json::{Map, Value, json};

use crate::operation::{Method, Operation, TABLE};
use crate::refusal::{Code, MEDIA_TYPE, Problem};
use operations::{Described, Identity, described};
use schemas::Schemas;
pub(crate) use schemas::optional_members;
pub(crate) use shapes::*;

const ABOUT: &str = "Makes, changes and removes API keys. Content is JSON and read strictly: an unknown member, \
or one that is there twice, is an error. Times are seconds of Unix time. Every refusal is a problem (RFC 9457) \
with a stable `code`; `errors` names each field. What another organisation has is answered as what there is not.";

fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    let all: Vec<_> = TABLE
        .iter()
        .map(|(method, path, operation)| {
            let described = described(*operation, &mut schemas);
            (*method, *path, *operation, described)
        })
        .collect();
    let mut refused = Refused {
        problem: schemas.answer::<Problem<'static>>(),
        answers: Map::new(),
    };
    let has_state =
        |described: &Described| described.headers.iter().any(|it| it["name"] == "If-Match");
    let with_state: Vec<_> = all
        .iter()
        .filter(|(.., described)| has_state(described))
        .map(|(_, _, operation, _)| *operation)
        .collect();
    for (method, path, operation, described) in &all {
        let mut item = object(*method, path, *operation, described, &mut refused);
        if let Some(answer) = item.pointer_mut("/responses/201") {
            answer["links"] = links(path, &with_state);
        }
        let at = paths.entry(*path).or_insert_with(|| json!({}));
        at[method.as_str().to_lowercase()] = item;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Keyward registry",
            "version": "1",
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions(),
            "responses": refused.answers,
            "headers": {
                "RequestId": {
                    "required": true,
                    "description": "The audit log has it, too.",
                    "schema": { "type": "string", "minLength": 1, "maxLength": 64 },
                },
                "RetryAfter": {
                    "required": true,
                    "description": "In seconds.",
                    "schema": { "type": "string", "pattern": "^[0-9]+$" },
                },
            },
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": crate::front::COOKIE,
                    "description": "Set by POST /v1/session.",
                },
                "rootToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Founds organisations, and is good for nothing else.",
                },
            },
        },
    })
}

fn name(operation: Operation) -> String {
    let variant = format!("{operation:?}");
    let mut letters = variant.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn object(
    method: Method,
    path: &str,
    operation: Operation,
    described: &Described,
    refused: &mut Refused,
) -> Value {
    let mut parameters: Vec<Value> = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": path_parameter(name) }))
        .collect();
    parameters.extend(query(described.query.as_ref()));
    parameters.extend(described.headers.iter().cloned());
    let writes = method != Method::Get;
    if writes && described.identity != Identity::Root {
        parameters.push(json!({
            "name": "Origin", "in": "header", "required": true,
            "description": "The registry's own, as browsers say it: pages of other origins write nothing.",
            "schema": { "type": "string", "format": "uri", "maxLength": 300 },
        }));
    }
    let mut item = json!({
        "operationId": name(operation),
        "tags": [described.tag],
        "summary": described.summary,
        "responses": responses(path, writes, described, refused),
        "security": match described.identity {
            Identity::Nobody => json!([]),
            Identity::Root => json!([{ "rootToken": [] }]),
            Identity::Session => json!([{ "session": [] }]),
        },
    });
    if !parameters.is_empty() {
        item["parameters"] = parameters.into();
    }
    if let Some(content) = &described.content {
        item["requestBody"] =
            json!({ "required": true, "content": { "application/json": content } });
    }
    if let Some(needs) = described.needs {
        item["x-keyward-needs"] = json!({
            "area": format!("{:?}", needs.area).to_lowercase(),
            "action": format!("{:?}", needs.action).to_lowercase(),
            "freshSecondFactor": needs.fresh,
        });
    }
    item
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

/// What every answer has.
fn headers() -> Value {
    json!({ "Request-Id": { "$ref": "#/components/headers/RequestId" } })
}

fn responses(path: &str, writes: bool, described: &Described, refused: &mut Refused) -> Value {
    let mut responses = Map::new();
    for (status, about, content) in &described.answers {
        let mut answer = json!({ "description": about, "headers": headers() });
        if let Some((media_type, schema)) = content {
            answer["content"] = json!({ *media_type: { "schema": schema } });
        }
        for (name, about) in &described.answer_headers {
            answer["headers"][*name] =
                json!({ "required": true, "description": about, "schema": { "type": "string" } });
        }
        responses.insert(status.to_string(), answer);
    }
    for (status, codes) in by_status(&refusals(path, writes, described)) {
        let answer = refused.answer(status, &codes);
        responses.insert(status.to_string(), answer);
    }
    responses.into()
}

/// Refusals with one status, which many operations share.
struct Refused {
    problem: Value,
    answers: Map<String, Value>,
}

impl Refused {
    /// Where the answer is.
    fn answer(&mut self, status: u16, codes: &[Code]) -> Value {
        let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        let titles: Vec<_> = codes.iter().map(|code| code.title()).collect();
        let mut headers = headers();
        if matches!(status, 429 | 503) {
            headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
        }
        let schema = json!({
            "allOf": [
                self.problem,
                { "properties": { "code": { "enum": names }, "status": { "const": status } } },
            ],
        });
        let answer = json!({
            "description": titles.join("; "),
            "headers": headers,
            "content": { MEDIA_TYPE: { "schema": schema } },
        });
        let name = names.join("-");
        let at = json!({ "$ref": format!("#/components/responses/{name}") });
        self.answers.insert(name, answer);
        at
    }
}

/// Every code with which an operation can be refused: what holds for all that are like it, and its
/// own.
fn refusals(path: &str, writes: bool, described: &Described) -> Vec<Code> {
    let mut codes = Vec::from([
        Code::Misdirected,
        Code::InsecureTransport,
        Code::Malformed,
        // A field Authorization that cannot be read.
        Code::Unauthenticated,
        // A parameter of the query that is none.
        Code::Invalid,
        Code::TemporarilyUnavailable,
    ]);
    if writes {
        codes.extend([
            Code::WrongOrigin,
            Code::ContentTooLarge,
            Code::UnsupportedMediaType,
        ]);
    }
    if path.contains('{') {
        codes.push(Code::NotFound);
    }
    if let Some(needs) = described.needs {
        codes.push(Code::Forbidden);
        codes.extend(needs.fresh.then_some(Code::StepUpRequired));
    }
    codes.extend(described.refusals);
    codes
}

fn by_status(codes: &[Code]) -> Vec<(u16, Vec<Code>)> {
    let mut all: Vec<(u16, Vec<Code>)> = Vec::new();
    for code in Code::ALL {
        if !codes.contains(&code) {
            continue;
        }
        match all.iter_mut().find(|(status, _)| *status == code.status()) {
            Some((_, codes)) => codes.push(code),
            None => all.push((code.status(), Vec::from([code]))),
        }
    }
    all.sort_by_key(|(status, _)| *status);
    all
}

/// From what was made to every call about it.
fn links(collection: &str, with_state: &[Operation]) -> Value {
    let links = TABLE.iter().filter_map(|(_, path, operation)| {
        let rest = path.strip_prefix(collection)?.strip_prefix("/{")?;
        let (parameter, _) = rest.split_once('}')?;
        let mut parameters = json!({ parameter: format!("$response.body#/{parameter}") });
        if with_state.contains(operation) {
            parameters["header.If-Match"] = json!("$response.header.ETag");
        }
        let link = json!({ "operationId": name(*operation), "parameters": parameters });
        Some((name(*operation), link))
    });
    links.collect::<Map<_, _>>().into()
}
