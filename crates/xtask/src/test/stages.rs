//! The stages of `cargo xtask test`, in the order in which they run: the quick ones first.
use std::process::Command;
use std::time::Instant;

use crate::build;
use crate::failure::Result;
use crate::package;
use crate::project::Project;
use crate::run::{self, Finished};
use crate::setup::{self, Tools};
use crate::tell;
use crate::wasm;

pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// Without this folder there is no such stage.
    pub(super) folder: Option<&'static str>,
    /// What it runs prints counts, and takes a filter.
    pub(super) has_tests: bool,
    /// Looks at what `build` makes.
    pub(super) wants_build: bool,
    pub(super) run: fn(&Context<'_>) -> Result<Finished>,
}

pub(super) struct Context<'a> {
    pub(super) project: &'a Project,
    pub(super) tools: Tools,
    pub(super) filter: Option<String>,
}

const FUZZ: &str = "tests/fuzz/Cargo.toml";
const RUST_ORIGIN: &str = "examples/origin/rust/Cargo.toml";

pub(super) const BUILD: Stage = Stage {
    name: "build",
    about: "the wasm core, the npm package and the Workers",
    folder: None,
    has_tests: false,
    wants_build: false,
    run: built,
};

pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "fmt",
        about: "the code is formatted",
        folder: None,
        has_tests: false,
        wants_build: false,
        run: fmt,
    },
    Stage {
        name: "clippy",
        about: "no lint has anything to say",
        folder: None,
        has_tests: false,
        wants_build: false,
        run: clippy,
    },
    Stage {
        name: "cargo",
        about: "unit, property and vector tests on this machine",
        folder: None,
        has_tests: true,
        wants_build: false,
        run: cargo_test,
    },
    Stage {
        name: "fuzz",
        about: "the fuzz targets compile against the crates as they are",
        folder: Some("tests/fuzz"),
        has_tests: false,
        wants_build: false,
        run: fuzz,
    },
    Stage {
        name: "same_work",
        about: "a refusal costs the same instructions whoever is refused",
        folder: None,
        has_tests: true,
        wants_build: false,
        run: same_work,
    },
    Stage {
        name: "no_std",
        about: "the core builds for a target that has no std",
        folder: None,
        has_tests: false,
        wants_build: false,
        run: no_std,
    },
    Stage {
        name: "webhooks",
        about: "webhooks, verified by libraries that others wrote",
        folder: Some("tests/webhooks"),
        has_tests: true,
        wants_build: false,
        run: webhooks,
    },
    BUILD,
    Stage {
        name: "conformance",
        about: "the suite on the npm package in Node, workerd and headless Chromium",
        folder: Some("tests/conformance"),
        has_tests: true,
        wants_build: true,
        run: |context| in_browser(context, "tests/conformance/**/*.test.{js,mjs}"),
    },
    Stage {
        name: "e2e",
        about: "the built Workers on workerd",
        folder: Some("tests/e2e"),
        has_tests: true,
        wants_build: true,
        run: e2e,
    },
    Stage {
        name: "schemathesis",
        about: "the registry keeps to its OpenAPI document, whatever it is asked",
        folder: Some("tests/schemathesis"),
        has_tests: true,
        wants_build: true,
        run: schemathesis,
    },
    Stage {
        name: "proxies",
        about: "proxies that ask the built gateway before they pass a request on",
        folder: Some("tests/proxies"),
        has_tests: true,
        wants_build: true,
        run: proxies,
    },
    Stage {
        name: "clients",
        about: "clients that others wrote, and origins that check assertions, around the built gateway",
        folder: Some("tests/clients"),
        has_tests: true,
        wants_build: true,
        run: clients,
    },
    Stage {
        name: "npm",
        about: "the parts of the npm package in Node",
        folder: Some("npm/test"),
        has_tests: true,
        wants_build: true,
        run: |context| node_test(context, "npm/test/**/*.test.{js,mjs}"),
    },
    Stage {
        name: "packaging",
        about: "the npm package, installed from its archive into apps, on every runtime",
        folder: Some("tests/packaging"),
        has_tests: true,
        wants_build: true,
        run: packaging,
    },
    Stage {
        name: "deploy",
        about: "wrangler would deploy it (--dry-run)",
        folder: None,
        has_tests: false,
        wants_build: true,
        run: deploy,
    },
];

fn fmt(context: &Context<'_>) -> Result<Finished> {
    let mut cargo = context.project.cargo();
    cargo.args(["fmt", "--all", "--check"]);
    run::watch("cargo fmt", cargo)
}

fn clippy(context: &Context<'_>) -> Result<Finished> {
    let mut cargo = context.project.cargo();
    cargo.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]);
    run::watch("cargo clippy", cargo)
}

fn cargo_test(context: &Context<'_>) -> Result<Finished> {
    let mut cargo = context.project.cargo();
    cargo
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(&context.filter);
    run::watch("cargo test", cargo)
}

/// They are no members of the workspace, so nothing else would notice.
fn fuzz(context: &Context<'_>) -> Result<Finished> {
    let mut cargo = context.project.cargo();
    cargo.args(["check", "--locked", "--manifest-path", FUZZ]);
    cargo.args(["--target-dir", "target/fuzz"]);
    run::watch("cargo check", cargo)
}

/// With optimisation: what it makes of the code is what is counted.
fn same_work(context: &Context<'_>) -> Result<Finished> {
    let why = "valgrind, which counts instructions";
    setup::programs(context.project, &[setup::VALGRIND], why)?;
    let mut cargo = context.project.cargo();
    cargo.args(["test", "--release", "--package", "keyward-core"]);
    cargo.args(["--test", "same_work"]).args(&context.filter);
    cargo.env(setup::VALGRIND.variable, setup::VALGRIND.path);
    run::watch("cargo test", cargo)
}

fn no_std(context: &Context<'_>) -> Result<Finished> {
    let mut cargo = context.tools.toolchain.cargo(context.project);
    cargo.args([
        "build",
        "--package",
        "keyward-core",
        "--target",
        wasm::NO_STD_TARGET,
    ]);
    run::watch("cargo build", cargo)
}

fn built(context: &Context<'_>) -> Result<Finished> {
    let start = Instant::now();
    build::all(context.project, &context.tools)?;
    let output = build::sizes(context.project)?;
    tell::text(&output);
    Ok(Finished {
        success: true,
        output,
        took: start.elapsed(),
    })
}

/// Node's tests, some of which open pages.
fn in_browser(context: &Context<'_>, files: &str) -> Result<Finished> {
    let mut node = node_tests(context, files);
    node.env(
        "KEYWARD_CHROMIUM",
        setup::browser(context.project)?.chromium,
    );
    run::watch("node --test", node)
}

fn e2e(context: &Context<'_>) -> Result<Finished> {
    command(context)?;
    in_browser(context, "tests/e2e/**/*.test.{js,mjs}")
}

/// `keyward`, as tests run it. None of them is to wait for cargo.
fn command(context: &Context<'_>) -> Result<()> {
    let mut cargo = context.project.cargo();
    cargo.args(["build", "--locked", "--package", "keyward-cli"]);
    run::quick_step("compile the command", cargo)
}

fn webhooks(context: &Context<'_>) -> Result<Finished> {
    let mut cargo = context.project.cargo();
    cargo.args(["build", "--locked", "--package", "keyward-issuer"]);
    cargo.args(["--example", "webhook"]);
    run::quick_step("compile what signs webhooks", cargo)?;
    let mut node = node_tests(context, "tests/webhooks/**/*.test.{js,mjs}");
    let program = context.project.root("target/debug/examples/webhook");
    node.env("KEYWARD_PYTHON", setup::python(context.project)?)
        .env("KEYWARD_WEBHOOK", program);
    run::watch("node --test", node)
}

fn schemathesis(context: &Context<'_>) -> Result<Finished> {
    let mut node = node_tests(context, "tests/schemathesis/**/*.test.{js,mjs}");
    node.env("KEYWARD_PYTHON", setup::python(context.project)?);
    let finished = run::watch("node --test", node)?;
    rows(&finished.output);
    Ok(finished)
}

fn proxies(context: &Context<'_>) -> Result<Finished> {
    let mut node = node_tests(context, "tests/proxies/**/*.test.{js,mjs}");
    let why = "proxies, for tests of forward-auth";
    setup::programs(context.project, &setup::PROXIES, why)?;
    for proxy in setup::PROXIES {
        node.env(proxy.variable, proxy.path);
    }
    run::watch("node --test", node)
}

fn clients(context: &Context<'_>) -> Result<Finished> {
    command(context)?;
    let python = setup::python(context.project)?;
    // Not of the workspace, and what it needs is compiled apart: nothing of it is ours.
    let mut cargo = context.project.cargo();
    cargo.args(["build", "--locked", "--manifest-path", RUST_ORIGIN]);
    cargo.args(["--target-dir", "target/examples"]);
    run::quick_step("compile the origin in Rust", cargo)?;
    let origin = "target/examples/debug/keyward-origin-example";
    let mut node = node_tests(context, "tests/clients/**/*.test.{js,mjs}");
    node.env("KEYWARD_PYTHON", python)
        .env("KEYWARD_RUST_ORIGIN", context.project.root(origin));
    let finished = run::watch("node --test", node)?;
    rows(&finished.output);
    Ok(finished)
}

fn packaging(context: &Context<'_>) -> Result<Finished> {
    setup::packaging(context.project)?;
    let browser = setup::browser(context.project)?;
    setup::programs(
        context.project,
        &[setup::REDIS],
        "redis-server, for tests of stores",
    )?;
    let python = setup::python(context.project)?;
    let folder = context.project.root("tests/packaging");
    let mut npm = context.project.command("npm");
    npm.current_dir(&folder)
        .args(["install", "--no-save", "--offline"])
        .arg(context.project.root(package::ARCHIVE));
    run::quick_step("npm install keyward.tgz", npm)?;
    let mut node = node_tests(context, "tests/packaging/**/*.test.{js,mjs}");
    node.env("KEYWARD_CHROMIUM", browser.chromium)
        .env("KEYWARD_PYTHON", python)
        .env(setup::REDIS.variable, setup::REDIS.path);
    let finished = run::watch("node --test", node)?;
    rows(&finished.output);
    Ok(finished)
}

/// Tables of what ran, which are worth reading when all went well, too.
fn rows(output: &str) {
    for row in output.lines().filter(|line| line.starts_with("| ")) {
        tell::line(row);
    }
}

fn node_test(context: &Context<'_>, files: &str) -> Result<Finished> {
    run::watch("node --test", node_tests(context, files))
}

fn node_tests(context: &Context<'_>, files: &str) -> Command {
    let mut node = node(context.project);
    // Files wait for limits of the gateway more than they compute. None takes two minutes, so one that takes five hangs.
    node.args([
        "--test",
        "--test-reporter=spec",
        "--test-concurrency=4",
        "--test-timeout=300000",
    ]);
    if let Some(filter) = &context.filter {
        node.arg(format!("--test-name-pattern={filter}"));
    }
    // For tests that start a gateway. Not the file's own name: `cargo test` may have built it anew.
    node.env("KEYWARD_XTASK", format!("/proc/{}/exe", std::process::id()));
    node.arg(files);
    node
}

fn deploy(context: &Context<'_>) -> Result<Finished> {
    let dry_run = |config: &str, out: &str| {
        let mut node = node(context.project);
        node.arg(&context.tools.wrangler)
            .args(["deploy", "--dry-run", "--config", config, "--outdir"])
            // Absolute: wrangler reads it from where the configuration is.
            .arg(context.project.root(out))
            .env("CI", "1");
        run::watch("wrangler deploy --dry-run", node)
    };
    let gateway = dry_run("wrangler.toml", "target/deploy/gateway")?;
    if !gateway.success {
        return Ok(gateway);
    }
    dry_run("worker/registry/wrangler.toml", "target/deploy/registry")
}

fn node(project: &Project) -> Command {
    project.command(project.npm_bin("node"))
}
