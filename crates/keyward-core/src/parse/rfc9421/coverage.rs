//! What a signature of RFC 9421 must cover at least.
use alloc::vec::Vec;

use crate::content::ContentDigest;
use crate::denial::Denial;
use crate::parse::Exchange;
use crate::parse::signature::{insufficient, malformed};
use crate::request::ContentLength;
use crate::structured::{BareItem, InnerList};

/// What the plain components cover.
#[derive(Default)]
pub(super) struct Covers {
    pub(super) method: bool,
    pub(super) target_uri: bool,
    pub(super) authority: bool,
    pub(super) path: bool,
    pub(super) query: bool,
    pub(super) content_digest: bool,
}

pub(super) fn covered(list: &InnerList<'_>) -> Result<Covers, Denial> {
    let mut covers = Covers::default();
    for (index, item) in list.items.iter().enumerate() {
        if list.items.iter().take(index).any(|other| other == item) {
            return Err(malformed("a component is covered twice"));
        }
        let BareItem::String(name) = &item.value else {
            continue;
        };
        match name.as_ref() {
            "@method" => covers.method = true,
            "@target-uri" => covers.target_uri = true,
            "@authority" => covers.authority = true,
            "@path" => covers.path = true,
            "@query" => covers.query = true,
            "content-digest" => covers.content_digest = true,
            _ => {}
        }
    }
    Ok(covers)
}

/// The least that a signature must cover of this request, known before any key is looked up.
pub(super) fn require_coverage(
    exchange: &Exchange<'_>,
    covers: &Covers,
    digest: Option<&ContentDigest>,
) -> Result<(), Denial> {
    let mut missing = Vec::new();
    if !covers.method {
        missing.push("@method");
    }
    if !covers.target_uri {
        let has_query = exchange
            .target
            .query()
            .is_some_and(|query| !query.is_empty());
        for (is_covered, name, matters) in [
            (covers.authority, "@authority", true),
            (covers.path, "@path", true),
            (covers.query, "@query", has_query),
        ] {
            if matters && !is_covered {
                missing.push(name);
            }
        }
    }
    let announced = matches!(exchange.request.content, ContentLength::Declared(1..));
    if announced && digest.is_none_or(ContentDigest::is_empty) {
        missing.push("content-digest");
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(insufficient(missing))
}
