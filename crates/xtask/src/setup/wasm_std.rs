//! The standard library for wasm. rustup has it ready-made; where that is not to be had, Debian has the
//! compiler and the sources (it builds its browsers with them), and building takes a minute or two.
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apt;
use crate::failure::{About, Failure, Result};
use crate::project::{Project, fingerprint, write};
use crate::run;
use crate::tell;
use crate::wasm::{self, NO_STD_TARGET, TARGET, Toolchain};

/// Debian's compiler that follows the newest Rust, and what goes with it.
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const RUSTLIB: &str = "/usr/lib/rustlib";
/// Part of the stamp: raise it when this file makes something else of the same compiler.
const RECIPE: &str = "2";

pub(super) fn install(project: &Project) -> Result<Toolchain> {
    if has_target(TARGET) && has_target(NO_STD_TARGET) {
        return Ok(Toolchain::Active);
    }
    let installed = PACKAGES.iter().all(|package| apt::is_installed(package));
    if installed || (apt::is_debian() && apt::is_root() && apt::is_offered(project, PACKAGES[0])?) {
        return build_with_debian(project).map(Toolchain::Own);
    }
    let mut rustup = Command::new("rustup");
    rustup.arg("--version");
    if run::answer(rustup).is_some() {
        tell::line(&format!(
            "rustup targets {TARGET} and {NO_STD_TARGET}: the standard library for wasm"
        ));
        let mut command = project.command("rustup");
        command.args(["target", "add", TARGET, NO_STD_TARGET]);
        run::step("rustup target add", command)?;
        return Ok(Toolchain::Active);
    }
    Err(Failure::new(format!("the toolchain lacks {TARGET} and {NO_STD_TARGET}")).mend(
        "be root on Debian 12 with its security updates (they have rustc-web), or install rustup",
    ))
}

fn has_target(target: &str) -> bool {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--print", "target-libdir", "--target", target]);
    run::answer(rustc).is_some_and(|dir| !rlibs(Path::new(&dir)).is_empty())
}

fn rlibs(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rlib"))
        .collect()
}

fn build_with_debian(project: &Project) -> Result<PathBuf> {
    apt::install(
        project,
        &PACKAGES,
        "a compiler with the sources of its standard library",
    )?;
    let version = version()?;
    let llvm = field(&version, "LLVM version: ")?
        .split('.')
        .next()
        .unwrap_or_default()
        .to_owned();
    let host = field(&version, "host: ")?;
    apt::install(project, &[&format!("lld-{llvm}")], "the linker for wasm")?;

    let stamp = fingerprint(&[version.as_bytes(), RECIPE.as_bytes()]);
    let dir = project.cache(&format!("wasm-std-{stamp}"));
    let finished = dir.join("finished");
    if finished.exists() {
        return Ok(dir);
    }
    tell::line(&format!(
        "standard library for {TARGET} and {NO_STD_TARGET}, from Debian's sources"
    ));
    remove(&dir)?;
    lay_out(
        &dir,
        host,
        Path::new(&format!("/usr/lib/llvm-{llvm}/bin/lld")),
    )?;
    let work = project.cache("wasm-std-work");
    remove(&work)?;
    compile(
        project,
        &work,
        &dir,
        TARGET,
        "std,panic_abort,proc_macro,test",
        // Sorting and formatting in fewer bytes: what is made is sent to browsers and isolates.
        "optimize_for_size",
    )?;
    compile(
        project,
        &work,
        &dir,
        NO_STD_TARGET,
        "core,alloc",
        "compiler-builtins-mem",
    )?;
    remove(&work)?;
    write(&finished, &version)?;
    Ok(dir)
}

fn version() -> Result<String> {
    let mut rustc = Command::new(RUSTC);
    rustc.arg("-vV");
    run::answer(rustc).ok_or_else(|| Failure::new(format!("{RUSTC} -vV failed")))
}

fn field<'a>(version: &'a str, name: &str) -> Result<&'a str> {
    version
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .ok_or_else(|| Failure::new(format!("{RUSTC} -vV says nothing of `{name}`")))
}

fn remove(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).about(dir.display())
        }
        _ => Ok(()),
    }
}

/// A toolchain folder: Debian's programs and host library by reference, room for the wasm libraries.
fn lay_out(dir: &Path, host: &str, lld: &Path) -> Result<()> {
    let bin = dir.join("bin");
    let rustlib = dir.join("lib/rustlib");
    let host_bin = rustlib.join(host).join("bin");
    for folder in [&bin, &host_bin] {
        std::fs::create_dir_all(folder).about(folder.display())?;
    }
    for program in ["rustc", "rustdoc"] {
        // The compiler would take its sysroot from where its library lies.
        let script = format!(
            "#!/bin/sh\nexec /usr/bin/{program} --sysroot '{}' \"$@\"\n",
            dir.display()
        );
        let path = bin.join(program);
        write(&path, &script)?;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).about(path.display())?;
    }
    let links = [
        (PathBuf::from(CARGO), bin.join("cargo")),
        (
            Path::new(RUSTLIB).join(host).join("lib"),
            rustlib.join(host).join("lib"),
        ),
        (Path::new(RUSTLIB).join("src"), rustlib.join("src")),
        // What the wasm targets link with, by the name that they look for.
        (lld.to_owned(), host_bin.join("rust-lld")),
    ];
    for (original, link) in links {
        symlink(&original, &link).about(link.display())?;
    }
    Ok(())
}

/// Lets cargo build the standard library on the way to an empty crate, and keeps the library.
fn compile(
    project: &Project,
    work: &Path,
    dir: &Path,
    target: &str,
    crates: &str,
    features: &str,
) -> Result<()> {
    let manifest = "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                    [profile.release]\ncodegen-units = 1\npanic = \"unwind\"\n[workspace]\n";
    write(&work.join("Cargo.toml"), manifest)?;
    write(&work.join("src/lib.rs"), "#![no_std]\n")?;

    let mut cargo = project.command(CARGO);
    cargo
        .current_dir(work)
        .args(["build", "--release", "--lib", "--target", target])
        .arg(format!("-Zbuild-std={crates}"))
        .arg(format!("-Zbuild-std-features={features}"))
        .env("RUSTC", RUSTC)
        // -Zbuild-std is for nightlies; it does no more here than what Debian does for its own targets.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", wasm::library_flags(project))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TARGET_DIR", work.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTUP_TOOLCHAIN");
    run::step(&format!("standard library for {target}"), cargo)?;

    let to = dir.join("lib/rustlib").join(target).join("lib");
    std::fs::create_dir_all(&to).about(to.display())?;
    for rlib in rlibs(&work.join("target").join(target).join("release/deps")) {
        let name = rlib.file_name().unwrap_or_default();
        if !name.to_string_lossy().starts_with("libnothing-") {
            std::fs::copy(&rlib, to.join(name)).about(rlib.display())?;
        }
    }
    Ok(())
}
