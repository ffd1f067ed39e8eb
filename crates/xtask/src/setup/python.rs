//! The Python that tests run clients and an origin with: packages of tests/clients/requirements.txt in an environment
//! of their own, so that nothing of the system's is touched or relied upon.
use std::path::PathBuf;
use std::process::Command;

use super::apt;
use crate::failure::{About, Failure, Result};
use crate::project::{Project, fingerprint, is_stamped, read, write};
use crate::run;
use crate::tell;

const REQUIREMENTS: &str = "tests/clients/requirements.txt";
/// What the packages need.
const OLDEST: &str = "import sys; sys.exit(sys.version_info < (3, 10))";
/// Debian has both in packages of their own.
const HAS_VENV: &str = "import ensurepip, venv";

/// The environment's Python, made if need be.
pub(crate) fn python(project: &Project) -> Result<PathBuf> {
    let _lock = project.lock(&project.cache("setup.lock"))?;
    let requirements = read(&project.root(REQUIREMENTS))?;
    let version = install_system_python(project)?;
    let wanted = fingerprint(&[requirements.as_bytes(), version.as_bytes()]);
    // One for each, so that clones with other packages do not take turns in making it.
    let dir = project.cache(&format!("python-{wanted}"));
    let program = dir.join("bin/python3");
    let stamp = dir.join(".keyward-stamp");
    if is_stamped(&stamp, &wanted) && program.is_file() {
        return Ok(program);
    }
    tell::line("Python packages: clients that others wrote, for tests");
    if dir.exists() {
        std::fs::remove_dir_all(&dir).about(dir.display())?;
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&dir);
    run::quick_step("python3 -m venv", venv)?;
    let mut pip = project.command(&program);
    // Wheels only: what would have to be compiled needs more than a Python.
    pip.args(["-m", "pip", "install", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary=:all:", "--requirement", REQUIREMENTS]);
    run::step("pip install", pip).map_err(|failure| {
        failure.mend("see that pip reaches its index (`python3 -m pip download --no-deps idna`)")
    })?;
    write(&stamp, &wanted)?;
    Ok(program)
}

/// What `python3 --version` says, of one that can make environments.
fn install_system_python(project: &Project) -> Result<String> {
    if !can(HAS_VENV) && apt::is_debian() {
        apt::install(
            project,
            &["python3", "python3-venv"],
            "the Python that tests run clients with",
        )?;
    }
    if !can(HAS_VENV) || !can(OLDEST) {
        return Err(Failure::new(
            "python3 is missing, older than 3.10, or cannot make environments",
        )
        .mend("install Python 3.10 or newer with venv and ensurepip (on Debian: apt-get install python3 python3-venv), first in PATH"));
    }
    let mut version = Command::new("python3");
    version.arg("--version");
    run::answer(version).ok_or_else(|| Failure::new("python3 cannot be run"))
}

fn can(code: &str) -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", code]);
    run::answer(python).is_some()
}
