//! Guarantees that the examples of RFC 7617 are understood as it says.

mod fixture;
mod suite;

use fixture::{Fixture, Sent};
use keyward_core::denial::Code;
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
