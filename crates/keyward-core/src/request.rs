//! A request as an adapter hands it over.
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
#[derive(Clone, Copy, Debug)]
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
