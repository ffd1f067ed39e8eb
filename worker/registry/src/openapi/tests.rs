use std::collections::BTreeSet;
use std::path::Path;

use super::*;

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// `KEYWARD_WRITE_OPENAPI=1 cargo test -p keyward-registry openapi` writes it anew.
#[test]
fn the_document_that_is_served_is_what_the_types_say() {
    let made = format!("{:#}\n", document());
    let path = file("openapi.json");
    if std::env::var_os("KEYWARD_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &made).expect("it can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let is_same = kept == made;
    assert!(
        is_same,
        "KEYWARD_WRITE_OPENAPI=1 cargo test -p keyward-registry openapi"
    );
}

#[test]
fn every_operation_is_in_the_document_and_nothing_else() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let described: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .into_iter()
                .flatten()
                .map(move |it| (it.0, path))
        })
        .map(|(method, path)| format!("{} {path}", method.to_uppercase()))
        .collect();
    let known: BTreeSet<_> = TABLE
        .iter()
        .map(|(method, path, _)| format!("{} {path}", method.as_str()))
        .collect();
    assert_eq!(described, known);
}

#[test]
fn what_an_operation_takes_is_what_the_gate_lets_it_have() {
    for (_, path, operation) in TABLE {
        let described = described(*operation, &mut Schemas::new());
        assert_eq!(
            described.content.is_some(),
            operation.has_content(),
            "{path}"
        );
        assert_eq!(described.query.is_some(), operation.has_query(), "{path}");
    }
}

#[test]
fn the_tags_are_those_that_are_described() {
    let used = TABLE
        .iter()
        .map(|row| described(row.2, &mut Schemas::new()).tag);
    let known = TAGS.iter().map(|(name, _)| *name);
    assert_eq!(used.collect::<BTreeSet<_>>(), known.collect());
}

#[test]
fn the_readme_lists_every_operation_and_nothing_else() {
    let readme = std::fs::read_to_string(file("README.md")).expect("README.md");
    let (_, calls) = readme.split_once("\n## Calls\n").expect("calls");
    let (calls, _) = calls.split_once("\n## ").expect("an end");
    let rows = calls.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: Vec<_> = rows
        .filter_map(|row| Some(row.split_once('`')?.0))
        .collect();
    let known: Vec<_> = TABLE
        .iter()
        .map(|(method, path, _)| format!("{} {path}", method.as_str()))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn every_content_has_an_example_that_is_read() {
    for (_, path, operation) in TABLE {
        let described = described(*operation, &mut Schemas::new());
        let example = example(*operation);
        assert_eq!(example.is_some(), operation.has_content(), "{path}");
        let Some(example) = example else { continue };
        if *operation == Operation::DeclineNotices {
            let form = example["List-Unsubscribe"].as_str().expect("a field");
            let read = crate::declining::is_one_click(&format!("List-Unsubscribe={form}"));
            assert_eq!(read, Ok(()));
            continue;
        }
        let (_, read) = described.readers.first().expect("a reader");
        let read = read(&example.to_string());
        assert!(read.is_ok(), "{path}: {read:?}");
    }
}

/// Passwords, codes, tokens and secrets are among them.
#[test]
fn no_value_of_a_request_is_repeated_in_what_is_said_of_it() {
    let document = document();
    let others = [
        json!(918_273_645),
        json!(-918_273_645),
        json!(918_273.645),
        json!("918273645"),
        json!([918_273_645]),
        json!({ "a": 918_273_645 }),
    ];
    let mut refused = 0;
    for (_, path, operation) in TABLE {
        for (schema, read) in described(*operation, &mut Schemas::new()).readers {
            for sample in samples(&document, &schema) {
                for place in places(&sample, "") {
                    for value in &others {
                        let mut other = sample.clone();
                        *other.pointer_mut(&place).expect("a value") = value.clone();
                        let Err(error) = read(&other.to_string()) else {
                            continue;
                        };
                        let said = crate::object::said(error.inner());
                        assert!(!said.contains("918"), "{path} {place}: {said}");
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(refused > 200, "{refused}");
}

#[test]
fn no_object_of_a_request_is_read_from_an_array() {
    let document = document();
    let mut tried = 0;
    for (_, path, operation) in TABLE {
        for (schema, read) in described(*operation, &mut Schemas::new()).readers {
            for sample in samples(&document, &schema) {
                let whole = read(&sample.to_string());
                assert!(whole.is_ok(), "{path} {sample}: {whole:?}");
                for place in objects(&sample) {
                    let mut other = sample.clone();
                    let object = other.pointer_mut(&place).expect("an object");
                    let members = object.as_object().expect("an object").values();
                    *object = members.cloned().collect();
                    let refused = read(&other.to_string()).expect_err(&other.to_string());
                    let why = refused.inner().to_string();
                    // Of one that is an enum the parser says the latter.
                    let is_it = ["invalid type: sequence", "expected value"];
                    let is_it = is_it.iter().any(|one| why.starts_with(one));
                    assert!(is_it, "{path} {other}: {why}");
                    assert_eq!(pointer(refused.path()), place, "{path} {other}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 50, "{tried}");
}

/// What fits a schema, with every member, and with each of its choices once.
fn samples(document: &Value, schema: &Value) -> Vec<Value> {
    let resolved = |at: &Value| {
        let at = at.as_str().and_then(|at| at.strip_prefix('#'));
        document.pointer(at.expect("a place")).expect("a schema")
    };
    if let Some(at) = schema.get("$ref") {
        return samples(document, resolved(at));
    }
    if let Some(choices) = schema.get("anyOf").or_else(|| schema.get("oneOf")) {
        let choices = choices.as_array().expect("choices").iter();
        return choices.flat_map(|one| samples(document, one)).collect();
    }
    if let Some(value) = schema.get("const").or_else(|| schema.pointer("/enum/0")) {
        return Vec::from([value.clone()]);
    }
    let kind = schema.pointer("/type/0").unwrap_or(&schema["type"]);
    match kind.as_str().expect("a type") {
        "object" => {
            let mut members: Vec<(&str, &Value)> = Vec::new();
            let named = schema.get("properties").and_then(Value::as_object);
            members.extend(
                named
                    .into_iter()
                    .flatten()
                    .map(|(name, of)| (name.as_str(), of)),
            );
            let others = schema.get("additionalProperties");
            members.extend(others.filter(|of| of.is_object()).map(|of| ("any", of)));
            let all: Vec<_> = members
                .into_iter()
                .map(|(name, of)| (name, samples(document, of)))
                .collect();
            let first = |(name, of): &(&str, Vec<Value>)| ((*name).to_owned(), of[0].clone());
            let whole: Map<_, _> = all.iter().map(first).collect();
            let others = all.iter().flat_map(|(name, of)| {
                of.iter().skip(1).map(|one| {
                    let mut other = whole.clone();
                    other.insert((*name).to_owned(), one.clone());
                    other.into()
                })
            });
            core::iter::once(whole.clone().into())
                .chain(others)
                .collect()
        }
        "array" => match schema.get("prefixItems").and_then(Value::as_array) {
            Some(items) => {
                let items = items.iter().map(|of| samples(document, of)[0].clone());
                Vec::from([items.collect()])
            }
            None => {
                let items = samples(document, &schema["items"]).into_iter();
                items.map(|item| json!([item])).collect()
            }
        },
        "string" => Vec::from([json!("a")]),
        "integer" => Vec::from([schema.get("minimum").cloned().unwrap_or(json!(0))]),
        "boolean" => Vec::from([json!(true)]),
        "null" => Vec::from([Value::Null]),
        other => panic!("{other}"),
    }
}

/// Where there are objects, as JSON pointers.
fn objects(value: &Value) -> Vec<String> {
    let places = places(value, "").into_iter();
    let is_object = |at: &String| value.pointer(at).is_some_and(Value::is_object);
    places.filter(is_object).collect()
}

/// Of every value in it, the whole first.
fn places(value: &Value, at: &str) -> Vec<String> {
    let inner: Vec<_> = match value {
        Value::Object(members) => {
            let members = members.iter();
            members
                .flat_map(|(name, one)| places(one, &format!("{at}/{name}")))
                .collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .flat_map(|(index, one)| places(one, &format!("{at}/{index}")))
                .collect()
        }
        _ => Vec::new(),
    };
    core::iter::once(at.to_owned()).chain(inner).collect()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{key}"),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => "/?".to_owned(),
    });
    segments.collect()
}
