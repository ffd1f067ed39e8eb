//! The proxy that tests put in front of the gateway.
use std::path::Path;

use super::apt;
use crate::failure::{Failure, Result};
use crate::project::Project;

const NGINX: &str = "/usr/sbin/nginx";

pub(crate) fn nginx(project: &Project) -> Result<&'static str> {
    if !Path::new(NGINX).exists() {
        let _lock = project.lock(&project.cache("setup.lock"))?;
        apt::install(
            project,
            &["nginx-light"],
            "nginx, for tests of forward-auth",
        )?;
    }
    if Path::new(NGINX).exists() {
        Ok(NGINX)
    } else {
        Err(Failure::new(format!("{NGINX} is missing"))
            .mend("install the Debian package nginx-light"))
    }
}
