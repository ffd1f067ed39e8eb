//! Requests that are refused, by the kind of their credential and by what is wrong.
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use keyward_core::deployment::Scheme;
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::{
    Key, KeyParts, Material, Profile, Profiles, SignedIssue, SigningRules, TokenIssue, TokenProfile,
};
use keyward_core::mac::{Algorithm, MacKey};
use keyward_core::request::ContentLength;
use keyward_core::sign::{SignatureParameters, Unsigned, sign};

use crate::fixture::{Fixture, NOW_S, SECRET, Sent, basic_material, digest_material, parts};

const KEY_ID: &str = "legacy.key";
const MAC_BYTES: usize = 64;

/// What is presented.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Credential {
    Basic,
    Signature(Profile),
    Token,
}

pub(crate) const CREDENTIALS: [Credential; 4] = [
    Credential::Basic,
    Credential::Signature(Profile::Rfc9421),
    Credential::Signature(Profile::Cloud9),
    Credential::Token,
];

/// A refused request, and what the store knows of its key.
pub(crate) struct Case {
    pub(crate) wrong: &'static str,
    pub(crate) sent: Sent,
    pub(crate) key: Option<Key>,
    /// Of several like it; only which bytes of the MAC are wrong differs.
    pub(crate) differs_by_bytes_alone: bool,
}

/// The first case is that there is no such key.
pub(crate) fn cases(fixture: &Fixture, credential: Credential) -> Vec<Case> {
    let every: Vec<usize> = (0..MAC_BYTES).collect();
    let (first, others, last) = (&every[..1], &every[1..], &every[MAC_BYTES - 1..]);
    let record = |bytes| parts(KEY_ID, material(credential, bytes, 1));
    let twice = |bytes| parts(KEY_ID, material(credential, bytes, 2));
    let another_kind = match credential {
        Credential::Basic => signed_material(Algorithm::HmacSha512, Profile::Rfc9421, 1),
        _ => basic_material(SECRET),
    };
    let mut cases = vec![
        ("no such key", &[][..], None),
        (
            "a key of another kind",
            &[],
            Some(parts(KEY_ID, another_kind)),
        ),
        (
            "a key of another environment",
            &[],
            Some(KeyParts {
                environment: "uat".into(),
                ..record(&[])
            }),
        ),
        ("every byte", &every, Some(record(&every))),
        ("the first byte", first, Some(record(first))),
        ("all but the first byte", others, Some(record(others))),
        ("the last byte", last, Some(record(last))),
        ("every byte, for two secrets", &every, Some(twice(&every))),
        ("the last byte, for two secrets", last, Some(twice(last))),
        (
            "the last byte, disabled",
            last,
            Some(KeyParts {
                disabled: true,
                ..record(last)
            }),
        ),
        (
            "the last byte, expired",
            last,
            Some(KeyParts {
                expires_at_s: 1,
                ..record(last)
            }),
        ),
    ];
    if credential == Credential::Basic {
        let digest = digest_material("another");
        cases.push(("a key of a digest", &[], Some(parts(KEY_ID, digest))));
    }
    if credential == Credential::Signature(Profile::Cloud9) {
        let off = signed_material(Algorithm::HmacSha512, Profile::Kong, 1);
        cases.push(("a profile that is off", &[], Some(parts(KEY_ID, off))));
    }
    if let Credential::Signature(profile) = credential {
        let other = signed_material(Algorithm::HmacSha256, profile, 1);
        cases.push((
            "a key of another algorithm",
            &[],
            Some(parts(KEY_ID, other)),
        ));
    }
    let compile = |parts| Key::compile(parts, &fixture.catalogue).expect("a key");
    cases
        .into_iter()
        .map(|(wrong, bytes, parts)| Case {
            wrong,
            sent: sent(credential, bytes),
            key: parts.map(compile),
            differs_by_bytes_alone: wrong.ends_with(" byte"),
        })
        .collect()
}

/// What a record has, one secret of it right. Of `basic` the MAC is in the record, so its bytes are wrong here.
fn material(credential: Credential, wrong: &[usize], secrets: usize) -> Material {
    match credential {
        Credential::Basic => {
            let Material::Basic(mut issues) = basic_material(SECRET) else {
                unreachable!()
            };
            for at in wrong {
                issues[0].mac[*at] ^= 1;
            }
            if secrets == 2 {
                let Material::Basic(another) = basic_material("another") else {
                    unreachable!()
                };
                issues.extend(another);
                issues[1].issue = "i2".into();
            }
            Material::Basic(issues)
        }
        Credential::Signature(profile) => signed_material(Algorithm::HmacSha512, profile, secrets),
        Credential::Token => {
            let issues = each(secrets, |issue, secret| TokenIssue {
                issue,
                secret: Some(secret.into()),
                not_after_s: None,
            });
            Material::Token {
                algorithm: JwsAlgorithm::Hs512,
                profile: TokenProfile::Keyward,
                issues,
            }
        }
    }
}

fn signed_material(algorithm: Algorithm, profile: Profile, secrets: usize) -> Material {
    let issues = each(secrets, |issue, secret| SignedIssue {
        issue,
        secret: secret.into(),
        not_after_s: None,
    });
    let profiles = Profiles::with([profile]);
    let rules = SigningRules {
        profiles,
        ..SigningRules::default()
    };
    Material::Signed {
        algorithm,
        rules,
        issues,
    }
}

fn each<T>(secrets: usize, issue: impl Fn(String, Vec<u8>) -> T) -> Vec<T> {
    let both = [("i1", SECRET), ("i2", "another")];
    let some = both.into_iter().take(secrets);
    some.map(|(name, secret)| issue(name.into(), secret.into()))
        .collect()
}

/// The request. Where the MAC is presented, its bytes are wrong here.
fn sent(credential: Credential, wrong: &[usize]) -> Sent {
    let mut sent = Sent::get("/v1/users/ada");
    match credential {
        Credential::Basic => {
            let pair = Base64::encode_string(format!("{KEY_ID}:{SECRET}").as_bytes());
            sent.with_field("authorization", &format!("Basic {pair}"))
        }
        Credential::Token => sent.with_field("authorization", &format!("Bearer {}", token(wrong))),
        Credential::Signature(profile) => {
            // With parameters, so that `cloud9` has two messages to try.
            let content_type = "application/json; charset=utf-8";
            if profile == Profile::Cloud9 {
                sent.method = "POST".into();
                sent.content = b"{}".to_vec();
                sent.length = ContentLength::Declared(2);
                sent = sent.with_field("content-type", content_type);
            }
            let unsigned = Unsigned {
                method: &sent.method,
                scheme: Scheme::Https,
                authority: &sent.authority,
                target: &sent.target,
                content_type: Some(content_type),
                content: &sent.content,
            };
            let parameters = SignatureParameters {
                profile,
                key_id: KEY_ID,
                created_s: NOW_S,
                nonce: Some("once"),
            };
            let key = MacKey::new(Algorithm::HmacSha512, SECRET.as_bytes());
            let fields = sign(&unsigned, &key, &parameters).expect("a request that can be signed");
            let carries_mac = ["signature", "authorization"];
            for (name, value) in fields {
                let value = if carries_mac.contains(&name) {
                    with_mac_wrong(&value, wrong)
                } else {
                    value
                };
                sent = sent.with_field(name, &value);
            }
            sent
        }
    }
}

/// The last 88 characters of base64 are the MAC.
fn with_mac_wrong(value: &str, wrong: &[usize]) -> String {
    let end = value.rfind('=').expect("padding") + 1;
    let start = end - MAC_BYTES.div_ceil(3) * 4;
    let mut mac = Base64::decode_vec(&value[start..end]).expect("a MAC");
    for at in wrong {
        mac[*at] ^= 1;
    }
    format!(
        "{}{}{}",
        &value[..start],
        Base64::encode_string(&mac),
        &value[end..]
    )
}

fn token(wrong: &[usize]) -> String {
    let header = r#"{"alg":"HS512","typ":"keyward-token+jwt","kid":"i1"}"#;
    let claims = format!(
        r#"{{"iss":"test","aud":"production","sub":"{KEY_ID}","jti":"i1","iat":{NOW_S},"exp":{}}}"#,
        NOW_S + 60
    );
    let [header, claims] =
        [header, &claims].map(|part| Base64UrlUnpadded::encode_string(part.as_bytes()));
    let message = format!("{header}.{claims}");
    let key = MacKey::new(Algorithm::HmacSha512, SECRET.as_bytes());
    let mut mac = key.mac(&[message.as_bytes()]).as_bytes().to_vec();
    for at in wrong {
        mac[*at] ^= 1;
    }
    format!("{message}.{}", Base64UrlUnpadded::encode_string(&mac))
}
