//! The link by which an owner takes his yes back: each of his mails has it, and mail programs call
//! it by themselves (RFC 8058). It says which owner and until when, and is signed; it is no secret,
//! since it is good for nothing else.
use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_wire::ring::RingId;

use crate::configuration::Configuration;
use crate::random;
use crate::refusal::{Code, Refusal};

const MAC_BYTES: usize = 32;

/// The page, and where a mail program posts.
pub(crate) fn link(
    configuration: &Configuration,
    organisation: &str,
    owner: &str,
    until_s: u64,
) -> Result<String, Refusal> {
    let masters = &configuration.secrets.operators;
    let (ring, _) = masters
        .sealing(organisation)
        .map_err(|error| Refusal::internal(&error))?;
    let mac = mac(configuration, organisation, ring, owner, until_s)
        .ok_or_else(|| Refusal::internal(&"no key for links"))?;
    let origin = configuration.settings.origin();
    Ok(format!(
        "{origin}/owners/notices/{organisation}/{owner}.{until_s}.{ring}.{mac}"
    ))
}

/// The owner's id, if the link is one of ours and still good.
pub(crate) fn owner<'a>(
    configuration: &Configuration,
    organisation: &str,
    token: &'a str,
    now_s: u64,
) -> Option<&'a str> {
    let mut parts = token.split('.');
    let (owner, until, ring, claimed) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let until_s: u64 = until.parse().ok()?;
    let ring = RingId::parse(ring).ok()?;
    let mac = mac(configuration, organisation, &ring, owner, until_s)?;
    // One text for each link: `+1` is a number, too.
    let is_ours = random::is_same(&mac, claimed) && until_s.to_string() == until;
    (is_ours && parts.next().is_none() && now_s < until_s).then_some(owner)
}

fn mac(
    configuration: &Configuration,
    organisation: &str,
    ring: &RingId,
    owner: &str,
    until_s: u64,
) -> Option<String> {
    let keys = configuration
        .secrets
        .operators
        .opening(organisation, ring)
        .ok()?;
    let mac = keys.basic_mac(format!("keyward-declining-v1\0{owner}\0{until_s}").as_bytes());
    Some(Base64UrlUnpadded::encode_string(mac.get(..MAC_BYTES)?))
}

/// # Errors
/// `malformed` when it is not what mail programs send, in either of the forms that they may choose.
pub(crate) fn is_one_click(content: &str) -> Result<(), Refusal> {
    if content.contains("List-Unsubscribe") && content.contains("One-Click") {
        return Ok(());
    }
    let detail = "the content must be List-Unsubscribe=One-Click";
    Err(Refusal::because(Code::Malformed, detail))
}
