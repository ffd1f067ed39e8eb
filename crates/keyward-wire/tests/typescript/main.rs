//! The package's types of what crosses a boundary are those that are read: each shape is written down once, held
//! against the readers, and written to npm/src from there.
mod shapes;

use std::{env, fs, path::Path};

use keyward_core::denial::Code;
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::jwks::JwkSet;
use keyward_wire::organisation::OrganisationKeys;
use keyward_wire::secrets::Secrets;
use keyward_wire::usage::KeyUsage;
use serde_json::{Value, json};
use shapes::{Kind, SHAPES, Shape, shape};

const WRITE: &str = "KEYWARD_WRITE_TYPES";
const HEAD: &str = "// Written by `KEYWARD_WRITE_TYPES=1 cargo test -p keyward-wire --test typescript` from what is read; never edited.\n\n";

#[test]
fn catalogues_are_read_as_they_are_typed() {
    hold("Catalogue", |value| {
        CatalogueFile::parse(&value.to_string()).is_ok_and(|file| file.definitions().is_ok())
    });
}

#[test]
fn organisation_keys_are_read_as_they_are_typed() {
    hold("OrganisationKeys", |value| {
        OrganisationKeys::from_json(&value.to_string()).is_ok()
    });
}

#[test]
fn token_keys_are_read_as_they_are_typed() {
    hold("JwkSet", |value| {
        serde_json::from_value::<JwkSet>(value.clone()).is_ok()
    });
}

#[test]
fn publish_keys_are_read_as_they_are_typed() {
    hold("PublishKey", |value| {
        let secrets = json!({ "publishKeys": [value], "environments": {} });
        Secrets::parse(&secrets.to_string()).is_ok()
    });
}

#[test]
fn the_use_of_keys_is_read_as_it_is_typed() {
    hold("KeyUsage", |value| {
        serde_json::from_value::<KeyUsage>(value.clone()).is_ok()
    });
}

#[test]
fn the_packages_types_are_current() {
    let codes: Vec<String> = Code::ALL
        .iter()
        .map(|code| format!("{:?}", code.as_str()))
        .collect();
    let mut wire = String::from(HEAD);
    wire.push_str(
        "/** Why a request is refused, in the order of the checks. */\nexport type Code =",
    );
    for code in &codes {
        wire.push_str(&format!("\n  | {code}"));
    }
    wire.push_str(";\n");
    for shape in SHAPES {
        wire.push_str(&shape.typescript());
    }
    current("wire.ts", &wire);
    current(
        "codes.ts",
        &format!(
            "{HEAD}import type {{ Code }} from \"./wire.js\";\n\n/** Every code, by the core's own numbering. */\n\
             export const codes: readonly Code[] = [\n  {},\n];\n",
            codes.join(",\n  ")
        ),
    );
}

fn current(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../npm/src")
        .join(name);
    if env::var_os(WRITE).is_some() {
        fs::write(&file, text).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap();
    assert!(
        found == text,
        "npm/src/{name} is not current: run the test with {WRITE}=1"
    );
}

/// Reads the whole, and each change of it that the types allow or forbid.
fn hold(name: &'static str, read: impl Fn(&Value) -> bool) {
    let whole = sample(&Kind::Of(name));
    assert!(read(&whole), "{name}: {whole}");
    let mut cases = Vec::new();
    variants(&Kind::Of(name), &mut cases);
    assert!(cases.len() > 3);
    for (what, value, allowed) in cases {
        assert_eq!(read(&value), allowed, "{name}: {what}: {value}");
    }
}

/// Everything that may be there, with a value that it may have.
fn sample(kind: &Kind) -> Value {
    match kind {
        Kind::Text(text) => json!(text),
        Kind::Whole(number) => json!(number),
        Kind::Flag => json!(true),
        Kind::OneOf(names) => json!(names[0]),
        Kind::List(item) => json!([sample(item)]),
        Kind::Pair(one, other) => json!([sample(one), sample(other)]),
        Kind::ByName(name, item) => json!({ *name: sample(item) }),
        Kind::Either(shapes) => sample(&Kind::Of(shapes[0])),
        Kind::Of(name) => {
            let members = shape(name).members.iter();
            members
                .map(|one| (one.name.to_owned(), sample(&one.kind)))
                .collect()
        }
    }
}

type Case = (String, Value, bool);

/// What differs in one place from the sample, and whether it may.
fn variants(kind: &Kind, into: &mut Vec<Case>) {
    let wrong = |what: &str, value| (what.to_owned(), value, false);
    match kind {
        Kind::Text(_) => into.push(wrong("a number for text", json!(1))),
        Kind::Whole(_) => {
            into.push(wrong("half a number", json!(1.5)));
            into.push(wrong("text for a number", json!("1")));
        }
        Kind::Flag => into.push(wrong("text for a flag", json!("true"))),
        Kind::OneOf(names) => {
            into.extend(
                names
                    .iter()
                    .map(|one| (format!("{one:?}"), json!(one), true)),
            );
            into.push(wrong("a name that is none", json!("other")));
        }
        Kind::List(item) => {
            into.push(wrong("no list", sample(item)));
            within(item, into, |value| json!([value]));
        }
        Kind::Pair(one, other) => {
            into.push(wrong("one of two", json!([sample(one)])));
            within(one, into, |value| json!([value, sample(other)]));
            within(other, into, |value| json!([sample(one), value]));
        }
        Kind::ByName(name, item) => {
            into.push(wrong("no object", json!([sample(item)])));
            within(item, into, |value| json!({ *name: value }));
        }
        Kind::Either(shapes) => {
            for one in *shapes {
                into.push(((*one).to_owned(), sample(&Kind::Of(one)), true));
                variants(&Kind::Of(one), into);
            }
        }
        Kind::Of(name) => members(shape(name), into),
    }
}

fn members(shape: &Shape, into: &mut Vec<Case>) {
    let whole = sample(&Kind::Of(shape.name));
    let with = |name: &str, value: Value| {
        let mut changed = whole.clone();
        changed[name] = value;
        changed
    };
    into.push((
        format!("{} with another member", shape.name),
        with("other", json!(1)),
        false,
    ));
    for member in shape.members {
        let mut without = whole.clone();
        without.as_object_mut().unwrap().remove(member.name);
        into.push((format!("without {}", member.name), without, member.optional));
        within(&member.kind, into, |value| with(member.name, value));
    }
}

fn within(kind: &Kind, into: &mut Vec<Case>, place: impl Fn(Value) -> Value) {
    let mut inner = Vec::new();
    variants(kind, &mut inner);
    into.extend(
        inner
            .into_iter()
            .map(|(what, value, allowed)| (what, place(value), allowed)),
    );
}
