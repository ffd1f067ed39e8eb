//! The organisation that `cargo xtask dev` shows: its keyring, its keys, and for each key a
//! request that is let through or refused. Made anew at each start.
mod announce;
mod keys;

use std::collections::BTreeMap;

use keyward_issuer::{Issuer, Published, TokenSigner, jwks, publish};
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::dev::{self, DevFile};
use keyward_wire::envelope::Publisher;
use keyward_wire::seal::MasterRing;
use serde_json::json;
use zeroize::Zeroizing;

use crate::dev::{Seed, Site};
use crate::failure::{About, Result};
use crate::keyring::{base64url, now_s, random, ring_id};
use crate::project::{read, write};

const ORGANISATION: &str = "acme";
const DEPLOYMENT: &str = "keyward-dev";
/// Each has an authority of its own on the gateway's port, and a keyring of its own.
const ENVIRONMENTS: [(&str, &str); 2] = [("production", "127.0.0.1"), ("uat", "localhost")];
const RING: &str = "m1";
const PUBLISH_KEY: &str = "p1";

/// What the gateway is given, what stands in KV before it starts, and what is said when it is ready.
pub(crate) fn seed(site: &Site) -> Result<Seed> {
    let catalogue = CatalogueFile::parse(&read(&site.root.join("worker/gateway/catalogue.json"))?)
        .about("worker/gateway/catalogue.json")?;
    let publisher = Publisher::new(ring_id(PUBLISH_KEY)?, &*random()?);
    let mut masters = BTreeMap::new();
    let mut signers = BTreeMap::new();
    for (environment, _) in ENVIRONMENTS {
        masters.insert(environment, random()?);
        signers.insert(environment, TokenSigner::new(&*random()?));
    }

    let mut shown = Vec::new();
    let mut records = BTreeMap::new();
    let now_s = now_s()?;
    for (environment, host) in ENVIRONMENTS {
        let ring = MasterRing::new([(ring_id(RING)?, masters[environment].clone())])
            .about("the demonstration's keyring")?;
        let issuer = Issuer {
            deployment: DEPLOYMENT,
            environment,
            masters: &ring,
            imported_key_ids: true,
            token_signer: Some(&signers[environment]),
        };
        let url = format!("http://{host}:{}", site.port);
        let made = keys::make(&issuer, &catalogue, &url, now_s)?;
        for record in made.records {
            let Published {
                kv_name, kv_text, ..
            } = publish(&record, &publisher, now_s).about("a demo record")?;
            records.insert(kv_name, kv_text);
        }
        shown.extend(made.shown);
    }
    shown.extend(keys::misplaced(&shown, &authority("localhost", site)));

    let file = DevFile {
        organisation: ORGANISATION.to_owned(),
        url: site.url(),
        keys: shown,
    };
    let announcement = announce::announcement(&file);
    let json = serde_json::to_string_pretty(&file).about(dev::PATH)?;
    write(&site.root.join(dev::PATH), &(json + "\n"))?;
    Ok(Seed {
        vars: BTreeMap::from([
            ("SETTINGS".to_owned(), settings(site, &signers)?),
            ("ASSERTION_KEY".to_owned(), base64url(&*random()?)),
            ("SECRETS".to_owned(), secrets(&publisher, &masters)),
        ]),
        records: records.into_iter().collect(),
        announcement,
    })
}

fn authority(host: &str, site: &Site) -> String {
    format!("http://{host}:{}", site.port)
}

fn settings(site: &Site, signers: &BTreeMap<&str, TokenSigner>) -> Result<String> {
    let authorities: Vec<_> = ENVIRONMENTS
        .iter()
        .map(|(environment, host)| {
            json!({
                "authority": format!("{host}:{}", site.port),
                "scheme": "http",
                "environment": environment,
                "role": "api",
            })
        })
        .collect();
    let mut token_keys = BTreeMap::new();
    for (environment, signer) in signers {
        let set = jwks([signer.public_key()]).about("the demonstration's token keys")?;
        token_keys.insert(*environment, serde_json::to_value(set).about("a JWK set")?);
    }
    let settings = json!({
        "name": DEPLOYMENT,
        "authorities": authorities,
        // wrangler plays Cloudflare's edge, plain workerd does not.
        "clientAddress": if site.raw { "peer" } else { "cloudflare" },
        "importedKeyIds": true,
        "debug": true,
        "tokenKeys": token_keys,
    });
    Ok(settings.to_string())
}

fn secrets(publisher: &Publisher, masters: &BTreeMap<&str, Zeroizing<[u8; 32]>>) -> String {
    let environments: BTreeMap<_, _> = masters
        .iter()
        .map(|(environment, master)| {
            let rings = json!({ "rings": [{ "id": RING, "master": base64url(&**master) }] });
            (*environment, rings)
        })
        .collect();
    json!({
        "publishKeys": [{ "id": PUBLISH_KEY, "publicKey": base64url(&publisher.public_key()) }],
        "environments": environments,
    })
    .to_string()
}
