//! Guarantees that every vector has the outcome that its author wrote down, that the generated
//! files say the same, and that each rule of `tests/README.md` has vectors for and against it.

mod expand;
mod over;
#[path = "../reference/mod.rs"]
mod reference;
mod rules;
mod setting;
mod sign;
mod signing;
mod token;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use expand::{Theme, Vector};
use serde_json::{Map, Value, json};
use setting::{Setting, Tampering};
use signing::SignTheme;

/// Set to write the generated files instead of comparing them.
const WRITE: &str = "KEYWARD_WRITE_VECTORS";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every theme by its name, in order.
fn themes() -> Vec<(String, Theme)> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("tests/vectors")
        .filter_map(|entry| entry.expect("an entry").file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .filter(|name| !matches!(name.as_str(), "setting" | "exceptions" | "signing"))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let theme = read(&folder().join(format!("{name}.json")));
            (name, theme)
        })
        .collect()
}

#[test]
fn every_vector_has_its_outcome_and_is_generated() {
    let setting: Setting = read(&folder().join("setting.json"));
    let mut faults = Vec::new();
    let (mut count, mut names, mut wrong) = (0, BTreeSet::new(), BTreeSet::new());
    for (name, theme) in themes() {
        let given = given(&setting, &theme);
        let mut generated = Vec::new();
        for vector in &theme.vectors {
            if !names.insert(format!("{name}/{}", vector.name)) {
                faults.push(format!("{name}/{}: there twice", vector.name));
            }
            let call = vector.call(&setting);
            let mut whole = given.clone();
            whole.extend(call.clone());
            let answer = reference::decide_json(&Value::Object(whole).to_string());
            if let Err(difference) = judge(vector, &answer) {
                faults.push(format!(
                    "{name}/{}: {difference}\n    {answer}",
                    vector.name
                ));
            }
            if vector.rule == "one-answer-for-wrong" && vector.expect != "allow" {
                wrong.insert(answer.clone());
            }
            generated.push(json!({ "name": vector.name, "call": call, "answer": answer }));
            count += 1;
        }
        let text = lines("decide", &given, &generated);
        if let Err(difference) = compare(&format!("generated/{name}.json"), &text) {
            faults.push(difference);
        }
    }
    if wrong.len() != 1 {
        faults.push(format!("one answer for all that is wrong: {wrong:#?}"));
    }
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        faults.join("\n")
    );
    println!("vectors: {count}");
}

/// What all calls of a theme have in common: `Object.assign({}, given, call)` is a whole call.
fn given(setting: &Setting, theme: &Theme) -> Map<String, Value> {
    let used: BTreeSet<&str> = theme
        .vectors
        .iter()
        .flat_map(|vector| [vector.key_name(), vector.other_key_name()])
        .flatten()
        .collect();
    let records: Map<_, _> = used
        .into_iter()
        .map(|name| {
            let kv_name = format!("k/{}", setting.key(name).key_id);
            (kv_name, setting.record(name, &Tampering::default()).into())
        })
        .collect();
    let mut given = Map::new();
    given.insert("settings".into(), setting.settings.clone());
    given.insert("catalogue".into(), setting.catalogue.clone());
    given.insert("secrets".into(), setting.secrets());
    given.insert("organisationKeys".into(), setting.organisation_keys());
    given.insert("records".into(), records.into());
    given
}

/// Whether an answer is what the vector's author expects.
fn judge(vector: &Vector, answer: &str) -> Result<(), String> {
    let answer: Value = serde_json::from_str(answer).expect("JSON");
    let outcome = match answer["outcome"].as_str() {
        Some("deny") => {
            format!(
                "{} {}",
                answer["status"],
                answer["code"].as_str().unwrap_or("no code")
            )
        }
        Some(outcome) => outcome.to_owned(),
        None => "error".to_owned(),
    };
    if outcome != vector.expect {
        return Err(format!("{outcome} instead of {}", vector.expect));
    }
    match &vector.answer {
        Some(part) => holds(&answer, part, "answer"),
        None => Ok(()),
    }
}

/// Whether `whole` has all of `part`; `null` stands for what must not be there.
fn holds(whole: &Value, part: &Value, path: &str) -> Result<(), String> {
    match part {
        Value::Object(members) => members
            .iter()
            .try_for_each(|(name, part)| holds(&whole[name], part, &format!("{path}.{name}"))),
        _ if whole == part => Ok(()),
        _ => Err(format!("{path} is {whole} instead of {part}")),
    }
}

/// One vector a line, so that a change shows as what it is.
fn lines(export: &str, given: &Map<String, Value>, vectors: &[Value]) -> String {
    let vectors: Vec<_> = vectors.iter().map(|one| format!("    {one}")).collect();
    format!(
        "{{\n  \"about\": \"Generated from the file of the same name one folder up; see tests/README.md.\",\n  \
         \"export\": \"{export}\",\n  \"given\": {},\n  \"vectors\": [\n{}\n  ]\n}}\n",
        json!(given),
        vectors.join(",\n")
    )
}

fn compare(name: &str, text: &str) -> Result<(), String> {
    let path = folder().join(name);
    if env::var_os(WRITE).is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        return Ok(());
    }
    if fs::read_to_string(&path).is_ok_and(|found| found == text) {
        Ok(())
    } else {
        Err(format!(
            "{name} is not current: run the tests with {WRITE}=1 and look at what changed"
        ))
    }
}

/// Signing is expected to make what the test's own signer makes, or to refuse.
#[test]
fn every_request_is_signed_as_expected() {
    let setting: Setting = read(&folder().join("setting.json"));
    let theme: SignTheme = read(&folder().join("signing.json"));
    let mut generated = Vec::new();
    for vector in &theme.vectors {
        let call = vector.call(&setting);
        let answer = reference::sign_json(&call.to_string());
        let found: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(found, vector.answer(&setting), "signing/{}", vector.name);
        generated.push(json!({ "name": vector.name, "call": call, "answer": answer }));
    }
    compare(
        "generated/signing.json",
        &lines("sign", &Map::new(), &generated),
    )
    .unwrap();
}

#[test]
fn nothing_is_generated_without_a_source() {
    let mut sources: BTreeSet<String> = themes().into_iter().map(|(name, _)| name).collect();
    sources.insert("signing".into());
    let mut size = 0;
    for entry in fs::read_dir(folder().join("generated")).expect("generated") {
        let entry = entry.expect("an entry");
        size += entry.metadata().expect("a file").len();
        let name = entry.file_name().into_string().expect("a name");
        let source = name.strip_suffix(".json").unwrap_or_default();
        assert!(sources.contains(source), "generated/{name} has no source");
    }
    assert!(size < 2_000_000, "generated files have {size} bytes");
}
