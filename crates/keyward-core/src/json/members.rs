//! Objects whose members are known: each taken once by its name, none left over.
use alloc::borrow::Cow;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Object, Value, read_document};

/// The members of an object that were not taken yet.
#[derive(Debug)]
pub struct Members<'t>(Object<'t>);

/// What is wrong with a document, in words that name the member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(String);

impl JsonError {
    #[must_use]
    pub fn new(what: &str) -> Self {
        Self(what.to_owned())
    }

    /// A member is not what it has to be.
    #[must_use]
    pub fn must_be(name: &str, what: &str) -> Self {
        Self([name, " must be ", what].concat())
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for JsonError {}

impl<'t> Members<'t> {
    /// The members of the one object that a text is.
    ///
    /// # Errors
    /// When it is not one, or a name is repeated.
    pub fn read(text: &'t [u8]) -> Result<Self, JsonError> {
        let object = read_document(text).map(Self);
        object.ok_or_else(|| {
            JsonError(
                "it is not one JSON object, each name once (a repeated one is an error)".to_owned(),
            )
        })
    }

    /// The members of a value that is to be an object.
    ///
    /// # Errors
    /// When it is something else.
    pub fn of(name: &str, value: Value<'t>) -> Result<Self, JsonError> {
        match value {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(JsonError::must_be(name, "an object")),
        }
    }

    /// The value of a member; `None` if there is none.
    pub fn take(&mut self, name: &str) -> Option<Value<'t>> {
        let at = self.0.iter().position(|(found, _)| found == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// The same, `null` being as good as none.
    pub fn optional(&mut self, name: &str) -> Option<Value<'t>> {
        self.take(name).filter(|value| *value != Value::Null)
    }

    /// # Errors
    /// When there is none, or it is no text.
    pub fn text(&mut self, name: &str) -> Result<Cow<'t, str>, JsonError> {
        let value = self.take(name);
        text(name, value.unwrap_or(Value::Null))
    }

    /// # Errors
    /// When it is there and no text.
    pub fn optional_text(&mut self, name: &str) -> Result<Option<Cow<'t, str>>, JsonError> {
        self.optional(name)
            .map(|value| text(name, value))
            .transpose()
    }

    /// # Errors
    /// When there is none, or it is no whole number.
    pub fn integer(&mut self, name: &str) -> Result<u64, JsonError> {
        match self.take(name) {
            Some(Value::Integer(number)) => Ok(number),
            _ => Err(JsonError::must_be(name, "a whole number")),
        }
    }

    /// # Errors
    /// When it is there and no whole number.
    pub fn optional_integer(&mut self, name: &str) -> Result<Option<u64>, JsonError> {
        match self.optional(name) {
            None => Ok(None),
            Some(Value::Integer(number)) => Ok(Some(number)),
            Some(_) => Err(JsonError::must_be(name, "a whole number")),
        }
    }

    /// # Errors
    /// When it is there and neither true nor false.
    pub fn flag(&mut self, name: &str, otherwise: Option<bool>) -> Result<bool, JsonError> {
        match (self.take(name), otherwise) {
            (Some(Value::Bool(flag)), _) | (None, Some(flag)) => Ok(flag),
            _ => Err(JsonError::must_be(name, "true or false")),
        }
    }

    /// # Errors
    /// When there is none, it is no list, or `read` cannot read one of it.
    pub fn list<T>(
        &mut self,
        name: &str,
        read: impl FnMut(Value<'t>) -> Result<T, JsonError>,
    ) -> Result<Vec<T>, JsonError> {
        match self.take(name) {
            Some(Value::Array(values)) => values.into_iter().map(read).collect(),
            _ => Err(JsonError::must_be(name, "a list")),
        }
    }

    /// All members, whatever their names.
    #[must_use]
    pub fn into_object(self) -> Object<'t> {
        self.0
    }

    /// That none is left over.
    ///
    /// # Errors
    /// Naming one that nobody knows.
    pub fn finish(self) -> Result<(), JsonError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(JsonError(["there is no member ", name].concat())),
        }
    }
}

/// # Errors
/// When it is no text.
pub(super) fn text<'t>(name: &str, value: Value<'t>) -> Result<Cow<'t, str>, JsonError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(JsonError::must_be(name, "text")),
    }
}

impl<'t> Value<'t> {
    /// # Errors
    /// When it is no text; `name` is the member's that it belongs to.
    pub fn into_text(self, name: &str) -> Result<Cow<'t, str>, JsonError> {
        text(name, self)
    }
}
