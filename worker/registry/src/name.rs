//! Names of keys, and when two of them are the same to people.
use unicode_normalization::UnicodeNormalization;
use unicode_security::GeneralSecurityProfile;
use unicode_security::confusable_detection::skeleton;

/// Characters of a name: enough to say what a key is for.
pub(crate) const NAME_CHARACTERS_MAX: usize = 100;

/// The name as it is shown, when it may be one.
///
/// # Errors
/// With what a name may be.
pub(crate) fn check(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX {
        return Err("must have 1 to 100 characters");
    }
    if name.trim() != name || name.contains("  ") {
        return Err("must not begin or end with a space, or have two of them in a row");
    }
    let punctuation = |c: char| " -_.,:;/+#&()'@".contains(c);
    if !name
        .chars()
        .all(|c| c.identifier_allowed() || punctuation(c))
    {
        return Err("must be of letters, digits, spaces and -_.,:;/+#&()'@");
    }
    Ok(())
}

/// What two names share that people would take for each other: without case, in one normal form,
/// and with characters that look alike replaced by one of them (UTS 39).
pub(crate) fn folded(name: &str) -> String {
    let caseless = |text: &str| -> String {
        let upper: String = text.nfkc().flat_map(char::to_uppercase).collect();
        upper.chars().flat_map(char::to_lowercase).collect()
    };
    // Twice: what looks alike may differ in case again, as I and l do.
    let once: String = skeleton(&caseless(name)).collect();
    skeleton(&caseless(&once)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        for (one, other) in [
            ("Billing", "billing"),
            ("billing", "b\u{456}lling"),     // Cyrillic і
            ("paypal", "p\u{430}yp\u{430}l"), // Cyrillic а
            ("PAYPAL", "p\u{430}yp\u{430}l"),
            ("STRASSE", "stra\u{df}e"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("full", "\u{ff46}ull"), // fullwidth f
            ("a-b", "a\u{2010}b"),
        ] {
            assert_eq!(folded(one), folded(other), "{one:?} {other:?}");
        }
        for (one, other) in [
            ("billing", "billing 2"),
            ("test a", "test b"),
            ("prod", "proof"),
        ] {
            assert_ne!(folded(one), folded(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn names_are_of_visible_characters() {
        for good in [
            "Billing",
            "Reports: nightly (EU)",
            "B\u{fc}ro 7",
            "\u{6771}\u{4eac}",
        ] {
            assert_eq!(check(good), Ok(()), "{good:?}");
        }
        let long = "x".repeat(101);
        for bad in [
            "",
            " a",
            "a ",
            "a  b",
            "a\tb",
            "a\0b",
            "a\u{202e}b",
            "a\u{200b}b",
            "a<b",
            &long,
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
