use super::*;

fn error(text: &str) -> String {
    parse(text)
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn maps_lists_and_scalars_with_their_lines() {
    let node =
        parse("a:\n  - b: 'x: y'\n    c: |\n      two\n      lines\n# end\nd: {e: [1, two]}\n")
            .ok()
            .unwrap();
    let first = &node.get("a").unwrap().list()[0];
    assert_eq!(first.line, 2);
    assert_eq!(first.get("b").and_then(Node::text), Some("x: y"));
    assert_eq!(first.get("c").and_then(Node::text), Some("two\nlines\n"));
    let flow = node.get("d").and_then(|d| d.get("e")).unwrap().list();
    assert_eq!((flow[0].text(), flow[1].text()), (None, Some("two")));
}

#[test]
fn what_readers_differ_about_is_not_text() {
    for other in [
        "", "~", "null", "Null", "true", "YES", "off", "0", "-1", "+1", "007", "1_000", "1.5",
        ".5", "1e10", "0x1F", "0o17", "0b11", ".inf", "-.INF", ".nan", "12:30:45",
    ] {
        let node = parse(&format!("a: {other}\n")).ok().unwrap();
        assert_eq!(node.get("a").and_then(Node::text), None, "{other}");
        let quoted = parse(&format!("a: '{other}'\n")).ok().unwrap();
        assert_eq!(quoted.get("a").and_then(Node::text), Some(other));
    }
    for text in [
        "abc", "1e10x", "0xg", "e5", "inf", "nan", "infinity", "7f3a", "1.2.3-x", "a:b",
    ] {
        let node = parse(&format!("a: {text}\n")).expect(text);
        assert_eq!(node.get("a").and_then(Node::text), Some(text));
    }
}

#[test]
fn what_is_not_read_is_named_with_its_line() {
    for (text, expected) in [
        ("a: &x 1\n", "line 1: an anchor"),
        ("a: 1\nb: &x\n  c: 1\n", "line 2: an anchor"),
        ("a: &x 1\nb: *x\n", "an anchor"),
        ("a: !!binary aGk=\n", "line 1: a tag"),
        ("a: !secret x\n", "line 1: a tag"),
        (
            "a: 1\n<<: {b: 1}\n",
            "line 2: a name that is not plain text",
        ),
        ("? [a]\n: 1\n", "a name that is not plain text"),
        (
            "a: 1\nb: 2\na: 3\n",
            "line 3: a name that stands there twice",
        ),
        ("a: 1\n---\nb: 1\n", "a second document"),
        ("", "nothing is there"),
        ("a: [1\n", "line"),
        ("a: 'x\n", "line"),
        ("a: b: c\n", "line 1"),
        ("a: \"\\q\"\n", "line 1"),
    ] {
        let error = error(text);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn nothing_of_the_text_is_in_an_error() {
    for text in [
        "a: hunter2: hunter2\n",
        "a: \"hunter2\\q\"\n",
        "a: @hunter2\n",
        "a: [hunter2\n",
        "a: %hunter2",
        "hunter2\nb: 1",
    ] {
        let error = error(text);
        assert!(
            !error.is_empty() && !error.contains("hunter"),
            "{text:?}: {error}"
        );
    }
}

#[test]
fn small_files_stay_small_and_deep_ones_end() {
    let laughs: String = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        let alias = format!("*a{}, ", n - 1).repeat(10);
        format!("{text}a{n}: &a{n} [{alias}]\n")
    });
    assert!(error(&laughs).contains("line 1: an anchor"));
    assert!(error(&format!("a: {}", "[".repeat(40))).contains("more than 32 levels"));
    // The parser has a limit of its own.
    assert!(error(&format!("a: {}", "[".repeat(1_000_000))).contains("recursion limit"));
    assert!(error(&format!("a: {}", "{b: ".repeat(40))).contains("more than 32 levels"));
    let steps: String = (0..2_000)
        .map(|n| format!("{}a:\n", " ".repeat(n)))
        .collect();
    assert!(error(&steps).contains("more than 32 levels"));
    assert!(error(&"- ".repeat(1_000_000)).contains("more than 32 levels"));
    assert!(error(&"- 1\n".repeat(NODES_MAX)).contains("more than 1,000,000 values"));
}
