//! Keys for test files that start a gateway of their own: a plan on stdin, on stdout the secrets and each key's
//! records, so that tests in other languages need not know how a secret is sealed.
use std::io::Read;

use keyward_core::address::parse_networks;
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::{NoncePolicy, Profile, Profiles, ReplayPolicy, SigningRules};
use keyward_core::mac::Algorithm;
use keyward_issuer::import::Brought;
use keyward_issuer::{
    Issuer, NewKey, NewKeyId, NewKind, TokenSigner, disable, jwks, publish, remove,
};
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::envelope::{Publisher, kv_name};
use keyward_wire::grants::Accounts;
use keyward_wire::record::{Live, Material, Record, State};
use keyward_wire::roles::Preset;
use keyward_wire::seal::{MasterRing, SealContext};
use serde_json::{Map, Value, json};

use crate::failure::{About, Failure, Result};
use crate::keyring::{base64url, now_s, random, ring_id};
use crate::tell;

/// Not listed: for tests.
pub(crate) const VERB: &str = "records";

const ORGANISATION: &str = "acme";
const RING: &str = "m1";
const PUBLISH_KEY: &str = "p1";
const DAY_S: u64 = 24 * 60 * 60;

/// The plan is `{ deployment, catalogue, environments: [name], keys: [{ name, kind, … }] }`; what a key may say
/// is read in [`make`].
pub(crate) fn verb() -> Result<()> {
    tell::on_stderr();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).about("stdin")?;
    let plan: Value = serde_json::from_str(&text).about("the plan")?;
    let catalogue = CatalogueFile::parse(&plan["catalogue"].to_string()).about("catalogue")?;
    let publish_key = random()?;
    let publisher = Publisher::new(ring_id(PUBLISH_KEY)?, &publish_key);

    let (mut environments, mut keys) = (Map::new(), Map::new());
    let (mut token_keys, mut token_signers) = (Map::new(), Map::new());
    let mut organisation_keys = Map::new();
    for environment in list(&plan["environments"]).filter_map(Value::as_str) {
        let master = random()?;
        let ring = json!({ "id": RING, "master": base64url(&*master) });
        environments.insert(environment.to_owned(), json!({ "rings": [ring] }));
        let masters = MasterRing::new([(ring_id(RING)?, master)]).about("master")?;
        let deployment = plan["deployment"].as_str().unwrap_or_default();
        let bundle = masters.export(deployment, environment, ORGANISATION);
        let bundle = bundle.and_then(|keys| keys.to_json()).about("a bundle")?;
        let bundle: Value = serde_json::from_str(&bundle).about("a bundle")?;
        organisation_keys.insert(environment.to_owned(), bundle);
        let token_key = random()?;
        let signer = TokenSigner::new(&token_key);
        let set = jwks([signer.public_key()]).about("token keys")?;
        let set = serde_json::to_value(set).about("a JWK set")?;
        // What the tests sign with to see it refused.
        let mut private = set["keys"][0].clone();
        private["d"] = base64url(&*token_key).into();
        token_signers.insert(environment.to_owned(), private);
        token_keys.insert(environment.to_owned(), set);
        let issuer = Issuer {
            deployment,
            environment,
            masters: &masters,
            imported_key_ids: true,
            token_signer: Some(&signer),
        };
        for key in list(&plan["keys"]) {
            if key["environment"].as_str().unwrap_or("production") == environment {
                let name = key["name"].as_str().unwrap_or_default();
                keys.insert(name.to_owned(), make(key, &issuer, &catalogue, &publisher)?);
            }
        }
    }
    let secrets = json!({
        "publishKeys": [{ "id": PUBLISH_KEY, "publicKey": base64url(&publisher.public_key()) }],
        "environments": environments,
    });
    let publisher = json!({ "id": PUBLISH_KEY, "privateKey": base64url(&*publish_key) });
    println!(
        "{}",
        json!({
            "secrets": secrets.to_string(),
            "organisationKeys": organisation_keys,
            "publisher": publisher,
            "keys": keys,
            "tokenKeys": token_keys,
            "tokenSigners": token_signers,
        })
    );
    Ok(())
}

/// A key, and its record in KV as it is, disabled and removed.
fn make(
    plan: &Value,
    issuer: &Issuer<'_>,
    catalogue: &CatalogueFile,
    publisher: &Publisher,
) -> Result<Value> {
    let now_s = now_s()?;
    let text = |name: &str| plan[name].as_str();
    let from_now = |name: &str| Some(now_s.saturating_add_signed(plan[name].as_i64()?));
    let token_algorithm = text("algorithm").and_then(JwsAlgorithm::parse);
    let algorithm = match text("algorithm").filter(|_| token_algorithm.is_none()) {
        None => Algorithm::HmacSha512,
        Some(name) => Algorithm::parse(name).ok_or_else(|| Failure::new("no such algorithm"))?,
    };
    let profiles = plan["profiles"].as_array().into_iter().flatten();
    let rules = SigningRules {
        nonce: match text("nonce") {
            Some("required") => NoncePolicy::Required,
            _ => NoncePolicy::Optional,
        },
        profiles: Profiles::with(
            profiles.filter_map(|name| Profile::parse(name.as_str().unwrap_or_default())),
        ),
        replay: match text("replay") {
            Some("strict") => ReplayPolicy::Strict,
            Some("strict_all") => ReplayPolicy::StrictAll,
            _ => ReplayPolicy::Window,
        },
        allow_unsigned_query: plan["allowUnsignedQuery"].as_bool().unwrap_or(false),
    };
    let kind = match text("kind") {
        Some("basic") => NewKind::Basic,
        Some("token") => NewKind::Token(token_algorithm.unwrap_or(JwsAlgorithm::EdDsa)),
        _ => NewKind::Signed { algorithm, rules },
    };
    let accounts = match plan.get("accounts") {
        None => Accounts::All,
        Some(listed) => Accounts::Listed(list(listed).filter_map(owned).collect()),
    };
    let role = Preset::parse(text("role").unwrap_or("admin"));
    let role = role.ok_or_else(|| Failure::new("no such role"))?;
    let addresses = text("addresses").map(parse_networks).transpose();
    let new = NewKey {
        organisation: ORGANISATION.to_owned(),
        key_id: text("id").map(|id| NewKeyId::Brought(id.to_owned())),
        kind,
        not_before_s: from_now("beginsInSeconds"),
        expires_at_s: from_now("endsInSeconds").or(Some(now_s + 30 * DAY_S)),
        addresses: addresses.map_err(|_| Failure::new("addresses"))?,
        assignments: vec![role.assign(accounts, catalogue).about("role")?],
    };
    let mut entropy =
        |bytes: &mut [u8]| getrandom::fill(bytes).unwrap_or_else(|_| std::process::abort());
    // Made long ago, so that it may have expired.
    let made_s = now_s - 100 * DAY_S;
    let (record, secret) = match text("bringsSecret") {
        None => {
            let issued = issuer.make(new, made_s, &mut entropy).about("a key")?;
            (issued.record, issued.secret.reveal().to_owned())
        }
        Some(secret) => {
            let record = issuer.import(
                new,
                Brought::Secret(secret.as_bytes()),
                made_s,
                &mut entropy,
            );
            (record.about("a key")?, secret.to_owned())
        }
    };
    let stored = |record: &Record| {
        publish(record, publisher, now_s)
            .map(|published| published.kv_text)
            .about("a record")
    };
    let change = |record: std::result::Result<Record, _>| stored(&record.about("a change")?);
    Ok(json!({
        "keyId": record.key_id,
        "secret": secret,
        "tokenSecret": token_secret(&record, issuer)?,
        "kind": text("kind").unwrap_or("signed"),
        "algorithm": algorithm.as_str(),
        "environment": issuer.environment,
        "kvName": kv_name(&record.key_id),
        "live": stored(&record)?,
        "disabled": change(disable(&record))?,
        "removed": change(remove(&record))?,
    }))
}

/// What the token of a key is signed with, where it has a secret of its own.
fn token_secret(record: &Record, issuer: &Issuer<'_>) -> Result<Option<String>> {
    let State::Live(Live {
        material: Material::Token {
            algorithm, issues, ..
        },
        ..
    }) = &record.state
    else {
        return Ok(None);
    };
    let Some((issue, secret)) = issues
        .iter()
        .find_map(|one| Some((one, one.secret.as_ref()?)))
    else {
        return Ok(None);
    };
    let (ring, keys) = issuer
        .masters
        .sealing(&record.organisation)
        .about("master")?;
    let context = SealContext {
        deployment: issuer.deployment,
        environment: issuer.environment,
        organisation: &record.organisation,
        key_id: &record.key_id,
        kind: "token",
        issue: &issue.issue,
        algorithm: algorithm.as_str(),
    };
    let opened = keys.unseal(&context, ring, &secret.sealed);
    Ok(Some(base64url(&opened.about("a sealed secret")?)))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn owned(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
