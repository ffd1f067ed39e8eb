//! A request as an adapter hands it over.
use core::fmt;

use crate::deployment::Scheme;

/// A field line: name in any case, value as received.
pub type Field<'a> = (&'a str, &'a str);

/// What is known of the content before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentLength {
    /// There is none.
    None,
    /// So many octets were announced; zero is the same as none.
    Declared(u64),
    /// It ends when it ends.
    Unknown,
}

/// A received request. The adapter fills it without judging or repairing anything; what it
/// cannot represent it refuses itself.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// As received, case and all.
    pub method: &'a str,
    /// The scheme of the outside connection, from configuration or the runtime.
    pub scheme: Scheme,
    /// The `Host` field or `:authority`.
    pub authority: &'a str,
    /// Origin-form: path and query as received.
    pub target: &'a str,
    /// Field lines in the order received, or joined where the runtime joins them.
    pub fields: &'a [Field<'a>],
    pub content: ContentLength,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .field("target", &self.target)
            .field("fields", &Names(self.fields))
            .field("content", &self.content)
            .finish()
    }
}

/// Shows the names of fields only: their values hold credentials.
pub(crate) struct Names<'a>(pub(crate) &'a [Field<'a>]);

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}
