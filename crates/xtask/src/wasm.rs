//! The compiler that builds for wasm: the active toolchain where it can, else one that `setup` makes.
pub(crate) mod strip;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Result;
use crate::project::{Project, prepend_path};
use crate::run;
use crate::setup::Tools;

/// What the Worker and the npm package are.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Has no std, so that a crate which builds for it needs none.
pub(crate) const NO_STD_TARGET: &str = "wasm32v1-none";

#[derive(Debug)]
pub(crate) enum Toolchain {
    Active,
    /// A folder with `bin/rustc` and `bin/cargo`; rustup need not know of it.
    Own(PathBuf),
}

impl Toolchain {
    pub(crate) fn command(&self, project: &Project, program: impl AsRef<Path>) -> Command {
        let mut command = project.command(program.as_ref());
        if let Self::Own(dir) = self {
            let bin = dir.join("bin");
            // Tools that run `cargo` or `rustc` by name find these, and never rustup.
            prepend_path(&mut command, std::slice::from_ref(&bin));
            command
                .env("CARGO", bin.join("cargo"))
                .env("RUSTC", bin.join("rustc"))
                .env("RUSTDOC", bin.join("rustdoc"))
                .env_remove("RUSTUP_TOOLCHAIN")
                .env_remove("RUSTUP_HOME");
        }
        command
            // Apart from the host's, so that neither waits for the other's lock or undoes its work.
            .env("CARGO_TARGET_DIR", target_dir(project))
            .env_remove("RUSTFLAGS")
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(project))
            // worker-build sets it; a build without it would not be the same one.
            .env("WASM_BINDGEN_USE_JS_SYS", "1");
        command
    }

    /// For every crate that is built for wasm.
    fn flags(&self, project: &Project) -> String {
        let flags = encoded(project, "-Ctarget-feature=+simd128");
        match self {
            Self::Active => flags,
            // Also tells cargo that what was built with another library is not for this one.
            Self::Own(dir) => format!("{flags}\u{1f}--remap-path-prefix={}=rust", dir.display()),
        }
    }

    pub(crate) fn cargo(&self, project: &Project) -> Command {
        let cargo = match self {
            Self::Active => std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from),
            Self::Own(dir) => dir.join("bin/cargo"),
        };
        self.command(project, cargo)
    }
}

pub(crate) fn target_dir(project: &Project) -> PathBuf {
    project.root("target/wasm")
}

/// Where cargo leaves a crate that was built with a profile.
pub(crate) fn built_file(project: &Project, profile: &str, krate: &str) -> PathBuf {
    let file = format!("{}.wasm", krate.replace('-', "_"));
    target_dir(project).join(TARGET).join(profile).join(file)
}

/// For the standard library. Bitcode is what link-time optimisation works on.
pub(crate) fn library_flags(project: &Project) -> String {
    encoded(project, "-Cembed-bitcode=yes")
}

/// Panics name files: those names begin with what is the same on every machine.
fn encoded(project: &Project, first: &str) -> String {
    let mut flags = vec![first.to_owned()];
    let home = |name: &str, otherwise: &str| {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        std::env::var_os(name)
            .map(PathBuf::from)
            .or_else(|| Some(home?.join(otherwise)))
    };
    let roots = [
        (home("CARGO_HOME", ".cargo"), "cargo"),
        (home("RUSTUP_HOME", ".rustup"), "rustup"),
        (Some(project.root("").components().collect()), "keyward"),
    ];
    for (path, name) in roots {
        if let Some(path) = path {
            flags.push(format!("--remap-path-prefix={}={name}", path.display()));
        }
    }
    flags.join("\u{1f}")
}

/// wasm-opt with what the compiler emits allowed by name: `--all-features` would let it use what engines lack.
/// Higher levels make smaller modules that are larger when they are compressed, as they are sent.
pub(crate) fn optimise(project: &Project, tools: &Tools, from: &Path, to: &Path) -> Result<()> {
    let mut command = project.command(&tools.wasm_opt);
    command.arg(from).arg("-o").arg(to).arg("-O1");
    for feature in [
        "bulk-memory",
        "multivalue",
        "mutable-globals",
        "nontrapping-float-to-int",
        "reference-types",
        "sign-ext",
        "simd",
    ] {
        command.arg(format!("--enable-{feature}"));
    }
    run::quick_step("wasm-opt", command)?;
    Ok(())
}
