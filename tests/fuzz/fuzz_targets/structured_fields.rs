//! Structured fields: what is read is written and read again the same, and `sfv` agrees.
#![no_main]
use keyward_core::structured::{
    Bounds, Member, Parameters, StructuredError, StructuredErrorKind, parse_dictionary, parse_item,
    parse_list, write_dictionary, write_item, write_list,
};
use libfuzzer_sys::fuzz_target;
use sfv::FieldType as _;

const FREE: Bounds = Bounds {
    members: usize::MAX,
    items: usize::MAX,
    parameters: usize::MAX,
};
const TIGHT: Bounds = Bounds {
    members: 3,
    items: 2,
    parameters: 1,
};

fuzz_target!(|text: &str| {
    let dictionary = parse_dictionary(text, &FREE);
    let theirs = sfv::Parser::new(text).parse::<sfv::Dictionary>();
    check_agreement(text, dictionary.as_ref().err(), theirs.as_ref().err());
    if let Ok(dictionary) = &dictionary {
        let mut written = String::new();
        write_dictionary(&mut written, dictionary).expect("what was read can be written");
        assert_eq!(parse_dictionary(&written, &FREE).as_ref(), Ok(dictionary));
        let unique = dictionary
            .iter()
            .enumerate()
            .all(|(at, (key, _))| dictionary[..at].iter().all(|(other, _)| other != key));
        let members = || dictionary.iter().map(|(_, member)| member);
        if let Ok(theirs) = theirs
            && unique
            && !members().any(has_duplicates)
        {
            assert_eq!(theirs.serialize().unwrap_or_default(), written);
        }
        check_bounds(members(), parse_dictionary(text, &TIGHT).err());
    }

    let list = parse_list(text, &FREE);
    let theirs = sfv::Parser::new(text).parse::<sfv::List>();
    check_agreement(text, list.as_ref().err(), theirs.as_ref().err());
    if let Ok(list) = &list {
        let mut written = String::new();
        write_list(&mut written, list).expect("what was read can be written");
        assert_eq!(parse_list(&written, &FREE).as_ref(), Ok(list));
        if let Ok(theirs) = theirs
            && !list.iter().any(has_duplicates)
        {
            assert_eq!(theirs.serialize().unwrap_or_default(), written);
        }
        check_bounds(list.iter(), parse_list(text, &TIGHT).err());
    }

    let item = parse_item(text, &FREE);
    let theirs = sfv::Parser::new(text).parse::<sfv::Item>();
    check_agreement(text, item.as_ref().err(), theirs.as_ref().err());
    if let Ok(item) = &item {
        let mut written = String::new();
        write_item(&mut written, item).expect("what was read can be written");
        assert_eq!(parse_item(&written, &FREE).as_ref(), Ok(item));
        if let Ok(theirs) = theirs
            && !item.parameters.has_duplicates()
        {
            assert_eq!(theirs.serialize(), written);
        }
    }
});

/// Only byte sequences are held to a stricter rule than the RFC's.
fn check_agreement(text: &str, ours: Option<&StructuredError>, theirs: Option<&sfv::Error>) {
    match (ours, theirs) {
        (None, Some(error)) => panic!("only sfv refuses {text:?}: {error}"),
        (Some(error), None) => assert_eq!(error.kind(), StructuredErrorKind::Bytes, "{text:?}"),
        _ => {}
    }
}

fn check_bounds<'m, 'a: 'm>(
    members: impl Iterator<Item = &'m Member<'a>> + Clone,
    error: Option<StructuredError>,
) {
    let parameters = |one: &Parameters<'_>| one.len() <= TIGHT.parameters;
    let fits = members.clone().count() <= TIGHT.members
        && members.clone().all(|member| match member {
            Member::Item(item) => parameters(&item.parameters),
            Member::InnerList(list) => {
                list.items.len() <= TIGHT.items
                    && parameters(&list.parameters)
                    && list.items.iter().all(|item| parameters(&item.parameters))
            }
        });
    assert_eq!(fits, error.is_none());
}

fn has_duplicates(member: &Member<'_>) -> bool {
    match member {
        Member::Item(item) => item.parameters.has_duplicates(),
        Member::InnerList(list) => {
            list.parameters.has_duplicates()
                || list
                    .items
                    .iter()
                    .any(|item| item.parameters.has_duplicates())
        }
    }
}
