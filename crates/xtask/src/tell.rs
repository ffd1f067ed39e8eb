//! Everything that is printed goes through here.
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::failure::Failure;

/// Set when stdout belongs to a program that reads it: people are then told on stderr.
static ON_STDERR: AtomicBool = AtomicBool::new(false);

pub(crate) fn on_stderr() {
    ON_STDERR.store(true, Ordering::Relaxed);
}

pub(crate) fn is_terminal() -> bool {
    if ON_STDERR.load(Ordering::Relaxed) {
        std::io::stderr().is_terminal()
    } else {
        std::io::stdout().is_terminal()
    }
}

/// A closed pipe (`| head`) is no reason to stop half-way, so write errors are let go.
pub(crate) fn text(text: &str) {
    if ON_STDERR.load(Ordering::Relaxed) {
        let _ = std::io::stderr().write_all(text.as_bytes());
    } else {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

pub(crate) fn line(line: &str) {
    text(&format!("{line}\n"));
}

pub(crate) fn headline(title: &str) {
    line(&format!("\n{}", bold(&format!("== {title} =="))));
}

/// One finished step: a mark, what it was, how long it took.
pub(crate) fn done(title: &str, took: Duration) {
    line(&format!("{} {title} {}", green("✓"), dim(&seconds(took))));
}

pub(crate) fn failed(title: &str, took: Duration) {
    line(&format!("{} {title} {}", red("✗"), dim(&seconds(took))));
}

pub(crate) fn note(note: &str) {
    line(&format!("  {}", dim(note)));
}

pub(crate) fn failure(failure: &Failure) {
    line(&format!("{} {}", red("error:"), failure.what));
    if let Some(mend) = &failure.mend {
        line(&format!("  {} {mend}", green("mend:")));
    }
}

pub(crate) fn seconds(took: Duration) -> String {
    let s = took.as_secs_f64();
    if s < 60.0 {
        format!("{s:.1} s")
    } else {
        format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
    }
}

pub(crate) fn bold(text: &str) -> String {
    styled("1", text)
}

pub(crate) fn dim(text: &str) -> String {
    styled("2", text)
}

pub(crate) fn red(text: &str) -> String {
    styled("31", text)
}

pub(crate) fn green(text: &str) -> String {
    styled("32", text)
}

fn styled(code: &str, text: &str) -> String {
    if is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
