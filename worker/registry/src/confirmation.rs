//! The link by which an owner says that his address is his.
use serde::Deserialize;

/// An owner's word.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerConfirmation {
    /// What stands behind the `#` of a mail's link.
    #[cfg_attr(test, schemars(length(max = 256)))]
    pub(crate) token: String,
}

/// Where the page of this token is.
pub(crate) fn link(origin: &str, organisation: &str, token: &str) -> String {
    format!("{origin}/owners/confirmation#{organisation}.{token}")
}
