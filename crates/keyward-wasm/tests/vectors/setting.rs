//! `setting.json`: where the vectors take place, and the records of its keys.
use std::collections::{BTreeMap, BTreeSet};

use base64ct::{Base64UrlUnpadded, Encoding};
use keyward_core::mac::{Algorithm, MacKey};
use keyward_wire::ring::RingId;
use keyward_wire::seal::SealContext;
use keyward_wire::{MasterRing, Publisher};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The setting as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Setting {
    #[expect(dead_code, reason = "for people")]
    about: String,
    pub(crate) now: u64,
    pub(crate) client_address: String,
    pub(crate) settings: Value,
    pub(crate) catalogue: Value,
    publish: Seed,
    masters: BTreeMap<String, Vec<Seed>>,
    /// By environment, 32 characters: what signs tokens with Ed25519.
    token_seeds: BTreeMap<String, String>,
    /// What a key's record says when the key says nothing else.
    record: Map<String, Value>,
    pub(crate) keys: BTreeMap<String, KeyJson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    id: String,
    /// 32 characters.
    seed: String,
}

/// A key with its secret in the open; `record` is laid over the setting's.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KeyJson {
    pub(crate) key_id: String,
    /// Empty where nothing is kept secret: tokens with Ed25519.
    pub(crate) secret: String,
    /// A second issue, named `i2`.
    pub(crate) next_secret: Option<String>,
    #[serde(default)]
    pub(crate) record: Map<String, Value>,
}

/// How a record differs from the published one.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Tampering {
    #[serde(default)]
    pub(crate) absent: bool,
    pub(crate) text: Option<String>,
    /// This instead of the payload, signed.
    payload_text: Option<String>,
    /// Laid over the payload, signed; `null` takes a member away.
    #[serde(default)]
    payload: Map<String, Value>,
    /// The text of another key's record, whole.
    pub(crate) of: Option<String>,
    /// Signed for this KV name instead.
    kv_name: Option<String>,
    /// Signed by a key that is not in the ring, under an id that is.
    #[serde(default)]
    rogue: bool,
    publisher_id: Option<String>,
    /// Text in the envelope that is replaced after signing, and by what.
    replace: Option<(String, String)>,
    /// What the secret is sealed for, where that is not the record's own.
    #[serde(default)]
    sealed_for: BTreeMap<String, String>,
}

impl Setting {
    /// `now`, `now+30`, `now-1`, or a number.
    pub(crate) fn time(&self, text: &str) -> u64 {
        let rest = text
            .strip_prefix("now")
            .unwrap_or_else(|| panic!("{text:?} is no time"));
        if rest.is_empty() {
            return self.now;
        }
        let offset: i64 = rest
            .parse()
            .unwrap_or_else(|_| panic!("{text:?} is no time"));
        self.now.checked_add_signed(offset).expect("a time")
    }

    pub(crate) fn key(&self, name: &str) -> &KeyJson {
        self.keys
            .get(name)
            .unwrap_or_else(|| panic!("setting.json has no key {name:?}"))
    }

    pub(crate) fn algorithm(&self, key: &KeyJson) -> String {
        let own = key.record.get("algorithm").or(self.record.get("algorithm"));
        own.and_then(Value::as_str)
            .expect("an algorithm")
            .to_owned()
    }

    pub(crate) fn environment(&self, key: &KeyJson) -> String {
        let own = key.record.get("environment");
        let own = own.or(self.record.get("environment"));
        own.and_then(Value::as_str)
            .expect("an environment")
            .to_owned()
    }

    pub(crate) fn token_seed(&self, environment: &str) -> [u8; 32] {
        bytes(&self.token_seeds[environment])
    }

    /// The thumbprint, as the settings have it.
    pub(crate) fn token_kid(&self, environment: &str) -> String {
        self.settings["tokenKeys"][environment]["keys"][0]["kid"]
            .as_str()
            .expect("a kid")
            .to_owned()
    }

    /// What a gateway of this setting is given as its secrets.
    pub(crate) fn secrets(&self) -> Value {
        let public = self
            .publisher(&self.publish.seed, &self.publish.id)
            .public_key();
        let environments: Map<_, _> = self
            .masters
            .iter()
            .map(|(environment, seeds)| {
                let rings: Vec<_> = seeds
                    .iter()
                    .map(|one| json!({ "id": one.id, "master": base64url(one.seed.as_bytes()) }))
                    .collect();
                (environment.clone(), json!({ "rings": rings }))
            })
            .collect();
        json!({
            "publishKeys": [{ "id": self.publish.id, "publicKey": base64url(&public) }],
            "environments": environments,
        })
    }

    /// The same for a verifier that has no masters: the bundles of every organisation.
    pub(crate) fn organisation_keys(&self) -> Value {
        let own = |record: &Map<String, Value>| {
            record
                .get("organisation")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let mut organisations: BTreeSet<String> = self
            .keys
            .values()
            .filter_map(|key| own(&key.record))
            .collect();
        organisations.extend(own(&self.record));
        let name = self.settings["name"].as_str().expect("a name");
        let bundles = self.masters.iter().flat_map(|(environment, seeds)| {
            let masters = masters(seeds);
            organisations.iter().map(move |organisation| {
                let keys = masters.export(name, environment, organisation);
                let json = keys.expect("keys").to_json().expect("JSON");
                serde_json::from_str::<Value>(&json).expect("JSON")
            })
        });
        bundles.collect::<Vec<_>>().into()
    }

    /// The KV text of a key.
    pub(crate) fn record(&self, name: &str, tampering: &Tampering) -> String {
        let key = self.key(name);
        let mut payload = self.payload(key, tampering);
        for (member, value) in &tampering.payload {
            match value {
                Value::Null => payload.remove(member),
                _ => payload.insert(member.clone(), self.times(member, value)),
            };
        }
        let payload = match &tampering.payload_text {
            Some(text) => text.clone().into_bytes(),
            None => serde_json::to_vec(&payload).expect("JSON"),
        };
        let seed = if tampering.rogue {
            "vectors rogue publishing seed 000"
        } else {
            &self.publish.seed
        };
        let id = tampering.publisher_id.as_ref().unwrap_or(&self.publish.id);
        let own_name = format!("k/{}", key.key_id);
        let kv_name = tampering.kv_name.as_ref().unwrap_or(&own_name);
        let text = self
            .publisher(seed, id)
            .publish(kv_name, &payload)
            .expect("an envelope");
        match &tampering.replace {
            None => text,
            Some((from, to)) => {
                assert!(
                    text.contains(from.as_str()),
                    "{from:?} is not in the envelope"
                );
                text.replacen(from.as_str(), to, 1)
            }
        }
    }

    fn payload(&self, key: &KeyJson, tampering: &Tampering) -> Map<String, Value> {
        let mut payload = self.record.clone();
        payload.extend(key.record.clone());
        payload.insert("keyId".into(), key.key_id.clone().into());
        if payload.get("tombstone").is_some() {
            payload.retain(|name, _| {
                matches!(
                    name.as_str(),
                    "v" | "keyId" | "organisation" | "environment" | "generation" | "tombstone"
                )
            });
            return payload;
        }
        if payload["kind"] == "basic" {
            payload.remove("algorithm");
            payload.remove("nonce");
            payload.remove("profiles");
        }
        if payload["kind"] == "token" {
            payload.remove("nonce");
        }
        let ends = payload.remove("firstIssueEnds");
        let secrets = [Some(&key.secret), key.next_secret.as_ref()];
        let mut issues: Vec<_> = secrets
            .into_iter()
            .flatten()
            .zip(["i1", "i2"])
            .map(|(secret, issue)| self.issue(&payload, secret, issue, tampering))
            .collect();
        if let Some(ends) = ends {
            issues[0]["notAfter"] = self.times("notAfter", &ends);
        }
        payload.insert("issues".into(), issues.into());
        payload
            .iter()
            .map(|(name, value)| (name.clone(), self.times(name, value)))
            .collect()
    }

    fn issue(
        &self,
        payload: &Map<String, Value>,
        secret: &str,
        issue: &str,
        tampering: &Tampering,
    ) -> Value {
        let text = |member: &str| {
            payload
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let meant = |member: &str, own: &str| {
            tampering
                .sealed_for
                .get(member)
                .cloned()
                .unwrap_or_else(|| own.to_owned())
        };
        let organisation = meant("organisation", text("organisation"));
        let masters = masters(&self.masters[&meant("environment", text("environment"))]);
        let (ring, keys) = masters.sealing(&organisation).expect("keys");
        if payload["kind"] == "basic" {
            let mac = base64url(&keys.basic_mac(secret.as_bytes()));
            return json!({ "issue": issue, "ring": ring.as_str(), "mac": mac });
        }
        if secret.is_empty() {
            return json!({ "issue": issue });
        }
        // Sealing is repeatable here; a registry draws its nonces.
        let nonce = Sha256::digest(format!("{}/{issue}", text("keyId")));
        let nonce = nonce.first_chunk().expect("24 bytes");
        let (deployment, environment, key_id, kind, issue_meant, algorithm) = (
            meant(
                "deployment",
                self.settings["name"].as_str().expect("a name"),
            ),
            meant("environment", text("environment")),
            meant("keyId", text("keyId")),
            meant("kind", text("kind")),
            meant("issue", issue),
            meant("algorithm", text("algorithm")),
        );
        let context = SealContext {
            deployment: &deployment,
            environment: &environment,
            organisation: &organisation,
            key_id: &key_id,
            kind: &kind,
            issue: &issue_meant,
            algorithm: &algorithm,
        };
        let sealed = keys
            .seal(&context, ring, *nonce, secret.as_bytes())
            .expect("sealed");
        json!({ "issue": issue, "ring": ring.as_str(), "sealed": base64url(&sealed) })
    }

    fn times(&self, member: &str, value: &Value) -> Value {
        match value {
            Value::String(text)
                if matches!(
                    member,
                    "notBefore" | "notAfter" | "expiresAt" | "freshUntil"
                ) =>
            {
                self.time(text).into()
            }
            other => other.clone(),
        }
    }

    fn publisher(&self, seed: &str, id: &str) -> Publisher {
        Publisher::new(ring_id(id), &bytes(seed))
    }
}

fn masters(seeds: &[Seed]) -> MasterRing {
    let masters = seeds
        .iter()
        .map(|one| (ring_id(&one.id), bytes(&one.seed).into()));
    MasterRing::new(masters).expect("a ring")
}

/// A MAC with the key that a secret is.
pub(crate) fn mac(algorithm: &str, secret: &str, message: &[u8]) -> Vec<u8> {
    let algorithm = Algorithm::parse(algorithm).expect("an algorithm");
    MacKey::new(algorithm, secret.as_bytes())
        .mac(&[message])
        .as_bytes()
        .to_vec()
}

fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn ring_id(text: &str) -> RingId {
    RingId::parse(text).expect("a ring id")
}

fn bytes(seed: &str) -> [u8; 32] {
    seed.as_bytes()[..32].try_into().expect("32 characters")
}
