//! The one place where Keyward decides: bytes of a request and the record of a key in, a
//! [`Decision`] out. Pure: the time, the client's address, the key and every limit are arguments;
//! there is no clock, randomness, I/O, environment or log in here.
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::unreachable
    )
)]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
pub mod catalogue;
pub mod content;
pub mod cors;
pub mod credential_text;
pub mod deployment;
pub mod ed25519;
mod json;
pub mod jws;
pub mod limits;
pub mod mac;
pub mod request;
pub mod structured;
pub mod target;

// The pipeline, in order.
pub mod authenticate;
pub mod authorize;
pub mod decide;
pub mod denial;
pub mod parse;
pub mod verify;

pub mod key;
pub mod sign;
mod signature_base;
