//! `cargo xtask`: the one front door to building, running and testing, for people and for CI.
mod bench;
mod build;
mod demo;
mod dev;
mod failure;
mod fuzz;
mod http;
mod keyring;
mod package;
mod project;
mod records;
mod run;
mod setup;
mod supervise;
mod tell;
mod test;
mod wasm;

use std::process::ExitCode;

use failure::{Failure, Result};
use project::Project;

struct Verb {
    name: &'static str,
    takes: &'static str,
    does: &'static str,
    run: fn(&Project, &[String]) -> Result<()>,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "dev",
        takes: "[--raw] [--port N]",
        does: "run the gateway, an echo origin and demonstration keys on this machine",
        run: dev::verb,
    },
    Verb {
        name: "test",
        takes: "[filter] [--only stage]",
        does: "every check of the project, with one summary",
        run: test::verb,
    },
    Verb {
        name: "build",
        takes: "",
        does: "the wasm core, the npm package and the Workers, with their sizes",
        run: build::verb,
    },
    Verb {
        name: "bench",
        takes: "",
        does: "the npm package beside other libraries, in one process",
        run: bench::verb,
    },
    Verb {
        name: "setup",
        takes: "",
        does: "install what the other verbs need (they do it by themselves, too)",
        run: setup::verb,
    },
    Verb {
        name: "fuzz",
        takes: "[seconds] [target…]",
        does: "run the fuzz targets for so long in all (needs a nightly toolchain)",
        run: fuzz::verb,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell::failure(&failure);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let Some((name, rest)) = args.split_first() else {
        list_verbs();
        return Ok(());
    };
    match name.as_str() {
        "help" | "--help" | "-h" => {
            list_verbs();
            return Ok(());
        }
        records::VERB => return records::verb(),
        supervise::VERB => return supervise::verb(rest),
        _ => {}
    }
    let verb = VERBS.iter().find(|verb| verb.name == name).ok_or_else(|| {
        Failure::new(format!("there is no verb `{name}`"))
            .mend("run `cargo xtask` alone: it lists them")
    })?;
    (verb.run)(&Project::find()?, rest)
}

fn list_verbs() {
    tell::line(&format!("{} <verb>\n", tell::bold("cargo xtask")));
    for verb in VERBS {
        let usage = format!("{} {}", verb.name, verb.takes);
        tell::line(&format!(
            "  {} {}",
            tell::green(&format!("{usage:<28}")),
            verb.does
        ));
    }
}
