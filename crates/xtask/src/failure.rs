//! What went wrong, and what to do about it.

pub(crate) type Result<T> = std::result::Result<T, Failure>;

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) what: String,
    pub(crate) mend: Option<String>,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            mend: None,
        }
    }

    #[must_use]
    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

/// Names the thing that an I/O error is about.
pub(crate) trait About<T> {
    fn about(self, subject: impl std::fmt::Display) -> Result<T>;
}

impl<T, E: std::fmt::Display> About<T> for std::result::Result<T, E> {
    fn about(self, subject: impl std::fmt::Display) -> Result<T> {
        self.map_err(|error| Failure::new(format!("{subject}: {error}")))
    }
}
