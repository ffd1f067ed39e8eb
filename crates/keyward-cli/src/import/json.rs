//! JSON, which YAML has nearly all of: a character beyond the first plane is two escapes in JSON,
//! and YAML reads neither.
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::yaml::{DEPTH_MAX, NODES_MAX, Node, Value};

/// The document of a file; `None` when it is not JSON, or has more than is read here.
#[must_use]
pub fn parse(text: &str) -> Option<Node> {
    let lines = Cell::new(1);
    let nodes = Cell::new(0);
    let mut json = serde_json::Deserializer::from_reader(Lines {
        rest: text.as_bytes(),
        lines: &lines,
    });
    let seed = Seed {
        lines: &lines,
        nodes: &nodes,
        depth: 0,
    };
    let node = seed.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(node)
}

/// Hands out one byte after the other: nobody else says in which line a value stands.
struct Lines<'t> {
    rest: &'t [u8],
    lines: &'t Cell<u64>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (Some((first, rest)), Some(place)) = (self.rest.split_first(), buffer.first_mut())
        else {
            return Ok(0);
        };
        *place = *first;
        self.rest = rest;
        self.lines
            .set(self.lines.get() + u64::from(*first == b'\n'));
        Ok(1)
    }
}

#[derive(Clone, Copy)]
struct Seed<'t> {
    lines: &'t Cell<u64>,
    nodes: &'t Cell<usize>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Node, D::Error> {
        self.nodes.set(self.nodes.get() + 1);
        if self.depth > DEPTH_MAX || self.nodes.get() > NODES_MAX {
            return Err(D::Error::custom("too much"));
        }
        json.deserialize_any(self)
    }
}

impl Seed<'_> {
    fn node(&self, value: Value) -> Node {
        Node {
            line: self.lines.get(),
            value,
        }
    }

    fn other<E>(self, value: &dyn fmt::Display) -> Result<Node, E> {
        Ok(self.node(Value::Other(Zeroizing::new(value.to_string()))))
    }

    const fn inner(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(self.node(Value::Text(Zeroizing::new(text.to_owned()))))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        self.other(&value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        self.other(&value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        self.other(&value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        self.other(&value)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        self.other(&"null")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Node, A::Error> {
        // Where it begins.
        let mut node = self.node(Value::List(Vec::new()));
        let mut nodes = Vec::new();
        while let Some(one) = all.next_element_seed(self.inner())? {
            nodes.push(one);
        }
        node.value = Value::List(nodes);
        Ok(node)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Node, A::Error> {
        let mut node = self.node(Value::Map(BTreeMap::new()));
        let mut members = BTreeMap::new();
        while let Some(name) = all.next_key()? {
            let one = all.next_value_seed(self.inner())?;
            if members.insert(name, one).is_some() {
                return Err(A::Error::custom("a name twice"));
            }
        }
        node.value = Value::Map(members);
        Ok(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_their_lines() {
        let text =
            "{\"a\": [\n{\"b\":\"\\ud83d\\ude00\",\n\"c\": 1},\n{}], \"d\": null, \"e\": true}\n";
        let node = parse(text).expect("JSON");
        let listed = node.get("a").map_or(&[][..], Node::list);
        assert_eq!(
            listed.iter().map(|one| one.line).collect::<Vec<_>>(),
            [2, 4]
        );
        let first = &listed[0];
        assert_eq!(first.get("b").and_then(Node::text), Some("\u{1f600}"));
        assert_eq!(first.get("c").and_then(Node::text), None);
        assert!(node.get("d").is_some_and(Node::is_null));
        assert!(!node.get("e").is_none_or(Node::is_null));
    }

    #[test]
    fn what_is_not_json_or_too_much_is_not_read() {
        let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&deep(DEPTH_MAX + 1)).is_some());
        for text in [
            &deep(DEPTH_MAX + 2),
            &"[".repeat(1_000_000),
            &format!("[{}0]", "0,".repeat(NODES_MAX)),
            "",
            "a: 1",
            "{a: 1}",
            "{} {}",
            "{\"a\": 1, \"a\": 2}",
            "\"\\ud83d\"",
        ] {
            assert!(parse(text).is_none(), "{:.40}", text);
        }
    }
}
