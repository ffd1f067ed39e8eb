//! Debian packages.
use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::project::Project;
use crate::run;
use crate::tell;

pub(super) fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && Path::new("/usr/bin/apt-get").exists()
}

pub(super) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

pub(super) fn is_installed(package: &str) -> bool {
    let mut command = Command::new("dpkg-query");
    command.args(["--show", "--showformat=${db:Status-Status}", package]);
    run::answer(command).is_some_and(|status| status == "installed")
}

/// Whether the package is there to be installed; on a new machine the lists have to be fetched first.
pub(super) fn is_offered(project: &Project, package: &str) -> Result<bool> {
    if candidate(package) {
        return Ok(true);
    }
    if is_root() {
        update(project)?;
    }
    Ok(candidate(package))
}

fn candidate(package: &str) -> bool {
    let mut command = Command::new("apt-cache");
    command.args(["policy", package]).env("LC_ALL", "C");
    run::answer(command)
        .is_some_and(|text| text.contains("Candidate:") && !text.contains("Candidate: (none)"))
}

fn update(project: &Project) -> Result<()> {
    let mut command = project.command("apt-get");
    command.args(["update", "-q"]);
    run::step("apt-get update", command)?;
    Ok(())
}

/// Installs those that are missing, saying why.
pub(super) fn install(project: &Project, packages: &[&str], why: &str) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|name| !is_installed(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    tell::line(&format!("Debian packages {names}: {why}"));
    let by_hand =
        format!("as root: apt-get update && apt-get install --no-install-recommends {names}");
    if !is_debian() {
        return Err(Failure::new(format!(
            "this is no Debian, so {names} cannot be installed from here"
        ))
        .mend(format!("use Debian 12, or install what is {why} by hand")));
    }
    if !is_root() {
        return Err(
            Failure::new(format!("{names} must be installed, and this is not root")).mend(by_hand),
        );
    }
    if !missing.iter().all(|package| candidate(package)) {
        update(project)?;
    }
    let mut command = project.command("apt-get");
    command
        .args(["install", "--yes", "-q", "--no-install-recommends"])
        .args(&missing)
        .env("DEBIAN_FRONTEND", "noninteractive");
    run::step(&format!("apt-get install {names}"), command)
        .map_err(|failure| failure.mend(format!("see that this works, {by_hand}")))?;
    Ok(())
}
