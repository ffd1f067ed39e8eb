//! The browser that tests run in.
use std::path::PathBuf;

use super::apt;
use crate::failure::{Failure, Result};
use crate::project::Project;

#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
}

pub(crate) fn browser(project: &Project) -> Result<Browser> {
    let found = Browser {
        chromium: PathBuf::from("/usr/bin/chromium"),
        chromedriver: PathBuf::from("/usr/bin/chromedriver"),
    };
    if !(found.chromium.exists() && found.chromedriver.exists()) {
        let _lock = project.lock(&project.cache("setup.lock"))?;
        apt::install(
            project,
            &["chromium", "chromium-driver"],
            "the browser for browser tests",
        )?;
    }
    if !found.chromedriver.exists() {
        return Err(Failure::new("/usr/bin/chromedriver is missing")
            .mend("install the Debian packages chromium and chromium-driver"));
    }
    Ok(found)
}
