//! Guarantees of the parser and writer that the httpwg suite does not state:
//! bounds, duplicates, what an error tells, and that both ends agree.

extern crate std;

use std::{borrow::Cow, boxed::Box, string::String, string::ToString, vec, vec::Vec};

use proptest::{collection::vec as vec_of, prelude::*, sample::select};

use super::*;

const BOUNDS: Bounds = Bounds {
    members: 3,
    items: 2,
    parameters: 1,
};
const UNBOUNDED: Bounds = Bounds {
    members: usize::MAX,
    items: usize::MAX,
    parameters: usize::MAX,
};

fn refused<T>(result: Result<T, StructuredError>) -> Option<(StructuredErrorKind, usize)> {
    result.err().map(|error| (error.kind(), error.offset()))
}

#[test]
fn bounds_hold_at_their_value_and_not_beyond() {
    use StructuredErrorKind::{TooManyItems, TooManyMembers, TooManyParameters};

    assert_eq!(refused(parse_list("1, 2, 3", &BOUNDS)), None);
    assert_eq!(
        refused(parse_list("1, 2, 3, 4", &BOUNDS)),
        Some((TooManyMembers, 9))
    );
    assert_eq!(refused(parse_dictionary("a, b, a", &BOUNDS)), None);
    assert_eq!(
        refused(parse_dictionary("a, b, a, a", &BOUNDS)),
        Some((TooManyMembers, 9))
    );
    assert_eq!(refused(parse_list("(1 2)", &BOUNDS)), None);
    assert_eq!(
        refused(parse_list("(1 2 3)", &BOUNDS)),
        Some((TooManyItems, 5))
    );
    assert_eq!(refused(parse_item("1;a", &BOUNDS)), None);
    assert_eq!(
        refused(parse_item("1;a;a", &BOUNDS)),
        Some((TooManyParameters, 4))
    );
    assert_eq!(refused(parse_list("(1;a 2;a);a", &BOUNDS)), None);
    assert_eq!(
        refused(parse_list("(1 2);a;b", &BOUNDS)),
        Some((TooManyParameters, 8))
    );
}

#[test]
fn duplicates_are_kept_in_order() {
    let members = parse_dictionary("a=1, b, a=2", &BOUNDS).unwrap();
    let keys: Vec<_> = members.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, ["a", "b", "a"]);

    let parameters = parse_item("x;a=1;b;a=2", &UNBOUNDED).unwrap().parameters;
    assert!(parameters.has_duplicates());
    assert_eq!(parameters.len(), 3);
    assert_eq!(parameters.get("a"), Some(&BareItem::Integer(1)));
    assert_eq!(parameters.get("b"), Some(&BareItem::Boolean(true)));
    assert_eq!(parameters.get("c"), None);
    assert!(
        !parse_item("x;a=1;b", &UNBOUNDED)
            .unwrap()
            .parameters
            .has_duplicates()
    );
}

#[test]
fn strings_without_escapes_are_borrowed() {
    let value = |input| parse_item(input, &BOUNDS).unwrap().value;
    assert!(matches!(
        value(r#""plain""#),
        BareItem::String(Cow::Borrowed("plain"))
    ));
    assert!(
        matches!(value(r#""a\"b\\""#), BareItem::String(Cow::Owned(text)) if text == r#"a"b\"#)
    );
}

#[test]
fn errors_name_kind_and_place_and_never_the_input() {
    use StructuredErrorKind::*;

    for (input, kind, offset) in [
        ("", Value, 0),
        ("é", Value, 0),
        ("1 secret", Separator, 2),
        ("secreté", Separator, 6),
        ("-", Number, 1),
        ("1.", Number, 2),
        ("1234567890123456", NumberRange, 0),
        ("1234567890123.1", NumberRange, 0),
        ("1.2345", NumberRange, 0),
        ("\"secret", String, 7),
        ("\"se\\cret\"", String, 4),
        ("\"é\"", String, 1),
        (":secret", Bytes, 7),
        (":aGVsbG8:", Bytes, 0),
        (":iZ==:", Bytes, 0),
        (":====:", Bytes, 0),
        ("?2", Boolean, 1),
        ("@1.5", Date, 0),
        ("@x", Date, 0),
        ("@1234567890123456", NumberRange, 1),
        ("%\"%C3\"", DisplayString, 3),
        ("%\"%ff\"", DisplayString, 0),
        ("%\"%6g\"", DisplayString, 4),
        ("%\"%6", DisplayString, 4),
        ("1;", Key, 2),
        ("1;A", Key, 2),
    ] {
        assert_eq!(
            refused(parse_item(input, &BOUNDS)),
            Some((kind, offset)),
            "{input}"
        );
        let text = parse_item(input, &BOUNDS).unwrap_err().to_string();
        assert!(!text.contains("secret"), "{text}");
    }
    assert_eq!(refused(parse_list("1,", &BOUNDS)), Some((Separator, 2)));
    assert_eq!(refused(parse_list("(1\t2)", &BOUNDS)), Some((InnerList, 2)));
    assert_eq!(refused(parse_list("(1 2", &BOUNDS)), Some((InnerList, 4)));
    assert_eq!(
        parse_item("?2", &BOUNDS).unwrap_err().to_string(),
        "a boolean is neither ?0 nor ?1, at byte 1"
    );
}

#[test]
fn only_what_has_a_form_is_written() {
    let written = |value: BareItem<'_>| {
        let mut out = String::new();
        write_bare_item(&mut out, &value).map(|()| out)
    };
    assert_eq!(written(BareItem::Decimal(-50)).unwrap(), "-0.05");
    assert_eq!(written(BareItem::Decimal(1)).unwrap(), "0.001");
    assert_eq!(written(BareItem::Decimal(1_200)).unwrap(), "1.2");
    assert_eq!(written(BareItem::Bytes(vec![0; 49])).unwrap().len(), 2 + 68);
    for (value, kind, offset) in [
        (
            BareItem::Integer(i64::MIN),
            StructuredErrorKind::NumberRange,
            0,
        ),
        (
            BareItem::Decimal(i64::MIN),
            StructuredErrorKind::NumberRange,
            0,
        ),
        (
            BareItem::Date(i64::MAX),
            StructuredErrorKind::NumberRange,
            0,
        ),
        (
            BareItem::String(Cow::Borrowed("aé")),
            StructuredErrorKind::String,
            1,
        ),
        (
            BareItem::String(Cow::Borrowed("ab\n")),
            StructuredErrorKind::String,
            2,
        ),
        (BareItem::Token(""), StructuredErrorKind::Token, 0),
        (BareItem::Token("a b"), StructuredErrorKind::Token, 1),
    ] {
        assert_eq!(refused(written(value)), Some((kind, offset)));
    }

    let mut parameters = Parameters::default();
    parameters.push("aB", BareItem::Boolean(true));
    assert_eq!(
        refused(write_parameters(&mut String::new(), &parameters)),
        Some((StructuredErrorKind::Key, 1))
    );
}

// All characters of keys and tokens are in the suite; here only their shapes.
fn key() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "*", "sig1", "a-b_c.d*9", "created"])
}

fn bare_item() -> impl Strategy<Value = BareItem<'static>> {
    const MAX: i64 = 999_999_999_999_999;
    prop_oneof![
        (-MAX..=MAX).prop_map(BareItem::Integer),
        (-MAX..=MAX).prop_map(BareItem::Decimal),
        (-9_999_i64..=9_999).prop_map(BareItem::Decimal),
        "[ -~]{0,12}".prop_map(|text| BareItem::String(Cow::Owned(text))),
        select(vec!["a", "*", "A/b:c", "x!#$%&'*+-.^_`|~0"]).prop_map(BareItem::Token),
        vec_of(any::<u8>(), 0..100).prop_map(BareItem::Bytes),
        any::<bool>().prop_map(BareItem::Boolean),
        (-MAX..=MAX).prop_map(BareItem::Date),
        any::<String>().prop_map(BareItem::DisplayString),
    ]
}

fn parameters() -> impl Strategy<Value = Parameters<'static>> {
    vec_of((key(), bare_item()), 0..4).prop_map(|pairs| Parameters { pairs })
}

fn item() -> impl Strategy<Value = Item<'static>> {
    (bare_item(), parameters()).prop_map(|(value, parameters)| Item { value, parameters })
}

fn member() -> impl Strategy<Value = Member<'static>> {
    prop_oneof![
        item().prop_map(Member::Item),
        (vec_of(item(), 0..4), parameters())
            .prop_map(|(items, parameters)| Member::InnerList(InnerList { items, parameters })),
    ]
}

/// Text that comes close to the grammar, so that parsing gets deep.
fn near_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => select(vec![
            "(", ")", " ", "\t", ",", ", ", ";", "=", "\"", "\\", ":", "?", "?1", "@", "%", "%\"",
            "%c3%a9", "%ff", "-", ".", "1", "123456789012", "a", "A", "*", "aGk=", "==", "é", "\0",
        ]).prop_map(Box::<str>::from),
        1 => any::<String>().prop_map(Box::<str>::from),
    ];
    vec_of(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn a_written_list_parses_to_itself(members in vec_of(member(), 0..5)) {
        let mut out = String::new();
        write_list(&mut out, &members).unwrap();
        prop_assert_eq!(parse_list(&out, &UNBOUNDED).unwrap(), members);
    }

    #[test]
    fn a_written_dictionary_parses_to_itself(members in vec_of((key(), member()), 0..5)) {
        let mut out = String::new();
        write_dictionary(&mut out, &members).unwrap();
        prop_assert_eq!(parse_dictionary(&out, &UNBOUNDED).unwrap(), members);
    }

    #[test]
    fn a_written_item_parses_to_itself(item in item()) {
        let mut out = String::new();
        write_item(&mut out, &item).unwrap();
        prop_assert_eq!(parse_item(&out, &UNBOUNDED).unwrap(), item);
    }

    /// Nothing panics, an error points into the input, and whatever is accepted
    /// has a written form that means the same.
    #[test]
    fn any_text_is_refused_or_has_one_meaning(input in near_text()) {
        let mut out = String::new();
        match parse_list(&input, &UNBOUNDED) {
            Ok(members) => {
                write_list(&mut out, &members).unwrap();
                prop_assert_eq!(parse_list(&out, &UNBOUNDED).unwrap(), members);
            }
            Err(error) => prop_assert!(error.offset() <= input.len()),
        }
        out.clear();
        match parse_dictionary(&input, &UNBOUNDED) {
            Ok(members) => {
                write_dictionary(&mut out, &members).unwrap();
                prop_assert_eq!(parse_dictionary(&out, &UNBOUNDED).unwrap(), members);
            }
            Err(error) => prop_assert!(error.offset() <= input.len()),
        }
        out.clear();
        match parse_item(&input, &UNBOUNDED) {
            Ok(item) => {
                write_item(&mut out, &item).unwrap();
                prop_assert_eq!(parse_item(&out, &UNBOUNDED).unwrap(), item);
            }
            Err(error) => prop_assert!(error.offset() <= input.len()),
        }
    }

    /// A damaged byte of a valid field never panics either.
    #[test]
    fn damaged_text_never_panics(members in vec_of((key(), member()), 1..4), at: usize, by in "\\PC?") {
        let mut out = String::new();
        write_dictionary(&mut out, &members).unwrap();
        let at = at % out.len();
        out.replace_range(at..=at, &by);
        let _ = parse_dictionary(&out, &UNBOUNDED);
    }
}
