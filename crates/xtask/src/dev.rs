//! The gateway on this machine, with an echo origin behind it and KV that is filled at each start.
mod options;
mod output;
mod raw;
mod wrangler;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::build;
use crate::demo;
use crate::failure::{About, Failure, Result};
use crate::http;
use crate::project::{Project, read};
use crate::setup;
use crate::supervise::Supervised;
use crate::tell;

use options::Options;
use output::Output;

/// Where the gateway will be.
#[derive(Debug)]
pub(crate) struct Site {
    /// The gateway listens on 127.0.0.1 only; `localhost:{port}` is a second authority of it.
    pub(crate) port: u16,
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
pub(crate) struct Seed {
    /// The gateway's variables and secrets, by name.
    pub(crate) vars: BTreeMap<String, String>,
    /// What KV holds: key and value.
    pub(crate) records: Vec<(String, String)>,
    /// Printed when the gateway is ready.
    pub(crate) announcement: String,
}

/// Something that answers on the site's port, until it is dropped.
#[derive(Debug)]
struct Running {
    server: Supervised,
    output: Output,
    /// Where KV can be written and made to fail; wrangler's cannot.
    kv_port: Option<u16>,
    /// The same gateway in other isolates; wrangler has one.
    elsewhere: Vec<u16>,
}

const READY_WITHIN: Duration = Duration::from_secs(60);

pub(crate) fn verb(project: &Project, args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    if options.json {
        tell::on_stderr();
    }
    let start = Instant::now();
    let port = http::free_port(options.port)?;
    let tools = setup::tools(project)?;
    if options.build {
        build::gateway_only(project, &tools)?;
    }
    let site = Site {
        port,
        raw: options.raw,
        root: project.root(""),
    };
    let seed = match &options.seed {
        Some(file) => seed_from(file)?,
        None => demo::seed(&site)?,
    };

    let stop = stop_signal()?;
    let state = options.state(project)?;
    let mut running = if options.raw {
        raw::start(project, &tools, &site, &seed, &state)?
    } else {
        wrangler::start(project, &tools, &site, &seed, &state)?
    };
    if !wait_until_ready(&site, &mut running, &stop)? {
        return Ok(());
    }
    running.output.show();
    tell::done(&format!("ready at {}", site.url()), start.elapsed());
    if options.json {
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let elsewhere: Vec<_> = running.elsewhere.iter().map(|port| at(*port)).collect();
        println!(
            "{}",
            serde_json::json!({
                "url": site.url(),
                "elsewhere": elsewhere,
                "kv": running.kv_port.map(at),
                "group": running.server.group(),
            })
        );
    }
    tell::text(&seed.announcement);
    tell::note("Ctrl-C stops it");
    wait_for_the_end(&mut running, &stop)
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
        vars: strings("vars")?.into_iter().collect(),
        records: strings("records")?,
        announcement: String::new(),
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

/// False when it was told to stop meanwhile.
fn wait_until_ready(site: &Site, running: &mut Running, stop: &Receiver<()>) -> Result<bool> {
    let start = Instant::now();
    let mut last = String::new();
    while start.elapsed() < READY_WITHIN {
        match http::ask(site.port, "GET", "/_keyward/health", b"") {
            // A gateway that was given bad settings refuses everything, in its own words: it is there.
            Ok((status, body)) if status < 500 || body.contains("urn:keyward:problem:") => {
                return Ok(true);
            }
            Ok((status, body)) => last = format!("its last answer: {status} {body}"),
            Err(failure) => last = failure.what,
        }
        if let Some(status) = running.server.ended() {
            tell::text(&running.output.so_far());
            return Err(Failure::new(format!(
                "the server ended with {status}, see above"
            )));
        }
        match stop.recv_timeout(Duration::from_millis(30)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return Ok(false),
        }
    }
    tell::text(&running.output.so_far());
    Err(Failure::new(format!(
        "the server is not ready after {READY_WITHIN:?}; {last}"
    )))
}

fn wait_for_the_end(running: &mut Running, stop: &Receiver<()>) -> Result<()> {
    loop {
        match stop.recv_timeout(Duration::from_millis(200)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => {
                tell::line("");
                running.server.stop();
                tell::note("stopped");
                return Ok(());
            }
        }
        if let Some(status) = running.server.ended() {
            return Err(Failure::new(format!(
                "the server ended by itself with {status}"
            )));
        }
    }
}
