//! Guarantees the life of a key whose holder makes the tokens: brought along with its secret, rotated with an overlap,
//! and never taken for a key whose tokens are made here, or the other way round.
mod fixture;
#[path = "gate/forge.rs"]
mod forge;
mod gate;

use fixture::*;
use forge::{Pen, with};
use gate::{Gate, admin};
use keyward_core::jws::JwsAlgorithm;
use keyward_issuer::import::Brought;
use keyward_issuer::{IssueError, NewKey, NewKeyId, NewKind, end_rotation};
use keyward_wire::record::Record;
use serde_json::{Value, json};

const SECRET: &[u8] = b"thirty-two bytes of another gate";
const KEY_ID: &str = "legacy-issuer";
const INVALID: &str = "invalid_credentials";

fn import(algorithm: JwsAlgorithm, secret: &[u8]) -> Result<Record, IssueError> {
    let key = NewKey {
        key_id: Some(NewKeyId::Brought(KEY_ID.to_owned())),
        ..admin(NewKind::Token(algorithm))
    };
    issuer(&masters()).import(key, Brought::Secret(secret), NOW_S, &mut source(1))
}

/// What a client of another gateway makes.
fn token(algorithm: JwsAlgorithm, secret: &[u8], claims: &Value) -> String {
    let header = json!({ "alg": algorithm.as_str(), "typ": "JWT" });
    Pen::Mac(algorithm, secret.to_vec()).token(&header.to_string(), &claims.to_string())
}

fn claims() -> Value {
    json!({ "iss": KEY_ID, "exp": NOW_S + 60 })
}

#[test]
fn a_secret_that_is_brought_along_makes_tokens() {
    for algorithm in [
        JwsAlgorithm::Hs256,
        JwsAlgorithm::Hs384,
        JwsAlgorithm::Hs512,
    ] {
        let record = import(algorithm, SECRET).unwrap();
        let gate = Gate::new(Some(&record));
        assert_eq!(gate.code(&token(algorithm, SECRET, &claims()), NOW_S), "ok");
        let other = token(algorithm, b"thirty-two bytes of yet another!", &claims());
        assert_eq!(gate.code(&other, NOW_S), INVALID);
    }
    assert_eq!(
        import(JwsAlgorithm::Hs256, &SECRET[1..]).unwrap_err(),
        IssueError::Secret
    );
}

#[test]
fn a_rotated_key_takes_both_secrets_until_the_old_one_ends() {
    let record = import(JwsAlgorithm::Hs256, SECRET).unwrap();
    let rotated = issuer(&masters())
        .rotate(&record, NOW_S + 10, NOW_S, &mut source(2))
        .unwrap();
    let new = rotated.secret.reveal().as_bytes();
    let old_token = token(JwsAlgorithm::Hs256, SECRET, &claims());
    let new_token = token(JwsAlgorithm::Hs256, new, &claims());
    let gate = Gate::new(Some(&rotated.record));
    assert_eq!(gate.code(&old_token, NOW_S + 9), "ok");
    assert_eq!(gate.code(&old_token, NOW_S + 10), INVALID);
    assert_eq!(gate.code(&new_token, NOW_S + 10), "ok");
    let ended = Gate::new(Some(&end_rotation(&rotated.record).unwrap()));
    assert_eq!(ended.code(&old_token, NOW_S), INVALID);
    assert_eq!(ended.code(&new_token, NOW_S), "ok");
}

#[test]
fn neither_kind_of_token_passes_for_the_other() {
    let holders = import(JwsAlgorithm::Hs512, SECRET).unwrap();
    let ours = gate::make(NewKind::Token(JwsAlgorithm::Hs512), 3);
    let (header, minted) = forge::parsed(ours.secret.reveal());

    // Everything that a token made here says, signed with the holder's secret.
    let issue = match parts(&holders).material {
        keyward_core::key::Material::Token { issues, .. } => issues[0].issue.clone(),
        other => panic!("{other:?}"),
    };
    let header = with(&header, "kid", json!(issue));
    let minted = with(&minted, "sub", json!(KEY_ID));
    let minted = with(&minted, "jti", json!(issue));
    let pen = Pen::Mac(JwsAlgorithm::Hs512, SECRET.to_vec());
    let forged = pen.token(&header.to_string(), &minted.to_string());
    assert_eq!(Gate::new(Some(&holders)).code(&forged, NOW_S), INVALID);

    // And a plain one with the secret of a key whose tokens are made here.
    let plain = with(&claims(), "iss", json!(ours.record.key_id));
    let header = json!({ "alg": "HS512" }).to_string();
    let forged = Pen::of(&ours).token(&header, &plain.to_string());
    assert_eq!(Gate::new(Some(&ours.record)).code(&forged, NOW_S), INVALID);
}
