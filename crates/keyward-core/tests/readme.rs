//! Guarantees that the tables of the documents say what the code does: codes and limits of
//! `README.md`, bounds of `worker/gateway/README.md`, and that no link leads nowhere.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, iter};

use keyward_core::denial::Code;

/// Every document of the repository.
const DOCUMENTS: [&str; 10] = [
    "CHANGELOG.md",
    "README.md",
    "SECURITY.md",
    "crates/README.md",
    "docs/events.md",
    "docs/import.md",
    "npm/README.md",
    "tests/README.md",
    "worker/gateway/README.md",
    "worker/registry/README.md",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows below a heading, cell by cell, without the head of the table.
fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let text = read(document);
    let section: Vec<&str> = text
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .collect();
    assert!(!section.is_empty(), "{document} has no {heading:?}");
    section
        .iter()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// What stands between backticks, if that is all there is.
fn quoted(cell: &str) -> &str {
    cell.strip_prefix('`')
        .and_then(|cell| cell.strip_suffix('`'))
        .unwrap_or_else(|| panic!("{cell:?} is not in backticks"))
}

#[test]
fn codes_are_those_of_the_core_in_their_order() {
    let rows = rows("README.md", "## What is checked, and in which order");
    let written: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (quoted(&row[0]), row[1].as_str()))
        .collect();
    let statuses: Vec<String> = Code::ALL
        .iter()
        .map(|code| code.status().to_string())
        .collect();
    let made: Vec<(&str, &str)> = iter::zip(Code::ALL, &statuses)
        .map(|(code, status)| (code.as_str(), status.as_str()))
        .collect();
    assert_eq!(written, made);
    for row in rows {
        assert!(row.len() == 3 && row[2].ends_with('.'), "{row:?}");
    }
}

#[test]
fn limits_are_those_of_the_core() {
    let source = read("crates/keyward-core/src/limits.rs");
    let constants = constants(&source);
    let rows = rows("README.md", "## Limits");
    compare(&rows, &constants);
    let missing: Vec<_> = constants
        .keys()
        .filter(|name| !rows.iter().any(|row| quoted(&row[2]) == **name))
        .collect();
    assert!(missing.is_empty(), "README.md lacks {missing:?}");
}

#[test]
fn bounds_of_the_gateway_are_those_of_its_code() {
    let mut sources = String::new();
    for file in [
        "assertion",
        "confirm",
        "content",
        "replay",
        "state",
        "store",
        "usage",
    ] {
        sources.push_str(&read(&format!("worker/gateway/src/{file}.rs")));
    }
    sources.push_str(&read("crates/keyward-host/src/keys.rs"));
    sources.push_str(&read("crates/keyward-host/src/tokens.rs"));
    sources.push_str(&read("crates/keyward-host/src/usage.rs"));
    sources.push_str(&read("crates/keyward-wire/src/assertion.rs"));
    sources.push_str(&read("crates/keyward-wire/src/envelope.rs"));
    sources.push_str(&read("crates/keyward-issuer/src/publish.rs"));
    compare(
        &rows("worker/gateway/README.md", "## Bounds"),
        &constants(&sources),
    );
}

fn compare(rows: &[Vec<String>], constants: &BTreeMap<&str, Vec<u64>>) {
    assert!(!rows.is_empty());
    for row in rows {
        let name = quoted(&row[2]);
        let made = constants.get(name);
        assert_eq!(Some(&amounts(&row[1])), made, "{name}: {}", row[1]);
    }
}

/// The numbers of each `const NAME: T = value;`, milliseconds as seconds.
fn constants(source: &str) -> BTreeMap<&str, Vec<u64>> {
    let statements = source.split(';');
    statements
        .filter_map(|statement| {
            let (_, rest) = statement.split_once("const ")?;
            let (name, rest) = rest.split_once(": ")?;
            let (_, value) = rest.rsplit_once(" = ")?;
            let is_name = name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit());
            let numbers = product(value)?;
            let unit = if name.ends_with("_MS") { 1_000 } else { 1 };
            is_name.then(|| (name, numbers.iter().map(|n| n / unit).collect()))
        })
        .collect()
}

/// `8 * 1024`, `(300, 10, 900)`, `10_000.0` or `Duration::from_secs(5)`.
fn product(value: &str) -> Option<Vec<u64>> {
    let value = value.trim().replace("Duration::from_secs", "");
    let value = value.trim_matches(['(', ')']);
    value
        .split(", ")
        .map(|one| {
            let factors = one.split(" * ");
            factors
                .map(|factor| factor.replace('_', "").trim_end_matches(".0").parse().ok())
                .try_fold(1_u64, |product, factor: Option<u64>| {
                    Some(product * factor?)
                })
        })
        .collect()
}

/// `8 KiB`, `10,000`, `72 h` or `300 s (10 to 900)`.
fn amounts(cell: &str) -> Vec<u64> {
    let plain = cell.replace(',', "").replace(['(', ')'], " ");
    let words: Vec<&str> = plain.split_whitespace().collect();
    let mut amounts = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Ok(number) = word.parse::<u64>() else {
            continue;
        };
        let unit = match words.get(index + 1) {
            Some(&"KiB") => 1024,
            Some(&"MiB") => 1024 * 1024,
            Some(&"h") => 60 * 60,
            _ => 1,
        };
        amounts.push(number * unit);
    }
    amounts
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    for document in DOCUMENTS {
        let folder = root().join(document);
        let folder = folder.parent().expect("a folder");
        for link in links(&read(document)) {
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() {
                root().join(document)
            } else {
                folder.join(file)
            };
            let leads = target.exists() && (heading.is_empty() || has_heading(&target, heading));
            if !leads {
                broken.push(format!("{document}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What stands in the round brackets of `[text](link)`, outside of code.
fn links(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2);
    let mut links = Vec::new();
    for part in prose {
        for after in part.split("](").skip(1) {
            let link = after.split(')').next().unwrap_or_default();
            assert!(
                !link.contains("://"),
                "{link}: a link out of the repository"
            );
            links.push(link.to_owned());
        }
    }
    links
}

/// Whether a document has a heading with this anchor.
fn has_heading(path: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.replace(|c: char| !(c.is_alphanumeric() || c == ' ' || c == '-'), "");
            kept.replace(' ', "-") == anchor
        })
}

#[test]
fn documents_name_no_machine() {
    let mut faults = Vec::new();
    for document in DOCUMENTS {
        for (index, line) in read(document).lines().enumerate() {
            let folders = ["home", "root", "tmp", "work"].map(|name| format!("/{name}/"));
            for path in folders.iter().map(String::as_str).chain(["~/"]) {
                if line.contains(path) {
                    faults.push(format!("{document}:{}: {path}", index + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn code_map_names_every_file() {
    let map = read("crates/README.md");
    let mut faults = Vec::new();
    for (name, folder) in [
        ("keyward-base64", "crates/keyward-base64/src"),
        ("keyward-core", "crates/keyward-core/src"),
        ("keyward-wire", "crates/keyward-wire/src"),
        ("keyward-issuer", "crates/keyward-issuer/src"),
        ("keyward-host", "crates/keyward-host/src"),
        ("keyward-wasm", "crates/keyward-wasm/src"),
        ("keyward-cli", "crates/keyward-cli/src"),
        ("keyward-totp", "crates/keyward-totp/src"),
        ("gateway", "worker/gateway/src"),
        ("host", "worker/platform/src"),
        ("registry", "worker/registry/src"),
    ] {
        let (_, section) = map
            .split_once(&format!("\n### {name}\n"))
            .unwrap_or_else(|| panic!("no map of {name}"));
        let block = section.split("```").nth(1).unwrap_or_default();
        let mut written: Vec<String> = block
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .filter(|word| word.ends_with(".rs"))
            .map(str::to_owned)
            .collect();
        let mut found = Vec::new();
        collect(&root().join(folder), "", &mut found);
        written.sort();
        found.sort();
        if written != found {
            faults.push(format!("{name}: written {written:#?}, found {found:#?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The modules of a crate, without tests.
fn collect(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "tests" {
                collect(&path, &format!("{prefix}{name}/"), found);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(format!("{prefix}{name}"));
        }
    }
}
