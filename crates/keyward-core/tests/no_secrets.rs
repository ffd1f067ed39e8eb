//! Guarantees that no secret and no MAC is in what the core says: neither in a refusal nor in
//! the `Debug` text of anything that a host could log.

mod fixture;

use std::fmt::Debug;

use base64ct::{Base64, Encoding};
use fixture::{Fixture, NOW_S, SECRET, Sent};
use keyward_core::authenticate::{Authenticated, authenticate};
use keyward_core::deployment::Scheme;
use keyward_core::key::{Key, Profile};
use keyward_core::mac::{Algorithm, MacKey};
use keyward_core::parse::{Credential, Exchange};
use keyward_core::request::ContentLength;
use keyward_core::sign::{SignatureParameters, Unsigned, sign};

const KEY_ID: &str = "legacy.signer";

fn basic(secret: &str) -> Sent {
    let token = Base64::encode_string(format!("{KEY_ID}:{secret}").as_bytes());
    Sent::get("/v1").with_field("Authorization", &format!("Basic {token}"))
}

/// With content, so that the way stops once for it.
fn signed(profile: Profile, secret: &str) -> Sent {
    let content = b"content".to_vec();
    let unsigned = Unsigned {
        method: "POST",
        scheme: Scheme::Https,
        authority: "api.example",
        target: "/v1",
        content_type: None,
        content: &content,
    };
    let parameters = SignatureParameters {
        profile,
        key_id: KEY_ID,
        created_s: NOW_S,
        nonce: Some("n"),
    };
    let key = MacKey::new(Algorithm::HmacSha512, secret.as_bytes());
    let mut sent = Sent::get("/v1");
    for (name, value) in sign(&unsigned, &key, &parameters).expect("signed") {
        sent = sent.with_field(name, &value);
    }
    sent.method = "POST".into();
    sent.length = ContentLength::Declared(7);
    sent.content = content;
    sent
}

/// Every text that must not be seen when this was sent.
fn secrets(sent: &Sent) -> Vec<String> {
    let mut secrets = vec![SECRET.to_owned()];
    for (name, value) in &sent.fields {
        let base64 = match name.as_str() {
            "Authorization" => value.split(' ').nth(1),
            "authorization" => value.split(['"', ':']).rfind(|part| part.len() >= 88),
            "signature" => value.split(':').nth(1),
            _ => None,
        };
        let Some(base64) = base64 else { continue };
        let bytes = Base64::decode_vec(base64).expect("base64");
        let list = format!("{:?}", &bytes[..8]);
        secrets.push(base64.trim_end_matches('=').to_owned());
        secrets.push(list.trim_matches(['[', ']']).to_owned());
    }
    secrets
}

fn look(secrets: &[String], what: &str, shown: &dyn Debug) {
    for text in [
        format!("{shown:?}"),
        format!("{shown:#?}").replace([' ', '\n'], ""),
    ] {
        for secret in secrets {
            let spaceless = secret.replace(' ', "");
            assert!(
                !text.contains(secret) && !text.contains(&spaceless),
                "{what}: {text}"
            );
        }
    }
}

/// Goes the whole way and looks at everything on it.
fn follow(fixture: &Fixture, sent: &Sent, key: Option<&Key>) {
    let secrets = secrets(sent);
    look(&secrets, "key", &key);
    look(&secrets, "deployment", &fixture.deployment);
    sent.look(|request| {
        look(&secrets, "request", request);
        let exchange =
            Exchange::parse(&fixture.deployment, &fixture.catalogue, request).expect("an exchange");
        look(&secrets, "exchange", &exchange);
        let credential = match Credential::parse(&exchange) {
            Ok(credential) => credential,
            Err(denial) => return look(&secrets, "refused credential", &denial),
        };
        look(&secrets, "credential", &credential);
        let authenticated = authenticate(&credential, key, NOW_S);
        look(&secrets, "authenticated", &authenticated);
        if let Ok(Authenticated::AwaitingContent(awaiting)) = authenticated {
            look(&secrets, "needs", &awaiting.needs());
        }
    });
    if let Err(denial) = fixture.decide(sent, key) {
        look(&secrets, "denial", &denial);
        look(&secrets, "base", &denial.signature_base());
        look(&secrets, "detail", &denial.detail());
        look(&secrets, "fields", &denial.fields());
    }
}

#[test]
fn neither_secrets_nor_macs_are_shown() {
    for debug in [false, true] {
        let fixture = Fixture::new(|settings| settings.debug = debug);
        let keys = [
            fixture.basic_key(KEY_ID, SECRET),
            fixture.signed_key(KEY_ID, Algorithm::HmacSha512),
        ];
        let all = Profile::ALL
            .map(|profile| [signed(profile, SECRET), signed(profile, "another secret")]);
        let basics = [basic(SECRET), basic("another secret")];
        for sent in basics.iter().chain(all.iter().flatten()) {
            follow(&fixture, sent, None);
            for key in &keys {
                follow(&fixture, sent, Some(key));
            }
        }
    }
}

#[test]
fn a_covered_credential_never_comes_to_a_base() {
    let fixture = Fixture::new(|settings| settings.debug = true);
    let mac = Base64::encode_string(&[7; 64]);
    let input = format!(
        "k=(\"@method\" \"@target-uri\" \"authorization\");created={NOW_S};keyid=\"{KEY_ID}\""
    );
    let sent = basic(SECRET)
        .with_field("Signature-Input", &input)
        .with_field("Signature", &format!("k=:{mac}:"));
    let denial = fixture.decide(&sent, None).expect_err("two credentials");
    assert_eq!(denial.signature_base(), None);
    look(&secrets(&sent), "denial", &denial);
}

/// The texts above are found where they are.
#[test]
#[should_panic(expected = "what was sent")]
fn a_shown_secret_would_be_noticed() {
    let sent = signed(Profile::Kong, SECRET);
    look(&secrets(&sent), "what was sent", &sent.fields);
}
