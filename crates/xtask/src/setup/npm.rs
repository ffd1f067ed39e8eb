//! What comes from npm: wrangler with workerd, esbuild, wasm-opt, a Node that is new enough for them, and clients that
//! others wrote; for the tests of the package, in a folder of their own, frameworks and other runtimes.
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::project::{Project, fingerprint, is_stamped, read, write};
use crate::run;
use crate::tell;

pub(super) fn install(project: &Project) -> Result<()> {
    const WHY: &str = "wrangler and workerd run the Worker, esbuild and binaryen make it small, typescript makes the package, the rest is for tests";
    install_in(project, "", WHY)
}

/// What the apps need that the package is installed into.
pub(crate) fn packaging(project: &Project) -> Result<()> {
    let _lock = project.lock(&project.cache("setup.lock"))?;
    const WHY: &str = "frameworks and runtimes that the package is tried in";
    install_in(project, "tests/packaging/", WHY)
}

/// The packages of the folder's lock file.
fn install_in(project: &Project, folder: &str, why: &str) -> Result<()> {
    let file = |name: &str| project.root(&format!("{folder}{name}"));
    let manifest = read(&file("package.json"))?;
    let lock = read(&file("package-lock.json"))?;
    let wanted = fingerprint(&[manifest.as_bytes(), lock.as_bytes()]);
    // `npm ci` empties the folder, and the stamp with it.
    let stamp = file("node_modules/.keyward-stamp");
    if is_stamped(&stamp, &wanted) {
        return Ok(());
    }
    let mut version = Command::new("npm");
    version.arg("--version");
    if run::answer(version).is_none() {
        return Err(Failure::new("npm cannot be run").mend("install Node 20 or newer with its npm"));
    }
    tell::line(&format!("npm packages: {why}"));
    let mut command = Command::new("npm");
    // Not `project.command`: the Node that it puts first is being replaced.
    command
        .current_dir(file(""))
        .args(["ci", "--no-audit", "--no-fund"]);
    run::step(&format!("npm ci {folder}"), command)
        .map_err(|failure| failure.mend("see that npm reaches its registry (`npm ping`)"))?;
    write(&stamp, &wanted)
}
