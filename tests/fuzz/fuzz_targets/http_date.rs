//! Dates of fields: what is accepted is what `httpdate` reads, and is written again the same.
#![no_main]
use std::time::{Duration, UNIX_EPOCH};

use keyward_core::http_date::{parse, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(at_s) = parse(text) else {
        return;
    };
    let gmt = text.replace("+0000", "GMT");
    // A leap second is the first of the next minute, which may be in a year that is not written.
    let leap = text.contains(":60 ");
    if let Some(written) = write(at_s) {
        assert_eq!(parse(&written), Some(at_s));
        assert!(leap || written == gmt, "{text} {written}");
    } else {
        assert!(leap);
    }
    if !leap {
        let theirs = httpdate::parse_http_date(&gmt).expect("a date");
        assert_eq!(theirs, UNIX_EPOCH + Duration::from_secs(at_s));
    }
});
