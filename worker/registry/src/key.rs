//! Keys as operators write and read them.
mod form;
mod usage;
mod view;

#[cfg(test)]
pub(crate) use form::MEMO_CHARACTERS_MAX;
pub(crate) use form::{Checker, ImportForm, ImportRow, KeyEdit, KeyForm, Own, ROWS_MAX, RowFault};
pub(crate) use usage::{Seen, Usage};
pub(crate) use view::{About, KeyView};

use serde::{Deserialize, Serialize};

/// How a key is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Signed,
    Token,
    Basic,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Token => "token",
            Self::Basic => "basic",
        }
    }
}
