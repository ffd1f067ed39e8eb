//! Keyward core
