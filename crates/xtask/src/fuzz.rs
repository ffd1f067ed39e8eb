use crate::{failure::Result,project::Project}; pub(crate) fn verb(_: &Project, _: &[String]) -> Result<()> { Ok(()) }
