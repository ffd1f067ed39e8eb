//! Running a command: quiet with a sign of life while it works, all of its output when it fails.
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::failure::{About, Failure, Result};
use crate::supervise;
use crate::tell;

#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) success: bool,
    pub(crate) output: String,
    pub(crate) took: Duration,
}

/// Runs to the end and says so in one line; fails with everything that the command wrote.
pub(crate) fn step(title: &str, command: Command) -> Result<()> {
    step_worth_telling(title, command, Duration::ZERO)
}

/// Like `step`, but says nothing when it was over in a moment.
pub(crate) fn quick_step(title: &str, command: Command) -> Result<()> {
    step_worth_telling(title, command, Duration::from_secs(1))
}

fn step_worth_telling(title: &str, command: Command, told_from: Duration) -> Result<()> {
    let finished = watch(title, command)?;
    if !finished.success {
        tell::failed(title, finished.took);
        tell::text(&finished.output);
        return Err(Failure::new(format!("{title} failed, see above")));
    }
    if finished.took >= told_from {
        tell::done(title, finished.took);
    }
    Ok(())
}

/// Runs to the end, showing the latest line of output and the time so far.
pub(crate) fn watch(title: &str, command: Command) -> Result<Finished> {
    let start = Instant::now();
    let (reader, writer) = std::io::pipe().about("pipe")?;
    let mut running = supervise::start(&command, writer)?;

    let (send, lines) = channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(&line).into_owned();
            if send.send(text).is_err() {
                break;
            }
            line.clear();
        }
    });

    let mut output = String::new();
    let mut progress = Progress::new(title, start);
    loop {
        match lines.recv_timeout(Duration::from_millis(500)) {
            Ok(line) => {
                progress.show(&line);
                output.push_str(&line);
            }
            Err(RecvTimeoutError::Timeout) => progress.show(""),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let success = running.wait()?;
    progress.clear();
    Ok(Finished {
        success,
        output,
        took: start.elapsed(),
    })
}

/// What a command says, when it succeeds.
pub(crate) fn answer(mut command: Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// On a terminal one line that is written over; elsewhere a line now and then.
struct Progress<'a> {
    title: &'a str,
    start: Instant,
    latest: String,
    shown: Option<Instant>,
}

impl<'a> Progress<'a> {
    fn new(title: &'a str, start: Instant) -> Self {
        Self {
            title,
            start,
            latest: String::new(),
            shown: None,
        }
    }

    fn show(&mut self, line: &str) {
        if !line.trim().is_empty() {
            self.latest = line
                .trim()
                .chars()
                .filter(|c| !c.is_control())
                .take(60)
                .collect();
        }
        let (wait, first) = if tell::is_terminal() {
            (200, 200)
        } else {
            (20_000, 20_000)
        };
        let due = match self.shown {
            None => self.start.elapsed() >= Duration::from_millis(first),
            Some(shown) => shown.elapsed() >= Duration::from_millis(wait),
        };
        if !due {
            return;
        }
        self.shown = Some(Instant::now());
        let took = tell::seconds(self.start.elapsed());
        let text = format!("… {} {took}  {}", self.title, self.latest);
        if tell::is_terminal() {
            tell::text(&format!("\r\x1b[2K{}", tell::dim(&text)));
        } else {
            tell::line(&text);
        }
    }

    fn clear(&self) {
        if self.shown.is_some() && tell::is_terminal() {
            tell::text("\r\x1b[2K");
        }
    }
}
