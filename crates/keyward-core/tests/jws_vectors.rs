//! Guarantees that tokens are read as the suites of others want: HMAC and Ed25519 alone, one
//! spelling, nothing in the header that changes what is verified.
mod suite;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};
use keyward_core::jws::{CompactJws, JwsAlgorithm, JwsError};
use keyward_core::mac::MacKey;
use serde_json::Value;
use suite::{Suite, expect};

/// Whether a token is taken under a JWK that fixes the algorithm.
fn is_taken(token: &str, jwk: &Value) -> bool {
    let Ok(jws) = CompactJws::parse(token) else {
        return false;
    };
    match (jwk["kty"].as_str(), jws.algorithm) {
        (Some("oct"), algorithm) => {
            algorithm.as_str() == text(&jwk["alg"])
                && algorithm
                    .mac()
                    .is_some_and(|mac| jws.verify_mac(&MacKey::new(mac, &bytes(&jwk["k"]))))
        }
        (Some("OKP"), JwsAlgorithm::EdDsa) => is_signed(&jws, &bytes(&jwk["x"])),
        _ => false,
    }
}

fn is_signed(jws: &CompactJws<'_>, public_key: &[u8]) -> bool {
    let key = VerifyingKey::from_bytes(public_key.try_into().expect("32 bytes")).expect("a point");
    let signature = Signature::from_slice(jws.signature()).expect("64 bytes");
    key.verify_strict(jws.signing_input().as_bytes(), &signature)
        .is_ok()
}

fn bytes(text: &Value) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(self::text(text)).expect("base64url")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Faults of the file, by `tcId`: 367 and 370 are the bytes of the valid 357 and marked invalid;
/// 372 and 373 hold a `?`, which is no base64url, and are marked valid.
const LEFT_OUT: [u64; 4] = [367, 370, 372, 373];

#[test]
fn wycheproof_json_web_signature() {
    const NAME: &str = "wycheproof/json_web_signature_test";
    let Some(mut suite) = Suite::open(NAME, "https://github.com/C2SP/wycheproof, testvectors_v1")
    else {
        return;
    };
    let mut left_out = Vec::new();
    let mut taken = 0;
    for group in suite.json(&format!("{NAME}.json"))["testGroups"]
        .as_array()
        .expect("groups")
    {
        let key = &group["private"];
        for case in group["tests"].as_array().expect("tests") {
            let id = case["tcId"].as_u64().expect("an id");
            if LEFT_OUT.contains(&id) {
                left_out.push(id);
                continue;
            }
            // What others take with other algorithms is refused here.
            let wanted = case["result"] == "valid" && text(&key["alg"]).starts_with("HS");
            let found = is_taken(text(&case["jws"]), key);
            taken += u32::from(found);
            suite.case(id.to_string(), expect("taken", found, wanted));
        }
    }
    assert_eq!(left_out, LEFT_OUT);
    assert_eq!(taken, 8, "tokens with HMAC that are right");
    suite.finish(397);
}

#[test]
fn jose_cookbook() {
    let Some(mut suite) = Suite::open("jose-cookbook", "https://github.com/ietf-jose/cookbook")
    else {
        return;
    };
    let mut cases = 0;
    for (file, content) in suite.files() {
        // Of a JWS there are up to three serializations; two of them are JSON.
        let output = &content["output"];
        let key = &content["input"]["key"];
        let spellings = [
            ("compact", text(&output["compact"]).to_owned()),
            ("json", output["json"].to_string()),
            ("json_flat", output["json_flat"].to_string()),
        ];
        for (name, token) in spellings {
            if output.get(name).is_none() {
                continue;
            }
            let plain = ["jws/4_4.hmac-sha2_integrity_protection", "curve25519/jws"];
            let wanted = name == "compact" && plain.contains(&file.as_str());
            suite.case(
                format!("{file}/{name}"),
                expect("taken", is_taken(&token, key), wanted),
            );
            cases += 1;
        }
    }
    suite.finish(cases);
    assert_eq!(cases, 31);
}

/// RFC 8037 appendix A.4 and A.5.
#[test]
fn rfc8037_ed25519() {
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let key = Base64UrlUnpadded::decode_vec("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    let jws = CompactJws::parse(token).unwrap();
    assert_eq!(jws.payload(), b"Example of Ed25519 signing");
    assert!(is_signed(&jws, &key));
    let other = token.replacen("RXhh", "RXhi", 1);
    assert!(!is_signed(&CompactJws::parse(&other).unwrap(), &key));
}

/// RFC 7515 appendix A.1: valid, with a `typ` and whitespace in its JSON.
#[test]
fn rfc7515_hs256() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let secret = Base64UrlUnpadded::decode_vec(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    )
    .unwrap();
    let jws = CompactJws::parse(token).unwrap();
    assert_eq!(jws.typ.as_deref(), Some("JWT"));
    for algorithm in [
        JwsAlgorithm::Hs256,
        JwsAlgorithm::Hs384,
        JwsAlgorithm::Hs512,
    ] {
        let key = MacKey::new(algorithm.mac().unwrap(), &secret);
        assert_eq!(jws.verify_mac(&key), algorithm == JwsAlgorithm::Hs256);
    }
}

#[test]
fn headers_have_alg_typ_and_kid_and_nothing_else() {
    let error = |header: &str| {
        let encoded = Base64UrlUnpadded::encode_string(header.as_bytes());
        let token = format!("{encoded}.e30.{}", "A".repeat(43));
        CompactJws::parse(&token).err()
    };
    assert_eq!(error(r#"{"alg":"HS256"}"#), None);
    assert_eq!(
        error(r#" { "kid" : "k", "typ":"t", "alg":"HS256" } "#),
        None
    );
    for member in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""jku":"https://a.example/jwks.json""#,
        r#""jwk":{"kty":"oct","k":"AA"}"#,
        r#""x5u":"https://a.example/c""#,
        r#""x5c":["MIIB"]"#,
        r#""x5t":"AA""#,
        r#""x5t#S256":"AA""#,
        r#""cty":"JWT""#,
        r#""zip":"DEF""#,
        r#""enc":"A128GCM""#,
        r#""ALG":"none""#,
        r#""kid":1"#,
        r#""typ":null"#,
        r#""kid":["k"]"#,
    ] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        assert_eq!(error(&header), Some(JwsError::HeaderMember), "{member}");
    }
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"alg":"HS256"}{}"#,
        r#"["HS256"]"#,
        r#""HS256""#,
        "",
    ] {
        assert_eq!(error(header), Some(JwsError::HeaderJson), "{header}");
    }
    for alg in [
        "none", "None", "NONE", "nOnE", "", "hs256", "HS1", "RS256", "PS256", "ES256", "ES256K",
        "Ed448", "eddsa", "ED25519", "HS256 ", "A128KW", "dir",
    ] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        assert_eq!(error(&header), Some(JwsError::Algorithm), "{alg}");
    }
    assert_eq!(error("{}"), Some(JwsError::Algorithm));
    assert_eq!(error(r#"{"alg":"HS512"}"#), Some(JwsError::Signature));
}

#[test]
fn parts_have_one_spelling() {
    let header = Base64UrlUnpadded::encode_string(br#"{"alg":"HS256"}"#);
    let signature = "A".repeat(43);
    let error = |token: &str| CompactJws::parse(token).err();
    assert_eq!(error(&format!("{header}.e30.{signature}")), None);
    for bad in [
        format!("{header}=.e30.{signature}"),
        format!("{header}.e30=.{signature}"),
        format!("{header}.e30.{signature}="),
        format!("{header}.e31.{signature}"),
        format!("{header}.e30.{}B", &signature[1..]),
        format!("{header}. e30.{signature}"),
        format!("{header}.e30.{signature}\n"),
        format!("{header}.e+0.{signature}"),
        format!("{header}.e.{signature}"),
    ] {
        assert_eq!(error(&bad), Some(JwsError::Base64), "{bad}");
    }
    for bad in [
        format!("{header}.e30"),
        format!("{header}.e30.{signature}."),
        format!("{header}.e30.{signature}.{signature}"),
        header,
    ] {
        assert_eq!(error(&bad), Some(JwsError::Parts), "{bad}");
    }
    let long = format!("{}.e30.{signature}", "A".repeat(4096));
    assert_eq!(error(&long), Some(JwsError::TooLong));
}
