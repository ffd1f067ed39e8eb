//! What each notice says.
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use keyward_core::http_date::Civil;

use super::{
    Letter, MEMO_CHARACTERS_MAX, MailFacts, NAME_CHARACTERS_MAX, OwnerFacts,
    SUBJECT_ID_CHARACTERS_MAX, WebhookFacts, visible,
};
use crate::notice::{DAY_S, Notice, Threshold};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const REASON: &str = "You get this mail because you are an owner of this key. It holds no secret, and nobody will \
                      ever ask you for one.";

pub(super) fn letter(notice: &Notice, key: &MailFacts<'_>, now_s: u64) -> Letter {
    let said = match notice {
        Notice::Created => created(key, now_s),
        Notice::Rotated {
            old_valid_until_s, ..
        } => rotated(key, *old_valid_until_s),
        Notice::Removed => removed(key),
        Notice::Expires {
            threshold: Threshold::Expiry,
            expires_at_s,
        } => expired(key, *expires_at_s),
        Notice::Expires {
            threshold,
            expires_at_s,
        } => expires_soon(key, *threshold, *expires_at_s, now_s),
    };
    Letter {
        subject: subject(key, &said.subject),
        headline: said.headline,
        before: said.before,
        facts: facts(key),
        link: None,
        after: said.after,
        reason: REASON,
        unsubscribe: key.unsubscribe.to_owned(),
    }
}

struct Said {
    /// With `{}` where the key's id stands.
    subject: String,
    headline: String,
    before: Vec<String>,
    after: Vec<String>,
}

fn created(key: &MailFacts<'_>, now_s: u64) -> Said {
    let organisation = key.organisation;
    let reminded = now_s < Threshold::Days7.at_s(key.expires_at_s);
    let when = if reminded {
        "in good time before"
    } else {
        "when"
    };
    Said {
        subject: "New API key {}".to_owned(),
        headline: "A new API key".to_owned(),
        before: [alloc::format!("{organisation} has a new API key, and you are one of its owners.")].into(),
        after: [
            alloc::format!(
                "There is nothing that you need to do now. You will hear from us {when} it expires."
            ),
            alloc::format!(
                "If you did not expect this key, ask those who manage the keys of {organisation}. They can remove it at {}.",
                key.manage_at
            ),
        ]
        .into(),
    }
}

fn rotated(key: &MailFacts<'_>, old_valid_until_s: Option<u64>) -> Said {
    let secret = secret(key);
    let old = match old_valid_until_s.map(date) {
        Some(end) => alloc::format!(
            "The old {secret} works until {end}. Programs that use the key need the new one by then."
        ),
        None => alloc::format!(
            "The old {secret} does not work any more. Programs that use the key need the new one now."
        ),
    };
    Said {
        subject: alloc::format!("New {secret} for API key {{}}"),
        headline: alloc::format!("A new {secret}"),
        before: [alloc::format!("This key has a new {secret}."), old].into(),
        after: [
            alloc::format!("The new {secret} was shown once, to the person who made it, and is not in this mail."),
            alloc::format!(
                "If you did not expect this, ask those who manage the keys of {}. They can disable or remove the key at {}.",
                key.organisation, key.manage_at
            ),
        ]
        .into(),
    }
}

fn removed(key: &MailFacts<'_>) -> Said {
    Said {
        subject: "API key {} was removed".to_owned(),
        headline: "A key was removed".to_owned(),
        before: ["This key was removed, for ever. Requests with it are refused as soon as the news has reached all \
                  places, usually within a minute."
            .to_owned()]
        .into(),
        after: [alloc::format!(
            "What still uses it needs another key. Those who manage the keys of {} can make one at {}.",
            key.organisation, key.manage_at
        )]
        .into(),
    }
}

fn expired(key: &MailFacts<'_>, expires_at_s: u64) -> Said {
    Said {
        subject: "API key {} has expired".to_owned(),
        headline: "A key has expired".to_owned(),
        before: [alloc::format!("This key expired on {}. Requests with it are refused.", date(expires_at_s))].into(),
        after: [alloc::format!(
            "An expired key stays expired. If something still needs it, those who manage the keys of {} can make a new \
             one at {}; otherwise there is nothing that you need to do.",
            key.organisation, key.manage_at
        )]
        .into(),
    }
}

fn expires_soon(key: &MailFacts<'_>, threshold: Threshold, expires_at_s: u64, now_s: u64) -> Said {
    let left = days(expires_at_s.saturating_sub(now_s));
    let (how, then) = if key.kind == "token" {
        (
            "issue it anew",
            "Programs that use it then need the new token.",
        )
    } else {
        ("extend it", "Programs that use it need no change.")
    };
    let mut after = Vec::from([alloc::format!(
        "If it is still needed, those who manage the keys of {} can {how} at {}. {then}",
        key.organisation,
        key.manage_at
    )]);
    after.push("If it is not needed any more, there is nothing that you need to do.".to_owned());
    if threshold == Threshold::Days7 {
        after.push("This is the last reminder before it expires.".to_owned());
    }
    Said {
        subject: alloc::format!("API key {{}} expires in {left}"),
        headline: alloc::format!("A key expires in {left}"),
        before: [alloc::format!(
            "This key expires on {}. From then on, requests with it are refused.",
            date(expires_at_s)
        )]
        .into(),
        after,
    }
}

pub(super) fn asked(owner: &OwnerFacts<'_>) -> Letter {
    let OwnerFacts {
        organisation,
        link,
        until_s,
        unsubscribe,
    } = *owner;
    let until = date(until_s);
    Letter {
        subject: in_ascii(&alloc::format!("[{organisation}] Is this your address?")),
        headline: "Is this your address?".to_owned(),
        before: [
            alloc::format!(
                "{organisation} named this address as one that is told about its API keys: when a key is made, gets a \
                 new secret, is removed or is about to expire."
            ),
            "If it is yours and you want that, open this page and say so. Nothing happens by opening it.".to_owned(),
        ]
        .into(),
        facts: Vec::new(),
        link: Some(link.to_owned()),
        after: [alloc::format!(
            "The link is good until {until}. If you know nothing of {organisation}, do nothing: you will get none of \
             those mails."
        )]
        .into(),
        reason: "You get this mail because somebody named your address. It holds no secret of a key, and nobody will \
                 ever ask you for one.",
        unsubscribe: unsubscribe.to_owned(),
    }
}

pub(super) fn disabled(webhook: &WebhookFacts<'_>) -> Letter {
    let WebhookFacts {
        organisation,
        webhook: id,
        target,
        status,
        manage_at,
        unsubscribe,
    } = *webhook;
    let why = match status {
        Some(410) => "It answered 410, which says that it wants no more of them.".to_owned(),
        Some(status) => {
            alloc::format!(
                "For three days nothing could be delivered. Its last answer was {status}."
            )
        }
        None => "For three days nothing could be delivered, and the last time there was no answer."
            .to_owned(),
    };
    let facts = [
        ("Webhook", id),
        ("Host", target.host()),
        ("Organisation", organisation),
    ];
    Letter {
        subject: in_ascii(&alloc::format!("[{organisation}] Webhook {id} was disabled")),
        headline: "A webhook was disabled".to_owned(),
        before: ["This webhook is not called any more.".to_owned(), why].into(),
        facts: facts.map(|(name, value)| (name, value.to_owned())).into(),
        link: None,
        after: [
            alloc::format!(
                "When its receiver works again, enable the webhook at {manage_at}. What it was to be told until now \
                 can be sent again from the list of deliveries; of later events it hears nothing."
            ),
            "Owners of keys still get their mails.".to_owned(),
        ]
        .into(),
        reason: "You get this mail because you manage this organisation. It holds no secret, and nobody will ever ask \
                 you for one.",
        unsubscribe: unsubscribe.to_owned(),
    }
}

fn facts(key: &MailFacts<'_>) -> Vec<(&'static str, String)> {
    let name = visible(key.name, NAME_CHARACTERS_MAX);
    let name: Vec<&str> = name.split_whitespace().collect();
    let memo = visible(key.memo, MEMO_CHARACTERS_MAX);
    let all = [
        ("Name", name.join(" ")),
        ("Key id", key.key_id.to_owned()),
        ("Organisation", key.organisation.to_owned()),
        ("Environment", key.environment.to_owned()),
        ("Kind", key.kind.to_owned()),
        ("Expires", date(key.expires_at_s)),
        ("Memo", memo),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn subject(key: &MailFacts<'_>, said: &str) -> String {
    let mut id: String = key.key_id.chars().take(SUBJECT_ID_CHARACTERS_MAX).collect();
    if id.len() < key.key_id.len() {
        id.push_str("...");
    }
    in_ascii(&alloc::format!(
        "[{}] {}",
        key.organisation,
        said.replace("{}", &id)
    ))
}

/// Ids and organisations have no other characters; a header field must not depend on that.
fn in_ascii(subject: &str) -> String {
    subject
        .chars()
        .filter(|c| (' '..='~').contains(c))
        .collect()
}

fn secret(key: &MailFacts<'_>) -> &'static str {
    if key.kind == "token" {
        "token"
    } else {
        "secret"
    }
}

/// A day that has begun is a day.
fn days(seconds: u64) -> String {
    match seconds.div_ceil(DAY_S) {
        1 => "1 day".to_owned(),
        days => alloc::format!("{days} days"),
    }
}

fn date(unix_s: u64) -> String {
    let named = Civil::of(unix_s).and_then(|at| Some((at, MONTHS.get(at.month.checked_sub(1)?)?)));
    match named {
        Some((at, month)) => {
            alloc::format!(
                "{} {month} {}, {:02}:{:02} UTC",
                at.day,
                at.year,
                at.hour,
                at.minute
            )
        }
        None => "a day after the year 9999".to_owned(),
    }
}
