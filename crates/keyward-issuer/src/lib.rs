//! Keyward issuer
