//! The life of a key as pure functions: made, rotated, disabled, removed, published. Time and
//! randomness are arguments; nothing here stores or sends anything.
//!
//! A change takes a record and gives the next one, one generation later. Nothing reaches the edge
//! before it is published.
#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod audit;
pub mod change;
pub mod error;
pub mod import;
pub mod make;
pub mod notice;
pub mod publish;
pub mod random;
pub mod retry;
mod rotate;
pub mod secret;
pub mod token;
pub mod webhook;

pub use change::{disable, enable, end_rotation, remove, shorten};
pub use error::IssueError;
pub use make::{IssuedKey, Issuer, NewKey, NewKeyId, NewKind};
pub use publish::{Published, is_published, is_renewal_due, publish};
pub use random::Entropy;
pub use secret::{Secret, make_key_id};
pub use token::{TokenSigner, jwks};
