//! Guarantees that a bundle opens one organisation alone, that a gateway's secrets are read as
//! documented, and that no type shows a secret.
use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_wire::envelope::Publisher;
use keyward_wire::open::RecordError;
use keyward_wire::organisation::OrganisationKeys;
use keyward_wire::seal::Unsealing;
use keyward_wire::secrets::Secrets;

#[path = "fixture/sealed.rs"]
mod sealed;
use sealed::{CONTEXT, SECRET, masters, ring_id, sealed};

#[test]
fn a_bundle_opens_its_own_organisation_alone() {
    let bundle = masters([1, 2])
        .export("demo", "production", "acme")
        .unwrap();
    let bundle = OrganisationKeys::from_json(&bundle.to_json().unwrap()).unwrap();
    let (deployment, environment) = (
        bundle.deployment().to_owned(),
        bundle.environment().to_owned(),
    );
    assert_eq!(
        (deployment.as_str(), environment.as_str()),
        ("demo", "production")
    );
    let unsealing = Unsealing::Organisations(vec![bundle]);
    let m1 = ring_id("m1");
    let keys = unsealing.keys("acme", &m1).unwrap();
    assert_eq!(
        keys.unseal(&CONTEXT, &m1, &sealed()).unwrap().as_slice(),
        SECRET
    );
    assert_eq!(
        unsealing.keys("acme2", &m1).unwrap_err(),
        RecordError::OtherOrganisation
    );
    assert_eq!(
        unsealing.keys("acme", &ring_id("m3")).unwrap_err(),
        RecordError::UnknownSealingKey
    );
    assert!(OrganisationKeys::from_json(r#"{"deployment":"a"}"#).is_err());
}

fn secrets_json() -> String {
    let public = base64(&Publisher::new(ring_id("p1"), &[1; 32]).public_key());
    let (m1, m2) = (base64(&[1; 32]), base64(&[2; 32]));
    format!(
        r#"{{ "publishKeys": [ {{ "id": "p1", "publicKey": "{public}" }} ],
             "environments": {{ "production": {{ "rings": [ {{ "id": "m1", "master": "{m1}" }}, {{ "id": "m2", "master": "{m2}" }} ] }} }} }}"#
    )
}

fn base64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

#[test]
fn a_gateways_secrets_are_read() {
    let secrets = Secrets::parse(&secrets_json()).unwrap();
    let Some(unsealing) = secrets.environments.get("production") else {
        panic!()
    };
    let keys = unsealing.keys("acme", &ring_id("m1")).unwrap();
    assert_eq!(
        keys.unseal(&CONTEXT, &ring_id("m1"), &sealed())
            .unwrap()
            .as_slice(),
        SECRET
    );
}

#[test]
fn mistakes_in_secrets_are_named_without_showing_them() {
    let good = secrets_json();
    let master = base64(&[1; 32]);
    for bad in [
        good.replace(&master, &master[..42]),
        good.replace(&master, &format!("{master}=")),
        good.replace("\"m2\"", "\"m1\""),
        good.replace("\"p1\"", "\"P1\""),
        good.replace("\"rings\"", "\"ringz\""),
        good.replace("\"production\"", "\"Production\""),
        good.replace("\"publishKeys\": [", "\"publishKeys\": [], \"x\": ["),
        good.replace("\"master\"", &format!("\"{master}\"")),
        master.clone(),
    ] {
        let error = Secrets::parse(&bad).unwrap_err();
        for shown in [format!("{error}"), format!("{error:?}")] {
            assert!(!shown.contains(&master[..20]), "{shown}");
        }
    }
}

#[test]
fn no_type_shows_a_secret() {
    let masters = masters([0x41, 0x42]);
    let bundle = masters.export("demo", "production", "acme").unwrap();
    let json = bundle.to_json().unwrap();
    let publisher = Publisher::new(ring_id("p1"), &[0x43; 32]);
    let (ring, keys) = masters.sealing("acme").unwrap();
    let shown = [
        format!("{masters:?}"),
        format!("{bundle:?}"),
        format!("{publisher:?}"),
        format!("{keys:?}"),
        format!("{ring:?}"),
        format!("{:?}", Unsealing::Organisations(vec![bundle])),
        format!("{:#?}", Secrets::parse(&secrets_json()).unwrap()),
        format!("{:?}", Unsealing::Masters(masters)),
    ];
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let decimal = |text: &str| {
        let bytes = format!("{:?}", decode(text));
        bytes[1..20].to_owned()
    };
    // Keys as text, and as Debug would print their bytes.
    let mut secrets = ["65, 65", "66, 66", "67, 67", "1, 1", "AAAA", "BBBB", "CCCC"]
        .map(String::from)
        .to_vec();
    secrets.push(base64(&[1; 32])[..8].to_owned());
    for purpose in ["seal", "pepper"] {
        let text = value["rings"]["m1"][purpose].as_str().unwrap();
        secrets.extend([text[..8].to_owned(), decimal(text)]);
    }
    for one in &shown {
        for secret in &secrets {
            assert!(!one.contains(secret), "{secret} in {one}");
        }
    }
}
