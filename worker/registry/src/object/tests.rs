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
