//! `keyward import`.
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use keyward_core::mac::Algorithm;
use zeroize::Zeroizing;

use super::delimited::{self, Column};
use super::naming::{Naming, names};
use super::post::{Common, post};
use super::report::{About, Report};
use super::{FILE_BYTES_MAX, Row, judge, kong};
use crate::failure::{Failure, Result};
use crate::registry::{Access, Registry};

/// What is asked for.
#[derive(Args, Debug)]
pub struct Import {
    /// What the file is.
    #[arg(value_enum)]
    from: Source,
    /// It is read and left as it is.
    file: PathBuf,
    /// Only say what would be done; with --registry, after asking there.
    #[arg(long, required_unless_present = "registry")]
    dry_run: bool,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    naming: Naming,
    /// What the clients of hmac-auth sign with, where Kong's plugins leave them the choice.
    #[arg(long, value_enum)]
    algorithm: Option<AlgorithmName>,
    /// The report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Source {
    /// A declarative configuration of Kong, in YAML or JSON: hmac-auth, and jwt with HS256, HS384
    /// or HS512.
    Kong,
    /// CSV with the columns id,secret, of clients that sign as Cloud9 does.
    Cloud9,
    /// CSV with the columns id,sha256: digests of strong secrets, in hex or base64.
    Digests,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AlgorithmName {
    HmacSha256,
    HmacSha512,
}

impl Source {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Kong => "kong",
            Self::Cloud9 => "cloud9",
            Self::Digests => "digests",
        }
    }
}

/// Imports a file, or says what would become of it. Succeeds when every row is imported, or ready.
///
/// # Errors
/// When the file cannot be read as what it should be, or the registry refuses the whole.
pub fn run(import: &Import) -> Result<ExitCode> {
    let name = import.file.display().to_string();
    let bytes = read(&import.file)?;
    let rows = rows(import, &bytes).map_err(|what| Failure::new(format!("{name}: {what}")))?;
    let mut verdicts = judge(&rows);
    let names = names(&import.naming, &rows);
    if import.access.registry.is_some() {
        let registry = Registry::of(&import.access)?;
        let dry_run = import.dry_run;
        post(
            &registry,
            &import.common,
            dry_run,
            &rows,
            &names,
            &mut verdicts,
        )?;
    }
    let about = About {
        source: import.from,
        name: &name,
        dry_run: import.dry_run,
    };
    let report = Report::of(about, &rows, &names, &verdicts);
    if import.json {
        println!("{}", report.json()?);
    } else {
        // Colours only where they are seen.
        anstream::print!("{}", report.text());
    }
    Ok(if report.is_done() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn rows(import: &Import, bytes: &[u8]) -> std::result::Result<Vec<Row>, String> {
    match import.from {
        Source::Kong => {
            let text = core::str::from_utf8(bytes).map_err(|_| "this is not UTF-8")?;
            let algorithm = import.algorithm.map(|name| match name {
                AlgorithmName::HmacSha256 => Algorithm::HmacSha256,
                AlgorithmName::HmacSha512 => Algorithm::HmacSha512,
            });
            kong::rows(text, algorithm).map_err(|error| error.to_string())
        }
        Source::Cloud9 => delimited::rows(bytes, Column::Secret),
        Source::Digests => delimited::rows(bytes, Column::Digest),
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |what: &dyn std::fmt::Display| Failure::new(format!("{}: {what}", path.display()));
    let file = File::open(path).map_err(|error| failed(&error))?;
    // The whole room at once: a vector that grows leaves copies of itself behind.
    let length = file.metadata().map_err(|error| failed(&error))?.len();
    if length > FILE_BYTES_MAX {
        return Err(failed(&"larger than 16 MiB; split the file"));
    }
    let room = usize::try_from(length).unwrap_or(0);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 1));
    // A pipe says nothing of its length.
    let mut bounded = file.take(FILE_BYTES_MAX + 1);
    bounded
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(failed(&"larger than 16 MiB; split the file"));
    }
    Ok(bytes)
}
