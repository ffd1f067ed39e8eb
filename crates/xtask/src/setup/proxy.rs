//! The proxies that tests put in front of the gateway.
use std::path::Path;

use super::apt;
use crate::failure::{Failure, Result};
use crate::project::Project;

/// A proxy of Debian's.
pub(crate) struct Proxy {
    /// Where tests look for its path.
    pub(crate) variable: &'static str,
    pub(crate) program: &'static str,
    package: &'static str,
}

const PROXIES: [Proxy; 2] = [
    Proxy {
        variable: "KEYWARD_CADDY",
        program: "/usr/bin/caddy",
        package: "caddy",
    },
    Proxy {
        variable: "KEYWARD_NGINX",
        program: "/usr/sbin/nginx",
        package: "nginx-light",
    },
];

pub(crate) fn proxies(project: &Project) -> Result<&'static [Proxy]> {
    let missing: Vec<&str> = PROXIES
        .iter()
        .filter(|proxy| !proxy.is_there())
        .map(|proxy| proxy.package)
        .collect();
    if !missing.is_empty() {
        let _lock = project.lock(&project.cache("setup.lock"))?;
        apt::install(project, &missing, "proxies, for tests of forward-auth")?;
    }
    match PROXIES.iter().find(|proxy| !proxy.is_there()) {
        None => Ok(&PROXIES),
        Some(proxy) => Err(Failure::new(format!("{} is missing", proxy.program))
            .mend(format!("install the Debian package {}", proxy.package))),
    }
}

impl Proxy {
    fn is_there(&self) -> bool {
        Path::new(self.program).exists()
    }
}
