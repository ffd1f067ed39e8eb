//! Keyward wasm
