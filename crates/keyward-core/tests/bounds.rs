//! Guarantees that each bound of a request is where it is said to be, and that what is far
//! beyond it is refused like what is just beyond it.

mod fixture;

use fixture::{Fixture, Sent};
use keyward_core::denial::Code;
use keyward_core::limits;

fn code(sent: &Sent) -> Code {
    let fixture = Fixture::new(|_| ());
    fixture
        .decide(sent, None)
        .expect_err("no credential")
        .code()
}

fn with_fields(count: usize) -> Sent {
    (0..count).fold(Sent::get("/v1"), |sent, _| sent.with_field("x", ""))
}

#[test]
fn number_of_fields() {
    assert_eq!(
        code(&with_fields(limits::FIELDS_MAX)),
        Code::MissingCredentials
    );
    assert_eq!(
        code(&with_fields(limits::FIELDS_MAX + 1)),
        Code::InvalidHeader
    );
    assert_eq!(code(&with_fields(20_000)), Code::InvalidHeader);
}

#[test]
fn bytes_of_fields() {
    let with = |bytes: usize| code(&Sent::get("/v1").with_field("x", &"a".repeat(bytes - 1)));
    assert_eq!(with(limits::FIELDS_BYTES_MAX), Code::MissingCredentials);
    assert_eq!(with(limits::FIELDS_BYTES_MAX + 1), Code::InvalidHeader);
    assert_eq!(with(64 * 1024), Code::InvalidHeader);
}

#[test]
fn bytes_of_the_target() {
    let with = |bytes: usize| code(&Sent::get(&format!("/{}", "a".repeat(bytes - 1))));
    assert_eq!(with(limits::TARGET_BYTES_MAX), Code::MissingCredentials);
    assert_eq!(with(limits::TARGET_BYTES_MAX + 1), Code::AmbiguousTarget);
    assert_eq!(with(1024 * 1024), Code::AmbiguousTarget);
}

#[test]
fn bytes_of_credentials() {
    for bytes in [
        limits::CREDENTIAL_FIELD_BYTES_MAX,
        limits::CREDENTIAL_FIELD_BYTES_MAX + 1,
        30_000,
    ] {
        for repeated in ["A", ",", "(", "=", ";", "\"", "a=(),", "a=(\"b\" "] {
            let text = repeated.repeat(bytes / repeated.len());
            let signed = Sent::get("/v1")
                .with_field("Signature-Input", &text)
                .with_field("Signature", "a=:AAAA:");
            assert_eq!(
                code(&signed),
                Code::MalformedCredentials,
                "{bytes} of {repeated:?}"
            );
            let basic = Sent::get("/v1").with_field("Authorization", &format!("Basic {text}"));
            let refused = code(&basic);
            assert!(
                matches!(
                    refused,
                    Code::MalformedCredentials | Code::MultipleCredentials
                ),
                "{bytes} of {repeated:?}: {refused:?}"
            );
        }
    }
}
