//! Where webhooks may go. The organisation writes the URL and we fetch it, so it must not lead to
//! ourselves, nor to what only we can reach.
use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use crate::notice::is_label;

const URL_BYTES_MAX: usize = 2_048;
const HOST_BYTES_MAX: usize = 253;
/// Last labels that name no host of the internet (RFC 6761, 6762, 7686, 8375, 9476; ICANN's
/// `internal`).
const NOT_PUBLIC: [&str; 8] = [
    "alt",
    "arpa",
    "internal",
    "invalid",
    "local",
    "localhost",
    "onion",
    "test",
];

/// A URL that was found to be one for webhooks, as it was written. Names are looked up where it
/// is sent from; that host has to refuse private addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: String,
    host: String,
}

/// Path and query may be what lets callers in.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}, ..)", self.host)
    }
}

impl Target {
    /// `own` are the authorities of the deployment, of whichever port.
    ///
    /// # Errors
    /// With what is wrong. Only URLs that all readers take apart in the same way are taken.
    pub fn parse(url: &str, own: &[&str]) -> Result<Self, TargetError> {
        let is_plain = url
            .bytes()
            .all(|b| (0x21..=0x7E).contains(&b) && !b"\\\"<>^`{|}#".contains(&b));
        if url.len() > URL_BYTES_MAX || !is_plain {
            return Err(TargetError::Characters);
        }
        let rest = url.strip_prefix("https://").ok_or(TargetError::Scheme)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, _) = rest.split_at_checked(end).ok_or(TargetError::Host)?;
        let host = match authority.split_once(':') {
            None => authority,
            Some((host, port)) if is_port(port) => host,
            Some(_) => return Err(TargetError::Host),
        };
        check_host(host)?;
        let host_of = |authority: &str| authority.split(':').next().unwrap_or_default().to_owned();
        if own
            .iter()
            .any(|one| host_of(one).eq_ignore_ascii_case(host))
        {
            return Err(TargetError::Own);
        }
        Ok(Self {
            url: url.to_owned(),
            host: host.to_ascii_lowercase(),
        })
    }

    /// Its host's name, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }
}

/// A dotted name in ASCII, without a dot at its end; addresses end in a number.
fn check_host(host: &str) -> Result<(), TargetError> {
    let (_, last) = host.rsplit_once('.').ok_or(TargetError::Host)?;
    let is_name = host.len() <= HOST_BYTES_MAX
        && host.split('.').all(is_label)
        && last.starts_with(|c: char| c.is_ascii_alphabetic());
    if !is_name {
        return Err(TargetError::Host);
    }
    if NOT_PUBLIC
        .iter()
        .any(|name| last.eq_ignore_ascii_case(name))
    {
        return Err(TargetError::NotPublic);
    }
    Ok(())
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
        && !text.starts_with('0')
        && text.parse::<u16>().is_ok()
}

/// Why webhooks cannot go there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// Too long, or with characters that a URL does not have or readers differ about.
    Characters,
    Scheme,
    /// Not a dotted name: an address, one label, a user name, a port that is none.
    Host,
    /// A name that leads nowhere on the internet.
    NotPublic,
    /// One of this deployment.
    Own,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Characters => {
                "must have at most 2,048 characters, those of a URL, and no fragment"
            }
            Self::Scheme => "must begin with https://",
            Self::Host => {
                "must have a dotted host name, such as hooks.firm.example, and no user name"
            }
            Self::NotPublic => "must have a host name of the public internet",
            Self::Own => "must not be an address of this deployment",
        })
    }
}

impl core::error::Error for TargetError {}
