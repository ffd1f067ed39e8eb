//! What is signed, a second time: RFC 9421, draft-cavage-12, Kong and Cloud9, read leniently.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_core::content::{ContentEvidence, ContentNeeds, DigestAlgorithm};
use keyward_core::deployment::Scheme;
use keyward_core::http_date;
use keyward_core::key::Profile;
use keyward_core::structured::{
    BareItem, Bounds, InnerList, Member, parse_dictionary, write_inner_list,
};

use crate::message::Message;
use crate::setting::{NOW_S, SETTING};

const BOUNDS: Bounds = Bounds {
    members: 8,
    items: 32,
    parameters: 8,
};

/// What one credential of a request says, and the text that its MAC must be of.
#[derive(Debug)]
pub struct Claim {
    pub profile: Profile,
    pub key_id: String,
    /// As base64.
    pub mac: Option<String>,
    /// What the credential says of it.
    pub algorithm: Option<String>,
    /// `None` where a component has no value.
    pub base: Option<String>,
    /// Whether everything is there that a request needs to be let through.
    pub sound: bool,
}

/// Every reading of every credential.
pub fn claims(message: &Message) -> Vec<Claim> {
    let mut claims = rfc9421(message);
    for name in ["authorization", "proxy-authorization"] {
        let value = message.combined(name).unwrap_or_default();
        let (scheme, rest) = value.split_once(' ').unwrap_or((&value, ""));
        match scheme.to_lowercase().as_str() {
            "hmac" => claims.push(draft(message, rest, Profile::Kong)),
            "signature" => claims.push(draft(message, rest, Profile::Cavage)),
            "hmacsha512" => claims.extend(cloud9(message, rest.trim_matches(' '))),
            _ => {}
        }
    }
    if let (Some(value), None) = (
        message.combined("signature"),
        message.combined("signature-input"),
    ) {
        claims.push(draft(message, &value, Profile::Cavage));
    }
    claims
}

fn rfc9421(message: &Message) -> Vec<Claim> {
    let input = message.combined("signature-input").unwrap_or_default();
    let signature = message.combined("signature").unwrap_or_default();
    let macs = parse_dictionary(&signature, &BOUNDS).unwrap_or_default();
    let mac = |wanted: &str| {
        macs.iter().find_map(|(label, member)| match member {
            Member::Item(item) if *label == wanted => match &item.value {
                BareItem::Bytes(mac) => Some(STANDARD.encode(mac)),
                _ => None,
            },
            _ => None,
        })
    };
    let inputs = parse_dictionary(&input, &BOUNDS).unwrap_or_default();
    inputs
        .into_iter()
        .filter_map(|(label, member)| {
            let Member::InnerList(list) = member else {
                return None;
            };
            let text = |name| match list.parameters.get(name) {
                Some(BareItem::String(text)) => Some(text.to_string()),
                _ => None,
            };
            Some(Claim {
                profile: Profile::Rfc9421,
                key_id: text("keyid").unwrap_or_default(),
                mac: mac(label),
                algorithm: text("alg"),
                base: base(message, &list),
                sound: is_sound(message, &list),
            })
        })
        .collect()
}

fn components<'l>(list: &'l InnerList<'_>) -> Option<Vec<&'l str>> {
    list.items
        .iter()
        .map(|item| match &item.value {
            BareItem::String(name) if item.parameters.is_empty() => Some(name.as_ref()),
            _ => None,
        })
        .collect()
}

/// The signature base of RFC 9421 section 2.5.
fn base(message: &Message, list: &InnerList<'_>) -> Option<String> {
    let scheme = message.scheme.as_str();
    let authority = message.normal_authority();
    let mut lines = Vec::new();
    for name in components(list)? {
        let value = match name {
            "@method" => message.method.clone(),
            "@target-uri" => format!("{scheme}://{authority}{}", message.target),
            "@authority" => authority.clone(),
            "@scheme" => scheme.to_owned(),
            "@path" => message.path().to_owned(),
            "@query" => format!("?{}", message.query().unwrap_or_default()),
            _ if name.starts_with('@') => return None,
            _ => message.combined(name)?,
        };
        lines.push(format!("\"{name}\": {value}"));
    }
    let mut parameters = String::new();
    write_inner_list(&mut parameters, list).ok()?;
    lines.push(format!("\"@signature-params\": {parameters}"));
    Some(lines.join("\n"))
}

fn is_sound(message: &Message, list: &InnerList<'_>) -> bool {
    let Some(names) = components(list) else {
        return false;
    };
    let has = |name| names.contains(&name);
    let text = |name| match list.parameters.get(name) {
        Some(BareItem::String(text)) => Some(text.as_ref()),
        _ => None,
    };
    let created = match list.parameters.get("created") {
        Some(BareItem::Integer(created)) => u64::try_from(*created).ok(),
        _ => None,
    };
    let query = message.query().unwrap_or_default();
    let target = has("@target-uri")
        || has("@authority") && has("@path") && (query.is_empty() || has("@query"));
    let digest = message.combined("content-digest").unwrap_or_default();
    let content = message.read_content();
    has("@method")
        && target
        && created.is_some_and(is_created_now)
        && (content.is_empty() || has("content-digest") && digests_match(content, &digest))
        && (text("nonce").is_some() || text("keyid") != Some(&SETTING.nonce))
        && text("tag").is_none_or(|tag| tag == "keyward")
}

fn is_created_now(created_s: u64) -> bool {
    (NOW_S - 300..=NOW_S + 30).contains(&created_s)
}

fn is_date_now(date: &str) -> bool {
    http_date::parse(date).is_some_and(|at_s| (NOW_S - 300..=NOW_S + 300).contains(&at_s))
}

/// Whether `Content-Digest` has the right digest, and no wrong one.
pub fn digests_match(content: &str, value: &str) -> bool {
    let (sha256, sha512) = digests(content);
    let counted: Vec<_> = parse_dictionary(value, &BOUNDS)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, member)| match name {
            "sha-256" => Some((member, sha256.as_slice())),
            "sha-512" => Some((member, sha512.as_slice())),
            _ => None,
        })
        .collect();
    let is_right = |member: &Member<'_>, right: &[u8]| matches!(member, Member::Item(item) if item.value == BareItem::Bytes(right.to_vec()));
    !counted.is_empty()
        && counted
            .iter()
            .all(|(member, right)| is_right(member, right))
}

pub fn digests(content: &str) -> ([u8; 32], [u8; 64]) {
    let needs = ContentNeeds {
        digests: vec![DigestAlgorithm::Sha256, DigestAlgorithm::Sha512],
        bytes: false,
    };
    let evidence = ContentEvidence::of(content.as_bytes(), &needs);
    (
        evidence.sha256.unwrap_or([0; 32]),
        evidence.sha512.unwrap_or([0; 64]),
    )
}

/// Kong and draft-cavage-12 section 2.3.
fn draft(message: &Message, text: &str, profile: Profile) -> Claim {
    let parameter = |wanted: &str| {
        split_outside_quotes(text).find_map(|one| {
            let (name, value) = one.split_once('=')?;
            let value = value.trim_matches([' ', '\t']);
            let same = name.trim_matches([' ', '\t']).eq_ignore_ascii_case(wanted);
            same.then(|| value.trim_matches('"').to_owned())
        })
    };
    let headers = parameter("headers").unwrap_or_default();
    let names: Vec<&str> = headers.split(' ').collect();
    let has = |name| names.contains(&name);
    let lower = message.method.to_lowercase();
    let target = &message.target;
    let line = |name: &str| {
        Some(match (name, profile) {
            ("request-line", Profile::Kong) => format!("{} {target} HTTP/1.1", message.method),
            ("@request-target", Profile::Kong) | ("(request-target)", Profile::Cavage) => {
                format!("{name}: {lower} {target}")
            }
            ("(created)", Profile::Cavage) => format!("{name}: {}", parameter("created")?),
            ("(expires)", Profile::Cavage) => format!("{name}: {}", parameter("expires")?),
            ("host", _) => format!("host: {}", message.normal_authority()),
            _ => format!("{name}: {}", message.combined(name)?),
        })
    };
    let lines: Option<Vec<_>> = names.iter().map(|name| line(name)).collect();

    let whole_target = match profile {
        Profile::Kong => has("request-line") || has("@request-target"),
        _ => has("(request-target)") && has("host"),
    };
    let dates: Vec<_> = ["date", "x-date"]
        .into_iter()
        .filter(|name| has(name))
        .collect();
    let dates_now = dates.iter().all(|name| {
        message
            .combined(name)
            .is_some_and(|date| is_date_now(&date))
    });
    let created = parameter("created").and_then(|created| created.parse().ok());
    let created_now = !has("(created)") || created.is_some_and(is_created_now);
    let content = message.read_content();
    let digest = message.combined("digest").unwrap_or_default();
    let sound = whole_target
        && (!dates.is_empty() || profile == Profile::Cavage && has("(created)"))
        && dates_now
        && created_now
        && (content.is_empty() || has("digest") && old_digests_match(content, &digest));
    let key_id = parameter(if profile == Profile::Kong {
        "username"
    } else {
        "keyId"
    });
    Claim {
        profile,
        key_id: key_id.unwrap_or_default(),
        mac: parameter("signature"),
        algorithm: parameter("algorithm").filter(|name| name != "hs2019"),
        base: lines.map(|lines| lines.join("\n")),
        sound,
    }
}

fn split_outside_quotes(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// `Digest` (RFC 3230).
fn old_digests_match(content: &str, value: &str) -> bool {
    let (sha256, sha512) = digests(content);
    let mut counted = 0;
    for member in value.split(',') {
        let (name, digest) = member.trim().split_once('=').unwrap_or_default();
        let right = match name.to_lowercase().as_str() {
            "sha-256" => STANDARD.encode(sha256),
            "sha-512" => STANDARD.encode(sha512),
            _ => continue,
        };
        if digest != right {
            return false;
        }
        counted += 1;
    }
    counted > 0
}

/// With the media type alone, where there is more, and with the whole `Content-Type`.
fn cloud9(message: &Message, text: &str) -> Vec<Claim> {
    let mut parts = text.split(':');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let (key_id, nonce, mac) = (part(), part(), part());
    let date = message.combined("date").unwrap_or_default();
    let authority = message.normal_authority();
    let port = match message.scheme {
        _ if authority.contains(':') => "",
        Scheme::Http => ":80",
        Scheme::Https => ":443",
    };
    let whole = message.combined("content-type").unwrap_or_default();
    let media_type = whole
        .split(';')
        .next()
        .unwrap_or_default()
        .trim_matches([' ', '\t']);
    let claim = |content_type: &str| Claim {
        profile: Profile::Cloud9,
        key_id: key_id.clone(),
        mac: Some(mac.clone()),
        algorithm: None,
        base: Some(format!(
            "{}\n{}\n{authority}{port}\n{}\n{content_type}\n{key_id}\n{nonce}\n{date}\n{}\n",
            message.method,
            message.scheme.as_str(),
            message.path(),
            message.read_content(),
        )),
        sound: is_date_now(&date) && (message.query().is_none() || key_id == SETTING.nonce),
    };
    if media_type == whole
        || media_type.is_empty()
        || media_type.to_lowercase().starts_with("multipart/")
    {
        vec![claim(&whole)]
    } else {
        vec![claim(media_type), claim(&whole)]
    }
}
