//! Guarantees that the mails of a key's life are those in `tests/mails`, which people have read.
//! `KEYWARD_WRITE_MAILS=1 cargo test -p keyward-issuer --test mails` writes them anew.
mod keeper;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use keeper::{Keeper, Sent};
use keyward_issuer::notice::Notice;
use keyward_issuer::notice::mail::{Mail, MailFacts, OwnerFacts, WebhookFacts};
use keyward_issuer::webhook::Target;

const DAY_S: u64 = 24 * 60 * 60;
/// 2027-01-04 09:30 UTC.
const START_S: u64 = 1_799_055_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mails")
}

/// A key of a year: made, rotated in its summer, expired, and removed in the end.
fn life() -> Keeper {
    let mut keeper = Keeper::made(START_S, 365 * DAY_S, &[1]);
    keeper.pass_to(START_S + 200 * DAY_S);
    keeper.rotate();
    keeper.pass_to(START_S + 370 * DAY_S);
    keeper.remove();
    keeper.pass_to(START_S + 371 * DAY_S);
    keeper
}

fn name(one: &Sent) -> String {
    match one.notice {
        Notice::Created => "created".to_owned(),
        Notice::Rotated { .. } => "rotated".to_owned(),
        Notice::Removed => "removed".to_owned(),
        Notice::Expires { threshold, .. } => match threshold.days() {
            0 => "expired".to_owned(),
            days => format!("{days}-days"),
        },
    }
}

/// As the registry makes it.
const UNSUBSCRIBE: &str = "https://admin.acme.example/owners/notices/acme/\
9kqV2sT0bX4yH7mJcLzRfA.1814607000.o1.Q2xvc2VkIGZvciB0aGlzIG1haWwgYW5kIG5vIG90aGVy";

/// The fields by which mail programs know of it.
fn fields(mail: &Mail) -> String {
    format!(
        "Subject: {}\nList-Unsubscribe: <{}>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
        mail.subject, mail.unsubscribe
    )
}

/// Every file: the mail with the fields that we fill in, and its HTML.
fn mails() -> BTreeMap<String, String> {
    let keeper = life();
    let signed = MailFacts {
        organisation: "acme",
        key_id: "kwk_52PftQTKXTfcTQZXcdkxOg3WYEOr",
        name: "Billing & reports <nightly>",
        memo: "Runs at 02:00 on the report server.\nAsk Ada before you change it.",
        kind: "signed",
        environment: "production",
        expires_at_s: keeper.key.expires_at_s,
        manage_at: "https://admin.acme.example",
        unsubscribe: UNSUBSCRIBE,
    };
    let token = MailFacts {
        name: "Dashboard",
        memo: "",
        kind: "token",
        ..signed
    };
    let mut files = BTreeMap::new();
    for (index, one) in keeper.sent.iter().enumerate() {
        let name = name(one);
        let is_other = ["rotated", "30-days"].contains(&name.as_str());
        let kinds = [Some(signed), is_other.then_some(token)];
        for facts in kinds.into_iter().flatten() {
            let mail = Mail::of(&one.notice, &facts, one.at_s);
            let file = format!("{}-{}-{name}", facts.kind, index + 1);
            let fields = format!(
                "To: {}\n{}Message-ID: {}\nIdempotency-Key: {}\nX-Keyward-Event: {}\n",
                one.to,
                fields(&mail),
                one.id.message_id("keyward.example"),
                one.id,
                one.notice.name().as_str()
            );
            files.insert(format!("{file}.txt"), format!("{fields}\n{}", mail.text));
            files.insert(format!("{file}.html"), mail.html);
        }
    }
    let target = "https://Hooks.acme.example/in?token=hunter2";
    let mail = Mail::of_disabled(&WebhookFacts {
        organisation: "acme",
        webhook: "wh_billing",
        target: &Target::parse(target, &[]).expect("a target"),
        status: Some(503),
        manage_at: "https://admin.acme.example",
        unsubscribe: UNSUBSCRIBE,
    });
    let text = format!("{}\n{}", fields(&mail), mail.text);
    files.insert("webhook-disabled.txt".to_owned(), text);
    files.insert("webhook-disabled.html".to_owned(), mail.html);
    let mail = Mail::of_owner(&OwnerFacts {
        organisation: "acme",
        link: "https://admin.acme.example/owners/confirmation#acme.5sBvXh0yQm3JtQ4nTqfW1eE7bK2uZrD9cLxGaPiYo8w",
        until_s: START_S + 14 * DAY_S,
        unsubscribe: UNSUBSCRIBE,
    });
    let text = format!("{}\n{}", fields(&mail), mail.text);
    files.insert("owner-asked.txt".to_owned(), text);
    files.insert("owner-asked.html".to_owned(), mail.html);
    files
}

#[test]
fn a_target_is_not_told_but_for_its_host() {
    for (name, content) in mails() {
        assert!(!content.contains("hunter2"), "{name}");
    }
}

#[test]
fn the_mails_of_a_life_are_those_that_were_read() {
    let made = mails();
    if env::var_os("KEYWARD_WRITE_MAILS").is_some() {
        let _ = fs::remove_dir_all(folder());
        fs::create_dir_all(folder()).expect("tests/mails");
        for (name, content) in &made {
            fs::write(folder().join(name), content).expect("a file");
        }
    }
    let mut written = BTreeMap::new();
    for entry in fs::read_dir(folder()).expect("tests/mails") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let content = fs::read_to_string(&path).expect("a mail");
        written.insert(name.into_owned(), content);
    }
    let differ = made
        .iter()
        .filter(|(name, content)| written.get(*name) != Some(content));
    let differ: Vec<&String> = differ.map(|(name, _)| name).collect();
    assert!(
        differ.is_empty(),
        "{differ:?}: write them anew with KEYWARD_WRITE_MAILS=1, and read them"
    );
    assert_eq!(
        made.len(),
        written.len(),
        "there are files that are no mails"
    );
}

#[test]
fn a_life_has_seven_mails_and_no_line_is_too_long() {
    assert_eq!(life().sent.len(), 7);
    for (name, content) in mails() {
        assert!(content.lines().all(|line| line.len() <= 998), "{name}");
        if name.ends_with(".txt") {
            let (_, text) = content.split_once("\n\n").expect("fields and text");
            assert!(
                text.lines()
                    .all(|line| line.chars().count() <= 78 || line.starts_with("https://")),
                "{name}"
            );
        }
    }
}
