//! The lines and bases in the text.
use super::*;

/// A block of the RFC's text: lines of a message, of a base, or neither.
enum Block<'v> {
    Message(Example),
    Base(Vec<&'v str>),
    Other,
}

impl<'v> Block<'v> {
    fn of(block: &'v Value) -> Self {
        let lines: Vec<&str> = block["lines"]
            .as_array()
            .expect("lines")
            .iter()
            .map(text)
            .collect();
        let first = lines.first().copied().unwrap_or_default();
        let is_field = |line: &str| {
            line.split_once(':').is_some_and(|(name, rest)| {
                name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && rest.starts_with([' ', '('])
            })
        };
        if block["kind"] == "abnf" {
            Self::Other
        } else if first.starts_with('"') {
            Self::Base(lines)
        } else if first.contains("HTTP/1.1") || is_field(first) {
            Self::Message(message(&lines))
        } else {
            Self::Other
        }
    }
}

fn message(lines: &[&str]) -> Example {
    let mut example = Example::default();
    for line in lines.iter().take_while(|line| !line.is_empty()) {
        if let Some(request) = line.strip_suffix(" HTTP/1.1") {
            let (method, target) = request.split_once(' ').expect("method and target");
            example.method = method.to_owned();
            example.target = target.to_owned();
        } else if line.starts_with(' ') {
            let (_, value) = example.fields.last_mut().expect("a field to fold");
            value.push_str("\r\n");
            value.push_str(line);
        } else if let Some((name, value)) = line.split_once(':') {
            example
                .fields
                .push((name.to_owned(), value.replace("(SP)", " ")));
        }
    }
    example
}

/// One line of a base: the component is covered alone.
fn line_of(example: &Example, scheme: Scheme, line: &str) -> Result<(), String> {
    let line = line.replace(":(SP)", ": ");
    let (component, _) = line.split_once(": ").expect("a component");
    let input = format!("sig=({component})");
    let base = example.base(scheme, &covered(&input)?)?;
    let found = base.rsplit_once('\n').map(|(lines, _)| lines.to_owned());
    same(found.ok_or_else(|| "no line".to_owned()), &line)
}

fn whole(example: &Example, scheme: Scheme, lines: &[&str]) -> Result<(), String> {
    let (_, parameters) = lines
        .last()
        .and_then(|line| line.split_once(": "))
        .expect("parameters");
    let input = format!("sig={parameters}");
    same(example.base(scheme, &covered(&input)?), &lines.join("\n"))
}

#[test]
fn lines_and_bases() {
    let Some(mut suite) = Suite::open("rfc9421/rfc9421_section2_examples", ORIGIN) else {
        return;
    };
    let file = suite.json("rfc9421/rfc9421_section2_examples.json");
    for section in file["sections"].as_array().expect("sections") {
        let name = text(&section["section"]);
        let scheme = if name == "content-request-scheme" {
            Scheme::Http
        } else {
            Scheme::Https
        };
        let mut example = Example::default();
        for (number, block) in section["blocks"]
            .as_array()
            .expect("blocks")
            .iter()
            .enumerate()
        {
            match Block::of(block) {
                Block::Message(message) => example = message,
                Block::Base(lines)
                    if lines
                        .iter()
                        .any(|line| line.starts_with("\"@signature-params\"")) =>
                {
                    suite.case(format!("{name}/{number}"), whole(&example, scheme, &lines));
                }
                Block::Base(lines) => {
                    if (name, number) == ("content-request-query", 7) {
                        // The text around says that this is about a request without a query.
                        example.target = "/path".to_owned();
                    }
                    let starts = lines
                        .iter()
                        .enumerate()
                        .filter(|(_, line)| line.starts_with('"'));
                    for (at, line) in starts {
                        suite.case(
                            format!("{name}/{number}/{at}"),
                            line_of(&example, scheme, line),
                        );
                    }
                }
                Block::Other => {}
            }
        }
    }
    suite.finish(44);
}
