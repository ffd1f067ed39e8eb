//! The Workers on this machine, with an echo origin behind the gateway, and keys that are made anew at each start.
mod options;
mod output;
mod raw;
mod running;
mod wrangler;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::build;
use crate::demo::Demo;
use crate::failure::{About, Failure, Result};
use crate::http;
use crate::project::{Project, read};
use crate::setup::{self, Tools};
use crate::tell;

use options::Options;
use running::Running;

/// Where the gateway will be.
#[derive(Debug)]
pub(crate) struct Site {
    /// The gateway listens on 127.0.0.1 only; `localhost:{port}` is a second authority of it.
    pub(crate) port: u16,
    /// Where the registry will be; tests that bring records of their own want none.
    pub(crate) registry: Option<u16>,
    /// Plain workerd rather than wrangler.
    pub(crate) raw: bool,
    /// The root of the clone; `.keyward` in it is ignored by git.
    pub(crate) root: PathBuf,
}

impl Site {
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

#[derive(Debug, Default)]
struct Seed {
    /// The gateway's variables and secrets, by name.
    gateway: BTreeMap<String, String>,
    /// The registry's.
    registry: BTreeMap<String, String>,
    /// What KV holds: key and value.
    records: Vec<(String, String)>,
}

/// What is started, and where it keeps what it knows.
struct Launch<'a> {
    project: &'a Project,
    tools: &'a Tools,
    site: &'a Site,
    seed: &'a Seed,
    state: &'a Path,
}

pub(crate) fn verb(project: &Project, args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    if options.json {
        tell::on_stderr();
    }
    let start = Instant::now();
    let port = http::free_port(options.port)?;
    let tools = setup::tools(project)?;
    if options.build {
        build::workers(project, &tools)?;
    }
    let registry = match options.seed {
        Some(_) => None,
        None => Some(next_port(port)?),
    };
    let site = Site {
        port,
        registry,
        raw: options.raw,
        root: project.root(""),
    };
    let demo = registry.map(|port| Demo::new(&site, port)).transpose()?;
    let seed = seed(&options, demo.as_ref())?;

    let stop = stop_signal()?;
    let state = options.state(project)?;
    let launch = Launch {
        project,
        tools: &tools,
        site: &site,
        seed: &seed,
        state: &state,
    };
    let mut running = Running::default();
    let Some(announcement) = launch.start(&mut running, demo.as_ref(), &stop)? else {
        return Ok(());
    };
    for (_, output) in &running.servers {
        output.show();
    }
    tell::done(&format!("ready at {}", site.url()), start.elapsed());
    if options.json {
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let elsewhere: Vec<_> = running.elsewhere.iter().map(|port| at(*port)).collect();
        let groups: Vec<_> = running
            .servers
            .iter()
            .map(|(server, _)| server.group())
            .collect();
        println!(
            "{}",
            serde_json::json!({
                "url": site.url(),
                "elsewhere": elsewhere,
                "kv": running.kv_port.map(at),
                "registry": site.registry.map(at),
                "groups": groups,
            })
        );
    }
    tell::text(&announcement);
    tell::note("Ctrl-C stops it");
    wait_for_the_end(&mut running, &stop)
}

/// The port after the gateway's, or another one if it was drawn as well.
fn next_port(port: u16) -> Result<u16> {
    http::free_port(port.saturating_add(1)).or_else(|_| http::free_port(0))
}

impl Launch<'_> {
    /// Gives what is to be said of it when all is ready; nothing when it was told to stop meanwhile.
    fn start(
        &self,
        running: &mut Running,
        demo: Option<&Demo<'_>>,
        stop: &Receiver<()>,
    ) -> Result<Option<String>> {
        if self.site.raw {
            raw::start(self, running)?;
        } else {
            wrangler::clear(self)?;
        }
        let mut announcement = String::new();
        if let (Some(demo), Some(port)) = (demo, self.site.registry) {
            if !self.site.raw {
                wrangler::registry(self, port, running)?;
            }
            if !running.is_ready(port, "/health", stop)? {
                return Ok(None);
            }
            if !self.site.raw {
                // Starts while keys are made.
                wrangler::gateway(self, running)?;
            }
            announcement = demo.fill().inspect_err(|_| tell::text(&running.so_far()))?;
        } else if !self.site.raw {
            wrangler::gateway(self, running)?;
        }
        let is_ready = running.is_ready(self.site.port, "/_keyward/health", stop)?;
        Ok(is_ready.then_some(announcement))
    }
}

fn seed(options: &Options, demo: Option<&Demo<'_>>) -> Result<Seed> {
    match (&options.seed, demo) {
        (Some(file), _) => seed_from(file),
        (None, Some(demo)) => Ok(Seed {
            gateway: demo.gateway()?,
            registry: demo.registry()?,
            records: Vec::new(),
        }),
        (None, None) => Ok(Seed::default()),
    }
}

/// Tests bring their own: `{ "vars": { name: value }, "records": { key: value } }`.
fn seed_from(file: &Path) -> Result<Seed> {
    let json: serde_json::Value = serde_json::from_str(&read(file)?).about(file.display())?;
    let strings = |name: &str| {
        let members = json[name].as_object().into_iter().flatten();
        members
            .map(|(key, value)| match value.as_str() {
                Some(value) => Ok((key.clone(), value.to_owned())),
                None => Err(Failure::new(format!(
                    "{}: {name}.{key} is no text",
                    file.display()
                ))),
            })
            .collect::<Result<Vec<_>>>()
    };
    Ok(Seed {
        gateway: strings("vars")?.into_iter().collect(),
        registry: BTreeMap::new(),
        records: strings("records")?,
    })
}

/// Ctrl-C, SIGTERM and SIGHUP end the wait; what runs is then stopped by being dropped.
fn stop_signal() -> Result<Receiver<()>> {
    let (send, stop) = channel();
    ctrlc::set_handler(move || {
        let _ = send.send(());
    })
    .about("signals")?;
    Ok(stop)
}

fn wait_for_the_end(running: &mut Running, stop: &Receiver<()>) -> Result<()> {
    loop {
        match stop.recv_timeout(Duration::from_millis(200)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => {
                tell::line("");
                running.stop();
                tell::note("stopped");
                return Ok(());
            }
        }
        if let Some(status) = running.ended() {
            return Err(Failure::new(format!(
                "the server ended by itself with {status}"
            )));
        }
    }
}
