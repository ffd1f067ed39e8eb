//! What every host keeps in memory from request to request, within bounds: compiled keys, what was
//! not found, tokens whose signature was right, and what is still to be reported of keys. No I/O and no clock: times are arguments.
#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod keys;
pub mod tokens;
pub mod usage;
