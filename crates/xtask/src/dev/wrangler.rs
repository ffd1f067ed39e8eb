//! `wrangler dev`: what most people know, with local KV.
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::{Output, Running, Seed, Site};
use crate::failure::{About, Failure, Result};
use crate::project::{Project, write};
use crate::run;
use crate::setup::Tools;
use crate::supervise;

pub(super) fn start(
    project: &Project,
    tools: &Tools,
    site: &Site,
    seed: &Seed,
    state: &Path,
) -> Result<Running> {
    let vars = state.join("dev.vars");
    write(&vars, &env_file(&seed.vars)?)?;
    publish(project, tools, seed, state)?;

    let mut command = wrangler(project, tools);
    command
        .args(["dev", "--local", "--config", "wrangler.toml", "--config"])
        .arg("tests/support/echo/wrangler.toml")
        .args([
            "--ip",
            "127.0.0.1",
            "--port",
            &site.port.to_string(),
            "--inspector-port",
            "0",
        ])
        .args(["--show-interactive-dev-session=false", "--env-file"])
        .arg(&vars)
        .arg("--persist-to")
        .arg(state.join("state"));
    let (reader, writer) = std::io::pipe().about("pipe")?;
    Ok(Running {
        server: supervise::start(&command, writer)?,
        output: Output::of(reader),
        kv_port: None,
        elsewhere: Vec::new(),
    })
}

fn wrangler(project: &Project, tools: &Tools) -> Command {
    // By the Node of npm: the system's may be too old for it.
    let mut command = project.command(project.npm_bin("node"));
    command.arg(&tools.wrangler).env("CI", "1");
    command
}

/// The store starts with these records and no others.
fn publish(project: &Project, tools: &Tools, seed: &Seed, state: &Path) -> Result<()> {
    let kept = state.join("state");
    match std::fs::remove_dir_all(&kept) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).about(kept.display());
        }
        _ => {}
    }
    if seed.records.is_empty() {
        return Ok(());
    }
    let pairs: Vec<serde_json::Value> = seed
        .records
        .iter()
        .map(|(key, value)| serde_json::json!({ "key": key, "value": value }))
        .collect();
    let file = state.join("records.json");
    write(&file, &serde_json::Value::from(pairs).to_string())?;
    let mut command = wrangler(project, tools);
    command
        .args(["kv", "bulk", "put"])
        .arg(&file)
        .args([
            "--binding",
            "KEYS",
            "--local",
            "--config",
            "wrangler.toml",
            "--persist-to",
        ])
        .arg(&kept);
    run::step(
        &format!("publish {} records to KV", seed.records.len()),
        command,
    )?;
    Ok(())
}

/// The form that wrangler reads: quoted, so that nothing in a value has a meaning, and `$` no expansion.
fn env_file(vars: &BTreeMap<String, String>) -> Result<String> {
    let mut text = String::new();
    for (name, value) in vars {
        let quote = ['\'', '`', '"']
            .into_iter()
            .find(|quote| !value.contains(*quote))
            .ok_or_else(|| {
                Failure::new(format!(
                    "the variable {name} holds all kinds of quotation marks"
                ))
            })?;
        let value = value.replace('$', "\\$");
        text.push_str(&format!("{name}={quote}{value}{quote}\n"));
    }
    Ok(text)
}
