//! Guarantees that `docs/events.md` lists every event with every member of its data.
//! `KEYWARD_WRITE_EVENTS=1 cargo test -p keyward-wire --test events` writes it anew.
use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use keyward_wire::event::{Event, EventName, FIELDS, Place, documented};
use serde_json::Value;

/// When the examples happened.
const AT_S: u64 = 1_798_761_600;

fn body(event: &Event) -> Value {
    serde_json::from_str(&event.body(AT_S).unwrap()).unwrap()
}

fn members(event: &Event) -> Vec<String> {
    let body = body(event);
    let data = body["data"].as_object().expect("data");
    data.keys().cloned().collect()
}

fn page() -> String {
    let mut page = String::from(
        "# Events\n\n\
         What happens in a registry. The names are the same in webhooks (`type`), mails, the audit log (`action`) and the API\n\
         (`event`); they are added, not changed. Nothing of it is secret.\n\n\
         A webhook is a `POST` with one event as its content, signed as the \
         Standard Webhooks specification has it. The same\nevent has the same `webhook-id` however often it is sent. \
         Programs take members that they do not know.\n\n\
         | event | when | webhook | mail | audit log |\n|---|---|---|---|---|\n",
    );
    for name in EventName::ALL {
        let there = |place| if name.appears_in(place) { "yes" } else { "" };
        let [webhook, mail, audit] = [Place::Webhook, Place::Mail, Place::Audit].map(there);
        let when = name.when();
        page.push_str(&format!(
            "| `{name}` | {when} | {webhook} | {mail} | {audit} |\n"
        ));
    }
    page.push_str("\n## Webhooks\n\n| event | members of `data` |\n|---|---|\n");
    for event in documented() {
        let members = members(&event).join("`, `");
        page.push_str(&format!("| `{}` | `{members}` |\n", event.name()));
    }
    page.push_str("\n| member | says |\n|---|---|\n");
    for (name, says) in FIELDS {
        page.push_str(&format!("| `{name}` | {says} |\n"));
    }
    page.push_str("\n## Examples\n");
    for event in documented() {
        let example = serde_json::to_string_pretty(&body(&event)).unwrap();
        page.push_str(&format!("\n```json\n{example}\n```\n"));
    }
    page
}

#[test]
fn the_page_is_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events.md");
    if env::var_os("KEYWARD_WRITE_EVENTS").is_some() {
        fs::write(&path, page()).expect("docs/events.md");
    }
    let written = fs::read_to_string(&path).expect("docs/events.md");
    assert!(
        written == page(),
        "write it anew with KEYWARD_WRITE_EVENTS=1"
    );
}

#[test]
fn every_member_is_explained_and_nothing_else() {
    let found: BTreeSet<String> = documented().iter().flat_map(members).collect();
    let explained: BTreeSet<String> = FIELDS.map(|(name, _)| name.to_owned()).into();
    assert_eq!(found, explained);
    assert!(FIELDS.is_sorted());
}

#[test]
fn every_event_of_webhooks_is_shown_once_under_its_own_name() {
    let shown: Vec<EventName> = documented().iter().map(Event::name).collect();
    let listed: BTreeSet<EventName> = shown.iter().copied().collect();
    assert_eq!(listed.len(), shown.len());
    let named = EventName::ALL.iter().copied();
    let of_webhooks: BTreeSet<EventName> = named
        .filter(|name| name.appears_in(Place::Webhook))
        .collect();
    assert_eq!(listed, of_webhooks);
    for event in documented() {
        let body = body(&event);
        assert_eq!(body["type"], event.name().as_str());
        let read: Event = serde_json::from_value(body).expect("what was written");
        assert_eq!(read, event);
    }
    // What serde would take is what is listed.
    let error = serde_json::from_str::<Event>(r#"{"type":"none","data":{}}"#).unwrap_err();
    for name in error.to_string().split('`').skip(3).step_by(2) {
        assert!(listed.iter().any(|one| one.as_str() == name), "{name}");
    }
}

#[test]
fn names_are_told_apart_and_have_one_form() {
    let names: BTreeSet<&str> = EventName::ALL.iter().map(|name| name.as_str()).collect();
    assert_eq!(names.len(), EventName::ALL.len());
    for name in EventName::ALL {
        let text = name.as_str();
        let is_word = |word: &str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let (subject, what) = text.split_once('.').expect("two words");
        assert!(is_word(subject) && is_word(what), "{text}");
        assert_eq!(serde_json::to_value(name).unwrap(), text);
        assert!(!name.places().is_empty(), "{text}");
        assert!(name.places().is_sorted(), "{text}");
    }
}

/// Every line of a Worker's sources.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else {
            into.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}

/// That nothing else is in the audit log is what its writer's type says.
#[test]
fn every_event_happens() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut code = String::new();
    sources(&crates.join("../worker/registry/src"), &mut code);
    sources(&crates.join("keyward-issuer/src"), &mut code);
    for name in EventName::ALL {
        let used = format!("EventName::{}", name.variant());
        let told = format!("Event::{}", name.variant());
        assert!(
            code.contains(&used) || code.contains(&told),
            "{name} never happens"
        );
    }
}
