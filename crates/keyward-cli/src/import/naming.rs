//! What keys are called: as their consumer, or without one as their id.
use std::collections::BTreeSet;

use super::Row;

/// A name for each row, none of them twice: the second key of a consumer gets ` 2` behind it. The
/// same file gives the same names each time.
pub(super) fn names(rows: &[Row]) -> Vec<String> {
    let mut given = BTreeSet::new();
    let mut name = |row: &Row| {
        let id = row.key_id.as_deref().unwrap_or_default();
        let wanted = row.consumer.as_deref().unwrap_or(id);
        let numbered = (2..).map(|number: u64| format!("{wanted} {number}"));
        let mut all = std::iter::once(wanted.to_owned()).chain(numbered);
        // To the registry, names that differ in case are one.
        let free = all.find(|name| given.insert(name.to_lowercase()));
        free.unwrap_or_else(|| wanted.to_owned())
    };
    rows.iter().map(&mut name).collect()
}
