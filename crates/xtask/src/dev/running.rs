//! The processes that were started, and what they wrote.
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::output::Output;
use crate::failure::{About, Failure, Result};
use crate::http::{self, Answer};
use crate::supervise::{self, Supervised};
use crate::tell;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// What answers on the site's ports, until it is dropped.
#[derive(Debug, Default)]
pub(super) struct Running {
    pub(super) servers: Vec<(Supervised, Output)>,
    /// Where KV can be written and made to fail; wrangler's cannot.
    pub(super) kv_port: Option<u16>,
    /// The same gateway in other isolates; wrangler has one.
    pub(super) elsewhere: Vec<u16>,
}

impl Running {
    /// One process more.
    pub(super) fn add(&mut self, command: &Command) -> Result<()> {
        let (reader, writer) = std::io::pipe().about("pipe")?;
        let server = supervise::start(command, writer)?;
        self.servers.push((server, Output::of(reader)));
        Ok(())
    }

    /// In words, once one of them ended.
    pub(super) fn ended(&mut self) -> Option<String> {
        self.servers
            .iter_mut()
            .find_map(|(server, _)| server.ended())
    }

    pub(super) fn so_far(&self) -> String {
        let outputs = self.servers.iter().map(|(_, output)| output.so_far());
        outputs.collect()
    }

    pub(super) fn stop(&mut self) {
        self.servers.clear();
    }

    /// False when it was told to stop meanwhile.
    pub(super) fn is_ready(
        &mut self,
        port: u16,
        health: &str,
        stop: &Receiver<()>,
    ) -> Result<bool> {
        let start = Instant::now();
        let mut last = String::new();
        while start.elapsed() < READY_WITHIN {
            match http::ask(port, "GET", health, &[], b"") {
                // A gateway that was given bad settings refuses everything, in its own words: it is there.
                Ok(Answer { status, body, .. })
                    if status < 500 || body.contains("urn:keyward:problem:") =>
                {
                    return Ok(true);
                }
                Ok(Answer { status, body, .. }) => {
                    last = format!("its last answer: {status} {body}");
                }
                Err(failure) => last = failure.what,
            }
            if let Some(status) = self.ended() {
                tell::text(&self.so_far());
                return Err(Failure::new(format!(
                    "the server ended with {status}, see above"
                )));
            }
            match stop.recv_timeout(Duration::from_millis(30)) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return Ok(false),
            }
        }
        tell::text(&self.so_far());
        Err(Failure::new(format!(
            "the server is not ready after {READY_WITHIN:?}; {last}"
        )))
    }
}
