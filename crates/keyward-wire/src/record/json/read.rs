//! From the text to the members of a record, each understood or the record is none. Written by
//! hand for its size, and held against serde's reading of the same types by a test.
use alloc::string::String;
use alloc::vec::Vec;

use keyward_core::json::{JsonError, Members, Value};

use super::token::TokenProfileJson;
use super::{
    Assignment, Digest, IssueJson, Kind, LiveJson, Nonce, ProfileJson, ReplayJson, TombstoneJson,
};
use crate::base64url::Text;
use crate::grants::{Accounts, GrantTable};
use crate::ring::RingId;

type Result<T> = core::result::Result<T, JsonError>;

/// The version alone, whatever else there is.
pub(super) fn version(payload: &[u8]) -> Result<u64> {
    Members::read(payload)?.integer("v")
}

pub(super) fn live(payload: &[u8]) -> Result<LiveJson> {
    let mut members = Members::read(payload)?;
    let json = LiveJson {
        v: members.integer("v")?,
        key_id: text(&mut members, "keyId")?,
        organisation: text(&mut members, "organisation")?,
        environment: text(&mut members, "environment")?,
        generation: members.integer("generation")?,
        fresh_until: members.optional_integer("freshUntil")?,
        kind: one_of(&mut members, "kind", kind)?.ok_or(JsonError::must_be("kind", "there"))?,
        algorithm: members
            .optional_text("algorithm")?
            .map(|text| text.into_owned()),
        profiles: match members.optional("profiles") {
            None => None,
            Some(Value::Array(all)) => Some(
                all.into_iter()
                    .map(|one| named("profiles", one, profile))
                    .collect::<Result<_>>()?,
            ),
            Some(_) => return Err(JsonError::must_be("profiles", "a list")),
        },
        nonce: one_of(&mut members, "nonce", nonce)?,
        replay: one_of(&mut members, "replay", replay)?,
        allow_unsigned_query: match members.optional("allowUnsignedQuery") {
            None => None,
            Some(Value::Bool(flag)) => Some(flag),
            Some(_) => return Err(JsonError::must_be("allowUnsignedQuery", "true or false")),
        },
        not_before: members.optional_integer("notBefore")?,
        expires_at: members.integer("expiresAt")?,
        disabled: members.flag("disabled", None)?,
        addresses: match members.optional("addresses") {
            None => None,
            Some(Value::Array(all)) => Some(texts("addresses", all)?),
            Some(_) => return Err(JsonError::must_be("addresses", "a list")),
        },
        assignments: members.list("assignments", assignment)?,
        rate_limit: members.optional("rateLimit").is_some(),
        quota: members.optional("quota").is_some(),
        token_profile: one_of(&mut members, "tokenProfile", token_profile)?,
        issues: members.list("issues", issue)?,
    };
    members.finish()?;
    Ok(json)
}

pub(super) fn tombstone(payload: &[u8]) -> Result<TombstoneJson> {
    let mut members = Members::read(payload)?;
    let json = TombstoneJson {
        v: members.integer("v")?,
        key_id: text(&mut members, "keyId")?,
        organisation: text(&mut members, "organisation")?,
        environment: text(&mut members, "environment")?,
        generation: members.integer("generation")?,
        tombstone: members.flag("tombstone", None)?,
    };
    members.finish()?;
    Ok(json)
}

fn assignment(value: Value<'_>) -> Result<Assignment> {
    let mut members = Members::of("an assignment", value)?;
    let assignment = Assignment {
        role: text(&mut members, "role")?,
        accounts: match members.take("accounts") {
            Some(accounts) => Accounts::read(accounts)?,
            None => return Err(JsonError::must_be("accounts", "there")),
        },
        grants: match members.take("grants") {
            Some(grants) => GrantTable::read(grants)?,
            None => return Err(JsonError::must_be("grants", "there")),
        },
    };
    members.finish()?;
    Ok(assignment)
}

fn issue(value: Value<'_>) -> Result<IssueJson> {
    let mut members = Members::of("an issue", value)?;
    let json = IssueJson {
        issue: text(&mut members, "issue")?,
        ring: match members.optional_text("ring")? {
            None => None,
            Some(id) => {
                Some(RingId::parse(&id).map_err(|_| JsonError::must_be("ring", "the id of one"))?)
            }
        },
        sealed: bytes(&mut members, "sealed")?,
        mac: bytes(&mut members, "mac")?,
        digest: one_of(&mut members, "digest", digest)?,
        not_after: members.optional_integer("notAfter")?,
    };
    members.finish()?;
    Ok(json)
}

fn text(members: &mut Members<'_>, name: &str) -> Result<String> {
    members.text(name).map(|text| text.into_owned())
}

fn texts(name: &str, values: Vec<Value<'_>>) -> Result<Vec<String>> {
    let texts = values.into_iter();
    texts
        .map(|one| Ok(one.into_text(name)?.into_owned()))
        .collect()
}

fn bytes(members: &mut Members<'_>, name: &str) -> Result<Option<Text>> {
    match members.optional_text(name)? {
        None => Ok(None),
        Some(text) => Text::decode(&text)
            .map(Some)
            .ok_or_else(|| JsonError::must_be(name, "base64url without padding")),
    }
}

fn one_of<T>(
    members: &mut Members<'_>,
    name: &str,
    known: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>> {
    members
        .optional(name)
        .map(|value| named(name, value, known))
        .transpose()
}

fn named<T>(name: &str, value: Value<'_>, known: impl Fn(&str) -> Option<T>) -> Result<T> {
    let text = value.into_text(name)?;
    known(&text).ok_or_else(|| JsonError::must_be(name, "a name that this version knows"))
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "basic" => Kind::Basic,
        "signed" => Kind::Signed,
        "token" => Kind::Token,
        _ => return None,
    })
}

fn profile(name: &str) -> Option<ProfileJson> {
    Some(match name {
        "rfc9421" => ProfileJson::Rfc9421,
        "cloud9" => ProfileJson::Cloud9,
        "kong" => ProfileJson::Kong,
        "cavage" => ProfileJson::Cavage,
        _ => return None,
    })
}

fn token_profile(name: &str) -> Option<TokenProfileJson> {
    (name == "jwt-iss").then_some(TokenProfileJson::JwtIss)
}

fn digest(name: &str) -> Option<Digest> {
    (name == "sha-256").then_some(Digest::Sha256)
}

fn nonce(name: &str) -> Option<Nonce> {
    Some(match name {
        "optional" => Nonce::Optional,
        "required" => Nonce::Required,
        _ => return None,
    })
}

fn replay(name: &str) -> Option<ReplayJson> {
    Some(match name {
        "window" => ReplayJson::Window,
        "strict" => ReplayJson::Strict,
        "strict_all" => ReplayJson::StrictAll,
        _ => return None,
    })
}
