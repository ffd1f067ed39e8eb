//! Keyward wire
