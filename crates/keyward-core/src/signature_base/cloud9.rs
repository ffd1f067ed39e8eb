//! The string that `cloud9` signs. What precedes the content is a line for each part, and no
//! part can hold a line feed, so no two requests have the same string.
use alloc::string::String;

use crate::deployment::Scheme;

/// The parts before the content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a str,
    pub(crate) scheme: Scheme,
    /// Lower case, without the default port.
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    /// Empty when there is none.
    pub(crate) content_type: &'a str,
    pub(crate) key_id: &'a str,
    pub(crate) nonce: &'a str,
    /// The field's value as it was sent.
    pub(crate) date: &'a str,
}

/// What follows the content.
pub(crate) const END: &[u8] = b"\n";

impl Head<'_> {
    pub(crate) fn write(&self, out: &mut String) {
        // The host always has its port, after the brackets of an IPv6 address as well.
        let host = self.authority.rsplit(']').next().unwrap_or_default();
        let port = if host.contains(':') {
            ""
        } else {
            self.scheme.default_port()
        };
        for parts in [
            [self.method, ""],
            [self.scheme.as_str(), ""],
            [self.authority, port],
            [self.path, ""],
            [self.content_type, ""],
            [self.key_id, ""],
            [self.nonce, ""],
            [self.date, ""],
        ] {
            for part in parts {
                out.push_str(part);
            }
            out.push('\n');
        }
    }
}

/// The values of `Content-Type` that a client may have signed: clients differ on whether its
/// parameters belong to it. The boundary of `multipart/*` decides how content is read, so there
/// the whole counts. The second is there when it differs.
pub(crate) fn content_types(value: &str) -> (&str, Option<&str>) {
    let stripped = value
        .split_once(';')
        .map_or(value, |(media_type, _)| media_type)
        .trim_matches([' ', '\t']);
    let multipart = stripped
        .get(.."multipart/".len())
        .is_some_and(|start| start.eq_ignore_ascii_case("multipart/"));
    if multipart || stripped.is_empty() || stripped == value {
        (value, None)
    } else {
        (stripped, Some(value))
    }
}
