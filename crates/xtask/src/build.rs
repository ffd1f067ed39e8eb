//! What is built, each part only when its code changed: modules of wasm, and the npm package around one of them.
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::{About, Failure, Result};
use crate::package;
use crate::project::{Project, fingerprint, is_stamped, write};
use crate::run;
use crate::setup::{self, Tools};
use crate::tell;
use crate::wasm;

const CORE: &str = "keyward-wasm";
/// The Workers, each by its folder in worker/.
const WORKERS: [&str; 2] = ["gateway", "registry"];

/// The core for JavaScript.
pub(crate) const CORE_WASM: &str = "target/keyward-wasm/keyward.wasm";

/// Small before quick: see the workspace's manifest.
const CORE_PROFILE: &str = "npm";

pub(crate) fn verb(project: &Project, args: &[String]) -> Result<()> {
    if let Some(arg) = args.first() {
        return Err(Failure::new(format!("build takes no `{arg}`")));
    }
    let tools = setup::tools(project)?;
    all(project, &tools)?;
    tell::text(&sizes(project)?);
    Ok(())
}

pub(crate) fn all(project: &Project, tools: &Tools) -> Result<()> {
    let _lock = project.lock(&wasm::target_dir(project).join("xtask.lock"))?;
    core(project, tools)?;
    package::build(project, tools)?;
    for name in WORKERS {
        worker(project, tools, name)?;
    }
    Ok(())
}

/// As much as `bench` runs.
pub(crate) fn package_only(project: &Project, tools: &Tools) -> Result<()> {
    let _lock = project.lock(&wasm::target_dir(project).join("xtask.lock"))?;
    core(project, tools)?;
    package::build(project, tools)
}

/// As much as `dev` runs.
pub(crate) fn workers(project: &Project, tools: &Tools) -> Result<()> {
    let _lock = project.lock(&wasm::target_dir(project).join("xtask.lock"))?;
    let mut workers = WORKERS.iter();
    workers.try_for_each(|name| worker(project, tools, name))
}

/// The core for JavaScript: a module without imports, so there is nothing to bind.
fn core(project: &Project, tools: &Tools) -> Result<()> {
    let mut cargo = tools.toolchain.cargo(project);
    cargo.args(["build", "--lib", "--profile", CORE_PROFILE]);
    cargo.args(["--target", wasm::TARGET, "--package", CORE]);
    run::quick_step(&format!("compile {CORE}"), cargo)?;

    let input = wasm::built_file(project, CORE_PROFILE, CORE);
    let stamp = project.root("target/keyward-wasm/.stamp");
    let wanted = input_stamp(&input, tools)?;
    if is_stamped(&stamp, &wanted) {
        return Ok(());
    }
    let out = project.root(CORE_WASM);
    std::fs::create_dir_all(stamp.with_file_name("")).about(CORE_WASM)?;
    wasm::optimise(project, tools, &input, &out)?;
    let bytes = std::fs::read(&out).about(CORE_WASM)?;
    let bytes = wasm::strip::without(&bytes, &["name", "producers", "target_features"])?;
    std::fs::write(&out, bytes).about(CORE_WASM)?;
    write(&stamp, &wanted)
}

/// A Worker's module, in worker/<name>/build.
fn worker(project: &Project, tools: &Tools, name: &str) -> Result<()> {
    let dir = project.root(&format!("worker/{name}"));
    let krate = format!("keyward-{name}");
    // As worker-build runs it, so that it then finds nothing left to compile.
    let mut cargo = tools.toolchain.cargo(project);
    cargo
        .current_dir(&dir)
        .args(["build", "--lib", "--release", "--target", wasm::TARGET]);
    run::quick_step(&format!("compile {krate}"), cargo)?;

    // worker-build does all its work each time: it runs only on a new input.
    let stamp = wasm::target_dir(project).join(format!("{name}.stamp"));
    let wanted = input_stamp(&wasm::built_file(project, "release", &krate), tools)?;
    if is_stamped(&stamp, &wanted) && dir.join("build/index_bg.wasm").exists() {
        return Ok(());
    }
    let mut build = tools.toolchain.command(project, &tools.worker_build);
    build
        .current_dir(&dir)
        .arg("--release")
        .env("WASM_BINDGEN_BIN", &tools.wasm_bindgen)
        .env("WASM_OPT_BIN", &tools.wasm_opt)
        .env("ESBUILD_BIN", &tools.esbuild);
    run::quick_step("worker-build", build)?;
    let module = dir.join("build/index_bg.wasm");
    let bytes = std::fs::read(&module).about(module.display())?;
    let bytes = wasm::strip::without(&bytes, &["name", "producers"])?;
    std::fs::write(&module, bytes).about(module.display())?;
    write(&stamp, &wanted)
}

fn input_stamp(wasm: &Path, tools: &Tools) -> Result<String> {
    let bytes = std::fs::read(wasm).about(wasm.display())?;
    let tools = format!("{tools:?}");
    Ok(fingerprint(&[&bytes, tools.as_bytes()]))
}

pub(crate) fn sizes(project: &Project) -> Result<String> {
    let mut table = String::new();
    for (what, path) in [
        ("core", CORE_WASM),
        ("gateway", "worker/gateway/build/index_bg.wasm"),
        ("registry", "worker/registry/build/index_bg.wasm"),
    ] {
        let bytes = std::fs::read(project.root(path)).about(path)?;
        let packed = gzipped(&bytes)?;
        table.push_str(&format!(
            "{what:<8} {:>9} bytes  {packed:>9} gzip  {path}\n",
            bytes.len()
        ));
    }
    let archive = std::fs::metadata(project.root(package::ARCHIVE)).about(package::ARCHIVE)?;
    let bytes = archive.len();
    table.push_str(&format!(
        "{:<8} {bytes:>9} bytes  {:>14}  {}\n",
        "package",
        "",
        package::ARCHIVE
    ));
    Ok(table)
}

fn gzipped(bytes: &[u8]) -> Result<usize> {
    let mut child = Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .about("gzip")?;
    let mut input = child
        .stdin
        .take()
        .ok_or_else(|| Failure::new("gzip has no stdin"))?;
    let bytes = bytes.to_vec();
    let feed = std::thread::spawn(move || input.write_all(&bytes));
    let packed = child.wait_with_output().about("gzip")?.stdout.len();
    feed.join()
        .map_err(|_| Failure::new("gzip"))?
        .about("gzip")?;
    Ok(packed)
}
