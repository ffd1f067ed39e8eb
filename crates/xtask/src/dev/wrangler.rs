//! `wrangler dev`: what most people know, with local KV.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use super::{Launch, Running};
use crate::failure::{Failure, Result};
use crate::project::{remove, write};
use crate::run;

/// The store starts with the seed's records and no others, the registry with nothing.
pub(super) fn clear(launch: &Launch<'_>) -> Result<()> {
    remove(&kept(launch))?;
    let records = &launch.seed.records;
    if records.is_empty() {
        return Ok(());
    }
    let pairs: Vec<serde_json::Value> = records
        .iter()
        .map(|(key, value)| serde_json::json!({ "key": key, "value": value }))
        .collect();
    let file = launch.state.join("records.json");
    write(&file, &serde_json::Value::from(pairs).to_string())?;
    let mut command = wrangler(launch);
    command.args(["kv", "bulk", "put"]).arg(&file);
    command.args(["--binding", "KEYS", "--local", "--config", "wrangler.toml"]);
    command.arg("--persist-to").arg(kept(launch));
    run::step(&format!("publish {} records to KV", records.len()), command)
}

pub(super) fn gateway(launch: &Launch<'_>, running: &mut Running) -> Result<()> {
    let configs = ["wrangler.toml", "tests/support/echo/wrangler.toml"];
    let vars = &launch.seed.gateway;
    running.add(&dev(launch, "gateway", &configs, launch.site.port, vars)?)
}

/// A process of its own: of those that share one, only the first has a port. KV is shared, since both keep it in one
/// place; they must not start at the same moment, when each would lock it.
pub(super) fn registry(launch: &Launch<'_>, port: u16, running: &mut Running) -> Result<()> {
    let configs = ["worker/registry/wrangler.toml"];
    let vars = &launch.seed.registry;
    running.add(&dev(launch, "registry", &configs, port, vars)?)
}

fn dev(
    launch: &Launch<'_>,
    name: &str,
    configs: &[&str],
    port: u16,
    vars: &BTreeMap<String, String>,
) -> Result<Command> {
    let file = launch.state.join(format!("{name}.vars"));
    write(&file, &env_file(vars)?)?;
    let mut command = wrangler(launch);
    command.args(["dev", "--local"]);
    for config in configs {
        command.args(["--config", config]);
    }
    command.args(["--ip", "127.0.0.1", "--port", &port.to_string()]);
    command.args([
        "--inspector-port",
        "0",
        "--show-interactive-dev-session=false",
    ]);
    command.arg("--env-file").arg(&file);
    command.arg("--persist-to").arg(kept(launch));
    Ok(command)
}

fn kept(launch: &Launch<'_>) -> PathBuf {
    launch.state.join("state")
}

fn wrangler(launch: &Launch<'_>) -> Command {
    // By the Node of npm: the system's may be too old for it.
    let mut command = launch.project.command(launch.project.npm_bin("node"));
    command.arg(&launch.tools.wrangler).env("CI", "1");
    command
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
