//! What comes from npm: wrangler with workerd, esbuild, wasm-opt, a Node that is new enough for them, and clients that
//! others wrote.
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::project::{Project, fingerprint, is_stamped, read, write};
use crate::run;
use crate::tell;

pub(super) fn install(project: &Project) -> Result<()> {
    let manifest = read(&project.root("package.json"))?;
    let lock = read(&project.root("package-lock.json"))?;
    let wanted = fingerprint(&[manifest.as_bytes(), lock.as_bytes()]);
    // `npm ci` empties the folder, and the stamp with it.
    let stamp = project.root("node_modules/.keyward-stamp");
    if is_stamped(&stamp, &wanted) {
        return Ok(());
    }
    let mut version = Command::new("npm");
    version.arg("--version");
    if run::answer(version).is_none() {
        return Err(Failure::new("npm cannot be run").mend("install Node 20 or newer with its npm"));
    }
    tell::line(
        "npm packages: wrangler and workerd run the Worker, esbuild and binaryen make it small, the rest is for tests",
    );
    let mut command = Command::new("npm");
    // Not `project.command`: the Node that it puts first is being replaced.
    command
        .current_dir(project.root(""))
        .args(["ci", "--no-audit", "--no-fund"]);
    run::step("npm ci", command)
        .map_err(|failure| failure.mend("see that npm reaches its registry (`npm ping`)"))?;
    write(&stamp, &wanted)
}
