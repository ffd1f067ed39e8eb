//! E-mail addresses, as far as they can be checked without sending anything.
use alloc::borrow::ToOwned;
use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize, de};

/// RFC 5321 section 4.5.3.1.
const BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 63;

/// An address in ASCII that cannot be mistaken for a list, a display name or a header field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.rsplit_once('@')?;
        let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
        let is_local = (1..=LOCAL_BYTES_MAX).contains(&local.len())
            && local.bytes().all(atom)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let is_domain = domain.contains('.') && domain.split('.').all(is_label);
        (is_local && is_domain && text.len() <= BYTES_MAX).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// By which it is known: providers tell no two people apart by case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// A label of a host name (RFC 1123 section 2.1).
pub(crate) fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?)
            .ok_or_else(|| de::Error::custom("not an e-mail address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_text() {
        let label = "x".repeat(62);
        let longest = alloc::format!("{}@{label}.{label}.{label}.f", "a".repeat(62));
        assert_eq!(longest.len(), 253);
        for good in [
            "a@firm.example",
            "a.b+c@mail.firm.example",
            "o'neil@x-y.example",
            &longest,
        ] {
            assert!(Address::parse(good).is_some(), "{good}");
        }
        let long_local = alloc::format!("{}@firm.example", "a".repeat(65));
        let too_long = alloc::format!("{longest}ff");
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
            "a\r\nBcc: b@firm.example",
            "a,b@firm.example",
            "<a@firm.example>",
            "a@firm.example ",
            "\u{e4}@firm.example",
            "a@[127.0.0.1]",
            &long_local,
            &too_long,
        ] {
            assert!(Address::parse(bad).is_none(), "{bad:?}");
        }
        let address = Address::parse("Ops@Firm.Example").unwrap();
        assert_eq!(address.folded(), "ops@firm.example");
    }
}
