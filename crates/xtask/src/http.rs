//! As much of HTTP as asking a server on this machine takes.
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::failure::{About, Failure, Result};

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names are in lower case.
    fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_str())
    }
}

pub(crate) fn ask(
    port: u16,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) -> Result<Answer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).about(address)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .about(address)?;
    let mut head =
        format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).about(address)?;
    stream.write_all(body).about(address)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).about(address)?;
    parse(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| Failure::new(format!("{address} did not answer in HTTP")))
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let (first, lines) = head.split_once("\r\n").unwrap_or((head, ""));
    let fields = lines.lines().filter_map(|line| line.split_once(": "));
    let mut answer = Answer {
        status: first.split(' ').nth(1)?.parse().ok()?,
        fields: fields
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    };
    if answer.field("transfer-encoding") == Some("chunked") {
        answer.body = unchunked(body)?;
    }
    Some(answer)
}

fn unchunked(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, data) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push_str(data.get(..size)?);
        rest = data.get(size..)?.strip_prefix("\r\n")?;
    }
}

/// Bytes that stand for themselves in a path segment; all others are percent-encoded.
pub(crate) fn path_segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// The port when it is free, any free one for 0.
pub(crate) fn free_port(port: u16) -> Result<u16> {
    if port == 0 {
        return any_port();
    }
    bind(port).map(|_| port).map_err(|error| {
        Failure::new(format!("port {port} cannot be used: {error}"))
            .mend("stop what listens there, or choose another with --port N")
    })
}

/// Below those that Linux gives to connections (32768 and up): one of them could take the port before the server that
/// it is meant for does. Drawn, so that servers which start side by side do not meet.
fn any_port() -> Result<u16> {
    const TRIES: u32 = 100;
    for _ in 0..TRIES {
        let mut drawn = [0; 2];
        getrandom::fill(&mut drawn).about("randomness")?;
        let port = 20_000 + u16::from_le_bytes(drawn) % 12_000;
        if bind(port).is_ok() {
            return Ok(port);
        }
    }
    Err(Failure::new("no free port between 20000 and 32000"))
}

fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn answers_are_read_whole_or_in_chunks() {
        for body in [
            "Content-Length: 5\r\n\r\nabcde",
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        ] {
            let answer = parse(&format!(
                "HTTP/1.1 201 Created\r\nSet-Cookie: a=b\r\n{body}"
            ));
            let answer = answer.expect("an answer");
            assert_eq!((answer.status, answer.body.as_str()), (201, "abcde"));
            assert_eq!(answer.field("set-cookie"), Some("a=b"));
        }
    }

    #[test]
    fn what_breaks_off_is_no_answer() {
        for text in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        ] {
            assert!(parse(text).is_none(), "{text:?}");
        }
    }
}
