use super::*;
use alloc::string::ToString;

const EXAMPLE: &str = r#"{
    "apis": [ {
        "name": "management", "resources": ["users"], "origin": "main",
        "cors": { "origins": ["https://app.example"], "maxAge": 600, "exposeHeaders": ["ETag"] },
        "routes": [
            { "methods": ["GET"], "path": "/v1/users/{user}", "resource": "users" },
            { "methods": ["POST"], "path": "/v1/a/{account}/search", "resource": "users",
              "action": "read", "account": "account", "encodedSlash": true, "emptySegments": true,
              "semicolon": true, "basic": false },
            { "methods": ["GET"], "path": "/v1/users", "resource": "users", "accounts": "origin" }
        ]
    } ],
    "origins": { "main": {
        "production": { "url": "https://api.internal:8443" },
        "uat": { "service": "ORIGIN_UAT" }
    } }
}"#;

fn says(json: &str) -> String {
    CatalogueFile::parse(json).unwrap_err().to_string()
}

#[test]
fn routes_arrive_as_written() {
    let definitions = CatalogueFile::parse(EXAMPLE)
        .unwrap()
        .definitions()
        .unwrap();
    let [api] = definitions.as_slice() else {
        panic!()
    };
    assert_eq!(
        (api.name.as_str(), api.resources.as_slice()),
        ("management", ["users".to_string()].as_slice())
    );
    let [plain, search, list] = api.routes.as_slice() else {
        panic!()
    };
    assert_eq!(plain.pattern, "/v1/users/{user}");
    assert!(plain.basic && plain.action.is_none() && plain.account.is_none());
    assert!(!plain.accounts_at_origin && !plain.allow_encoded_slash && !plain.allow_empty_segments);
    assert!(!plain.allow_semicolon && search.allow_semicolon);
    assert_eq!(search.action, Some(Action::Read));
    assert_eq!(search.account.as_deref(), Some("account"));
    assert!(!search.basic && search.allow_encoded_slash && search.allow_empty_segments);
    assert!(list.accounts_at_origin);
}

#[test]
fn every_api_has_an_origin_where_it_is_asked_for() {
    let file = CatalogueFile::parse(EXAMPLE).unwrap();
    file.check_origins(["production", "uat"]).unwrap();
    let error = file
        .check_origins(["production", "staging"])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("management") && error.contains("staging"),
        "{error}"
    );
    assert_eq!(
        file.origin("management", "uat"),
        Some(&Origin::Service("ORIGIN_UAT".to_string()))
    );
    assert_eq!(file.origin("other", "uat"), None);
}

#[test]
fn what_is_not_understood_is_refused() {
    assert!(says(&EXAMPLE.replace("\"basic\"", "\"basik\"")).contains("basik"));
    assert!(
        says(&EXAMPLE.replace("\"action\": \"read\"", "\"action\": \"peek\"")).contains("peek")
    );
    assert!(says(&EXAMPLE.replace("\"uat\"", "\"production\"")).contains("repeated"));
    assert!(
        says(&EXAMPLE.replace("\"name\": \"management\"", "\"name\": \"keyward\""))
            .contains("registry's own API")
    );
    let file = CatalogueFile::parse(&EXAMPLE.replace("[\"POST\"]", "[\"TRACE\"]")).unwrap();
    let error = file.definitions().unwrap_err().to_string();
    assert!(error.contains("TRACE"), "{error}");
}

#[test]
fn an_origin_url_holds_scheme_host_and_port_only() {
    for good in [
        "https://a",
        "http://127.0.0.1:9000",
        "https://a-b.example",
        "https://[::1]",
        "http://[::1]:80",
    ] {
        let json = alloc::format!(r#"{{ "url": "{good}" }}"#);
        assert!(serde_json::from_str::<Origin>(&json).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a",
        "//a",
        "ftp://a",
        "https://",
        "https://a/",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://u@a",
        "https://u:p@a",
        "https://a:",
        "https://a:0",
        "https://a:99999",
        "https://a:+1",
        "https://a b",
        "https://.a",
        "https://a..b",
        "https://[::1",
        "https://[x]",
        "https://[::1]x",
        "https://a:1:2",
        "HTTPS://a",
        "https://\u{e9}",
    ] {
        let json = alloc::format!(r#"{{ "url": "{bad}" }}"#);
        assert!(serde_json::from_str::<Origin>(&json).is_err(), "{bad}");
    }
    for bad in [
        r#"{}"#,
        r#"{ "url": "https://a", "service": "B" }"#,
        r#"{ "service": "a b" }"#,
        r#"{ "service": "A", "x": 1 }"#,
    ] {
        assert!(serde_json::from_str::<Origin>(bad).is_err(), "{bad}");
    }
}
