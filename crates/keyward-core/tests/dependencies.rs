//! Guarantees that what is built here may be given on: every crate has a licence that `deny.toml`
//! allows, comes from the registry, and is not banned.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The quoted words of a list in `deny.toml`, those after `key` if its members are tables.
fn list(name: &str, key: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let start = format!("\n{name} = [\n");
    let (_, rest) = text.split_once(&start).expect("a list in deny.toml");
    let (list, _) = rest.split_once("\n]").expect("the end of a list");
    list.lines()
        .filter_map(|line| line.trim().strip_prefix(key)?.split('"').nth(1))
        .map(str::to_owned)
        .collect()
}

/// Everything that is built, for this machine and for wasm.
fn packages() -> Vec<Value> {
    let rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .arg("-vV")
        .output()
        .expect("rustc -vV");
    let version = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("a host");
    let mut packages = Vec::new();
    for target in [host, "wasm32-unknown-unknown"] {
        let output = Command::new(env!("CARGO"))
            .args([
                "metadata",
                "--format-version=1",
                "--locked",
                "--filter-platform",
                target,
            ])
            .current_dir(root())
            .output()
            .expect("cargo metadata");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        packages.extend(metadata["packages"].as_array().expect("packages").clone());
    }
    assert!(
        packages
            .iter()
            .any(|package| package["name"] == "keyward-gateway")
    );
    packages
}

#[test]
fn crates_have_allowed_licences_and_sources() {
    let (allowed, banned) = (list("allow", ""), list("deny", "{ crate ="));
    assert!(allowed.contains("MIT") && !banned.is_empty());
    let mut faults = BTreeSet::new();
    for package in packages() {
        let name = package["name"].as_str().expect("a name");
        // Those without a source are our own.
        match package["source"].as_str() {
            None if name.starts_with("keyward-") || name == "xtask" => {}
            Some(source) if source.starts_with("registry+") => {}
            source => {
                faults.insert(format!("{name} comes from {source:?}"));
            }
        }
        let licence = package["license"].as_str().unwrap_or("no licence");
        if !permits(licence, &allowed) {
            faults.insert(format!("{name}: {licence}"));
        }
        if banned.contains(name) {
            faults.insert(format!("{name} is banned"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Whether an SPDX expression can be met with the allowed licences; `/` is an old `OR`.
fn permits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = either(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    match words.next() {
        Some("(") => {
            let met = either(words, allowed);
            let is_closed = words.next() == Some(")");
            met && is_closed
        }
        Some(licence) => {
            // An exception only permits more.
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            allowed.contains(licence)
        }
        None => false,
    }
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed: BTreeSet<String> = ["MIT", "ISC"].map(str::to_owned).into();
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only/MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT AND ISC", true),
        ("(MIT OR GPL-3.0-only) AND ISC", true),
        ("MIT OR GPL-3.0-only AND ISC", true),
        ("(MIT OR ISC) AND GPL-3.0-only", false),
        ("(MIT AND GPL-3.0-only) OR ISC", true),
        ("(MIT OR ISC", false),
        ("ISC WITH some-exception", true),
        ("MIT ISC", false),
        ("", false),
        ("no licence", false),
    ] {
        assert_eq!(permits(expression, &allowed), met, "{expression:?}");
    }
}
