//! From a record to what is stored for the edge.
use alloc::string::String;

use keyward_wire::envelope::{PublishRing, Publisher, kv_name};
use keyward_wire::record::{Live, Record, State};

use crate::error::IssueError;

/// How long a published record is believed: 72 hours. A registry that is down over a weekend does
/// not take keys with it, and who stops its records from arriving gains no more than that.
pub const FRESH_S: u64 = 72 * 60 * 60;

/// How long after expiry a record is still published with an end of freshness, so that an edge
/// whose clock is behind never sees a valid key without one.
const CLOCKS_DIFFER_S: u64 = 300;

/// What to store, and when to do so again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub kv_name: String,
    pub kv_text: String,
    /// Until when the text is believed, in seconds of Unix time. `None`: for ever.
    pub fresh_until_s: Option<u64>,
    /// When it is to be published anew: at half of its freshness.
    pub renew_at_s: Option<u64>,
}

/// The signed KV text of a record, believed for [`FRESH_S`] from now; tombstones and expired keys
/// for ever. Renewal is publishing again: the record and its generation stay as they are.
///
/// # Errors
/// When the record is none that the edge would take, or is too large.
pub fn publish(
    record: &Record,
    publisher: &Publisher,
    now_s: u64,
) -> Result<Published, IssueError> {
    let mut record = record.clone();
    let fresh_until_s = match &mut record.state {
        State::Tombstone => None,
        State::Live(live) => {
            live.fresh_until_s = fresh_until_s(live, now_s);
            live.fresh_until_s
        }
    };
    let kv_name = kv_name(&record.key_id);
    let kv_text = publisher.publish(&kv_name, &record.to_payload()?)?;
    let renew_at_s = fresh_until_s.map(|until_s| until_s.saturating_sub(FRESH_S / 2));
    Ok(Published {
        kv_name,
        kv_text,
        fresh_until_s,
        renew_at_s,
    })
}

/// Whether this KV text says what the record says, signed with the present key, and will be
/// believed for longer than until its renewal.
#[must_use]
pub fn is_published(record: &Record, kv_text: &str, publisher: &Publisher, now_s: u64) -> bool {
    let ring = PublishRing::new([(publisher.id().clone(), publisher.public_key())]);
    let opened = ring
        .ok()
        .and_then(|ring| ring.open(&kv_name(&record.key_id), kv_text).ok())
        .and_then(|payload| Record::from_payload(&payload).ok());
    let Some(mut found) = opened else {
        return false;
    };
    if let State::Live(live) = &mut found.state {
        let is_fresh = match live.fresh_until_s {
            None => fresh_until_s(live, now_s).is_none(),
            until_s => !is_renewal_due(until_s, now_s),
        };
        if !is_fresh {
            return false;
        }
        live.fresh_until_s = None;
    }
    found == *record
}

/// Whether a text that is believed until then is to be published anew.
#[must_use]
pub fn is_renewal_due(fresh_until_s: Option<u64>, now_s: u64) -> bool {
    fresh_until_s.is_some_and(|until_s| now_s >= until_s.saturating_sub(FRESH_S / 2))
}

fn fresh_until_s(live: &Live, now_s: u64) -> Option<u64> {
    let long_expired = live.expires_at_s.saturating_add(CLOCKS_DIFFER_S) <= now_s;
    if long_expired {
        None
    } else {
        Some(now_s.saturating_add(FRESH_S))
    }
}
