//! Statements of an object's storage. 64-bit values that could exceed 2^53 are none of ours:
//! times are seconds or milliseconds, the rest are counts.
use serde::de::DeserializeOwned;
use worker::{Result, SqlStorageValue, Storage};

/// What a statement's `?` stands for.
pub(crate) struct Arg(SqlStorageValue);

macro_rules! arg {
    ($($from:ty => |$value:ident| $to:expr),* $(,)?) => {$(
        impl From<$from> for Arg {
            fn from($value: $from) -> Self {
                Self($to)
            }
        }
    )*};
}

arg! {
    &str => |text| SqlStorageValue::String(text.to_owned()),
    &String => |text| SqlStorageValue::String(text.clone()),
    String => |text| SqlStorageValue::String(text),
    u64 => |number| SqlStorageValue::Integer(i64::try_from(number).unwrap_or(i64::MAX)),
    // The binding would send it as text.
    bool => |flag| SqlStorageValue::Integer(flag.into()),
}

impl<T: Into<Self>> From<Option<T>> for Arg {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self(SqlStorageValue::Null), Into::into)
    }
}

/// The arguments of a statement.
macro_rules! args {
    ($($value:expr),* $(,)?) => { Vec::<$crate::sql::Arg>::from([$($crate::sql::Arg::from($value)),*]) };
}
pub(crate) use args;

/// Runs a statement that gives no rows.
pub(crate) fn run(storage: &Storage, statement: &str, args: Vec<Arg>) -> Result<()> {
    exec(storage, statement, args).map(|_| ())
}

/// Every row.
pub(crate) fn rows<T: DeserializeOwned>(
    storage: &Storage,
    statement: &str,
    args: Vec<Arg>,
) -> Result<Vec<T>> {
    exec(storage, statement, args)?.to_array()
}

/// The one row, if there is one.
pub(crate) fn row<T: DeserializeOwned>(
    storage: &Storage,
    statement: &str,
    args: Vec<Arg>,
) -> Result<Option<T>> {
    Ok(rows(storage, statement, args)?.pop())
}

fn exec(storage: &Storage, statement: &str, args: Vec<Arg>) -> Result<worker::SqlCursor> {
    let args: Vec<_> = args.into_iter().map(|Arg(value)| value).collect();
    storage.sql().exec(statement, args)
}
