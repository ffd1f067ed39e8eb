//! What every host keeps in memory from request to request, within bounds: compiled keys, what was
//! not found, and tokens whose signature was right. No I/O and no clock: times are arguments.
#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod keys;
pub mod tokens;
