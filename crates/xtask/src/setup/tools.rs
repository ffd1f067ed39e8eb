//! What comes from cargo. Compiled once for each version, in a way that is quick to compile.
use std::path::PathBuf;

use crate::failure::Result;
use crate::project::Project;
use crate::run;
use crate::tell;

const CARGO_FUZZ: &str = "0.13.2";

struct Tool {
    package: &'static str,
    version: String,
    why: &'static str,
    /// With the versions of its own Cargo.lock.
    locked: bool,
}

/// The paths of wasm-bindgen and worker-build.
pub(super) fn install(project: &Project) -> Result<(PathBuf, PathBuf)> {
    let wasm_bindgen = Tool {
        package: "wasm-bindgen-cli",
        version: project.locked("wasm-bindgen")?,
        why: "makes the JavaScript around wasm",
        // Its lock names versions that not every registry mirror has.
        locked: false,
    };
    let worker_build = Tool {
        package: "worker-build",
        // Released together, under one number.
        version: project.locked("worker")?,
        why: "makes the Worker's module",
        locked: true,
    };
    let wasm_bindgen = cargo_install(project, &wasm_bindgen)?.join("wasm-bindgen");
    let worker_build = cargo_install(project, &worker_build)?.join("worker-build");
    // Only of use while several tools were being compiled.
    let _ = std::fs::remove_dir_all(project.cache("tools-target"));
    Ok((wasm_bindgen, worker_build))
}

pub(crate) fn cargo_fuzz(project: &Project) -> Result<PathBuf> {
    let _lock = project.lock(&project.cache("setup.lock"))?;
    let tool = Tool {
        package: "cargo-fuzz",
        version: CARGO_FUZZ.to_owned(),
        why: "runs the fuzz targets",
        locked: true,
    };
    cargo_install(project, &tool)
}

/// The folder with the tool's programs.
fn cargo_install(project: &Project, tool: &Tool) -> Result<PathBuf> {
    let name = format!("{}-{}", tool.package, tool.version);
    let root = project.cache(&name);
    // cargo writes it last.
    if root.join(".crates2.json").is_file() {
        return Ok(root.join("bin"));
    }
    tell::line(&format!("{} {}: {}", tool.package, tool.version, tool.why));
    let mut command = project.cargo();
    command
        .current_dir("/")
        .args([
            "install",
            tool.package,
            "--version",
            &tool.version,
            "--force",
            "--root",
        ])
        .arg(&root)
        // One folder for all: they have many dependencies in common.
        .env("CARGO_TARGET_DIR", project.cache("tools-target"))
        // They are small programs with small input: optimised, they would take longer to compile and save
        // a few tenths of a second in each build.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env_remove("RUSTFLAGS");
    if tool.locked {
        command.arg("--locked");
    }
    run::step(&format!("cargo install {name}"), command)?;
    Ok(root.join("bin"))
}
