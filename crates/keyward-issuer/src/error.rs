//! Why a key cannot be made or changed.
use core::fmt;

use keyward_wire::RecordError;

/// Holds nothing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueError {
    /// The source of randomness does not give any.
    Randomness,
    /// Keys may not bring ids of their own here.
    ImportedKeyIds,
    /// An id that is brought along is not `[A-Za-z0-9._~-]{1,128}`, or starts like those made here.
    KeyId,
    /// A secret that is brought along is too short, too long, or starts like those made here and
    /// is mistyped.
    Secret,
    /// A basic secret has characters that HTTP Basic cannot carry.
    BasicSecret,
    /// A digest was brought along for a key whose secret is never sent.
    Digest,
    /// The key would expire before it is made.
    ExpiresTooEarly,
    /// Tokens that are not made here are signed with HMAC.
    ImportedToken,
    /// Tokens with Ed25519 need the environment's signing key.
    NoTokenSigner,
    /// The token could not be signed.
    Token,
    /// Only a new issue makes a key live longer.
    Lengthens,
    /// The key was removed; there is no way back.
    Removed,
    /// The key has expired; a new secret would be of no use.
    Expired,
    /// A rotation is under way: two secrets are valid already.
    RotationUnderWay,
    /// The record is of another environment than the issuer.
    OtherEnvironment,
    /// The generation cannot grow any more.
    Generations,
    /// The record would not be one.
    Record(RecordError),
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Randomness => "the source of randomness does not give any",
            Self::ImportedKeyIds => "this deployment does not take imported key ids",
            Self::KeyId => {
                "an imported key id must be 1 to 128 of A-Z, a-z, 0-9, '.', '_', '~' and '-', \
                 and not start with kwk_"
            }
            Self::Secret => {
                "an imported secret must have 32 to 512 bytes, and a right checksum if it starts \
                 with kws_"
            }
            Self::BasicSecret => "an imported secret of a basic key must be printable ASCII",
            Self::Digest => "only a basic key can be imported with the digest of its secret",
            Self::ExpiresTooEarly => "the key would expire before it is made",
            Self::ImportedToken => "only HMAC secrets of tokens can be imported",
            Self::NoTokenSigner => "the environment has no key that signs tokens",
            Self::Token => "the token could not be signed",
            Self::Lengthens => "a key's life can be shortened; issue it anew to lengthen it",
            Self::Removed => "the key was removed",
            Self::Expired => "the key has expired",
            Self::RotationUnderWay => "two secrets of this key are valid already",
            Self::OtherEnvironment => "the key is of another environment",
            Self::Generations => "the record cannot be changed any more",
            Self::Record(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for IssueError {}

impl From<RecordError> for IssueError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}
