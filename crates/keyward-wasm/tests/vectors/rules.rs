//! The table of rules in `tests/README.md` and the vectors agree.
use std::collections::BTreeMap;
use std::fs;

use crate::{folder, themes};

/// A row `` | `rule` | what is guaranteed | where | ``, the last column starting with `vectors/` where
/// the rule has vectors.
fn rules() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join("../README.md")).expect("tests/README.md");
    text.lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once("` | "))
        .map(|(rule, rest)| (rule.to_owned(), rest.to_owned()))
        .filter(|(_, rest)| rest.contains("| vectors/"))
        .collect()
}

#[test]
fn every_rule_has_vectors_for_and_against_it() {
    let rules = rules();
    assert!(!rules.is_empty(), "tests/README.md has no table of rules");
    let mut counts: BTreeMap<&str, (usize, usize)> =
        rules.keys().map(|rule| (rule.as_str(), (0, 0))).collect();
    let themes = themes();
    let mut faults = Vec::new();
    for (theme, vectors) in &themes {
        for vector in &vectors.vectors {
            match counts.get_mut(vector.rule.as_str()) {
                Some((allowed, _)) if vector.expect == "allow" => *allowed += 1,
                Some((_, denied)) => *denied += 1,
                None => faults.push(format!(
                    "{theme}/{}: tests/README.md has no rule {}",
                    vector.name, vector.rule
                )),
            }
        }
    }
    for (rule, (allowed, denied)) in counts {
        if allowed == 0 || denied == 0 {
            faults.push(format!(
                "{rule}: {allowed} vectors for it, {denied} against it"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
