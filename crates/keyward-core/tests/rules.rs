//! Guarantees that every rule of the edge in `tests/README.md` names tests that are there, that
//! every folder of tests has its row, and that the code lacks what it must not have.
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Rules that the parts which are there have to keep: numbers, the order of answers, and those
/// of the profile `rfc9421`.
const RULES: [&str; 48] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "order", "11", "12", "13", "14", "15", "16",
    "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32",
    "33", "35", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12", "S13",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn readme() -> String {
    read(&root().join("tests/README.md"))
}

/// Every file below a folder with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// Whether the thing that a row names is there: `<place> <name>`.
fn is_there(reference: &str, readme: &str) -> bool {
    let Some((place, name)) = reference.split_once(' ') else {
        return false;
    };
    let tests = root().join("tests");
    match place.split_once('/') {
        None if place == "rules" => {
            let row = format!("| `{name}` | ");
            readme.lines().any(|line| line.starts_with(&row))
        }
        None if place.starts_with("keyward-") => {
            let head = format!("fn {name}(");
            let folder = match place.strip_prefix("keyward-") {
                Some(worker @ "registry") => root().join("worker").join(worker),
                _ => root().join("crates").join(place),
            };
            let mut sources = files(&folder.join("src"), ".rs");
            sources.extend(files(&folder.join("tests"), ".rs"));
            sources.iter().any(|path| read(path).contains(&head))
        }
        Some(("vectors", theme)) => {
            let text = read(&tests.join(format!("vectors/{theme}.json")));
            let theme: Value = serde_json::from_str(&text).expect("a theme");
            let vectors = theme["vectors"].as_array().expect("vectors");
            vectors.iter().any(|vector| vector["name"] == name)
        }
        Some((folder, file)) => {
            let folder = match folder {
                "npm" => "../npm/test",
                other => other,
            };
            let path = tests.join(format!("{folder}/{file}.test.mjs"));
            let suite = tests.join(format!("{folder}/{file}.mjs"));
            let text = read(if path.exists() { &path } else { &suite });
            text.lines().any(|line| {
                let line = line.trim();
                let is_title = ["test(", "describe(", "\""];
                line.contains(name) && is_title.iter().any(|start| line.starts_with(start))
            })
        }
        None => false,
    }
}

#[test]
fn every_rule_names_tests_that_are_there() {
    let readme = readme();
    let (_, section) = readme
        .split_once("\n## Rules of the edge\n")
        .expect("tests/README.md has the rules of the edge");
    let mut rules = Vec::new();
    let mut faults = Vec::new();
    let section = section.split("\n## ").next().unwrap_or_default();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [rule, guarantee, held] = cells[..] else {
            faults.push(format!("not three cells: {row}"));
            continue;
        };
        if rule == "rule" {
            continue;
        }
        rules.push(rule);
        let references: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
        if references.is_empty() || !guarantee.ends_with('.') {
            faults.push(format!("{rule}: no tests, or no sentence"));
        }
        for reference in references {
            if !is_there(reference, &readme) {
                faults.push(format!("{rule}: there is no `{reference}`"));
            }
        }
    }
    assert_eq!(rules, RULES);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_folder_of_tests_has_its_row() {
    let readme = readme();
    let written: BTreeSet<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(folder, _)| folder)
        .collect();
    let mut missing = Vec::new();
    for entry in fs::read_dir(root().join("tests")).expect("tests") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !written.contains(name.as_str()) {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "tests/README.md lacks {missing:?}");
}

#[test]
fn what_must_not_be_in_the_code_is_not() {
    let mut sources = Vec::new();
    for name in ["gateway", "platform", "registry"] {
        sources.extend(files(&root().join(format!("worker/{name}/src")), ".rs"));
    }
    for name in ["base64", "core", "host", "issuer", "wasm", "wire"] {
        sources.extend(files(
            &root().join(format!("crates/keyward-{name}/src")),
            ".rs",
        ));
    }
    assert!(sources.len() > 40, "the sources are elsewhere");
    let mut faults = Vec::new();
    for path in sources {
        let text = read(&path).to_lowercase();
        // In wasm a hasher is seeded from addresses; `Server-Timing` would tell about memory.
        for word in ["hashmap", "hashset", "randomstate", "server-timing"] {
            if text.contains(word) {
                faults.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn workers_are_served_under_listed_authorities_only() {
    for file in ["wrangler.toml", "worker/registry/wrangler.toml"] {
        let settings = read(&root().join(file));
        for line in ["workers_dev = false", "preview_urls = false"] {
            assert!(
                settings.lines().any(|found| found == line),
                "{file}: {line}"
            );
        }
    }
}
