//! A 401 names the schemes that the deployment takes, in one list that parses.
use keyward_core::denial::{Code, Denial};
use keyward_core::parse::{Credential, Exchange};

use crate::setting::*;

/// Schemes with their parameters (RFC 9110 section 11.6.1), read the way clients do.
fn parse(value: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut challenges: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for part in value.split(", ") {
        let (scheme, parameter) = match part.split_once(' ') {
            Some((scheme, parameter)) => (Some(scheme), parameter),
            None => (None, part),
        };
        if let Some(scheme) = scheme {
            challenges.push((scheme.to_owned(), Vec::new()));
        }
        let (name, quoted) = parameter.split_once('=').unwrap();
        let text = quoted.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        let last = challenges.last_mut().unwrap();
        last.1.push((name.to_owned(), text.to_owned()));
    }
    challenges
}

#[test]
fn all_schemes_are_named_with_basic_last() {
    let setting = setting();
    let realm = || vec![("realm".to_owned(), "keyward".to_owned())];
    let challenges = |denial: &Denial| {
        let fields = denial.fields();
        let all: Vec<_> = fields
            .iter()
            .filter(|(name, _)| *name == "www-authenticate")
            .collect();
        assert_eq!(all.len(), 1, "workers send one line");
        parse(all[0].1)
    };
    let denial = Sent::new("GET", "/v1/users").as_received(|request| {
        let exchange = Exchange::parse(&setting.deployment, &setting.catalogue, request).unwrap();
        Credential::parse(&exchange).unwrap_err()
    });
    let mut found = challenges(&denial);
    let basic = found.pop().unwrap();
    assert_eq!(basic.0, "Basic");
    assert_eq!(basic.1[1], ("charset".to_owned(), "UTF-8".to_owned()));
    let native = ["Signature", "hmac", "HmacSHA512"];
    let names: Vec<_> = found.iter().map(|(scheme, _)| scheme.as_str()).collect();
    assert_eq!(
        names.iter().filter(|name| native.contains(name)).count(),
        native.len()
    );
    assert_eq!(names[..3], native);
    assert!(found.iter().all(|(_, parameters)| *parameters == realm()));

    // Where a route does not take Basic, and where no route is known, it is not offered.
    let plain = challenges(&Denial::new(Code::Replayed));
    assert_eq!(plain, found);
}
