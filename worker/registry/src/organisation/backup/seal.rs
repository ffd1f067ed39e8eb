//! What binds a page to its backup: signed as records are, for a name that none of them has.
use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_wire::PublishRing;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::organisation::change::Moment;
use crate::organisation::schema;
use crate::refusal::Refusal;

/// More than any seal has.
pub(crate) const SEAL_BYTES_MAX: usize = 2_048;
const CONTEXT: &[u8] = b"keyward-backup-v1";
/// So long after its first page the last one of a backup is asked for at the latest.
const BACKUP_S_MAX: u64 = 60 * 60;

/// The registry's word on a page and all before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seal {
    pub(crate) deployment: String,
    pub(crate) organisation: String,
    /// Which backup; pages of two do not go together.
    pub(crate) backup: String,
    /// When it was begun, in seconds of Unix time, and the id of who did.
    pub(crate) at: u64,
    by: String,
    /// From 1.
    pub(crate) page: u64,
    pub(crate) secrets: bool,
    /// Over the pages so far.
    hash: String,
    /// The place of the last part.
    pub(crate) after: String,
    pub(crate) more: bool,
}

fn kv_name(organisation: &str) -> String {
    format!("b/{organisation}")
}

impl Seal {
    /// Of a page that is still without lines.
    pub(super) fn first(
        moment: &Moment,
        by: &str,
        backup: String,
        secrets: bool,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            deployment: moment.configuration.settings.deployment.clone(),
            organisation: schema::policy(&moment.storage)?.name,
            backup,
            at: moment.now_s,
            by: by.to_owned(),
            page: 1,
            secrets,
            hash: String::new(),
            after: String::new(),
            more: true,
        })
    }

    pub(super) fn next(self) -> Self {
        let page = self.page.saturating_add(1);
        Self { page, ..self }
    }

    /// Whether the backup goes on for who asks: it is in the log once, as his and of its time.
    ///
    /// # Errors
    /// `invalid` when it is somebody else's, or was begun long ago.
    pub(super) fn goes_on(&self, moment: &Moment, by: &str) -> Result<(), Refusal> {
        let is_recent = moment.now_s.saturating_sub(self.at) <= BACKUP_S_MAX;
        if is_recent && self.by == by {
            return Ok(());
        }
        let detail = "is of a backup that somebody else began, or that was begun over an hour ago";
        Err(Refusal::field("after", detail))
    }

    /// When the page has these lines, after what it says of those before.
    pub(super) fn over(self, lines: &[String], last: &str, more: bool) -> Self {
        Self {
            hash: hash(&self.hash, lines),
            after: last.to_owned(),
            more,
            ..self
        }
    }

    pub(super) fn sign(&self, moment: &Moment) -> Result<String, Refusal> {
        let payload = serde_json::to_vec(self).map_err(|error| Refusal::internal(&error))?;
        let publisher = &moment.configuration.secrets.publisher;
        publisher
            .publish(&kv_name(&self.organisation), &payload)
            .map_err(|error| Refusal::internal(&error))
    }

    /// # Errors
    /// `invalid` when it is none of this organisation's, in this deployment.
    pub(crate) fn open(moment: &Moment, text: &str) -> Result<Self, Refusal> {
        let refused = || Refusal::field("seal", "is no seal of a backup of this organisation");
        if text.len() > SEAL_BYTES_MAX {
            return Err(refused());
        }
        let organisation = schema::policy(&moment.storage)?.name;
        let publisher = &moment.configuration.secrets.publisher;
        let ring = PublishRing::new([(publisher.id().clone(), publisher.public_key())]);
        let payload = ring
            .map_err(|error| Refusal::internal(&error))?
            .open(&kv_name(&organisation), text)
            .map_err(|_| refused())?;
        let seal: Self = serde_json::from_slice(&payload).map_err(|_| refused())?;
        let deployment = &moment.configuration.settings.deployment;
        if seal.deployment == *deployment && seal.organisation == organisation {
            Ok(seal)
        } else {
            Err(refused())
        }
    }
}

/// Whether these are the lines of the sealed page, and it is the next one after `before`.
pub(crate) fn is_whole(before: Option<&Seal>, seal: &Seal, lines: &[String]) -> bool {
    let (follows, from) = match before {
        None => (seal.page == 1, ""),
        Some(before) => (
            before.more
                && before.backup == seal.backup
                && before.page.checked_add(1) == Some(seal.page),
            before.hash.as_str(),
        ),
    };
    follows && hash(from, lines) == seal.hash
}

fn hash(before: &str, lines: &[String]) -> String {
    let mut hash = Sha256::new_with_prefix(CONTEXT);
    for part in core::iter::once(before).chain(lines.iter().map(String::as_str)) {
        // Lengths first: no two lists of lines are the same bytes.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Base64UrlUnpadded::encode_string(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(page: u64, before: &str, lines: &[String]) -> Seal {
        Seal {
            deployment: "test".to_owned(),
            organisation: "acme".to_owned(),
            backup: "b".to_owned(),
            at: 1,
            by: "o".to_owned(),
            page,
            secrets: false,
            hash: hash(before, lines),
            after: String::new(),
            more: page < 2,
        }
    }

    #[test]
    fn pages_go_together_in_their_order_alone() {
        let lines = |texts: &[&str]| Vec::from_iter(texts.iter().map(|text| (*text).to_owned()));
        let (one, two) = (lines(&["a", "b"]), lines(&["c"]));
        let first = seal(1, "", &one);
        let second = seal(2, &first.hash, &two);
        assert!(is_whole(None, &first, &one));
        assert!(is_whole(Some(&first), &second, &two));
        for (before, seal, lines) in [
            (None, &first, lines(&["ab"])),
            (None, &first, lines(&["b", "a"])),
            (None, &first, lines(&["a"])),
            (None, &second, two.clone()),
            (Some(&first), &first, one.clone()),
            (Some(&second), &second, two.clone()),
        ] {
            assert!(!is_whole(before, seal, &lines), "{lines:?}");
        }
        let other = Seal {
            backup: "other".to_owned(),
            ..first
        };
        assert!(!is_whole(Some(&other), &second, &two));
    }
}
