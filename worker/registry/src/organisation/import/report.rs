//! What became of each row. Nothing in it is secret.
use serde::Serialize;

use super::judge::Fault;
use crate::key::{ImportRow, RowFault};
use crate::refusal::FieldError;

/// What is said of the fields of all rows together: what is wrong with what they have in common is
/// wrong with each.
const ERRORS_BYTES_MAX: usize = 256 * 1024;

/// What became of a row, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ImportOutcome"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Ready,
    Imported,
    /// This very row was imported by this operator earlier.
    ImportedBefore,
    NeedsOverride,
    Refused,
}

#[derive(Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ImportCounts"))]
#[serde(rename_all = "camelCase")]
struct Counts {
    ready: usize,
    imported: usize,
    imported_before: usize,
    needs_override: usize,
    refused: usize,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ImportedRow"))]
#[serde(rename_all = "camelCase")]
struct Line {
    /// Only one that a key may have.
    key_id: Option<String>,
    name: Option<String>,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<RowFault>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

/// What became of each row, or would.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ImportReport"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    dry_run: bool,
    counts: Counts,
    /// In the order of the request's.
    rows: Vec<Line>,
    /// What is left for errors, in bytes.
    #[serde(skip)]
    left: usize,
}

impl Report {
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            counts: Counts::default(),
            rows: Vec::new(),
            left: ERRORS_BYTES_MAX,
        }
    }

    /// Adds a row, whose outcome is said later, and gives its place.
    pub(super) fn add(&mut self, row: &ImportRow) -> usize {
        let key_id = row.valid_id().map(str::to_owned);
        self.rows.push(Line {
            name: row.name.clone().filter(|_| key_id.is_some()),
            key_id,
            outcome: Outcome::Refused,
            code: None,
            errors: Vec::new(),
        });
        self.rows.len().saturating_sub(1)
    }

    pub(super) fn is(&mut self, index: usize, outcome: Outcome) {
        self.settle(index, outcome, None, Vec::new());
    }

    pub(super) fn faulty(&mut self, index: usize, outcome: Outcome, fault: Fault) {
        self.settle(index, outcome, Some(fault.code), fault.errors);
    }

    fn settle(
        &mut self,
        index: usize,
        outcome: Outcome,
        code: Option<RowFault>,
        errors: Vec<FieldError>,
    ) {
        let count = match outcome {
            Outcome::Ready => &mut self.counts.ready,
            Outcome::Imported => &mut self.counts.imported,
            Outcome::ImportedBefore => &mut self.counts.imported_before,
            Outcome::NeedsOverride => &mut self.counts.needs_override,
            Outcome::Refused => &mut self.counts.refused,
        };
        *count += 1;
        if let Some(line) = self.rows.get_mut(index) {
            line.outcome = outcome;
            line.code = code;
            line.errors = errors;
            line.errors.retain(|error| {
                let bytes = error.field.len() + error.detail.len();
                let fits = bytes <= self.left;
                self.left -= if fits { bytes } else { 0 };
                fits
            });
        }
    }
}
