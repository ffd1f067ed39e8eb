//! Rows that were imported, so that the same row again is told from another one with its id.
//!
//! What is kept of a row, its secret included, is a MAC under the organisation's pepper, which is
//! outside of this object. It is compared for the operator who imported the row alone: for anybody
//! else an import would be a way to try secrets.
use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_wire::ring::RingId;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::key::ImportRow;
use crate::organisation::change::Moment;
use crate::organisation::schema;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// No secret of a basic key has these bytes.
const CONTEXT: &[u8] = b"keyward-import-v1\0";
/// So much at once as a row has at most: text that grows leaves copies of itself behind.
const ROW_BYTES_MAX: usize = crate::front::CONTENT_BYTES_MAX;

/// Whether this operator imported this very row.
pub(super) fn is_known(
    moment: &Moment,
    operator: &str,
    key_id: &str,
    row: &ImportRow,
) -> Result<bool, Refusal> {
    #[derive(Deserialize)]
    struct Stored {
        ring: String,
        mac: String,
    }
    let stored: Option<Stored> = sql::row(
        &moment.storage,
        "SELECT ring, mac FROM imports WHERE key_id = ? AND operator = ?",
        args![key_id, operator],
    )?;
    let Some(stored) = stored else {
        return Ok(false);
    };
    let ring = RingId::parse(&stored.ring).map_err(|error| Refusal::internal(&error))?;
    // Without the master that there was, nobody can say that it is the same.
    let mac = mac(moment, row, Some(&ring))?.map(|(_, mac)| mac);
    Ok(mac.is_some_and(|mac| mac.as_bytes().ct_eq(stored.mac.as_bytes()).into()))
}

/// Notes that the row was imported, in the transaction in which it was.
pub(super) fn remember(
    moment: &Moment,
    operator: &str,
    key_id: &str,
    row: &ImportRow,
) -> Result<(), Refusal> {
    let (ring, mac) =
        mac(moment, row, None)?.ok_or_else(|| Refusal::internal(&"an environment is gone"))?;
    sql::run(
        &moment.storage,
        "INSERT INTO imports VALUES (?, ?, ?, ?)",
        args![key_id, operator, ring.as_str(), mac],
    )?;
    Ok(())
}

/// Under this ring, or the one that seals.
fn mac(
    moment: &Moment,
    row: &ImportRow,
    ring: Option<&RingId>,
) -> Result<Option<(RingId, String)>, Refusal> {
    let environments = &moment.configuration.secrets.environments;
    let Some(secrets) = row.environment().and_then(|name| environments.get(name)) else {
        return Ok(None);
    };
    let organisation = schema::policy(&moment.storage)?.name;
    let (ring, keys) = match ring {
        None => {
            let sealing = secrets.masters.sealing(&organisation);
            let (ring, keys) = sealing.map_err(|error| Refusal::internal(&error))?;
            (ring.clone(), keys)
        }
        Some(ring) => match secrets.masters.opening(&organisation, ring) {
            Ok(keys) => (ring.clone(), keys),
            Err(_) => return Ok(None),
        },
    };
    let mut content = Zeroizing::new(Vec::with_capacity(CONTEXT.len() + ROW_BYTES_MAX));
    content.extend_from_slice(CONTEXT);
    serde_json::to_writer(&mut *content, row).map_err(|error| Refusal::internal(&error))?;
    let mac = Base64UrlUnpadded::encode_string(&keys.basic_mac(&content));
    Ok(Some((ring, mac)))
}
