//! What keys are called: as their consumer, or without one as their id.
use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, ValueEnum};

use super::Row;

/// Characters of a name; the registry takes no more.
const CHARACTERS_MAX: usize = 100;

/// How names are made.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Naming {
    /// What keys are called after: ids may be names where consumers may not, as with emoji.
    #[arg(long = "names", value_enum, default_value_t)]
    after: After,
    /// In front of each name, where names are taken.
    #[arg(long = "name-prefix", value_name = "TEXT")]
    prefix: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum After {
    /// The consumer's name, and without one the id.
    #[default]
    Consumers,
    Ids,
}

/// A name for each row, none of them twice and none too long: the second key of a consumer gets
/// ` 2` behind it. The same file gives the same names each time.
pub(super) fn names(naming: &Naming, rows: &[Row]) -> Vec<String> {
    let mut given = BTreeSet::new();
    // How far the numbers behind a name have come: whoever has many keys is not counted anew each time.
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    let prefix = naming.prefix.as_deref().unwrap_or_default();
    let mut name = |row: &Row| {
        let id = row.key_id.as_deref().unwrap_or_default();
        let consumer = row.consumer.as_deref();
        let own = consumer.filter(|_| naming.after == After::Consumers);
        let wanted = format!("{prefix}{}", own.unwrap_or(id));
        let wanted = cut(&wanted, CHARACTERS_MAX);
        // To the registry, names that differ in case are one.
        let number = numbers.entry(wanted.to_lowercase()).or_insert(0);
        loop {
            *number += 1;
            let name = match *number {
                1 => wanted.to_owned(),
                number => {
                    let behind = format!(" {number}");
                    format!("{}{behind}", cut(wanted, CHARACTERS_MAX - behind.len()))
                }
            };
            if given.insert(name.to_lowercase()) {
                return name;
            }
        }
    };
    rows.iter().map(&mut name).collect()
}

/// The beginning; no name ends with a space.
fn cut(text: &str, characters: usize) -> &str {
    match text.char_indices().nth(characters) {
        Some((end, _)) => text.get(..end).unwrap_or(text).trim_end(),
        None => text,
    }
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
        let names = names(&Naming::default(), &rows(consumers.into_iter()));
        assert_eq!(names, ["ada", "Ada 2", "ADA 3", "ada 4", "ada 2 2"]);
    }

    #[test]
    fn a_name_is_cut_where_it_is_too_long_with_its_number_behind_it() {
        let long = "\u{e9}".repeat(101);
        let spaced = format!("{} {}", "x".repeat(97), "y".repeat(50));
        let consumers = [long.clone(), format!("{long}!"), spaced.clone(), spaced];
        let named = names(&Naming::default(), &rows(consumers.into_iter()));
        let x = "x".repeat(97);
        assert_eq!(
            named,
            [
                "\u{e9}".repeat(100),
                format!("{} 2", "\u{e9}".repeat(98)),
                format!("{x} yy"),
                format!("{x} 2"),
            ]
        );
    }

    #[test]
    fn a_consumer_of_many_keys_takes_no_longer_than_many_consumers() {
        let many = rows(std::iter::repeat_n("ada".to_owned(), 50_000));
        let start = Instant::now();
        assert_eq!(
            names(&Naming::default(), &many).last().map(String::as_str),
            Some("ada 50000")
        );
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
