//! The runtime's clock, which on Cloudflare stands still between I/O.

/// Milliseconds of Unix time.
pub(crate) fn now_ms() -> u64 {
    // Whole, positive and far below 2^53.
    js_sys::Date::now() as u64
}

/// Seconds of Unix time.
pub(crate) fn now_s() -> u64 {
    now_ms() / 1000
}
