//! What keys are called: as their consumer, or without one as their id.
use std::collections::{BTreeMap, BTreeSet};

use super::Row;

/// A name for each row, none of them twice: the second key of a consumer gets ` 2` behind it. The
/// same file gives the same names each time.
pub(super) fn names(rows: &[Row]) -> Vec<String> {
    let mut given = BTreeSet::new();
    // How far the numbers behind a name have come: whoever has many keys is not counted anew each time.
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    let mut name = |row: &Row| {
        let id = row.key_id.as_deref().unwrap_or_default();
        let wanted = row.consumer.as_deref().unwrap_or(id);
        // To the registry, names that differ in case are one.
        let number = numbers.entry(wanted.to_lowercase()).or_insert(0);
        loop {
            *number += 1;
            let name = match *number {
                1 => wanted.to_owned(),
                number => format!("{wanted} {number}"),
            };
            if given.insert(name.to_lowercase()) {
                return name;
            }
        }
    };
    rows.iter().map(&mut name).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::Fault;
    use super::*;

    fn rows(consumers: impl Iterator<Item = String>) -> Vec<Row> {
        let row = |consumer| Row {
            line: 1,
            consumer: Some(consumer),
            credential: "hmac-auth".to_owned(),
            key_id: Err(Fault::KeyId),
            material: Err(Fault::KeyId),
        };
        consumers.map(row).collect()
    }

    #[test]
    fn no_name_is_given_twice() {
        let consumers = ["ada", "Ada 2", "ADA", "ada", "ada 2"].map(str::to_owned);
        let names = names(&rows(consumers.into_iter()));
        assert_eq!(names, ["ada", "Ada 2", "ADA 3", "ada 4", "ada 2 2"]);
    }

    #[test]
    fn a_consumer_of_many_keys_takes_no_longer_than_many_consumers() {
        let many = rows(std::iter::repeat_n("ada".to_owned(), 50_000));
        let start = Instant::now();
        assert_eq!(names(&many).last().map(String::as_str), Some("ada 50000"));
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
