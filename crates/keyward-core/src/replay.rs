//! One request, once: by what a copy is known, and for how long.
use core::fmt;

use sha2::{Digest, Sha256};

use crate::catalogue::Method;
use crate::key::Profile;
use crate::mac::Tag;

/// Whether copies of a signed request are refused while the signature is fresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplayPolicy {
    /// No: within its time window a request may be repeated.
    #[default]
    Window,
    /// Yes; but where a profile has no nonce, GET and HEAD may be repeated, since two of them
    /// in one second would be the same request.
    Strict,
    /// Yes, all.
    StrictAll,
}

impl ReplayPolicy {
    /// The name, as it stands in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Strict => "strict",
            Self::StrictAll => "strict_all",
        }
    }

    pub(crate) fn covers(self, profile: Profile, method: Method) -> bool {
        match self {
            Self::Window => false,
            Self::Strict => {
                profile.can_have_nonce() || !matches!(method, Method::Get | Method::Head)
            }
            Self::StrictAll => true,
        }
    }
}

/// What the host still has to do for a grant: remember `key` until `until_s`, in one step with
/// finding that it was not there. If it was, the answer is `replayed`; if nobody knows,
/// `replay_store_unavailable`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// The same for every copy of the request, another for every other request.
    pub key: [u8; 32],
    /// Seconds of Unix time. When this is past, no copy is fresh any more, so a host that comes
    /// to remember the key only then answers `replayed` as well.
    pub until_s: u64,
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replay(.., until {} s)", self.until_s)
    }
}

/// The hash by which a request is known. No part but the last can hold a NUL, so two different
/// requests never have the same input.
pub(crate) fn key(organisation: &str, profile: Profile, key_id: &str, mac: &Tag) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in ["keyward-replay-v1", organisation, profile.as_str(), key_id] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(mac.as_bytes());
    hash.finalize().into()
}
