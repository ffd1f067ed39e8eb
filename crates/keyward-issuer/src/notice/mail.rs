//! Notices as mails: the same words as text and as HTML.
//!
//! What operators wrote, names and memos, stands in the body alone, without characters that
//! cannot be seen, and escaped. No secret ever comes here.
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::Notice;
use crate::webhook::Target;

mod layout;
mod words;

/// Characters of a name in a mail, and of a memo: what keys may have.
const NAME_CHARACTERS_MAX: usize = 100;
const MEMO_CHARACTERS_MAX: usize = 1_000;
/// Characters of a key id in a subject; imported ones may be longer than subjects should be.
const SUBJECT_ID_CHARACTERS_MAX: usize = 40;

/// What a mail says of its key.
#[derive(Clone, Copy, Debug)]
pub struct MailFacts<'a> {
    pub organisation: &'a str,
    pub key_id: &'a str,
    pub name: &'a str,
    pub memo: &'a str,
    /// `signed`, `token` or `basic`.
    pub kind: &'a str,
    pub environment: &'a str,
    pub expires_at_s: u64,
    /// Where operators manage keys, such as `https://admin.example`.
    pub manage_at: &'a str,
    /// Where its receiver says that he wants no more of these mails.
    pub unsubscribe: &'a str,
}

/// What a mail says of a webhook that is not called any more.
#[derive(Clone, Copy, Debug)]
pub struct WebhookFacts<'a> {
    pub organisation: &'a str,
    pub webhook: &'a str,
    pub target: &'a Target,
    /// The status of its last answer; `None`: there was none.
    pub status: Option<u16>,
    /// Where operators manage webhooks, such as `https://admin.example`.
    pub manage_at: &'a str,
    /// As of [`MailFacts`].
    pub unsubscribe: &'a str,
}

/// What a mail says to an owner who is asked whether his address is his.
#[derive(Clone, Copy, Debug)]
pub struct OwnerFacts<'a> {
    pub organisation: &'a str,
    /// Where he says so. Whoever has it can; it leads nowhere else.
    pub link: &'a str,
    /// Until when that is good, in seconds of Unix time.
    pub until_s: u64,
    /// As of [`MailFacts`].
    pub unsubscribe: &'a str,
}

/// A mail without its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Printable ASCII, without names and memos.
    pub subject: String,
    pub text: String,
    pub html: String,
    /// For `List-Unsubscribe` (RFC 2369) and its `List-Unsubscribe-Post` (RFC 8058).
    pub unsubscribe: String,
}

impl Mail {
    /// The mail that tells this, when the clock shows `now_s`.
    #[must_use]
    pub fn of(notice: &Notice, key: &MailFacts<'_>, now_s: u64) -> Self {
        Self::from(words::letter(notice, key, now_s))
    }

    /// The mail to those who manage an organisation, when one of its webhooks was disabled. Of its
    /// URL there is the host alone: the rest may be what lets callers in.
    #[must_use]
    pub fn of_disabled(webhook: &WebhookFacts<'_>) -> Self {
        Self::from(words::disabled(webhook))
    }

    /// The mail that asks an owner, before he gets any other.
    #[must_use]
    pub fn of_owner(owner: &OwnerFacts<'_>) -> Self {
        Self::from(words::asked(owner))
    }
}

impl From<Letter> for Mail {
    fn from(letter: Letter) -> Self {
        Self {
            text: layout::text(&letter),
            html: layout::html(&letter),
            subject: letter.subject,
            unsubscribe: letter.unsubscribe,
        }
    }
}

/// What is said, whichever way it is laid out.
struct Letter {
    subject: String,
    headline: String,
    before: Vec<String>,
    facts: Vec<(&'static str, String)>,
    link: Option<String>,
    after: Vec<String>,
    reason: &'static str,
    unsubscribe: String,
}

/// Without characters that cannot be seen or turn others around, which could make a text read as
/// another one; lines are kept.
fn visible(text: &str, characters_max: usize) -> String {
    let is_hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    let text = text.replace("\r\n", "\n").replace(['\r', '\t'], " ");
    let kept = text.chars().filter(|c| !is_hidden(*c)).take(characters_max);
    kept.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
