//! What crosses a boundary: the record at the edge and how it is signed, sealed and opened, the
//! catalogue, the settings, the body of a refusal.
//!
//! JSON is camelCase. Unknown fields and fields given twice are errors everywhere: what one
//! version does not understand, it must not act on.
#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod assertion;
pub mod audit;
mod base64url;
pub mod catalogue;
pub mod dev;
pub mod envelope;
pub mod event;
pub mod grants;
pub mod jwks;
pub mod open;
pub mod organisation;
#[cfg(test)]
mod places;
pub mod problem;
pub mod record;
pub mod registry;
pub mod ring;
pub mod roles;
pub mod seal;
pub mod secrets;
pub mod settings;
mod unique_map;
pub mod usage;

pub use envelope::{PublishRing, Publisher, kv_name};
pub use open::{Expect, Opened, RecordError, open_record};
pub use record::Record;
pub use seal::{MasterRing, Unsealing};
