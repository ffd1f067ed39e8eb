//! The core for JavaScript: one module without imports. Calls take numbers and give a number;
//! text lies in a buffer, its parts one after the other, their lengths in front.
//!
//! Nothing of a request is kept between two calls. Where a request needs I/O, a call says what is
//! needed, and is made again with it: so nothing can be left behind, and a call without an answer
//! costs nothing. What is kept are verifiers: compiled keys and catalogues, within bounds.
//!
//! `npm/src/core` is the other side, and the only one.
mod answer;
mod exports;
mod parts;
mod proxies;
mod signing;
mod slots;
mod verifier;

pub use answer::Answer;
pub use parts::Parts;
pub use verifier::{Evidence, Moment, Outcome, Verifier};
