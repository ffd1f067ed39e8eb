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
