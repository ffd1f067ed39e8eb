//! Servers of others that tests start: a proxy in front of the gateway, a store behind the package.
use std::path::Path;

use super::apt;
use crate::failure::{Failure, Result};
use crate::project::Project;

pub(crate) fn nginx(project: &Project) -> Result<&'static str> {
    installed(
        project,
        "/usr/sbin/nginx",
        "nginx-light",
        "nginx, for tests of forward-auth",
    )
}

pub(crate) fn redis(project: &Project) -> Result<&'static str> {
    installed(
        project,
        "/usr/bin/redis-server",
        "redis-server",
        "redis-server, for tests of stores",
    )
}

fn installed(
    project: &Project,
    program: &'static str,
    package: &str,
    why: &str,
) -> Result<&'static str> {
    if !Path::new(program).exists() {
        let _lock = project.lock(&project.cache("setup.lock"))?;
        apt::install(project, &[package], why)?;
    }
    if Path::new(program).exists() {
        Ok(program)
    } else {
        Err(Failure::new(format!("{program} is missing"))
            .mend(format!("install the Debian package {package}")))
    }
}
