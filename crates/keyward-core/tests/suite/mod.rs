//! Runs the cases of a suite that others wrote.
//!
//! The files are read from the folder that `KEYWARD_VECTORS` names; without it
//! the suite says that it was not run. A case that fails needs an entry in
//! `tests/vectors/exceptions.json`, and an entry whose case does not fail is an
//! error too, so that file always states exactly where we differ.

#![allow(dead_code, reason = "each test that includes this uses a part of it")]

#[allow(unused_imports, reason = "unit tests have no prelude of std")]
use std::{
    borrow::ToOwned,
    format, println,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::Value;

const VARIABLE: &str = "KEYWARD_VECTORS";
const EXCEPTIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/exceptions.json"
);

pub(crate) struct Suite {
    name: &'static str,
    vectors: PathBuf,
    /// Id to reason.
    exceptions: BTreeMap<String, String>,
    seen: BTreeSet<String>,
    excepted: BTreeSet<String>,
    faults: Vec<String>,
}

impl Suite {
    /// The suite of this name, which is its path below `KEYWARD_VECTORS` without
    /// `.json`; `None`, and a line that says so, when the variable is not set.
    /// `origin` is where the files come from.
    pub(crate) fn open(name: &'static str, origin: &str) -> Option<Self> {
        let Some(vectors) = env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) else {
            let reason = format!("{VARIABLE} names no folder with {name} from {origin}");
            // Not `println!`, which a passing test hides.
            let _ = writeln!(std::io::stderr(), "not run: {name}: {reason}");
            let _ = writeln!(std::io::stdout(), "SKIPPED {name}: {reason}");
            return None;
        };
        let vectors = PathBuf::from(vectors);
        Some(Self {
            name,
            exceptions: exceptions(name, &vectors),
            vectors,
            seen: BTreeSet::new(),
            excepted: BTreeSet::new(),
            faults: Vec::new(),
        })
    }

    /// The content of a file of the suite, by its path below `KEYWARD_VECTORS`.
    pub(crate) fn json(&self, path: &str) -> Value {
        read(&self.vectors.join(path))
    }

    /// Every JSON file of the suite's folder and the folders in it, by its path
    /// below that folder without `.json`, in order.
    pub(crate) fn files(&self) -> Vec<(String, Value)> {
        let root = self.vectors.join(self.name);
        let mut folders = vec![root.clone()];
        let mut files = BTreeMap::new();
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            for path in entries.map(|entry| entry.expect("a folder entry").path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path
                    .extension()
                    .is_some_and(|extension| extension == "json")
                {
                    let name = path.strip_prefix(&root).expect("below the root");
                    let name = name.with_extension("");
                    files.insert(name.display().to_string(), read(&path));
                }
            }
        }
        files.into_iter().collect()
    }

    /// Takes one case: `Ok` when we did what the suite wants, else how we differ.
    pub(crate) fn case(&mut self, id: String, outcome: Result<(), String>) {
        match (outcome, self.exceptions.contains_key(&id)) {
            (Ok(()), false) => {}
            (Err(_), true) => {
                self.excepted.insert(id.clone());
            }
            (Ok(()), true) => self
                .faults
                .push(format!("{id}: passes, so its exception no longer applies")),
            (Err(difference), false) => self.faults.push(format!("{id}: {difference}")),
        }
        if !self.seen.insert(id.clone()) {
            self.faults.push(format!("{id}: two cases have this id"));
        }
    }

    /// Prints the counts.
    ///
    /// # Panics
    /// A case and the exceptions disagree, or there were not that many cases.
    pub(crate) fn finish(mut self, cases: usize) {
        for id in self.exceptions.keys() {
            if !self.seen.contains(id) {
                self.faults
                    .push(format!("{id}: an exception for a case that does not exist"));
            }
        }
        if self.seen.len() != cases {
            self.faults
                .push(format!("{} cases instead of {cases}", self.seen.len()));
        }
        println!(
            "{}: {} cases, {} exceptions",
            self.name,
            self.seen.len(),
            self.excepted.len()
        );
        assert!(
            self.faults.is_empty(),
            "{}: {} faults\n{}",
            self.name,
            self.faults.len(),
            self.faults.join("\n")
        );
    }
}

/// The bytes that hex digits stand for.
pub(crate) fn hex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().expect("hex digits");
    assert!(digits.len().is_multiple_of(2), "whole bytes");
    (0..digits.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(&digits[start..start + 2], 16).expect("hex digits"))
        .collect()
}

/// Whether two answers agree, as the outcome of a case.
pub(crate) fn expect(what: &str, found: bool, wanted: bool) -> Result<(), String> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("{what}: {found} instead of {wanted}"))
    }
}

/// The exceptions of one suite. All entries are checked, so that none can name
/// a suite that nobody has.
fn exceptions(suite: &str, vectors: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let entries = read(Path::new(EXCEPTIONS));
    for entry in entries.as_array().expect("a list of exceptions") {
        let text = |name: &str| {
            entry[name]
                .as_str()
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| panic!("exceptions.json: {entry} has no {name}"))
        };
        let (name, id, reason) = (text("suite"), text("id"), text("reason"));
        assert!(
            vectors.join(name).is_dir() || vectors.join(format!("{name}.json")).is_file(),
            "exceptions.json: there is no suite {name}"
        );
        if name == suite {
            let earlier = found.insert(id.to_owned(), reason.to_owned());
            assert!(
                earlier.is_none(),
                "exceptions.json: {name} {id} is there twice"
            );
        }
    }
    found
}

fn read(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
