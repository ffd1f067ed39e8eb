//! The npm package, as it is published: what `tsc` makes of npm/src in both module systems, one wasm, and the archive.
use std::path::Path;
use std::process::Command;

use crate::build;
use crate::failure::{About, Failure, Result};
use crate::project::{Project, fingerprint, is_stamped, read, write};
use crate::run;
use crate::setup::Tools;

/// The folder that is packed.
const STAGE: &str = "target/npm/package";

/// Where `cargo xtask build` leaves the archive.
pub(crate) const ARCHIVE: &str = "target/npm/keyward.tgz";

/// Makes the archive anew when anything of it changed.
pub(crate) fn build(project: &Project, tools: &Tools) -> Result<()> {
    let stamp = project.root("target/npm/.stamp");
    let wanted = inputs(project)?;
    if is_stamped(&stamp, &wanted) && project.root(ARCHIVE).exists() {
        return Ok(());
    }
    let stage = project.root(STAGE);
    if stage.exists() {
        std::fs::remove_dir_all(&stage).about(STAGE)?;
    }
    for config in ["npm/tsconfig.json", "npm/tsconfig.cjs.json"] {
        let mut tsc = project.command(&tools.tsc);
        tsc.args(["--project", config]);
        run::quick_step(&format!("tsc {config}"), tsc)?;
    }
    // The folder's own manifest says which module system it is in.
    write(
        &stage.join("dist/cjs/package.json"),
        "{ \"type\": \"commonjs\" }\n",
    )?;
    for (from, to) in [
        (build::CORE_WASM, "dist/keyward.wasm"),
        ("npm/package.json", "package.json"),
        ("npm/README.md", "README.md"),
        ("LICENSE-APACHE", "LICENSE-APACHE"),
        ("LICENSE-MIT", "LICENSE-MIT"),
    ] {
        std::fs::copy(project.root(from), stage.join(to)).about(from)?;
    }
    inline(project, &stage)?;
    pack(project)?;
    write(&stamp, &wanted)
}

/// What the archive is made from.
fn inputs(project: &Project) -> Result<String> {
    let mut parts = vec![std::fs::read(project.root(build::CORE_WASM)).about(build::CORE_WASM)?];
    let mut files = vec![
        project.root("package-lock.json"),
        project.root("npm/README.md"),
        project.root("npm/package.json"),
        project.root("npm/tsconfig.cjs.json"),
        project.root("npm/tsconfig.json"),
    ];
    sources(&project.root("npm/src"), &mut files)?;
    files.sort();
    for file in files {
        parts.push(file.display().to_string().into_bytes());
        parts.push(std::fs::read(&file).about(file.display())?);
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Ok(fingerprint(&parts))
}

fn sources(folder: &Path, into: &mut Vec<std::path::PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).about(folder.display())? {
        let path = entry.about(folder.display())?.path();
        if path.is_dir() {
            sources(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}

/// The wasm as text, for `keyward/inline`.
fn inline(project: &Project, stage: &Path) -> Result<()> {
    let mut base64 = Command::new("base64");
    base64.arg("--wrap=0").arg(project.root(build::CORE_WASM));
    let text = run::answer(base64).ok_or_else(|| Failure::new("base64 cannot be run"))?;
    let esm = format!("export const base64 = \"{text}\";\n");
    let cjs = format!("exports.base64 = \"{text}\";\n");
    write(&stage.join("dist/esm/load/base64.js"), &esm)?;
    write(&stage.join("dist/cjs/load/base64.js"), &cjs)
}

fn pack(project: &Project) -> Result<()> {
    let manifest: serde_json::Value =
        serde_json::from_str(&read(&project.root("npm/package.json"))?)
            .about("npm/package.json")?;
    let version = manifest["version"].as_str().unwrap_or_default();
    let mut npm = project.command("npm");
    npm.args(["pack", "--pack-destination", "target/npm"])
        .arg(format!("./{STAGE}"));
    run::quick_step("npm pack", npm)?;
    // A name that does not change is easier to install from.
    let packed = project.root(&format!("target/npm/keyward-{version}.tgz"));
    std::fs::rename(&packed, project.root(ARCHIVE)).about(packed.display())
}
