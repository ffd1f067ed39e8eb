//! Request targets: what is accepted is what a WHATWG URL parser makes of it, and means one thing.
#![no_main]
use keyward_core::target::Target;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|raw: &str| {
    let Ok(target) = Target::parse(raw) else {
        return;
    };
    for base in ["https://h.example", "http://h.example"] {
        let url = Url::parse(&format!("{base}{raw}")).expect("a URL");
        assert_eq!(url.path(), target.path());
        assert_eq!(url.query(), target.forward_query().as_deref());
        assert_eq!((url.host_str(), url.fragment()), (Some("h.example"), None));
        // Joined to a base it is the same, but for `//`, which only routes can allow.
        if !target.has_empty_segment() {
            let joined = Url::parse(base)
                .and_then(|base| base.join(raw))
                .expect("a URL");
            assert_eq!(joined, url);
        }
    }

    let mut forward = String::new();
    target.write_forward(&mut forward);
    let again = Target::parse(&forward);
    let too_long = again.is_err() && forward.len() > 8192;
    assert!(too_long || again.is_ok_and(|again| again.path() == target.path()));

    let segments: Vec<_> = target.segments().collect();
    let joined: String = segments
        .iter()
        .map(|one| format!("/{}", one.raw()))
        .collect();
    assert_eq!(joined, target.path());
    for segment in &segments {
        let decoded = segment.decoded();
        assert!(!decoded.contains(['\0', '\\']));
        assert!(
            decoded
                .split('/')
                .all(|piece| piece != "." && piece != "..")
        );
        assert_eq!(
            decoded.contains('/'),
            segment.raw().to_lowercase().contains("%2f")
        );
        assert!(target.has_encoded_slash() || !decoded.contains('/'));
    }
    let inner = segments.len().saturating_sub(1);
    let empty = segments[..inner].iter().any(|one| one.raw().is_empty());
    assert_eq!(empty, target.has_empty_segment());
});
