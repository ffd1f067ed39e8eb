use alloc::string::{String, ToString};

use super::*;
use proptest::prelude::*;

#[test]
fn the_signature_is_that_of_the_specification() {
    // The example of its documentation.
    let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signed = sign(
        [&secret],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        br#"{"test": 2432232314}"#,
    );
    assert_eq!(
        signed.signature,
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
    assert_eq!(signed.timestamp, "1614265330");
}

#[test]
fn secrets_are_of_24_to_64_bytes_and_never_told() {
    let mut source = |bytes: &mut [u8]| {
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = index as u8;
        }
    };
    let made = WebhookSecret::make(&mut source).unwrap();
    assert_eq!(
        made.reveal().as_str(),
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    );
    assert_eq!(
        WebhookSecret::parse(&made.reveal()).unwrap().bytes(),
        made.bytes()
    );
    assert_eq!(alloc::format!("{made:?}"), "WebhookSecret(..)");
    let of = |bytes: usize| alloc::format!("whsec_{}", Base64::encode_string(&[7; 80][..bytes]));
    assert!(WebhookSecret::parse(&of(24)).is_ok() && WebhookSecret::parse(&of(64)).is_ok());
    for bad in [
        of(23),
        of(65),
        String::new(),
        "whsec_".to_string(),
        of(32).replace("whsec_", ""),
        of(32).replace('=', ""),
        of(32).replace("whsec", "WHSEC"),
        of(33).replace("BwcH", "BwcH\n"),
    ] {
        assert!(WebhookSecret::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn targets_are_public_https_and_not_ours() {
    let own = ["api.keyward.example:8443", "admin.keyward.example"];
    for good in [
        "https://hooks.firm.example",
        "https://hooks.firm.example/",
        "https://HOOKS.firm.example:8443/a/b?c=d%20e",
        "https://xn--bcher-kva.example/x?y",
        "https://1.firm.example",
        "https://api.keyward.example.evil.example/",
    ] {
        assert_eq!(
            Target::parse(good, &own).map(|one| one.as_str().to_string()),
            Ok(good.to_string())
        );
    }
    for (bad, error) in [
        ("http://hooks.firm.example", TargetError::Scheme),
        ("HTTPS://hooks.firm.example", TargetError::Scheme),
        ("https:/hooks.firm.example", TargetError::Scheme),
        ("ftp://hooks.firm.example", TargetError::Scheme),
        ("https://localhost/", TargetError::Host),
        ("https://hooks/", TargetError::Host),
        ("https:///hooks.firm.example", TargetError::Host),
        ("https://", TargetError::Host),
        ("https://127.0.0.1/", TargetError::Host),
        ("https://2130706433/", TargetError::Host),
        ("https://127.1/", TargetError::Host),
        ("https://0x7f.0.0.0x1/", TargetError::Host),
        ("https://0177.0.0.01/", TargetError::Host),
        ("https://169.254.169.254/latest", TargetError::Host),
        ("https://[::1]/", TargetError::Host),
        ("https://[::ffff:127.0.0.1]/", TargetError::Host),
        ("https://hooks.firm.example./", TargetError::Host),
        ("https://.firm.example/", TargetError::Host),
        ("https://user@hooks.firm.example/", TargetError::Host),
        (
            "https://hooks.firm.example:443@evil.example/",
            TargetError::Host,
        ),
        ("https://hooks.firm.example:0/", TargetError::Host),
        ("https://hooks.firm.example:65536/", TargetError::Host),
        ("https://hooks.firm.example:/", TargetError::Host),
        ("https://a_b.firm.example/", TargetError::Host),
        ("https://%6cocalhost.firm.example/", TargetError::Host),
        (
            "https://hooks.firm.example\\@evil.example/",
            TargetError::Characters,
        ),
        ("https://hooks.firm.example/#x", TargetError::Characters),
        ("https://hooks.firm.example/a b", TargetError::Characters),
        (
            "https://hooks.firm.example/\r\nx: y",
            TargetError::Characters,
        ),
        ("https://b\u{fc}cher.example/", TargetError::Characters),
        ("https://127.0.0.1\u{3002}example/", TargetError::Characters),
        ("https://app.localhost/", TargetError::NotPublic),
        ("https://metadata.google.INTERNAL/", TargetError::NotPublic),
        ("https://printer.local/", TargetError::NotPublic),
        ("https://1.0.0.127.in-addr.arpa/", TargetError::NotPublic),
        ("https://API.keyward.example/", TargetError::Own),
        ("https://api.keyward.example:9000/", TargetError::Own),
        ("https://admin.keyward.example/hook", TargetError::Own),
    ] {
        assert_eq!(Target::parse(bad, &own), Err(error), "{bad}");
    }
    let long = alloc::format!("https://hooks.firm.example/{}", "x".repeat(2_048));
    assert_eq!(Target::parse(&long, &own), Err(TargetError::Characters));
}

proptest! {
    #[test]
    fn what_is_taken_is_the_same_to_a_browser(
        url in "https://[a-zA-Z0-9.:@%\\[\\]-]{1,24}(\\.example|\\.1|\\.0x1|)(:[0-9]{0,6})?(/[!-~]{0,16})?(\\?[!-~]{0,8})?"
    ) {
        if Target::parse(&url, &["own.example"]).is_ok() {
            let read = url::Url::parse(&url).expect("a URL");
            let host = read.host().expect("a host");
            prop_assert!(matches!(host, url::Host::Domain(_)), "{}", url);
            let authority = url["https://".len()..].split(['/', '?']).next().unwrap_or_default();
            let written = authority.split(':').next().unwrap_or_default();
            prop_assert_eq!(host.to_string(), written.to_ascii_lowercase());
            prop_assert_eq!((read.username(), read.password(), read.fragment()), ("", None, None));
        }
    }
}

#[test]
fn answers_are_success_failure_or_an_end() {
    for (status, expected) in [
        (Some(200), Outcome::Delivered),
        (Some(204), Outcome::Delivered),
        (Some(302), Outcome::Failed),
        (Some(404), Outcome::Failed),
        (Some(410), Outcome::Refused),
        (Some(429), Outcome::Failed),
        (Some(503), Outcome::Failed),
        (None, Outcome::Failed),
    ] {
        assert_eq!(outcome(status), expected, "{status:?}");
    }
}
