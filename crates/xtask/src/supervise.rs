//! Processes that cannot outlive us. Each runs in a process group of its own under a supervisor (this program
//! again), which holds the reading end of a pipe: when the other end goes, by our will or by our death, the
//! whole group is ended, grandchildren included.
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, getpgrp};

use crate::failure::{About, Failure, Result};

/// Not listed: only `start` uses it.
pub(crate) const VERB: &str = "supervise";

const GRACE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(crate) struct Supervised {
    child: Child,
}

/// Starts the command in its own group; its output goes where the caller points it.
pub(crate) fn start(command: &Command, output: std::io::PipeWriter) -> Result<Supervised> {
    // Not `current_exe`: the file may have been built anew since we started.
    let mut supervisor = Command::new("/proc/self/exe");
    supervisor
        .arg(VERB)
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        supervisor.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => supervisor.env(name, value),
            None => supervisor.env_remove(name),
        };
    }
    let child = supervisor
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(output.try_clone().about("pipe")?)
        .stderr(output)
        .spawn()
        .about("supervisor")?;
    Ok(Supervised { child })
}

impl Supervised {
    /// Waits for its end: whether it succeeded.
    pub(crate) fn wait(&mut self) -> Result<bool> {
        // Not `Child::wait`, which closes stdin first: that is what tells the supervisor to stop.
        loop {
            if let Some(status) = self.child.try_wait().about("supervisor")? {
                return Ok(status.success());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The exit status in words, once it ended.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        Some(match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, signal) => format!("signal {}", signal.unwrap_or_default()),
        })
    }

    /// The process group of all that was started.
    pub(crate) fn group(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn stop(&mut self) {
        drop(self.child.stdin.take());
        let asked = Instant::now();
        while self.ended().is_none() && asked.elapsed() < GRACE + Duration::from_secs(1) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Whoever is left of the group, whether or not its supervisor is.
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The supervisor itself.
pub(crate) fn verb(args: &[String]) -> Result<()> {
    let (program, args) = args
        .split_first()
        .ok_or_else(|| Failure::new("supervise: no command"))?;
    // The group's own signals must not end the supervisor before it has ended the group.
    ctrlc::set_handler(|| {}).about("signals")?;
    let mut child = Command::new(OsString::from(program))
        .args(args)
        .stdin(Stdio::null())
        .spawn()
        .about(program)?;
    let pid = i32::try_from(child.id())
        .map(Pid::from_raw)
        .about("process id")?;
    let closing = Arc::new(AtomicBool::new(false));
    let close = Arc::clone(&closing);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        close.store(true, Ordering::SeqCst);
        // Asked politely first: wrangler removes its temporary files.
        let _ = kill(pid, Signal::SIGTERM);
        std::thread::sleep(GRACE);
        let _ = killpg(getpgrp(), Signal::SIGKILL);
    });
    let status = child.wait().about(program)?;
    // The command may have left children of its own; they are in our group, and so are we.
    let _ = killpg(getpgrp(), Signal::SIGTERM);
    if closing.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(100));
        let _ = killpg(getpgrp(), Signal::SIGKILL);
    }
    std::process::exit(status.code().unwrap_or(1));
}
