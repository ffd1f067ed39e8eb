//! E-mail addresses, as far as they can be checked without sending anything.

/// RFC 5321 section 4.5.3.1.
const BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;

/// # Errors
/// With what an address must be.
pub(crate) fn check(address: &str) -> Result<(), &'static str> {
    const RULE: &str = "must be an e-mail address, such as name@firm.example";
    let (local, domain) = address.rsplit_once('@').ok_or(RULE)?;
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let is_local = (1..=LOCAL_BYTES_MAX).contains(&local.len())
        && local.bytes().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_domain = domain.contains('.') && domain.split('.').all(is_label);
    if is_local && is_domain && address.len() <= BYTES_MAX {
        Ok(())
    } else {
        Err(RULE)
    }
}

/// By which an operator is known: providers tell no two people apart by case.
pub(crate) fn folded(address: &str) -> String {
    address.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_text() {
        for good in [
            "a@firm.example",
            "a.b+c@mail.firm.example",
            "o'neil@x-y.example",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        let long = format!("{}@firm.example", "a".repeat(65));
        for bad in [
            "",
            "a",
            "a@b",
            "@firm.example",
            "a@",
            "a b@firm.example",
            "a@-x.example",
            "a@x..example",
            ".a@firm.example",
            "a\n@firm.example",
            "a,b@firm.example",
            "<a@firm.example>",
            &long,
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert_eq!(folded("Ops@Firm.Example"), "ops@firm.example");
    }
}
