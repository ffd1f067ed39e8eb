//! The parts of the `keyward` command.
pub mod audit;
pub mod backup;
pub mod credential;
pub mod dev;
pub mod doctor;
pub mod failure;
pub mod import;
pub mod registry;
pub mod request;
pub mod send;
pub mod sign;
