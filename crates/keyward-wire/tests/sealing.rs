//! Guarantees that a sealed secret opens in its own record and nowhere else.
use keyward_wire::open::RecordError;
use keyward_wire::seal::{MasterRing, SealContext, Unsealing};
use proptest::prelude::*;

#[path = "fixture/sealed.rs"]
mod sealed;
use sealed::{CONTEXT, SECRET, masters, ring_id, sealed};

fn unseal(
    masters: MasterRing,
    context: &SealContext<'_>,
    ring: &str,
    sealed: &[u8],
) -> Result<Vec<u8>, RecordError> {
    let ring = ring_id(ring);
    let keys = Unsealing::Masters(masters).keys(context.organisation, &ring)?;
    Ok(keys.unseal(context, &ring, sealed)?.to_vec())
}

#[test]
fn a_secret_opens_where_it_belongs() {
    assert_eq!(
        unseal(masters([1, 2]), &CONTEXT, "m1", &sealed()).unwrap(),
        SECRET
    );
}

#[test]
fn a_secret_opens_nowhere_else() {
    let elsewhere = [
        SealContext {
            deployment: "other",
            ..CONTEXT
        },
        SealContext {
            environment: "uat",
            ..CONTEXT
        },
        SealContext {
            organisation: "acme2",
            ..CONTEXT
        },
        SealContext {
            key_id: "imported-2",
            ..CONTEXT
        },
        SealContext {
            kind: "token",
            ..CONTEXT
        },
        SealContext {
            issue: "i2",
            ..CONTEXT
        },
        SealContext {
            algorithm: "hmac-sha256",
            ..CONTEXT
        },
        // The same characters, divided otherwise.
        SealContext {
            key_id: "imported-1signed",
            kind: "",
            ..CONTEXT
        },
        SealContext {
            issue: "",
            kind: "signedi1",
            ..CONTEXT
        },
    ];
    for context in elsewhere {
        let result = unseal(masters([1, 2]), &context, "m1", &sealed());
        assert_eq!(result, Err(RecordError::Unsealable), "{context:?}");
    }
    // Another id in the ring, also where it names the same master.
    assert_eq!(
        unseal(masters([1, 2]), &CONTEXT, "m2", &sealed()),
        Err(RecordError::Unsealable)
    );
    assert_eq!(
        unseal(masters([2, 1]), &CONTEXT, "m2", &sealed()),
        Err(RecordError::Unsealable)
    );
    assert_eq!(
        unseal(masters([2, 1]), &CONTEXT, "m1", &sealed()),
        Err(RecordError::Unsealable)
    );
    let unknown = unseal(masters([1, 2]), &CONTEXT, "m3", &sealed());
    assert_eq!(unknown, Err(RecordError::UnknownSealingKey));
}

#[test]
fn the_context_itself_is_bound_and_not_only_the_key() {
    // Same organisation and ring id, so the same sealing key: only the associated data differs.
    let masters = masters([1, 2]);
    let (ring, keys) = masters.sealing("acme").unwrap();
    for context in [
        SealContext {
            organisation: "acme2",
            ..CONTEXT
        },
        SealContext {
            environment: "uat",
            ..CONTEXT
        },
    ] {
        assert_eq!(
            keys.unseal(&context, ring, &sealed()).unwrap_err(),
            RecordError::Unsealable
        );
    }
    let other = keys.unseal(&CONTEXT, &ring_id("m2"), &sealed());
    assert_eq!(other.unwrap_err(), RecordError::Unsealable);
}

/// Fixed by the format: a change here makes every stored secret unreadable. The values come from
/// an implementation of HKDF and XChaCha20-Poly1305 in Python that shares no code with this one.
#[test]
fn the_format_stays_as_it_is() {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let masters = masters([1, 2]);
    let (_, keys) = masters.sealing("acme").unwrap();
    assert_eq!(
        hex(&sealed()),
        "0303030303030303030303030303030303030303030303032983cdf0320e68626156ff1838e2dbac0323e3915892ce9fa84b82919af8ca35deb9b540205534ff5eb6e94180feab065b52"
    );
    assert_eq!(
        hex(keys.pepper()),
        "d75720791bafb86c077b2ee2cf4cd582bb21e57ab373068a153cf28ba31c4b4ed85ab1e888a2b6a8854541094822346d951c2fb5066292d4d4f9df29cbec4295"
    );
}

#[test]
fn organisations_and_purposes_have_keys_of_their_own() {
    let masters = masters([1, 2]);
    let (_, acme) = masters.sealing("acme").unwrap();
    let (_, other) = masters.sealing("acme2").unwrap();
    assert_ne!(acme.basic_mac(SECRET), other.basic_mac(SECRET));
    assert_ne!(acme.pepper(), other.pepper());
    let json = masters
        .export("demo", "production", "acme")
        .unwrap()
        .to_json()
        .unwrap();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let mut keys = Vec::new();
    for ring in ["m1", "m2"] {
        for purpose in ["seal", "pepper"] {
            keys.push(value["rings"][ring][purpose].as_str().unwrap()[..43].to_owned());
        }
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4);
}

proptest! {
    #[test]
    fn every_changed_bit_of_a_sealed_secret_is_refused(at in 0..sealed().len(), bit in 0..8u8) {
        let mut bytes = sealed();
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(unseal(masters([1, 2]), &CONTEXT, "m1", &bytes), Err(RecordError::Unsealable));
    }

    #[test]
    fn every_shorter_sealed_secret_is_refused(length in 0..sealed().len()) {
        let result = unseal(masters([1, 2]), &CONTEXT, "m1", &sealed()[..length]);
        prop_assert_eq!(result, Err(RecordError::Unsealable));
    }

    #[test]
    fn any_two_contexts_are_told_apart(
        a in proptest::array::uniform7("[a-c]{0,3}"),
        b in proptest::array::uniform7("[a-c]{0,3}"),
    ) {
        let of = |parts: &[String; 7]| -> Vec<u8> {
            let masters = masters([1, 2]);
            let (ring, keys) = masters.sealing("acme").unwrap();
            keys.seal(&seal_context(parts), ring, [3; 24], SECRET).unwrap()
        };
        // The same nonce, key and secret: the tag differs exactly when the context does.
        prop_assert_eq!(of(&a) == of(&b), a == b);
    }
}

fn seal_context(parts: &[String; 7]) -> SealContext<'_> {
    let [
        deployment,
        environment,
        organisation,
        key_id,
        kind,
        issue,
        algorithm,
    ] = parts;
    SealContext {
        deployment,
        environment,
        organisation,
        key_id,
        kind,
        issue,
        algorithm,
    }
}
