//! Guarantees that `docs/events.md` lists every event with every member of its data.
//! `KEYWARD_WRITE_EVENTS=1 cargo test -p keyward-wire --test events` writes it anew.
use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use keyward_wire::event::{Event, FIELDS, documented};
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
         What Keyward tells of keys. The names are the same in webhooks, mails, audit log and API; they are added, not \
         changed.\nNothing of it is secret.\n\n\
         A webhook is a `POST` with one event as its content, signed as the \
         Standard Webhooks specification has it. The same\nevent has the same `webhook-id` however often it is sent. \
         Programs take members that they do not know.\n\n\
         | event | when | members of `data` |\n|---|---|---|\n",
    );
    for one in documented() {
        let members = members(&one.example).join("`, `");
        let name = one.example.name();
        page.push_str(&format!("| `{name}` | {} | `{members}` |\n", one.when));
    }
    page.push_str("\n## Members\n\n| member | says |\n|---|---|\n");
    for (name, says) in FIELDS {
        page.push_str(&format!("| `{name}` | {says} |\n"));
    }
    page.push_str("\n## Examples\n");
    for one in documented() {
        let example = serde_json::to_string_pretty(&body(&one.example)).unwrap();
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
    let found: BTreeSet<String> = documented()
        .iter()
        .flat_map(|one| members(&one.example))
        .collect();
    let explained: BTreeSet<String> = FIELDS.map(|(name, _)| name.to_owned()).into();
    assert_eq!(found, explained);
    assert!(FIELDS.is_sorted());
}

#[test]
fn every_event_is_listed_once_under_its_own_name() {
    let names: Vec<&str> = documented().iter().map(|one| one.example.name()).collect();
    let listed: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(listed.len(), names.len());
    for one in documented() {
        let body = body(&one.example);
        assert_eq!(body["type"], one.example.name());
        let read: Event = serde_json::from_value(body).expect("what was written");
        assert_eq!(read, one.example);
    }
    // What serde would take is what is listed.
    let error = serde_json::from_str::<Event>(r#"{"type":"none","data":{}}"#).unwrap_err();
    for name in error.to_string().split('`').skip(3).step_by(2) {
        assert!(listed.contains(name), "{name}");
    }
}
