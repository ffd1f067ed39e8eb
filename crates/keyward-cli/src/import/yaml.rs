//! YAML as far as configurations need it: one document of maps, lists and scalars. Anchors,
//! aliases, tags and merge keys are refused, and depth and size have bounds, so a small file never
//! becomes a large one.
use std::collections::BTreeMap;
use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use zeroize::Zeroizing;

/// Files of Kong have seven levels.
pub(super) const DEPTH_MAX: usize = 32;
/// Of maps, lists and scalars together: what [`super::ROWS_MAX`] needs, with room.
pub(super) const NODES_MAX: usize = 1_000_000;

/// A value, and where it stands.
pub struct Node {
    pub line: u64,
    pub value: Value,
}

/// Text may be a secret.
pub enum Value {
    Text(Zeroizing<String>),
    /// Without quotes, and not text to every reader: a number, a truth value, nothing.
    Other(Zeroizing<String>),
    List(Vec<Node>),
    Map(BTreeMap<String, Node>),
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node(line {}, ..)", self.line)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}

impl Node {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(members) => members.get(name),
            _ => None,
        }
    }

    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn list(&self) -> &[Self] {
        match &self.value {
            Value::List(nodes) => nodes,
            _ => &[],
        }
    }

    /// Whether there is nothing: `null`, `~` or not even that.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Other(text) if ["", "~", "null", "Null", "NULL"].contains(&text.as_str()))
    }
}

/// The one document of a file.
///
/// # Errors
/// When it is not YAML, or has what is not read here; with the line, and nothing of the text.
pub fn parse(text: &str) -> Result<Node, YamlError> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        nodes: 0,
    };
    let mut document = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
            Event::StreamEnd => break,
            Event::DocumentStart(_) if document.is_none() => {
                let (event, span) = reader.next()?;
                document = Some(reader.node(event, span, 0)?);
            }
            _ => return Err(YamlError::at(span, "a second document")),
        }
    }
    document.ok_or(YamlError {
        line: 1,
        what: "nothing is there".to_owned(),
    })
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    nodes: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), YamlError> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(YamlError::of(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, YamlError> {
        self.nodes += 1;
        if depth > DEPTH_MAX {
            return Err(YamlError::at(span, "more than 32 levels"));
        }
        if self.nodes > NODES_MAX {
            return Err(YamlError::at(span, "more than 1,000,000 values"));
        }
        let (anchor, tag) = match &event {
            Event::Alias(_) => return Err(YamlError::at(span, "an alias")),
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                (*anchor, tag.is_some())
            }
            _ => return Err(YamlError::at(span, "a value that has no end")),
        };
        if anchor != 0 {
            return Err(YamlError::at(span, "an anchor"));
        }
        if tag {
            return Err(YamlError::at(span, "a tag"));
        }
        let value = match event {
            Event::Scalar(text, style, ..) => scalar(text.into_owned(), style),
            Event::SequenceStart(..) => self.list(depth)?,
            _ => self.map(depth)?,
        };
        Ok(Node {
            line: span.start.line() as u64,
            value,
        })
    }

    fn list(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(nodes)),
                (event, span) => nodes.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut members = BTreeMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Map(members));
            }
            let key = match self.node(event, span, depth + 1)?.value {
                Value::Text(text) | Value::Other(text) if text.as_str() != "<<" => text.to_string(),
                _ => return Err(YamlError::at(span, "a name that is not plain text")),
            };
            let (event, at) = self.next()?;
            let value = self.node(event, at, depth + 1)?;
            if members.insert(key, value).is_some() {
                return Err(YamlError::at(span, "a name that stands there twice"));
            }
        }
    }
}

fn scalar(text: String, style: ScalarStyle) -> Value {
    let text = Zeroizing::new(text);
    if style == ScalarStyle::Plain && is_other(&text) {
        Value::Other(text)
    } else {
        Value::Text(text)
    }
}

/// Whether YAML 1.1, which Kong reads, or YAML 1.2 take a plain scalar for something else than
/// text.
fn is_other(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", ".nan",
    ];
    if WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return true;
    }
    let number = text.replace('_', "").to_ascii_lowercase();
    let number = number.strip_prefix(['-', '+']).unwrap_or(&number);
    if number == ".inf" {
        return true;
    }
    if !number.starts_with(|c: char| c == '.' || c.is_ascii_digit()) {
        return false;
    }
    let based = [("0x", 16), ("0o", 8), ("0b", 2)]
        .iter()
        .any(|(prefix, base)| {
            let digits = number.strip_prefix(prefix);
            digits.is_some_and(|digits| digits.chars().all(|c| c.is_digit(*base)))
        });
    let is_clock = number
        .chars()
        .all(|c| c.is_ascii_digit() || c == ':' || c == '.');
    based || is_clock || number.parse::<f64>().is_ok()
}

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    pub line: u64,
    what: String,
}

impl YamlError {
    fn at(span: Span, what: &str) -> Self {
        Self {
            line: span.start.line() as u64,
            what: format!("{what}, which is not read"),
        }
    }

    fn of(error: &ScanError) -> Self {
        // What follows a colon may be a character of the text.
        let what = error.info().split(':').next().unwrap_or_default();
        Self {
            line: error.marker().line() as u64,
            what: what.to_owned(),
        }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

#[cfg(test)]
mod tests;
