//! `keyward audit`: an export of the audit log against a head that somebody kept.
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64ct::{Base64UrlUnpadded, Encoding};
use clap::{Args, Subcommand};
use keyward_issuer::audit::{AuditHash, verify_lines};
use keyward_wire::PublishRing;
use keyward_wire::audit::{AuditHead, head_kv_name};
use serde::Deserialize;

use crate::failure::{Failure, Result};

/// The largest export that is read at once; a longer one is verified in parts, each from the head
/// of the one before.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

#[derive(Subcommand, Debug)]
pub enum Audit {
    /// Say whether an export is whole: each line follows from the one before it, and the head is
    /// among them.
    Verify(Verify),
}

#[derive(Args, Debug)]
pub struct Verify {
    /// The export: the lines of GET /v1/audit, without a filter, one page after the other.
    file: PathBuf,
    /// A head that was kept: what GET /v1/audit/head answers, or what KV has under a/<organisation>.
    #[arg(long, value_name = "FILE")]
    head: PathBuf,
    /// The registry's public key, as the gateway has it, and its id.
    #[arg(long = "publish-key", value_name = "ID=KEY", required = true)]
    publish_keys: Vec<String>,
    /// The deployment's name, from which the first line follows.
    #[arg(
        long,
        required_unless_present = "from_head",
        conflicts_with = "from_head"
    )]
    deployment: Option<String>,
    /// For an export that begins later: the head of the entry before its first.
    #[arg(long, value_name = "FILE")]
    from_head: Option<PathBuf>,
}

/// What was found, in a sentence.
pub type Verdict = core::result::Result<String, String>;

/// Succeeds when nothing is missing or changed.
///
/// # Errors
/// When a file cannot be read, or a head is not the registry's.
pub fn run(Audit::Verify(asked): &Audit) -> Result<ExitCode> {
    let ring = ring(&asked.publish_keys)?;
    let head = head(&asked.head, &ring)?;
    let (start, hash) = match (&asked.from_head, &asked.deployment) {
        (Some(file), _) => {
            let from = self::head(file, &ring)?;
            if from.organisation != head.organisation {
                return Err(Failure::new("the two heads are of two organisations"));
            }
            (from.sequence, hash(&from)?)
        }
        (None, Some(deployment)) => (0, AuditHash::beginning(deployment, &head.organisation)),
        (None, None) => return Err(Failure::new("name the --deployment")),
    };
    let text = read(&asked.file)?;
    let verdict = verify(start, hash, &head, self::hash(&head)?, &text);
    let (code, mark, says) = match &verdict {
        Ok(says) => (ExitCode::SUCCESS, "\x1b[32m✓\x1b[0m", says),
        Err(says) => (ExitCode::FAILURE, "\x1b[31m✗\x1b[0m", says),
    };
    anstream::println!("{mark} {}: {says}", head.organisation);
    Ok(code)
}

/// Whether the lines follow from `start`, and the entry of the head is among them.
fn verify(start: u64, from: AuditHash, head: &AuditHead, wanted: AuditHash, text: &str) -> Verdict {
    let lines = text.lines().collect::<Vec<_>>();
    let hashes = verify_lines(from, lines.iter().copied()).map_err(|broken| broken.to_string())?;
    let sequence = head.sequence;
    let last = start.saturating_add(hashes.len() as u64);
    if sequence == start && wanted == from {
        return Ok(format!("{} entries follow the head", hashes.len()));
    }
    let index = sequence.checked_sub(start.saturating_add(1));
    let index = index.and_then(|index| usize::try_from(index).ok());
    let found = index.and_then(|index| hashes.get(index));
    match found {
        None if sequence > last => Err(format!(
            "the log ends with entry {last}, and the head is of {sequence}: entries are missing"
        )),
        None => Err(format!(
            "the head is of entry {sequence}, before the export's first"
        )),
        Some(hash) if *hash != wanted => {
            Err(format!("entry {sequence} is not the one of the head"))
        }
        Some(_) => Ok(match last.saturating_sub(sequence) {
            0 => format!("entries {} to {last} are whole", start.saturating_add(1)),
            more => format!(
                "entries {} to {sequence} are whole; {more} more follow, which the head does not know",
                start.saturating_add(1)
            ),
        }),
    }
}

fn ring(texts: &[String]) -> Result<PublishRing> {
    let pairs = texts.iter().map(|text| {
        let not_one = || Failure::new(format!("{text} is not ID=KEY"));
        text.split_once('=').ok_or_else(not_one)
    });
    let pairs = pairs.collect::<Result<Vec<_>>>()?;
    PublishRing::from_text(pairs).map_err(|error| Failure::new(error.to_string()))
}

/// What `GET /v1/audit/head` answers; only what is signed of it counts.
#[derive(Deserialize)]
struct Answered {
    organisation: String,
    signed: String,
}

fn head(file: &Path, ring: &PublishRing) -> Result<AuditHead> {
    let text = read(file)?;
    let failed = |what: &str| Failure::new(format!("{}: {what}", file.display()));
    let (organisation, signed) = match serde_json::from_str::<Answered>(&text) {
        Ok(answered) => (answered.organisation, answered.signed),
        Err(_) => (claimed(&text).unwrap_or_default(), text.trim().to_owned()),
    };
    let payload = ring
        .open(&head_kv_name(&organisation), &signed)
        .map_err(|_| failed("not a head that was signed with this key"))?;
    let head: AuditHead = serde_json::from_slice(&payload).map_err(|_| failed("not a head"))?;
    if head.organisation == organisation {
        Ok(head)
    } else {
        Err(failed("not a head of this organisation"))
    }
}

/// Whose it says that it is; the signature tells whether that is so.
fn claimed(envelope: &str) -> Option<String> {
    let payload = Base64UrlUnpadded::decode_vec(envelope.trim().split('.').nth(2)?).ok()?;
    let head: AuditHead = serde_json::from_slice(&payload).ok()?;
    Some(head.organisation)
}

fn hash(head: &AuditHead) -> Result<AuditHash> {
    AuditHash::parse(&head.hash).ok_or_else(|| Failure::new("the head has no hash"))
}

fn read(file: &Path) -> Result<String> {
    let failed = |what: &dyn std::fmt::Display| Failure::new(format!("{}: {what}", file.display()));
    let opened = std::fs::File::open(file).map_err(|error| failed(&error))?;
    let mut text = String::new();
    let mut bounded = opened.take(FILE_BYTES_MAX + 1);
    bounded
        .read_to_string(&mut text)
        .map_err(|error| failed(&error))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(failed(
            &"larger than 1 GiB; verify it in parts, with --from-head",
        ));
    }
    Ok(text)
}
