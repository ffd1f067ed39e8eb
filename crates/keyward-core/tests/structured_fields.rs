//! Guarantees that structured fields are parsed and written as the httpwg suite
//! for RFC 9651 wants. What we refuse although the suite would allow it is in
//! `tests/vectors/exceptions.json`.

mod suite;

use std::borrow::Cow;

use keyward_core::structured::{
    BareItem, Bounds, InnerList, Item, Member, Parameters, parse_dictionary, parse_item,
    parse_list, write_dictionary, write_item, write_list,
};
use serde_json::Value;
use suite::Suite;

const BOUNDS: Bounds = Bounds {
    members: 2048,
    items: 2048,
    parameters: 2048,
};

#[test]
fn structured_field_tests() {
    let Some(mut suite) = Suite::open(
        "structured-field-tests",
        "https://github.com/httpwg/structured-field-tests",
    ) else {
        return;
    };
    for (file, cases) in suite.files() {
        for case in cases.as_array().expect("a list of cases") {
            suite.case(format!("{file}/{}", text(&case["name"])), outcome(case));
        }
    }
    suite.finish(2135);
}

/// Parses the raw lines, if there are any, and writes what is expected.
fn outcome(case: &Value) -> Result<(), String> {
    let must_fail = case["must_fail"] == true;
    let kind = text(&case["header_type"]);
    let expected = || Field::expected(kind, &case["expected"]);
    let Some(raw) = case.get("raw").map(lines) else {
        return match (expected()?.write(), must_fail) {
            (Ok(written), false) => same("written", &written, &lines(&case["canonical"])),
            (Ok(_), true) => Err("was written".to_owned()),
            (Err(error), false) => Err(error),
            (Err(_), true) => Ok(()),
        };
    };
    match (Field::parse(kind, &raw), must_fail) {
        (Ok(parsed), false) => {
            let canonical = case.get("canonical").map_or_else(|| raw.clone(), lines);
            same("parsed", &parsed, &expected()?)?;
            same("written", &parsed.write()?, &canonical)?;
            same("written from JSON", &expected()?.write()?, &canonical)
        }
        (Ok(_), true) => Err("was accepted".to_owned()),
        // Also where the suite says `can_fail`: refusing is then an exception.
        (Err(error), false) => Err(error),
        (Err(_), true) => Ok(()),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("{what}: {found:?} instead of {wanted:?}"))
    }
}

#[derive(Debug, PartialEq)]
enum Field<'a> {
    Item(Item<'a>),
    List(Vec<Member<'a>>),
    Dictionary(Vec<(&'a str, Member<'a>)>),
}

impl<'a> Field<'a> {
    /// With the last of several duplicates in the place of the first, as the RFC
    /// and the suite have it.
    fn parse(kind: &str, raw: &'a str) -> Result<Self, String> {
        let parsed = match kind {
            "item" => parse_item(raw, &BOUNDS).map(|item| Self::Item(fold_item(item))),
            "list" => parse_list(raw, &BOUNDS)
                .map(|members| Self::List(members.into_iter().map(fold_member).collect())),
            "dictionary" => parse_dictionary(raw, &BOUNDS).map(|members| {
                Self::Dictionary(last_wins(
                    members
                        .into_iter()
                        .map(|(key, member)| (key, fold_member(member))),
                ))
            }),
            _ => panic!("unknown header_type {kind}"),
        };
        parsed.map_err(|error| error.to_string())
    }

    fn expected(kind: &str, value: &'a Value) -> Result<Self, String> {
        match kind {
            "item" => item(value).map(Self::Item),
            "list" => list(value)
                .iter()
                .map(member)
                .collect::<Result<_, _>>()
                .map(Self::List),
            "dictionary" => list(value)
                .iter()
                .map(|pair| Ok((text(&pair[0]), member(&pair[1])?)))
                .collect::<Result<_, _>>()
                .map(Self::Dictionary),
            _ => panic!("unknown header_type {kind}"),
        }
    }

    fn write(&self) -> Result<String, String> {
        let mut out = String::new();
        match self {
            Self::Item(item) => write_item(&mut out, item),
            Self::List(members) => write_list(&mut out, members),
            Self::Dictionary(members) => write_dictionary(&mut out, members),
        }
        .map(|()| out)
        .map_err(|error| error.to_string())
    }
}

fn fold_member(member: Member<'_>) -> Member<'_> {
    match member {
        Member::Item(item) => Member::Item(fold_item(item)),
        Member::InnerList(list) => Member::InnerList(InnerList {
            items: list.items.into_iter().map(fold_item).collect(),
            parameters: fold_parameters(&list.parameters),
        }),
    }
}

fn fold_item(item: Item<'_>) -> Item<'_> {
    Item {
        parameters: fold_parameters(&item.parameters),
        value: item.value,
    }
}

fn fold_parameters<'a>(parameters: &Parameters<'a>) -> Parameters<'a> {
    let mut folded = Parameters::default();
    for (name, value) in last_wins(parameters.iter()) {
        folded.push(name, value.clone());
    }
    folded
}

fn last_wins<'a, T>(pairs: impl Iterator<Item = (&'a str, T)>) -> Vec<(&'a str, T)> {
    let mut folded: Vec<(&str, T)> = Vec::new();
    for (key, value) in pairs {
        match folded.iter_mut().find(|(earlier, _)| *earlier == key) {
            Some(earlier) => earlier.1 = value,
            None => folded.push((key, value)),
        }
    }
    folded
}

fn member(value: &Value) -> Result<Member<'_>, String> {
    if !value[0].is_array() {
        return item(value).map(Member::Item);
    }
    Ok(Member::InnerList(InnerList {
        items: list(&value[0]).iter().map(item).collect::<Result<_, _>>()?,
        parameters: parameters(&value[1])?,
    }))
}

fn item(value: &Value) -> Result<Item<'_>, String> {
    Ok(Item {
        value: bare_item(&value[0])?,
        parameters: parameters(&value[1])?,
    })
}

fn parameters(value: &Value) -> Result<Parameters<'_>, String> {
    let mut parameters = Parameters::default();
    for pair in list(value) {
        parameters.push(text(&pair[0]), bare_item(&pair[1])?);
    }
    Ok(parameters)
}

fn bare_item(value: &Value) -> Result<BareItem<'_>, String> {
    Ok(match value {
        Value::Bool(boolean) => BareItem::Boolean(*boolean),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => BareItem::Integer(integer),
            None => BareItem::Decimal(thousandths(&number.to_string())?),
        },
        Value::String(string) => BareItem::String(Cow::Borrowed(string)),
        _ => match (text(&value["__type"]), &value["value"]) {
            ("token", token) => BareItem::Token(text(token)),
            ("binary", bytes) => BareItem::Bytes(base32(text(bytes))),
            ("date", seconds) => BareItem::Date(seconds.as_i64().expect("a date")),
            ("displaystring", string) => BareItem::DisplayString(text(string).to_owned()),
            (other, _) => panic!("unknown __type {other}"),
        },
    })
}

/// From the written number, since a float does not hold it exactly.
fn thousandths(number: &str) -> Result<i64, String> {
    let (whole, fraction) = number.split_once('.').expect("a decimal point");
    if fraction.len() > 3 {
        return Err(format!("{number} has no value in thousandths"));
    }
    Ok(format!("{whole}{fraction:0<3}").parse().expect("digits"))
}

/// RFC 4648, section 6, in which the suite has its byte sequences.
fn base32(digits: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for digit in digits.trim_end_matches('=').bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => panic!("not base32: {digits}"),
        };
        bits = (bits << 5) | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

/// The lines of a field, joined as HTTP joins them.
fn lines(value: &Value) -> String {
    list(value).iter().map(text).collect::<Vec<_>>().join(", ")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}
