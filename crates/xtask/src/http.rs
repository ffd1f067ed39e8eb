//! As much of HTTP as asking a server on this machine takes.
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::failure::{About, Failure, Result};

/// The status of the answer, and its body as it came.
pub(crate) fn ask(port: u16, method: &str, target: &str, body: &[u8]) -> Result<(u16, String)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).about(address)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .about(address)?;
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let head = if body.is_empty() {
        head.replace("Content-Length: 0\r\n", "")
    } else {
        head
    };
    stream.write_all(head.as_bytes()).about(address)?;
    stream.write_all(body).about(address)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).about(address)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    match status {
        Some(status) => Ok((status, body.to_owned())),
        None => Err(Failure::new(format!("{address} did not answer in HTTP"))),
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
