//! `keyward backup` and `keyward restore`: an organisation as JSON Lines, page by page.
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::registry::{Access, Registry};

/// More than any line of a backup has.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[derive(Args, Debug)]
pub struct Backup {
    #[command(flatten)]
    access: Access,
    /// With the sealed secrets, which only the deployment's masters open. Needs a permission of its
    /// own, and a fresh second factor.
    #[arg(long)]
    secrets: bool,
}

#[derive(Args, Debug)]
pub struct Restore {
    /// What `keyward backup` wrote.
    file: PathBuf,
    #[command(flatten)]
    access: Access,
}

/// The last line of a page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    seal: String,
    more: bool,
}

/// Writes a backup to stdout.
///
/// # Errors
/// When the registry refuses it, or stdout is closed.
pub fn back_up(asked: &Backup) -> Result<ExitCode> {
    let registry = Registry::of(&asked.access)?;
    let mut target = format!("/v1/backup?secrets={}", asked.secrets);
    let mut out = std::io::stdout().lock();
    let failed = |error: std::io::Error| Failure::new(format!("stdout: {error}"));
    let mut pages = 0;
    loop {
        let page = registry.ask("GET", &target, &[])?.body;
        out.write_all(page.as_bytes()).map_err(failed)?;
        pages += 1;
        let last = page.lines().next_back().unwrap_or_default();
        let Sealed { seal, more } = serde_json::from_str(last)
            .map_err(|_| Failure::new("the registry's answer has no seal"))?;
        if !more {
            out.flush().map_err(failed)?;
            anstream::eprintln!("\x1b[2m{pages} pages\x1b[0m");
            return Ok(ExitCode::SUCCESS);
        }
        target = format!("/v1/backup?after={seal}");
    }
}

#[derive(Deserialize)]
struct Report {
    /// The seal's word on whether the backup has another page, which nobody can change in a file.
    more: bool,
    keys: Vec<KeyReport>,
    roles: Vec<String>,
    operators: Vec<Operator>,
    webhooks: Vec<WebhookReport>,
}

#[derive(Deserialize)]
struct WebhookReport {
    id: String,
    outcome: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyReport {
    key_id: String,
    outcome: String,
}

#[derive(Deserialize)]
struct Operator {
    email: String,
    role: Value,
}

/// Sends a backup back, and prints a line for each key that did not simply come back, for each webhook
/// that was not there, and for each operator who is not. Succeeds when the backup was whole.
///
/// # Errors
/// When the file cannot be read, or the registry does not take a page. What it had taken until then
/// stays so; restoring once more does no harm.
pub fn restore(asked: &Restore) -> Result<ExitCode> {
    let name = asked.file.display().to_string();
    let failed = |what: &dyn std::fmt::Display| Failure::new(format!("{name}: {what}"));
    let registry = Registry::of(&asked.access)?;
    let file = File::open(&asked.file).map_err(|error| failed(&error))?;
    let mut lines = BufReader::new(file);
    let (mut page, mut previous, mut more) = (Vec::<Value>::new(), None::<String>, true);
    let mut restored = 0;
    while more {
        let line = line(&mut lines).map_err(|error| failed(&error))?;
        let line = line.ok_or_else(|| failed(&"ends in the middle: pages are missing"))?;
        let line: Value = serde_json::from_str(&line).map_err(|_| failed(&"is no backup"))?;
        let Ok(sealed) = Sealed::deserialize(&line) else {
            page.push(line);
            continue;
        };
        let lines = std::mem::take(&mut page);
        let content = json!({ "previous": previous, "lines": lines, "seal": sealed.seal });
        let answer = registry.ask("POST", "/v1/restore", content.to_string().as_bytes());
        let answer = answer.map_err(|error| failed(&error))?;
        let report: Report = serde_json::from_str(&answer.body)
            .map_err(|_| Failure::new("the registry answers with something else than a report"))?;
        for key in &report.keys {
            match key.outcome.as_str() {
                "restored" => restored += 1,
                other => println!("{} {other}", key.key_id),
            }
        }
        for name in &report.roles {
            println!("role {name} not_restored");
        }
        for WebhookReport { id, outcome } in &report.webhooks {
            if outcome != "kept" {
                println!("webhook {id} {outcome}");
            }
        }
        for Operator { email, role } in &report.operators {
            println!("{email} is to be invited, if still wanted: {role}");
        }
        (previous, more) = (Some(sealed.seal), report.more);
    }
    if line(&mut lines).map_err(|error| failed(&error))?.is_some() {
        return Err(failed(
            &"more stands behind the end of the backup, and was not restored",
        ));
    }
    anstream::eprintln!("\x1b[1m{restored} keys restored\x1b[0m");
    Ok(ExitCode::SUCCESS)
}

fn line(lines: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = std::io::Read::take(lines, LINE_BYTES_MAX).read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}
