use super::*;
use alloc::vec::Vec;

const PARTS: MailParts<'_> = MailParts {
    event: "key.created",
    from: "keyward@firm.example",
    from_name: "Keyward",
    to: "ada@firm.example",
    subject: "a \"subject\"",
    text: "one\ntwo ${to} \\",
    html: "<p>\"</p>",
    message_id: "<id@firm.example>",
    idempotency_key: "id",
    unsubscribe: "https://admin.firm.example/no",
};

fn read(http: &str) -> Result<MailSettings, RegistryFileError> {
    let json = alloc::format!(r#"{{ "from": "keyward@firm.example", "http": {http} }}"#);
    MailSettings::checked(serde_json::from_str(&json).unwrap())
}

#[test]
fn what_a_mail_says_is_text_in_the_body_and_ids_alone_are_in_fields() {
    let settings = read(
        r#"{ "url": "https://mail.example/send",
             "headers": { "Idempotency-Key": "${idempotencyKey}", "X-Event": "${event}" },
             "body": { "e": "${event}", "to": ["${to}"], "s": "${subject}", "n": 1, "t": "${text}${html}", "from": "${fromName} <${from}>",
                       "headers": { "List-Unsubscribe": "<${unsubscribe}>" } } }"#,
    );
    let MailWay::Http(request) = settings.unwrap().way else {
        panic!("not by HTTP");
    };
    let body: Value = serde_json::from_str(&request.body(&PARTS)).unwrap();
    let expected = serde_json::json!({
        "e": "key.created",
        "to": ["ada@firm.example"],
        "s": "a \"subject\"",
        "n": 1,
        "t": "one\ntwo ${to} \\<p>\"</p>",
        "from": "Keyward <keyward@firm.example>",
        "headers": { "List-Unsubscribe": "<https://admin.firm.example/no>" },
    });
    assert_eq!(body, expected);
    let headers: Vec<_> = request.headers(&PARTS).collect();
    let expected = [("Idempotency-Key", "id"), ("X-Event", "key.created")];
    assert_eq!(
        headers,
        expected.map(|(name, value)| (name, value.to_string()))
    );
}

#[test]
fn templates_are_refused_with_what_is_wrong() {
    for (http, named) in [
        (r#"{ "url": "http://mail.example", "body": {} }"#, "url"),
        (r#"{ "url": "https://a@mail.example", "body": {} }"#, "url"),
        (
            r#"{ "url": "https://mail.example", "method": "GET", "body": {} }"#,
            "method",
        ),
        (
            r#"{ "url": "https://mail.example", "body": { "a": ["${secret}"] } }"#,
            "places",
        ),
        (
            r#"{ "url": "https://mail.example", "body": "${to" }"#,
            "places",
        ),
        (
            r#"{ "url": "https://mail.example", "headers": { "X": "${subject}" }, "body": {} }"#,
            "places",
        ),
        (
            r#"{ "url": "https://mail.example", "headers": { "X": "a\nb" }, "body": {} }"#,
            "headers",
        ),
    ] {
        let error = read(http).unwrap_err().to_string();
        assert!(error.contains(named), "{http}: {error}");
    }
}

#[test]
fn a_template_says_to_whom_and_what_and_by_what_repeats_are_known() {
    let body = r#"{ "to": "${to}", "s": "${subject}", "t": ["${text}", "${html}"], "id": "${messageId}" }"#;
    let http =
        |body: &str| alloc::format!(r#"{{ "url": "https://mail.example", "body": {body} }}"#);
    assert!(read(&http(body)).is_ok());
    for place in ["${to}", "${subject}", "${text}", "${html}", "${messageId}"] {
        let error = read(&http(&body.replace(place, "x")))
            .unwrap_err()
            .to_string();
        assert!(error.contains(place), "{place}: {error}");
    }
}

const FORM: &str = r#"{ "url": "https://mail.example", "form": {
    "to": "${to}", "subject": "${subject}", "text": "${text}", "html": "${html}", "h:Message-Id": "${messageId}", "o:a&b=c": "yes" } }"#;

#[test]
fn a_form_says_what_the_mail_says() {
    let MailWay::Http(request) = read(FORM).unwrap().way else {
        panic!("not by HTTP");
    };
    assert_eq!(request.content_type(), "application/x-www-form-urlencoded");
    let parts = MailParts {
        subject: "a&b=c+d %26 \u{fc}\u{1f600}",
        text: "one\r\n&to=eve@firm.example\r\n\n${to};",
        ..PARTS
    };
    let body = request.body(&parts);
    assert!(body.bytes().all(|b| (0x21..=0x7E).contains(&b)), "{body}");
    let read: Vec<_> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let expected = [
        ("h:Message-Id", parts.message_id),
        ("html", parts.html),
        ("o:a&b=c", "yes"),
        ("subject", parts.subject),
        ("text", parts.text),
        ("to", parts.to),
    ];
    assert_eq!(
        read,
        expected.map(|(name, text)| (name.to_string(), text.to_string()))
    );
}

#[test]
fn a_form_says_to_whom_and_what_and_there_is_no_body_beside_it() {
    for place in ["${to}", "${subject}", "${text}", "${html}", "${messageId}"] {
        let error = read(&FORM.replace(place, "x")).unwrap_err().to_string();
        assert!(error.contains(place), "{place}: {error}");
    }
    let both = FORM.replace(
        "\"form\"",
        r#""body": ["${to}${subject}${text}${html}${messageId}"], "form""#,
    );
    for (http, named) in [
        (
            r#"{ "url": "https://mail.example" }"#,
            "either a body, or a form",
        ),
        (&both, "either a body, or a form"),
        (&FORM.replace("yes", "${secret}"), "has places"),
    ] {
        let error = read(http).unwrap_err().to_string();
        assert!(error.contains(named), "{http}: {error}");
    }
    let json =
        |http: &str| alloc::format!(r#"{{ "from": "keyward@firm.example", "http": {http} }}"#);
    for bad in [
        FORM.replace("\"yes\"", "[\"yes\"]"),
        FORM.replace("o:a&b=c", "to"),
    ] {
        assert!(
            serde_json::from_str::<MailJson>(&json(&bad)).is_err(),
            "{bad}"
        );
    }
}
