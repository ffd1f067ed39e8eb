//! Why a row does not become a key as it is.
use std::fmt;

use keyward_issuer::import::SecretFault;

/// Holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not an id that a key may have.
    KeyId,
    /// An earlier line has the same id.
    Duplicate {
        line: u64,
    },
    Secret(SecretFault),
    /// There is no such member.
    Missing(&'static str),
    /// A member that YAML does not read as text.
    NotText(&'static str),
    /// The secret stands in a vault, and the file says only where.
    VaultReference,
    /// Text of a template, which everybody knows, in the place of a secret.
    Placeholder,
    /// The plugin wants base64, and it is none.
    NotBase64,
    Algorithm(String),
    /// Tokens that are known by another claim than `iss`.
    OtherClaim,
    /// Plugins of one file differ about what all of its credentials have in common.
    PluginsDiffer(&'static str),
    /// A kind of credential that does not become a key.
    Kind(&'static str),
    /// Not the SHA-256 of anything.
    Digest,
    /// A line that does not have two columns.
    Columns,
    /// A quote that goes on beyond its line, with whatever stands there.
    OpenQuote,
    /// A quote in a field that is not in quotes, or something beside the quotes of a field.
    StrayQuote,
    /// Blanks around a field that is not in quotes.
    Blank,
    /// What the registry says.
    Registry {
        code: String,
        detail: String,
    },
}

impl Fault {
    /// For programs; codes are added, not changed.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::KeyId => "invalid_id",
            Self::Duplicate { .. } => "duplicate_id",
            Self::Secret(SecretFault::Empty) => "no_secret",
            Self::Secret(SecretFault::Long) => "long_secret",
            Self::Secret(SecretFault::Mistyped) => "mistyped_secret",
            Self::Secret(SecretFault::Short) => "short_secret",
            Self::Missing(_) => "missing_member",
            Self::NotText(_) => "not_text",
            Self::VaultReference => "vault_reference",
            Self::Placeholder => "placeholder",
            Self::NotBase64 => "not_base64",
            Self::Algorithm(_) => "unsupported_algorithm",
            Self::OtherClaim => "other_claim",
            Self::PluginsDiffer(_) => "plugins_differ",
            Self::Kind(_) => "unsupported_kind",
            Self::Digest => "invalid_digest",
            Self::Columns => "wrong_columns",
            Self::OpenQuote => "open_quote",
            Self::StrayQuote => "stray_quote",
            Self::Blank => "blank_around",
            Self::Registry { code, .. } => code,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyId => f.write_str(
                "the id must be 1 to 128 of A-Z, a-z, 0-9, '.', '_', '~' and '-', and not start with kwk_",
            ),
            Self::Duplicate { line } => write!(f, "line {line} has the same id"),
            Self::Secret(fault) => fault.fmt(f),
            Self::Missing(member) => write!(f, "there is no {member}"),
            Self::NotText(member) => {
                write!(f, "{member} must stand in quotes: readers of YAML differ about what it is")
            }
            Self::VaultReference => {
                f.write_str("the secret stands in a vault; export the file with its values")
            }
            Self::Placeholder => {
                f.write_str("this is the place for a secret; fill the template in first")
            }
            Self::NotBase64 => {
                f.write_str("the jwt plugin says secret_is_base64, and the secret is not")
            }
            Self::Algorithm(name) => write!(f, "{name} is not taken here"),
            Self::OtherClaim => {
                f.write_str("the jwt plugin knows tokens by another claim than iss")
            }
            Self::PluginsDiffer(what) => {
                write!(f, "plugins of this file differ about {what}; split it")
            }
            Self::Kind(why) => f.write_str(why),
            Self::Digest => f.write_str("the digest must be a SHA-256 in hex or base64"),
            Self::Columns => f.write_str("the line must have two columns"),
            Self::OpenQuote => {
                f.write_str("a quote is not closed, so the lines behind it are not read either")
            }
            Self::StrayQuote => f.write_str(
                "a field with a quote in it must stand in quotes, its own quotes doubled, and nothing beside them",
            ),
            Self::Blank => f.write_str(
                "there are blanks around the field; take them away or, if they are meant, put it in quotes",
            ),
            Self::Registry { detail, .. } => f.write_str(detail),
        }
    }
}
