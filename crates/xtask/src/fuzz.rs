//! The fuzz targets of tests/fuzz, one after the other.
use std::process::Command;

use crate::failure::{About, Failure, Result};
use crate::project::{Project, prepend_path};
use crate::run;
use crate::setup;
use crate::tell;

const DIR: &str = "tests/fuzz";
const SECONDS: u32 = 300;
/// No input of this length takes a tenth of that: longer means that the time grows too fast.
const SECONDS_OF_AN_INPUT_MAX: u32 = 10;
/// Twice the longest target and field, so that the bounds are reached.
const INPUT_BYTES_MAX: u32 = 16 * 1024;

#[derive(Debug)]
struct Options {
    /// For all targets together.
    seconds: u32,
    /// All of them when empty.
    targets: Vec<String>,
    /// Without the tools there is nothing to do, which is no failure.
    if_possible: bool,
}

impl Options {
    fn parse(args: &[String], all: &[String]) -> Result<Self> {
        let mut options = Self {
            seconds: SECONDS,
            targets: Vec::new(),
            if_possible: false,
        };
        for arg in args {
            if arg == "--if-possible" {
                options.if_possible = true;
            } else if let Ok(seconds) = arg.parse() {
                options.seconds = seconds;
            } else if all.contains(arg) {
                options.targets.push(arg.clone());
            } else {
                return Err(Failure::new(format!("there is no fuzz target `{arg}`"))
                    .mend(format!("the targets: {}", all.join(", "))));
            }
        }
        if options.targets.is_empty() {
            options.targets = all.to_vec();
        }
        Ok(options)
    }
}

pub(crate) fn verb(project: &Project, args: &[String]) -> Result<()> {
    let options = Options::parse(args, &targets(project)?)?;
    if let Err(obstacle) = require_compilers() {
        if options.if_possible {
            tell::line(&format!("fuzz: not run: {}", obstacle.what));
            return Ok(());
        }
        return Err(obstacle);
    }
    let cargo_fuzz = setup::cargo_fuzz(project)?;
    let fuzz = |verb: &str| {
        // rustup's cargo, which knows `+nightly`.
        let mut cargo = project.command("cargo");
        prepend_path(&mut cargo, std::slice::from_ref(&cargo_fuzz));
        cargo
            .args(["+nightly", "fuzz", verb, "--fuzz-dir", DIR])
            // Safe Rust has nothing for sanitizers to find.
            .args(["--sanitizer", "none"])
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("RUSTFLAGS");
        cargo
    };
    run::step("fuzz targets compiled", fuzz("build"))?;

    let count = u32::try_from(options.targets.len()).unwrap_or(u32::MAX);
    let seconds = (options.seconds / count.max(1)).max(1);
    let mut broken = Vec::new();
    for target in options.targets {
        let mut cargo = fuzz("run");
        let corpus = project.root(DIR).join("corpus").join(&target);
        std::fs::create_dir_all(&corpus).about(corpus.display())?;
        cargo.arg(&target).arg(corpus);
        let seeds = project.root(DIR).join("seeds").join(&target);
        if seeds.is_dir() {
            cargo.arg(seeds);
        }
        let words = project.root(DIR).join("keyward.dict");
        cargo
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-timeout={SECONDS_OF_AN_INPUT_MAX}"))
            .arg(format!("-max_len={INPUT_BYTES_MAX}"))
            .arg(format!("-dict={}", words.display()));
        let finished = run::watch(&format!("fuzz {target}"), cargo)?;
        if finished.success {
            let runs = finished
                .output
                .lines()
                .rev()
                .find_map(|line| line.strip_prefix("Done "));
            tell::done(
                &format!("fuzz {target}: {}", runs.unwrap_or("no runs")),
                finished.took,
            );
        } else {
            for line in finished.output.lines().filter(|line| !is_progress(line)) {
                tell::line(line);
            }
            tell::failed(&format!("fuzz {target}"), finished.took);
            broken.push(target);
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(
        Failure::new(format!("found by the fuzzer: {}", broken.join(", "))).mend(format!(
            "the inputs are in {DIR}/artifacts; the output above says how to run them"
        )),
    )
}

/// Lines of libFuzzer about each input that reached something new.
fn is_progress(line: &str) -> bool {
    let line = line.trim_start();
    line.strip_prefix('#')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        || line.starts_with("NEW_FUNC")
}

/// Instrumentation is a nightly feature, and libFuzzer is written in C++.
fn require_compilers() -> Result<()> {
    let mut nightly = Command::new("rustup");
    nightly.args(["run", "nightly", "rustc", "--version"]);
    if run::answer(nightly).is_none() {
        return Err(Failure::new("fuzzing takes a nightly toolchain of rustup")
            .mend("rustup toolchain install nightly"));
    }
    let mut cxx = Command::new(std::env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    cxx.arg("--version");
    if run::answer(cxx).is_none() {
        return Err(Failure::new("fuzzing takes a C++ compiler").mend("apt-get install g++"));
    }
    Ok(())
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
