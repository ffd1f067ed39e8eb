//! Keyward core

extern crate alloc;

pub mod structured;
#![no_std]

extern crate alloc;

pub mod limits;
pub mod target;
