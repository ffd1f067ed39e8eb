//! What becomes of a file, row by row, for people and for programs.
use keyward_issuer::import::is_imported_key_id;
use serde::Serialize;

use super::command::Source;
use super::{Fault, Material, Row, Verdict};
use crate::failure::{Failure, Result};

/// Lines that a summary names.
const LINES_MAX: usize = 12;
const COLUMN_MAX: usize = 40;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report<'a> {
    source: &'static str,
    file: &'a str,
    dry_run: bool,
    counts: Counts,
    rows: Vec<Line<'a>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    ready: usize,
    imported: usize,
    imported_before: usize,
    needs_override: usize,
    refused: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    line: u64,
    /// Only one that a key may have: in a column that slipped it could be a secret.
    key_id: Option<&'a str>,
    consumer: Option<&'a str>,
    /// What the key is called.
    name: Option<&'a str>,
    credential: &'a str,
    kind: Option<&'static str>,
    algorithm: Option<&'static str>,
    profile: Option<&'static str>,
    outcome: &'static str,
    code: Option<&'a str>,
    reason: Option<String>,
}

/// What is reported on.
pub(super) struct About<'a> {
    pub(super) source: Source,
    pub(super) name: &'a str,
    pub(super) dry_run: bool,
}

impl<'a> Report<'a> {
    pub(super) fn of(
        about: About<'a>,
        rows: &'a [Row],
        names: &'a [String],
        verdicts: &'a [Verdict],
    ) -> Self {
        let mut counts = Counts::default();
        for verdict in verdicts {
            match verdict {
                Verdict::Ready => counts.ready += 1,
                Verdict::Imported => counts.imported += 1,
                Verdict::ImportedBefore => counts.imported_before += 1,
                Verdict::NeedsOverride(_) => counts.needs_override += 1,
                Verdict::Refused(_) => counts.refused += 1,
            }
        }
        Self {
            source: about.source.as_str(),
            file: about.name,
            dry_run: about.dry_run,
            counts,
            rows: rows
                .iter()
                .zip(names)
                .zip(verdicts)
                .map(|((row, name), verdict)| line(row, name, verdict))
                .collect(),
        }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.counts.needs_override == 0 && self.counts.refused == 0
    }

    pub(super) fn json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|error| Failure::new(error.to_string()))
    }

    /// A table of all rows, and below it what is to be done.
    pub(super) fn text(&self) -> String {
        let cells: Vec<[String; 4]> = self.rows.iter().map(Line::cells).collect();
        let head = ["line", "key id", "name", "becomes"].map(str::to_owned);
        let width = |column: usize| {
            let all = std::iter::once(&head).chain(&cells);
            let widths = all.filter_map(|row| Some(row.get(column)?.chars().count()));
            widths.max().unwrap_or(0)
        };
        let widths = [width(0), width(1), width(2), width(3)];
        let mut text = format!(
            "\x1b[1m{}\x1b[0m {}{}\n\n",
            self.source,
            shown(self.file),
            if self.dry_run {
                ": a dry run, nothing is imported"
            } else {
                ""
            }
        );
        text.push_str(&format!("\x1b[2m  {}\x1b[0m\n", aligned(&head, widths)));
        for (line, cells) in self.rows.iter().zip(&cells) {
            let mark = match line.outcome {
                "ready" | "imported" | "imported_before" => "\x1b[32m✓\x1b[0m",
                "needs_override" => "\x1b[33m!\x1b[0m",
                _ => "\x1b[31m✗\x1b[0m",
            };
            let reason = line.reason.as_deref().unwrap_or_default();
            let row = format!("{mark} {}  {reason}", aligned(cells, widths));
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.summary());
        text
    }

    fn summary(&self) -> String {
        let Counts {
            ready,
            imported,
            imported_before,
            needs_override,
            refused,
        } = self.counts;
        let total = self.rows.len();
        let (count, says) = if self.dry_run {
            (ready, "ready")
        } else {
            (imported, "imported")
        };
        let mut text = format!("\x1b[1m{total} rows: {count} {says}\x1b[0m");
        for (count, says) in [
            (imported_before, "imported before"),
            (needs_override, "to be overridden"),
            (refused, "refused"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {count} {says}"));
            }
        }
        text.push('\n');
        for (count, outcome, says) in [
            (
                needs_override,
                "needs_override",
                "Somebody has to answer for",
            ),
            (refused, "refused", "Refused:"),
        ] {
            if count > 0 {
                text.push_str(&format!("{says} {}\n", self.lines(outcome)));
            }
        }
        text
    }

    fn lines(&self, outcome: &str) -> String {
        let all = self.rows.iter().filter(|row| row.outcome == outcome);
        let mut lines: Vec<String> = all.map(|row| row.line.to_string()).collect();
        let more = lines.len().saturating_sub(LINES_MAX);
        lines.truncate(LINES_MAX);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let noun = if lines.len() == 1 { "line" } else { "lines" };
        format!("{noun} {}{more}", lines.join(", "))
    }
}

fn line<'a>(row: &'a Row, name: &'a str, verdict: &'a Verdict) -> Line<'a> {
    let (outcome, fault) = match verdict {
        Verdict::Ready => ("ready", None),
        Verdict::Imported => ("imported", None),
        Verdict::ImportedBefore => ("imported_before", None),
        Verdict::NeedsOverride(fault) => ("needs_override", Some(fault)),
        Verdict::Refused(fault) => ("refused", Some(fault)),
    };
    let (kind, algorithm, profile) = match &row.material {
        Ok(Material::Signed {
            algorithm, profile, ..
        }) => (
            Some("signed"),
            Some(algorithm.as_str()),
            Some(profile.as_str()),
        ),
        Ok(Material::Token { algorithm, .. }) => (Some("token"), Some(algorithm.as_str()), None),
        Ok(Material::Basic(_)) => (Some("basic"), None, None),
        Err(_) => (None, None, None),
    };
    Line {
        line: row.line,
        key_id: row
            .key_id
            .as_deref()
            .ok()
            .filter(|id| is_imported_key_id(id)),
        consumer: row.consumer.as_deref(),
        name: Some(name).filter(|_| row.key_id.as_deref().is_ok_and(is_imported_key_id)),
        credential: &row.credential,
        kind,
        algorithm,
        profile,
        outcome,
        code: fault.map(Fault::code),
        reason: fault.map(ToString::to_string),
    }
}

impl Line<'_> {
    fn cells(&self) -> [String; 4] {
        let becomes: Vec<&str> = [self.kind, self.algorithm, self.profile]
            .into_iter()
            .flatten()
            .collect();
        [
            self.line.to_string(),
            shown(self.key_id.unwrap_or("-")),
            shown(self.name.or(self.consumer).unwrap_or("-")),
            if becomes.is_empty() {
                self.credential.to_owned()
            } else {
                becomes.join(", ")
            },
        ]
    }
}

fn aligned(cells: &[String; 4], [line, id, name, becomes]: [usize; 4]) -> String {
    let [c0, c1, c2, c3] = cells;
    format!("{c0:>line$}  {c1:<id$}  {c2:<name$}  {c3:<becomes$}")
}

/// Without anything that a terminal would act upon, and not too long.
fn shown(text: &str) -> String {
    let plain: String = text.escape_debug().collect();
    if plain.chars().count() <= COLUMN_MAX {
        return plain;
    }
    let mut cut: String = plain.chars().take(COLUMN_MAX - 1).collect();
    cut.push('…');
    cut
}
