//! A signature over the whole request is presented: its content was read before this.
use alloc::format;
use alloc::vec;

use super::Principal;
use super::signature::invalid;
use super::signed::{Attempt, compare};
use crate::denial::{Code, Denial};
use crate::key::{Key, Profile};
use crate::mac::Algorithm;
use crate::parse::Exchange;
use crate::parse::cloud9::Cloud9Credential;
use crate::parse::signature::cut;
use crate::signature_base::cloud9::END;

pub(super) fn verify<'a>(
    exchange: &'a Exchange<'a>,
    presented: &Cloud9Credential,
    key: Option<&'a Key>,
    now_s: u64,
    content: &[u8],
) -> Result<Principal<'a>, Denial> {
    let settings = exchange.settings();
    let first: &[&[u8]] = &[presented.head.as_bytes(), content, END];
    let whole: &[&[u8]] = &[
        presented
            .head_whole
            .as_deref()
            .unwrap_or_default()
            .as_bytes(),
        content,
        END,
    ];
    let attempt = Attempt {
        profile: Profile::Cloud9,
        // The scheme's name fixes it.
        algorithm: Some(Algorithm::HmacSha512),
        mac: &presented.mac,
        messages: match presented.head_whole {
            Some(_) => &[first, whole],
            None => &[first],
        },
    };
    let matched = compare(exchange.deployment, &attempt, key, now_s).ok_or_else(|| {
        let shown = settings.debug.then(|| {
            cut(format!(
                "{}(content of {} octets)\n",
                presented.head,
                content.len()
            ))
        });
        invalid(shown.as_deref())
    })?;
    presented.freshness.require(settings, now_s)?;
    if exchange.target.query().is_some() && !matched.rules.allow_unsigned_query {
        return Err(Denial::because(
            Code::InsufficientCoverage,
            "HmacSHA512 does not sign the query, and the key does not allow an unsigned one",
        )
        .missing(vec!["query"]));
    }
    let fresh_until_s = presented.freshness.last_s(settings);
    Ok(Principal {
        replay: matched.replay(Profile::Cloud9, exchange.method(), fresh_until_s),
        content_type_stripped: presented.head_whole.is_some() && matched.message == 0,
        ..Principal::new(exchange, matched.key, matched.issue, now_s)
    })
}
