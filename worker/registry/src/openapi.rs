//! The OpenAPI document, made of the types that are read and answered. It is made here, in tests,
//! so that the Worker carries nothing but the text.
mod describing;
mod examples;
mod operations;
mod parameters;
mod responses;
mod schemas;
mod shapes;
mod tests;

use serde_json::{Map, Value, json};

use crate::operation::{Method, Operation, TABLE};
use crate::refusal::Problem;
use describing::{Described, Identity};
use examples::example;
use operations::described;
use parameters::parameters;
use responses::{Refused, responses};
use schemas::Schemas;
pub(crate) use schemas::optional_members;
pub(crate) use shapes::*;

const ABOUT: &str = "Makes, changes and removes API keys. Content is JSON and read strictly: an unknown member, \
or one that is there twice, is an error. Times are seconds of Unix time. Every refusal is a problem (RFC 9457) \
with a stable `code`; `errors` names each field. What another organisation has is answered as what there is not. \
Instead of a session programs have a key that signs each request (RFC 9421); `x-keyward-key` says what it needs to \
be granted on the API `keyward`, and where that is not there no key will do.";

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
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas.definitions(),
            "responses": refused.answers,
            "headers": headers(),
            "securitySchemes": security_schemes(),
        },
    })
}

const TAGS: [(&str, &str); 12] = [
    (
        "organisations",
        "Organisations, by whoever runs the deployment.",
    ),
    (
        "enrolment",
        "How who was invited becomes an operator: a password and an authenticator app.",
    ),
    ("session", "Signing in and out, and the second factor."),
    ("keys", "The life of keys."),
    ("roles", "What keys may hold."),
    (
        "organisation",
        "What holds for the whole organisation, and its backup.",
    ),
    ("operators", "Who may do what in the organisation."),
    (
        "audit",
        "The log of all changes, which cannot be changed unseen.",
    ),
    ("webhooks", "Where the organisation's events are sent."),
    (
        "deliveries",
        "What was sent to owners and webhooks, and what came of it.",
    ),
    ("owners", "How owners of keys confirm their addresses."),
    ("public", "What anybody may read."),
];

fn tags() -> Value {
    let tags = TAGS.map(|(name, about)| json!({ "name": name, "description": about }));
    tags.to_vec().into()
}

fn headers() -> Value {
    json!({
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
    })
}

fn security_schemes() -> Value {
    json!({
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
        "key": {
            "type": "http",
            "scheme": "Signature",
            "description": "A program's key signs each request (RFC 9421).",
        },
    })
}

fn operation_id(operation: Operation) -> String {
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
    let writes = method != Method::Get;
    let parameters = parameters(path, writes, described);
    let by_key = crate::automation::needs(operation);
    let mut item = json!({
        "operationId": operation_id(operation),
        "tags": [described.tag],
        "summary": described.summary,
        "responses": responses(path, writes, by_key.is_some(), described, refused),
        "security": match described.identity {
            Identity::Nobody | Identity::Link => json!([]),
            Identity::NobodyOrKey => json!([{}, { "key": [] }]),
            Identity::Key => json!([{ "key": [] }]),
            Identity::Root => json!([{ "rootToken": [] }]),
            Identity::Session if by_key.is_some() => json!([{ "session": [] }, { "key": [] }]),
            Identity::Session => json!([{ "session": [] }]),
        },
    });
    if !parameters.is_empty() {
        item["parameters"] = parameters.into();
    }
    if let Some(content) = &described.content {
        let mut content = content.clone();
        if let Some(example) = example(operation) {
            content["example"] = example;
        }
        let forms = operation.media_types().iter();
        let content: Map<_, _> = forms
            .map(|form| ((*form).to_owned(), content.clone()))
            .collect();
        item["requestBody"] = json!({ "required": true, "content": content });
    }
    if let Some(needs) = described.needs {
        let areas = core::iter::once(&needs.area).chain(needs.also);
        let areas: Vec<_> = areas
            .map(|area| format!("{area:?}").to_lowercase())
            .collect();
        let action = format!("{:?}", needs.action).to_lowercase();
        let on = areas.join("`, `");
        let by = match needs.firm_admin {
            true => ", the role `firm-admin`",
            false => "",
        };
        let also = match needs.fresh {
            true => ", and a second factor that was shown within five minutes",
            false => "",
        };
        item["description"] = format!("Needs the action `{action}` on `{on}`{by}{also}.").into();
        item["x-keyward-needs"] = json!({
            "areas": areas, "action": action, "firmAdmin": needs.firm_admin, "freshSecondFactor": needs.fresh,
        });
    }
    if let Some((resource, action)) = by_key {
        item["x-keyward-key"] = json!({ "resource": resource, "action": action.as_str() });
    }
    item
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
        let link = json!({ "operationId": operation_id(*operation), "parameters": parameters });
        Some((operation_id(*operation), link))
    });
    links.collect::<Map<_, _>>().into()
}
