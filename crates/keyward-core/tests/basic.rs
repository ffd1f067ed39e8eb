//! Guarantees that the examples of RFC 7617 are understood as it says.

mod fixture;
mod suite;

use base64ct::{Base64, Encoding};
use fixture::{Fixture, SECRET, Sent, basic_material, digest_material};
use keyward_core::denial::Code;
use keyward_core::key::Material;
use suite::Suite;

#[test]
fn rfc7617() {
    let Some(mut suite) = Suite::open("basic/rfc7617", "https://www.rfc-editor.org/rfc/rfc7617")
    else {
        return;
    };
    let fixture = Fixture::new(|_| ());
    let file = suite.json("basic/rfc7617.json");
    for case in file["cases"].as_array().expect("cases") {
        let text = |name: &str| case[name].as_str().expect("text");
        let sent = Sent::get("/").with_field("Authorization", text("header"));
        let (user, password) = (text("user"), text("pass"));
        let right = fixture.decide(&sent, Some(&fixture.basic_key(user, password)));
        let wrong = fixture.decide(&sent, Some(&fixture.basic_key(user, "other")));
        let outcome = match (right, wrong) {
            (Ok(()), Err(denial)) if denial.code() == Code::InvalidCredentials => Ok(()),
            other => Err(format!("{other:?}")),
        };
        suite.case(text("ref").to_owned(), outcome);
    }
    suite.finish(2);
}

#[test]
fn a_key_of_a_digest_takes_the_secret_and_not_the_digest() {
    let fixture = Fixture::new(|_| ());
    let sent = |secret: &str| {
        let pair = Base64::encode_string(format!("legacy.key:{secret}").as_bytes());
        Sent::get("/v1/users/ada").with_field("authorization", &format!("Basic {pair}"))
    };
    let of_digest = fixture.key("legacy.key", digest_material(SECRET));
    assert!(fixture.decide(&sent(SECRET), Some(&of_digest)).is_ok());
    // Who read a list of digests has no credential.
    let hex = "c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a";
    for wrong in [hex, "another"] {
        let denial = fixture.decide(&sent(wrong), Some(&of_digest)).unwrap_err();
        assert_eq!(denial.code(), Code::InvalidCredentials);
    }
    // Not even where the digest itself could be sent.
    let Material::Basic(mut issues) = basic_material("thirty-two bytes that are a hash") else {
        panic!()
    };
    issues[0].of_digest = true;
    let legible = fixture.key("legacy.key", Material::Basic(issues));
    let denial = fixture.decide(&sent("thirty-two bytes that are a hash"), Some(&legible));
    assert_eq!(denial.unwrap_err().code(), Code::InvalidCredentials);
}
