//! Whole examples, one of them with HMAC.
use super::*;

fn example(file: &Value, case: &Value) -> Example {
    let message = match &case["message"] {
        Value::String(name) => &file["messages"][name],
        message => message,
    };
    let field = |field: &Value| (text(&field[0]).to_owned(), text(&field[1]).to_owned());
    Example {
        method: message["method"].as_str().unwrap_or_default().to_owned(),
        target: message["request_target"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        fields: message["headers"]
            .as_array()
            .expect("fields")
            .iter()
            .map(field)
            .collect(),
    }
}

fn signature(case: &Value) -> Vec<u8> {
    let (_, bytes) = text(&case["signature"])
        .split_once("=:")
        .expect("a signature");
    Base64::decode_vec(bytes.trim_end_matches(':')).expect("base64")
}

#[test]
fn bases_and_macs() {
    let Some(mut suite) = Suite::open("rfc9421/rfc9421_appendix_b", ORIGIN) else {
        return;
    };
    let file = suite.json("rfc9421/rfc9421_appendix_b.json");
    let secret =
        Base64::decode_vec(text(&file["keys"]["test-shared-secret"]["base64"])).expect("base64");
    let cases = file["cases"].as_array().expect("cases");
    let transformed = cases
        .iter()
        .find(|case| case["id"] == "B.4-1")
        .expect("B.4-1");
    for case in cases {
        let id = text(&case["id"]);
        let found = covered(text(&case["signature_input"]))
            .and_then(|covered| example(&file, case).base(Scheme::Https, &covered));
        let outcome = match &case["signature_base"] {
            // A message that was changed too much keeps the signature and not the base.
            Value::Null => match found {
                Ok(base) if base == text(&transformed["signature_base"]) => {
                    Err("is the base of the unchanged message".to_owned())
                }
                other => other.map(|_| ()),
            },
            base => same(found.clone(), text(base)),
        };
        suite.case(format!("{id}/base"), outcome);
        if case["alg"] == "hmac-sha256" {
            let base = text(&case["signature_base"]);
            let mac = MacKey::new(Algorithm::HmacSha256, &secret);
            let right = mac.verify(&[base.as_bytes()], &signature(case));
            suite.case(
                format!("{id}/mac"),
                suite::expect("the MAC is right", right, true),
            );
            suite.case(
                format!("{id}/whole"),
                insufficient(&example(&file, case), case),
            );
        }
    }
    suite.finish(15);
}

/// No example with HMAC covers enough for us; this is what its sender is told.
fn insufficient(example: &Example, case: &Value) -> Result<(), String> {
    let authority = Authority {
        authority: example.host().to_owned(),
        scheme: Scheme::Https,
        environment: "production".to_owned(),
        role: AuthorityRole::Api,
    };
    let mut settings = Settings::new("rfc9421", Vec::from([authority]));
    settings.imported_key_ids = true;
    let deployment = Deployment::new(settings).map_err(|error| error.to_string())?;
    let mut fields: Vec<_> = example
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    fields.push(("Signature-Input", text(&case["signature_input"])));
    fields.push(("Signature", text(&case["signature"])));
    let request = Request {
        method: &example.method,
        scheme: Scheme::Https,
        authority: example.host(),
        target: &example.target,
        fields: &fields,
        content: ContentLength::Declared(18),
    };
    let catalogue = Catalogue::default();
    let exchange = Exchange::parse(&deployment, &catalogue, &request)
        .map_err(|denial| format!("{denial:?}"))?;
    let Err(denial) = Credential::parse(&exchange) else {
        return Err("was accepted".to_owned());
    };
    let wanted = ["@method", "@path", "@query", "content-digest"];
    if denial.code() == Code::InsufficientCoverage && denial.missing_components() == wanted {
        Ok(())
    } else {
        Err(format!("{denial:?}"))
    }
}
