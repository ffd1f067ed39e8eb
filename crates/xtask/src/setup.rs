//! Everything that a fresh machine lacks, installed once. Each part looks first whether it has anything to do.
mod apt;
mod browser;
mod npm;
mod program;
mod python;
mod tools;
mod wasm_std;

use std::path::PathBuf;
use std::time::Instant;

pub(crate) use browser::browser;
pub(crate) use program::{PROXIES, VALGRIND, programs};
pub(crate) use python::python;
pub(crate) use tools::cargo_fuzz;

use crate::failure::{Failure, Result};
use crate::project::Project;
use crate::tell;
use crate::wasm::Toolchain;

/// What building and running the Worker takes.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) toolchain: Toolchain,
    pub(crate) wasm_bindgen: PathBuf,
    pub(crate) wasm_bindgen_test_runner: PathBuf,
    pub(crate) worker_build: PathBuf,
    pub(crate) wasm_opt: PathBuf,
    pub(crate) esbuild: PathBuf,
    pub(crate) workerd: PathBuf,
    pub(crate) wrangler: PathBuf,
}

pub(crate) fn verb(project: &Project, args: &[String]) -> Result<()> {
    if let Some(arg) = args.first() {
        return Err(Failure::new(format!("setup takes no `{arg}`")));
    }
    let start = Instant::now();
    let tools = tools(project)?;
    browser(project)?;
    python(project)?;
    tell::done("everything is here", start.elapsed());
    match &tools.toolchain {
        Toolchain::Active => tell::note("wasm: the active toolchain"),
        Toolchain::Own(dir) => tell::note(&format!("wasm: {}", dir.display())),
    }
    tell::note(&format!("tools: {}", project.cache("").display()));
    Ok(())
}

/// The tools, installed if need be.
pub(crate) fn tools(project: &Project) -> Result<Tools> {
    let _lock = project.lock(&project.cache("setup.lock"))?;
    npm::install(project)?;
    let toolchain = wasm_std::install(project)?;
    let (wasm_bindgen, worker_build) = tools::install(project)?;
    let tools = Tools {
        toolchain,
        wasm_bindgen_test_runner: wasm_bindgen.with_file_name("wasm-bindgen-test-runner"),
        wasm_bindgen,
        worker_build,
        wasm_opt: project.npm_bin("wasm-opt"),
        esbuild: project.npm_bin("esbuild"),
        workerd: project.npm_bin("workerd"),
        wrangler: project.npm_bin("wrangler"),
    };
    tools.verify()?;
    Ok(tools)
}

impl Tools {
    /// worker-build only warns of a missing tool, and then downloads one: so it must not come to that.
    fn verify(&self) -> Result<()> {
        for path in [
            &self.wasm_bindgen,
            &self.wasm_bindgen_test_runner,
            &self.worker_build,
            &self.wasm_opt,
            &self.esbuild,
            &self.workerd,
            &self.wrangler,
        ] {
            if !path.is_file() {
                return Err(Failure::new(format!("{} is missing", path.display())).mend(
                    "remove node_modules and the cache folder (~/.cache/keyward), and run `cargo xtask setup`",
                ));
            }
        }
        Ok(())
    }
}
