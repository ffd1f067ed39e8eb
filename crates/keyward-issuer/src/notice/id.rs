//! Ids of notices: the same notice has the same one, in whichever life of the program.
use alloc::string::String;
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{KeyFacts, Notice, Recipient};

const CONTEXT: &[u8] = b"keyward-notice-v1";

/// By which repeats of a notice are known: the idempotency key of a mail API, the left part of a
/// `Message-ID` (RFC 5322 section 3.6.4), the `webhook-id`. 43 characters of base64url.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NoticeId(String);

impl NoticeId {
    pub(super) fn of(key: &KeyFacts<'_>, notice: &Notice, recipient: &Recipient) -> Self {
        let (kind, to) = match recipient {
            Recipient::Owner(address) => ("owner", address.folded()),
            Recipient::Webhook(id) => ("webhook", id.clone()),
        };
        // When a key ends is part of it: another end is another notice, and the old end again is
        // not a new one.
        let what = match notice {
            Notice::Created => String::from("created"),
            Notice::Rotated { issue, .. } => alloc::format!("rotated {issue}"),
            Notice::Removed => String::from("removed"),
            Notice::Expires {
                threshold,
                expires_at_s,
            } => alloc::format!("expires {} {expires_at_s}", threshold.days()),
        };
        let mut hash = Sha256::new_with_prefix(CONTEXT);
        for part in [
            key.deployment,
            key.organisation,
            key.key_id,
            kind,
            &to,
            &what,
        ] {
            // Lengths first: no two lists of parts are the same bytes.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(Base64UrlUnpadded::encode_string(&hash.finalize()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `Message-ID` of a mail from this domain.
    #[must_use]
    pub fn message_id(&self, domain: &str) -> String {
        alloc::format!("<{}@{domain}>", self.0)
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
