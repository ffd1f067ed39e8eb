//! Keyward core
#![no_std]

extern crate alloc;

pub mod address;
pub mod limits;
pub mod structured;
pub mod target;
