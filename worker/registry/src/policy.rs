//! What operators may do: an area and an action for each call, and for keys `mayGrant`.
mod may_grant;
mod role;

pub(crate) use may_grant::{Facts, MayGrant, is_within};
pub(crate) use role::OperatorRole;

pub(crate) const DAY_S: u64 = 24 * 60 * 60;

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    Keys,
    Operators,
    Audit,
    Organisation,
    /// Sealed secrets, in backups: nothing else shows them.
    Secrets,
}

impl Area {
    /// Those that keys can be granted some of: `Secrets` is for people.
    pub(crate) const ALL: [Self; 4] =
        [Self::Keys, Self::Operators, Self::Audit, Self::Organisation];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Operators => "operators",
            Self::Audit => "audit",
            Self::Organisation => "organisation",
            Self::Secrets => "secrets",
        }
    }
}
