//! The fuzz targets of tests/fuzz, one after the other.
use std::process::Command;

use crate::failure::{About, Failure, Result};
use crate::project::{Project, prepend_path};
use crate::run;
use crate::setup;
use crate::tell;

const DIR: &str = "tests/fuzz";

pub(crate) fn verb(project: &Project, args: &[String]) -> Result<()> {
    let seconds: u32 = match args {
        [] => 60,
        [seconds] => seconds
            .parse()
            .about("the number of seconds for each target")?,
        _ => return Err(Failure::new("fuzz takes one number of seconds")),
    };
    let targets = targets(project)?;
    let mut nightly = Command::new("rustup");
    nightly.args(["run", "nightly", "rustc", "--version"]);
    if run::answer(nightly).is_none() {
        return Err(Failure::new("fuzzing takes a nightly toolchain")
            .mend("rustup toolchain install nightly"));
    }
    let cargo_fuzz = setup::cargo_fuzz(project)?;

    let mut broken = Vec::new();
    for target in targets {
        // rustup's cargo, which knows `+nightly`.
        let mut cargo = project.command("cargo");
        prepend_path(&mut cargo, std::slice::from_ref(&cargo_fuzz));
        cargo
            .args(["+nightly", "fuzz", "run", "--fuzz-dir", DIR, &target, "--"])
            .arg(format!("-max_total_time={seconds}"))
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN");
        let finished = run::watch(&format!("fuzz {target}"), cargo)?;
        if finished.success {
            let last = finished
                .output
                .lines()
                .rev()
                .find(|line| line.starts_with("Done"));
            tell::done(
                &format!("fuzz {target}: {}", last.unwrap_or_default()),
                finished.took,
            );
        } else {
            tell::text(&finished.output);
            tell::failed(&format!("fuzz {target}"), finished.took);
            broken.push(target);
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "found by the fuzzer: {}",
        broken.join(", ")
    )))
}

/// Each file in fuzz_targets is one.
fn targets(project: &Project) -> Result<Vec<String>> {
    let dir = project.root(DIR).join("fuzz_targets");
    let entries = std::fs::read_dir(&dir).about(dir.display())?;
    let mut targets: Vec<String> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    targets.sort();
    Ok(targets)
}
