//! Requests as text that a fuzzer can mutate and people can read.
use keyward_core::deployment::Scheme;
use keyward_core::request::{ContentLength, Request};

/// ```text
/// POST /target?query api.example [http] [chunked | a length]
/// field: value
///
/// content
/// ```
#[derive(Clone, Debug)]
pub struct Message {
    pub method: String,
    pub target: String,
    pub authority: String,
    pub scheme: Scheme,
    pub fields: Vec<(String, String)>,
    pub content: String,
    pub length: ContentLength,
}

impl Message {
    /// Reads any text as a request; nothing is refused.
    pub fn read(text: &str) -> Self {
        let (head, content) = match text.split_once("\n\n") {
            Some((head, content)) => (head, Some(content)),
            None => (text, None),
        };
        let mut lines = head.split('\n');
        let mut words = lines.next().unwrap_or_default().split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, target, authority) = (word(), word(), word());
        let mut message = Self {
            method,
            target,
            authority,
            scheme: Scheme::Https,
            fields: lines
                .map(|line| line.split_once(':').unwrap_or((line, "")))
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            content: content.unwrap_or_default().into(),
            length: content.map_or(ContentLength::None, |content| {
                ContentLength::Declared(content.len() as u64)
            }),
        };
        for word in words {
            match word {
                "http" => message.scheme = Scheme::Http,
                "chunked" => message.length = ContentLength::Unknown,
                number => {
                    if let Ok(number) = number.parse() {
                        message.length = ContentLength::Declared(number);
                    }
                }
            }
        }
        message
    }

    /// The request as the core takes it.
    pub fn look<T>(&self, then: impl FnOnce(&Request<'_>) -> T) -> T {
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        then(&Request {
            method: &self.method,
            scheme: self.scheme,
            authority: &self.authority,
            target: &self.target,
            fields: &fields,
            content: self.length,
        })
    }

    /// The combined value of a field (RFC 9421 section 2.1).
    pub fn combined(&self, name: &str) -> Option<String> {
        let lines: Vec<_> = self
            .fields
            .iter()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim_matches([' ', '\t']))
            .collect();
        if lines.is_empty() {
            None
        } else {
            Some(lines.join(", "))
        }
    }

    /// The authority as it is signed (RFC 9421 section 2.2.3).
    pub fn normal_authority(&self) -> String {
        let lower = self.authority.to_lowercase();
        let port = match self.scheme {
            Scheme::Http => ":80",
            Scheme::Https => ":443",
        };
        lower.strip_suffix(port).unwrap_or(&lower).to_owned()
    }

    /// What is read of the content.
    pub fn read_content(&self) -> &str {
        match self.length {
            ContentLength::None | ContentLength::Declared(0) => "",
            _ => &self.content,
        }
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}
