use super::*;
use serde::Deserialize;

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    name: String,
    inner: Option<Box<Self>>,
    #[serde(default)]
    list: Vec<Self>,
    choice: Option<Choice>,
    pair: Option<(u64, Pair)>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    None,
    Members { name: String },
    Table(Inner),
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Inner {
    name: String,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Pair(bool, bool);

#[test]
fn a_struct_is_read_from_an_object_wherever_it_stands() {
    for (object, array, path) in [
        ("{ \"name\": \"a\" }", "[\"a\"]", "."),
        (
            "{ \"name\": \"a\", \"inner\": { \"name\": \"b\" } }",
            "{ \"name\": \"a\", \"inner\": [\"b\", null, []] }",
            "inner",
        ),
        (
            "{ \"name\": \"a\", \"list\": [{ \"name\": \"b\" }, { \"name\": \"c\" }] }",
            "{ \"name\": \"a\", \"list\": [{ \"name\": \"b\" }, [\"c\", null, []]] }",
            "list[1]",
        ),
        (
            "{ \"name\": \"a\", \"choice\": { \"members\": { \"name\": \"b\" } } }",
            "{ \"name\": \"a\", \"choice\": { \"members\": [\"b\"] } }",
            "choice.members",
        ),
        (
            "{ \"name\": \"a\", \"choice\": { \"table\": { \"name\": \"b\" } } }",
            "{ \"name\": \"a\", \"choice\": { \"table\": [\"b\"] } }",
            "choice.table",
        ),
    ] {
        let derived: Form = serde_json::from_str(object).expect(object);
        assert_eq!(read::<Form>(object).expect(object), derived);
        let refused = read::<Form>(array).expect_err(array);
        assert_eq!(refused.path().to_string(), path, "{array}");
        let why = refused.inner().to_string();
        assert!(why.starts_with("invalid type: sequence"), "{why}");
    }
}

#[test]
fn everything_else_is_read_as_serde_reads_it() {
    for json in [
        "{ \"name\": \"a\\u0062\", \"choice\": \"none\", \"inner\": null, \"pair\": [7, [true, false]] }",
        "{ \"name\": \"a\", \"name\": \"b\" }",
        "{ \"name\": \"a\", \"other\": 1 }",
        "{ \"name\": \"a\", \"pair\": [7] }",
        "{ \"name\": \"a\", \"pair\": { \"0\": 7 } }",
        "{ \"name\": 1 }",
        "{ \"name\": \"a\" } {}",
        "null",
        "",
    ] {
        let derived: Result<Form, _> = serde_json::from_str(json);
        let (read, derived) = (read::<Form>(json).ok(), derived.ok());
        assert_eq!(read, derived, "{json}");
    }
}

#[test]
fn what_is_wrong_is_said_without_the_value() {
    for (json, path, words) in [
        ("{ \"name\": 123456 }", "name", "must be a string"),
        ("{ \"name\": -123456 }", "name", "must be a string"),
        ("{ \"name\": 12345.6 }", "name", "must be a string"),
        ("{ \"name\": true }", "name", "must be a string"),
        ("{ \"name\": null }", "name", "must be a string"),
        ("{ \"name\": [123456] }", "name", "must be a string"),
        (
            "{ \"name\": { \"123456\": 123456 } }",
            "name",
            "must be a string",
        ),
        (
            "{ \"name\": \"a\", \"inner\": \"123456, expected a\" }",
            "inner",
            "must be an object",
        ),
        (
            "{ \"name\": \"a\", \"list\": 123456 }",
            "list",
            "must be a list",
        ),
        (
            "{ \"name\": \"a\", \"choice\": \"123456\" }",
            "choice",
            "must be one of none, members, table",
        ),
        (
            "{ \"name\": \"a\", \"choice\": 123456 }",
            "choice",
            "expected value at line 1 column 26",
        ),
        (
            "{ \"name\": \"a\", \"pair\": [-123456, [true, true]] }",
            "pair[0]",
            "must be a whole number that is not negative",
        ),
        (
            "{ \"name\": \"a\", \"pair\": [7, [\"123456\", true]] }",
            "pair[1][0]",
            "must be true or false",
        ),
        ("\"123456\"", ".", "must be an object"),
        ("123456", ".", "must be an object"),
        ("{}", ".", "missing field `name`"),
        (
            "{ \"nam\": \"123456\" }",
            "nam",
            "unknown field `nam`, the fields are: name, inner, list, choice, pair",
        ),
    ] {
        let refused = read::<Form>(json).expect_err(json);
        assert_eq!(said(refused.inner()), words, "{json}");
        assert_eq!(refused.path().to_string(), path, "{json}");
        assert!(!refused.inner().to_string().contains("123456"), "{json}");
    }
}
