//! `Content-Digest`: read or refused without a panic; signed content passes exactly if every
//! digest that counts is right, and there is one.
//!
//! The field's value, with `$DIGEST256` and `$DIGEST512` for the right ones; after a line break the
//! content.
#![no_main]
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_core::content::{ContentDigest, DigestAlgorithm};
use keyward_core::denial::Code;
use keyward_core::request::ContentLength;
use keyward_fuzz::judge::decide;
use keyward_fuzz::message::Message;
use keyward_fuzz::setting::{NOW_S, SETTING};
use keyward_fuzz::signing::{claims, digests};
use libfuzzer_sys::fuzz_target;
use sfv::{BareItem, Dictionary, ListEntry, Parser};

fuzz_target!(|text: &str| {
    let (value, content) = text.split_once('\n').unwrap_or((text, ""));
    let (sha256, sha512) = digests(content);
    let value = value
        .replace("$DIGEST256", &STANDARD.encode(sha256))
        .replace("$DIGEST512", &STANDARD.encode(sha512));
    let value = value.trim_matches([' ', '\t']);

    let digest = ContentDigest::parse(value);
    let theirs = Parser::new(value).parse::<Dictionary>();
    assert!(digest.is_err() || theirs.is_ok());
    let found = |name: &str| match theirs.as_ref().ok()?.get(name)? {
        ListEntry::Item(item) => match &item.bare_item {
            BareItem::ByteSequence(bytes) => Some(bytes.clone()),
            _ => None,
        },
        ListEntry::InnerList(_) => None,
    };
    let (found256, found512) = (found("sha-256"), found("sha-512"));
    if let Ok(digest) = &digest {
        let needs = digest.needs();
        assert_eq!(needs.contains(&DigestAlgorithm::Sha256), found256.is_some());
        assert_eq!(needs.contains(&DigestAlgorithm::Sha512), found512.is_some());
        assert_eq!(digest.is_empty(), needs.is_empty());
    }
    let counts = found256.is_some() || found512.is_some();
    let right = digest.is_ok()
        && (counts || content.is_empty())
        && found256.is_none_or(|found| found == sha256)
        && found512.is_none_or(|found| found == sha512);

    let mut message = Message::read("POST /things api.example");
    message.content = content.into();
    message.length = ContentLength::Unknown;
    let input = format!(
        r#"a=("@method" "@target-uri" "content-digest");created={NOW_S};keyid="{}""#,
        SETTING.signed
    );
    message.fields = vec![
        ("content-digest".into(), value.into()),
        ("signature-input".into(), input),
    ];
    let claim = claims(&message).pop().and_then(|claim| claim.base);
    let (Some(base), Some(key)) = (claim, SETTING.mac_key(&SETTING.signed)) else {
        return;
    };
    let mac = STANDARD.encode(key.mac(&[base.as_bytes()]).as_bytes());
    message
        .fields
        .push(("signature".into(), format!("a=:{mac}:")));
    let outcome = decide(&SETTING, &SETTING.strict, &message);
    let fits = content.len() <= 64
        && value
            .bytes()
            .all(|b| b == b'\t' || (b' '..0x7F).contains(&b));
    assert_eq!(outcome.is_ok(), right && fits, "{value:?} {outcome:?}");
    assert_ne!(outcome, Err(Code::InvalidCredentials));
});
