//! Dates of HTTP fields: IMF-fixdate (RFC 9110 section 5.6.7) and nothing else.
use alloc::string::String;

const DAY_NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [(&str, u64); 12] = [
    ("Jan", 31),
    ("Feb", 28),
    ("Mar", 31),
    ("Apr", 30),
    ("May", 31),
    ("Jun", 30),
    ("Jul", 31),
    ("Aug", 31),
    ("Sep", 30),
    ("Oct", 31),
    ("Nov", 30),
    ("Dec", 31),
];
const DAY_S: u64 = 86_400;
const LAST_YEAR: u64 = 9999;

/// Seconds of Unix time. Existing clients also write `+0000` for `GMT`; dates before 1970 and
/// names of days that are not the date's are refused.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let (day_name, rest) = text.split_once(", ")?;
    let (day, rest) = rest.split_once(' ')?;
    let (month_name, rest) = rest.split_once(' ')?;
    let (year, rest) = rest.split_once(' ')?;
    let (time, zone) = rest.split_once(' ')?;
    let (hour, rest) = time.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;

    let (day, year) = (number(day, 2)?, number(year, 4)?);
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let month = MONTHS.iter().position(|(name, _)| *name == month_name)?;
    // 60 is a leap second: the grammar allows it, and it is the first of the next minute.
    if year < 1970 || hour > 23 || minute > 59 || second > 60 || !matches!(zone, "GMT" | "+0000") {
        return None;
    }
    if !(1..=days_of(year, month)?).contains(&day) {
        return None;
    }
    let mut days = days_before(year).saturating_add(day.saturating_sub(1));
    for earlier in 0..month {
        days = days.saturating_add(days_of(year, earlier)?);
    }
    if day_name_of(days) != Some(day_name) {
        return None;
    }
    let minutes = hour.saturating_mul(60).saturating_add(minute);
    let seconds = minutes.saturating_mul(60).saturating_add(second);
    Some(days.saturating_mul(DAY_S).saturating_add(seconds))
}

/// A second of Unix time as people write it, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: u64,
    /// From 1.
    pub month: usize,
    /// From 1.
    pub day: u64,
    pub hour: u64,
    pub minute: u64,
    pub second: u64,
}

impl Civil {
    /// `None` after the year 9999.
    #[must_use]
    pub fn of(unix_s: u64) -> Option<Self> {
        let (days, second) = (unix_s / DAY_S, unix_s % DAY_S);
        // Never too late a year, and at most some twenty too early.
        let mut year = 1970_u64.saturating_add(days / 366);
        while days_before(year.saturating_add(1)) <= days {
            year = year.saturating_add(1);
            if year > LAST_YEAR {
                return None;
            }
        }
        let mut day = days.saturating_sub(days_before(year));
        let mut month = 0_usize;
        while day >= days_of(year, month)? {
            day = day.saturating_sub(days_of(year, month)?);
            month = month.saturating_add(1);
        }
        Some(Self {
            year,
            month: month.saturating_add(1),
            day: day.saturating_add(1),
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        })
    }
}

/// The date of a second of Unix time, with `GMT`; `None` after the year 9999.
#[must_use]
pub fn write(unix_s: u64) -> Option<String> {
    let at = Civil::of(unix_s)?;
    Some(alloc::format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        day_name_of(unix_s / DAY_S)?,
        at.day,
        MONTHS.get(at.month.saturating_sub(1))?.0,
        at.year,
        at.hour,
        at.minute,
        at.second,
    ))
}

fn number(digits: &str, length: usize) -> Option<u64> {
    if digits.len() == length && digits.bytes().all(|b| b.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

fn day_name_of(days: u64) -> Option<&'static str> {
    DAY_NAMES.get(usize::try_from(days % 7).ok()?).copied()
}

fn days_of(year: u64, month: usize) -> Option<u64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (_, days) = MONTHS.get(month)?;
    Some(days.saturating_add(u64::from(leap && month == 1)))
}

/// Days from 1970 to the first of January of a year.
fn days_before(year: u64) -> u64 {
    // Days of 1969 years, their leap days among them.
    const BEFORE_1970: u64 = 719_162;
    let past = year.saturating_sub(1);
    past.saturating_mul(365)
        .saturating_add(past / 4)
        .saturating_sub(past / 100)
        .saturating_add(past / 400)
        .saturating_sub(BEFORE_1970)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn known_dates() {
        for (text, unix_s) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            // RFC 9110 section 5.6.7.
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 29 Oct 2015 05:27:23 GMT", 1_446_096_443),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ] {
            assert_eq!(parse(text), Some(unix_s), "{text}");
            assert_eq!(write(unix_s).as_deref(), Some(text));
        }
        assert_eq!(
            parse("Thu, 01 Jan 1970 00:00:07 +0000"),
            Some(7),
            "as some clients write it"
        );
        assert_eq!(
            parse("Sat, 31 Dec 2016 23:59:60 GMT"),
            parse("Sun, 01 Jan 2017 00:00:00 GMT"),
            "a leap second"
        );
        assert_eq!(write(253_402_300_800), None);
        assert_eq!(write(u64::MAX), None);
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun,06 Nov 1994 08:49:37 GMT",
            "Sun, 06  Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 08:49:37 +0100",
            "Sun, 06 Nov 1994 08:49:37 -0000",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Thu, 31 Nov 1994 08:49:37 GMT",
            "Mon, 29 Feb 2100 00:00:00 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(unix_s in 0_u64..=253_402_300_799) {
            prop_assert_eq!(parse(&write(unix_s).unwrap()), Some(unix_s));
        }

        #[test]
        fn what_is_read_is_written(text in "[A-Z][a-z]{2}, [0-3][0-9] [A-Z][a-z]{2} [0-9]{4} [0-2][0-9]:[0-5][0-9]:[0-5][0-9] GMT") {
            if let Some(unix_s) = parse(&text) {
                prop_assert_eq!(write(unix_s), Some(text.to_string()));
            }
        }
    }
}
