//! What a server writes: kept while it starts, shown from then on.
use std::io::{BufRead, BufReader, PipeReader};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::tell;

#[derive(Debug)]
pub(super) struct Output {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    text: String,
    shown: bool,
}

impl Output {
    /// Reads until the server is gone, so that it never waits for us.
    pub(super) fn of(reader: PipeReader) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let shared = Arc::clone(&kept);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                let text = String::from_utf8_lossy(&line).into_owned();
                let mut kept = lock(&shared);
                if kept.shown {
                    tell::text(&text);
                } else {
                    kept.text.push_str(&text);
                }
                line.clear();
            }
        });
        Self { kept }
    }

    pub(super) fn so_far(&self) -> String {
        lock(&self.kept).text.clone()
    }

    /// What came before is of no interest any more.
    pub(super) fn show(&self) {
        let mut kept = lock(&self.kept);
        kept.text.clear();
        kept.shown = true;
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
