//! Programs of Debian's that single stages of the tests run.
use std::path::Path;

use super::apt;
use crate::failure::{Failure, Result};
use crate::project::Project;

pub(crate) struct Program {
    /// Where tests look for its path.
    pub(crate) variable: &'static str,
    pub(crate) path: &'static str,
    package: &'static str,
}

pub(crate) const PROXIES: [Program; 2] = [
    Program {
        variable: "KEYWARD_CADDY",
        path: "/usr/bin/caddy",
        package: "caddy",
    },
    Program {
        variable: "KEYWARD_NGINX",
        path: "/usr/sbin/nginx",
        package: "nginx-light",
    },
];

pub(crate) const VALGRIND: Program = Program {
    variable: "KEYWARD_VALGRIND",
    path: "/usr/bin/valgrind",
    package: "valgrind",
};

/// Installs those that are missing, saying why.
pub(crate) fn programs(project: &Project, wanted: &[Program], why: &str) -> Result<()> {
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|program| !program.is_there())
        .map(|program| program.package)
        .collect();
    if !missing.is_empty() {
        let _lock = project.lock(&project.cache("setup.lock"))?;
        apt::install(project, &missing, why)?;
    }
    match wanted.iter().find(|program| !program.is_there()) {
        None => Ok(()),
        Some(program) => Err(Failure::new(format!("{} is missing", program.path))
            .mend(format!("install the Debian package {}", program.package))),
    }
}

impl Program {
    fn is_there(&self) -> bool {
        Path::new(self.path).exists()
    }
}
