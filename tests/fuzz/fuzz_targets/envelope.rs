//! Envelopes: only what was published opens, under its own name.
//!
//! Four parts with 0xFF between them: a name and a payload that are published, then a name and a
//! text that are opened. In the text `$1` to `$4` stand for the parts of what was published, `$P`
//! for a payload of the rest of it.
#![no_main]
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_wire::ring::RingId;
use keyward_wire::{PublishRing, Publisher};
use libfuzzer_sys::fuzz_target;

static KEYS: LazyLock<(Publisher, PublishRing)> = LazyLock::new(|| {
    let id = RingId::parse("r1").expect("an id");
    let publisher = Publisher::new(id.clone(), &[1; 32]);
    let ring = PublishRing::new([(id, publisher.public_key())]).expect("a key");
    (publisher, ring)
});

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(4, |byte| *byte == 0xFF);
    let mut part = || parts.next().unwrap_or_default();
    let (name, payload, other_name, other) = (part(), part(), part(), part());
    let name = String::from_utf8_lossy(name);
    let other_name = String::from_utf8_lossy(other_name);
    let (publisher, ring) = &*KEYS;

    let Ok(published) = publisher.publish(&name, payload) else {
        assert!(name.contains('\0') || payload.len() > 190_000);
        return;
    };
    assert_eq!(ring.open(&name, &published).as_deref(), Ok(payload));

    let split: Vec<&str> = published.split('.').collect();
    let text = match other.strip_prefix(b"$P") {
        // Another payload under the signature of this one.
        Some(payload) => format!("kwr1.r1.{}.{}", URL_SAFE_NO_PAD.encode(payload), split[3]),
        None => String::from_utf8_lossy(other)
            .replace("$1", split[0])
            .replace("$2", split[1])
            .replace("$3", split[2])
            .replace("$4", split[3]),
    };
    if let Ok(opened) = ring.open(&other_name, &text) {
        assert_eq!((&*other_name, text.as_str()), (&*name, published.as_str()));
        assert_eq!(opened, payload);
    }
});
