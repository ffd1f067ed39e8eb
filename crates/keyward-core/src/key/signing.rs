//! What a `signed` key asks of its signatures.
pub use crate::replay::ReplayPolicy;

/// A way of signing requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// HTTP Message Signatures (RFC 9421), the native one.
    Rfc9421,
    /// `HmacSHA512 <key id>:<nonce>:<MAC>`, of existing Cloud9 integrations.
    Cloud9,
    /// `hmac username="..", ...`, of Kong's plugin hmac-auth.
    Kong,
    /// `Signature keyId="..", ...` (draft-cavage-http-signatures-12).
    Cavage,
}

impl Profile {
    pub const ALL: [Self; 4] = [Self::Rfc9421, Self::Cloud9, Self::Kong, Self::Cavage];

    /// Reads the name, as it stands in records.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// The name, as it stands in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rfc9421 => "rfc9421",
            Self::Cloud9 => "cloud9",
            Self::Kong => "kong",
            Self::Cavage => "cavage",
        }
    }

    /// Whether two requests of one second can be told apart.
    pub(crate) const fn can_have_nonce(self) -> bool {
        matches!(self, Self::Rfc9421 | Self::Cloud9)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Rfc9421 => 1,
            Self::Cloud9 => 2,
            Self::Kong => 4,
            Self::Cavage => 8,
        }
    }
}

/// The profiles that a key takes: the native one always, the others by choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profiles(u8);

impl Profiles {
    /// The native one and these.
    #[must_use]
    pub fn with(others: impl IntoIterator<Item = Profile>) -> Self {
        others
            .into_iter()
            .fold(Self::default(), |Self(bits), one| Self(bits | one.bit()))
    }

    #[must_use]
    pub const fn contains(self, profile: Profile) -> bool {
        self.0 & profile.bit() != 0
    }

    /// In the order of [`Profile::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Profile> {
        Profile::ALL
            .into_iter()
            .filter(move |one| self.contains(*one))
    }
}

impl Default for Profiles {
    /// The native one alone.
    fn default() -> Self {
        Self(Profile::Rfc9421.bit())
    }
}

/// Whether signatures must carry a nonce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoncePolicy {
    #[default]
    Optional,
    Required,
}

/// What a `signed` key asks of its signatures, besides the algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigningRules {
    pub nonce: NoncePolicy,
    pub profiles: Profiles,
    pub replay: ReplayPolicy,
    /// Whether requests of the profile `cloud9`, which does not sign queries, may have one.
    pub allow_unsigned_query: bool,
}
