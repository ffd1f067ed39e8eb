//! Examples that others published, through the whole pipeline.
use keyward_core::deployment::Scheme;
use serde_json::Value;

use crate::setting::*;
use crate::suite::Suite;

#[test]
fn cloud9() {
    let name = "cloud9/spring_hmac_rest";
    let Some(mut suite) = Suite::open(name, "https://github.com/kpavlov/spring-hmac-rest") else {
        return;
    };
    let file = suite.json("cloud9/spring_hmac_rest.json");
    for case in file["cases"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str().unwrap();
        let scheme = Scheme::parse(text("scheme")).unwrap();
        let sent = Sent::new(text("method"), text("path"))
            .at(scheme, text("host"))
            .with("date", text("date"))
            .with("content-type", text("content_type"))
            .with("authorization", text("authorization"))
            .content(text("body"));
        let at_s = keyward_core::http_date::parse(text("date")).unwrap();
        let became = sent.became_at(at_s).short();
        suite.case(text("id").to_owned(), same(&became, "allow"));
    }
    suite.finish(1);
}

/// The second example has content with a GET, which is refused before; without it the answer is
/// that its digest does not match, which is only said when the MAC does.
#[test]
fn kong_docs() {
    let name = "kong-hmac/kong_docs_examples";
    let Some(mut suite) = Suite::open(name, "https://docs.konghq.com/hub/kong-inc/hmac-auth")
    else {
        return;
    };
    let file = suite.json("kong-hmac/kong_docs_examples.json");
    for case in file["cases"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str().unwrap();
        let sent = Sent::new(text("method"), text("target")).at(Scheme::Http, "hmac.com");
        let sent = fields(&case["request_headers"])
            .fold(sent, |sent, (name, value)| sent.with(name, value));
        let at_s = keyward_core::http_date::parse(sent.value("Date")).unwrap();
        let wanted = if text("body").is_empty() {
            "allow"
        } else {
            "401 content_digest_mismatch"
        };
        let sent = sent.with("Authorization", text("authorization"));
        let became = sent.became_at(at_s).short();
        suite.case(text("id").to_owned(), same(&became, wanted));
    }
    suite.finish(2);
}

fn fields(list: &Value) -> impl Iterator<Item = (&str, &str)> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
}

fn same(found: &str, wanted: &str) -> Result<(), String> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("{found} instead of {wanted}"))
    }
}
