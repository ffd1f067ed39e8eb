//! Plain workerd: requests arrive as they were sent, KV can be made to fail, and there is no proxy to measure.
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Launch, Running, Seed};
use crate::failure::{About, Failure, Result};
use crate::http;
use crate::project::{Project, read, remove, write};

pub(super) fn start(launch: &Launch<'_>, running: &mut Running) -> Result<()> {
    let Launch {
        project,
        tools,
        site,
        seed,
        state,
    } = *launch;
    let mut next = site.registry.unwrap_or(site.port);
    let mut free_port = || {
        next = next.saturating_add(1);
        http::free_port(next).or_else(|_| http::free_port(0))
    };
    let ports = Ports {
        gateway: site.port,
        registry: site.registry,
        kv: free_port()?,
        elsewhere: [free_port()?, free_port()?],
    };
    let config = state.join("config.capnp");
    write(&config, &fill_in(project, &ports, seed, state)?)?;

    let mut command = project.command(&tools.workerd);
    command
        .arg("serve")
        // `embed "/…"` in the configuration is from the root of the clone.
        .arg(format!("--import-path={}", project.root("").display()))
        .arg(&config);
    running.add(&command)?;
    running.kv_port = Some(ports.kv);
    running.elsewhere = ports.elsewhere.to_vec();
    publish(running, ports.kv, seed)
}

struct Ports {
    gateway: u16,
    registry: Option<u16>,
    kv: u16,
    /// Of the gateway's other isolates.
    elsewhere: [u16; 2],
}

fn fill_in(project: &Project, ports: &Ports, seed: &Seed, state: &Path) -> Result<String> {
    let disk = state.join("kv");
    let replay = state.join("replay");
    for disk in [&disk, &replay] {
        std::fs::create_dir_all(disk).about(disk.display())?;
    }
    let registry = match ports.registry {
        None => OfRegistry::default(),
        Some(port) => OfRegistry::at(port, state)?,
    };
    let address = |port: u16| quoted(&format!("127.0.0.1:{port}"));
    let [first, second] = ports.elsewhere;
    let mut config = read(&project.root("tests/support/raw.capnp"))?;
    for (place, text) in [
        ("@KV_DISK@", quoted(&disk.to_string_lossy())),
        ("@REPLAY_DISK@", quoted(&replay.to_string_lossy())),
        ("@GATEWAY_ADDRESS@", address(ports.gateway)),
        ("@KV_ADDRESS@", address(ports.kv)),
        ("@ELSEWHERE_1@", address(first)),
        ("@ELSEWHERE_2@", address(second)),
        (
            "@COMPATIBILITY_DATE@",
            quoted(&compatibility_date(project)?),
        ),
        ("@VARS@", bindings(&seed.gateway)),
        ("@REGISTRY_VARS@", bindings(&seed.registry)),
        ("@REGISTRY_SERVICES@", registry.services),
        ("@REGISTRY_SOCKETS@", registry.sockets),
        ("@REGISTRY_BINDINGS@", registry.bindings),
    ] {
        config = config.replace(place, &text);
    }
    Ok(config)
}

/// What the configuration has besides the Worker itself, where there is a registry.
#[derive(Default)]
struct OfRegistry {
    services: String,
    sockets: String,
    /// The gateway's.
    bindings: String,
}

impl OfRegistry {
    /// Its organisation is founded anew at each start.
    fn at(port: u16, state: &Path) -> Result<Self> {
        let disk = state.join("registry");
        remove(&disk)?;
        std::fs::create_dir_all(&disk).about(disk.display())?;
        let disk = quoted(&disk.to_string_lossy());
        let address = quoted(&format!("127.0.0.1:{port}"));
        Ok(Self {
            services: format!(
                r#"(name = "registry", worker = .registry),
    (name = "registry-disk", disk = (path = {disk}, writable = true)),"#
            ),
            sockets: format!(
                r#"(name = "registry", address = {address}, http = (), service = "registry"),"#
            ),
            bindings: r#"(name = "REGISTRY", service = (name = "registry", entrypoint = "Edge")),"#
                .to_owned(),
        })
    }
}

fn bindings(vars: &BTreeMap<String, String>) -> String {
    let bindings: Vec<String> = vars
        .iter()
        .map(|(name, value)| format!("(name = {}, text = {}),", quoted(name), quoted(value)))
        .collect();
    bindings.join("\n    ")
}

/// As wrangler.toml has it, so that both run the same.
fn compatibility_date(project: &Project) -> Result<String> {
    read(&project.root("wrangler.toml"))?
        .lines()
        .find_map(|line| {
            line.strip_prefix("compatibility_date = \"")?
                .strip_suffix('"')
        })
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("wrangler.toml has no compatibility_date"))
}

/// A text literal of Cap'n Proto.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The store starts with these records and no others.
fn publish(running: &mut Running, kv_port: u16, seed: &Seed) -> Result<()> {
    let start = Instant::now();
    while http::ask(kv_port, "POST", "/__clear", &[], b"").is_err() {
        if running.ended().is_some() || start.elapsed() > Duration::from_secs(20) {
            return Err(Failure::new(format!(
                "workerd did not start:\n{}",
                running.so_far()
            )));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    for (key, value) in &seed.records {
        let target = format!("/{}", http::path_segment(key));
        let answer = http::ask(kv_port, "PUT", &target, &[], value.as_bytes())?;
        if answer.status != 200 {
            return Err(Failure::new(format!(
                "KV answers {} to the record {key}",
                answer.status
            )));
        }
    }
    Ok(())
}
