//! What the fuzz targets share: a deployment with keys, requests written as text, and a second
//! implementation of what is signed, so that no target only says that the core agrees with itself.
pub mod judge;
pub mod message;
pub mod setting;
pub mod signing;
