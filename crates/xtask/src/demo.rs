//! The deployment that `cargo xtask dev` shows: its keyrings, an organisation with keys that are made through the
//! registry's API, and for each key a request that is let through or refused. Made anew at each start.
mod announce;
mod keys;
mod operator;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use keyward_issuer::{TokenSigner, jwks};
use keyward_wire::dev::{self, DevFile, DevRegistry};
use keyward_wire::envelope::Publisher;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::dev::Site;
use crate::failure::{About, Failure, Result};
use crate::keyring::{base64url, now_s, random, ring_id};
use crate::project::write;

use operator::Operator;

const ORGANISATION: &str = "acme";
const OPERATOR: &str = "admin@acme.example";
const DEPLOYMENT: &str = "keyward-dev";
/// Each has an authority of its own on the gateway's port, and a keyring of its own.
const ENVIRONMENTS: [(&str, &str); 2] = [("production", "127.0.0.1"), ("uat", "localhost")];
const RING: &str = "m1";
const PUBLISH_KEY: &str = "p1";
/// Publishing takes a second or two.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(60);

/// What both Workers are configured with.
pub(crate) struct Demo<'a> {
    site: &'a Site,
    /// Where the registry is.
    port: u16,
    publish_key: Zeroizing<[u8; 32]>,
    masters: BTreeMap<&'static str, Zeroizing<[u8; 32]>>,
    token_keys: BTreeMap<&'static str, Zeroizing<[u8; 32]>>,
    root_token: String,
}

impl<'a> Demo<'a> {
    pub(crate) fn new(site: &'a Site, port: u16) -> Result<Self> {
        let each = || {
            let pairs = ENVIRONMENTS.map(|(name, _)| Ok((name, random()?)));
            pairs.into_iter().collect::<Result<BTreeMap<_, _>>>()
        };
        Ok(Self {
            site,
            port,
            publish_key: random()?,
            masters: each()?,
            token_keys: each()?,
            root_token: base64url(&*random()?),
        })
    }

    /// The gateway's variables and secrets, by name.
    pub(crate) fn gateway(&self) -> Result<BTreeMap<String, String>> {
        let authorities = ENVIRONMENTS.map(|(environment, host)| {
            json!({
                "authority": format!("{host}:{}", self.site.port),
                "scheme": "http",
                "environment": environment,
                "role": "api",
            })
        });
        let mut token_keys = BTreeMap::new();
        for (environment, key) in &self.token_keys {
            let set = jwks([TokenSigner::new(key).public_key()]);
            let set = set.about("the demonstration's token keys")?;
            token_keys.insert(*environment, serde_json::to_value(set).about("a JWK set")?);
        }
        let settings = json!({
            "name": DEPLOYMENT,
            "authorities": authorities,
            "clientAddress": self.client_address(),
            "importedKeyIds": true,
            "debug": true,
            // What is changed in the registry shows at once.
            "isolateTtlSeconds": 0,
            "tokenKeys": token_keys,
        });
        let publisher = Publisher::new(ring_id(PUBLISH_KEY)?, &self.publish_key);
        let public_key = base64url(&publisher.public_key());
        let secrets = json!({
            "publishKeys": [{ "id": PUBLISH_KEY, "publicKey": public_key }],
            "environments": self.environments(|name| json!({ "rings": [self.ring(name)] })),
        });
        Ok(BTreeMap::from([
            ("SETTINGS".to_owned(), settings.to_string()),
            ("ASSERTION_KEY".to_owned(), base64url(&*random()?)),
            ("SECRETS".to_owned(), secrets.to_string()),
        ]))
    }

    /// The registry's.
    pub(crate) fn registry(&self) -> Result<BTreeMap<String, String>> {
        let settings = json!({
            "name": DEPLOYMENT,
            "authority": format!("127.0.0.1:{}", self.port),
            "scheme": "http",
            "clientAddress": self.client_address(),
            "importedKeyIds": true,
        });
        let environment = |name: &str| {
            let token_key = base64url(&*self.token_keys[name]);
            json!({ "rings": [self.ring(name)], "tokenKey": token_key })
        };
        let secrets = json!({
            "publishKey": { "id": PUBLISH_KEY, "privateKey": base64url(&*self.publish_key) },
            "operatorRings": [{ "id": "o1", "master": base64url(&*random()?) }],
            "environments": self.environments(environment),
        });
        Ok(BTreeMap::from([
            ("SETTINGS".to_owned(), settings.to_string()),
            ("SECRETS".to_owned(), secrets.to_string()),
            ("ROOT_TOKEN".to_owned(), self.root_token.clone()),
        ]))
    }

    /// wrangler plays Cloudflare's edge, plain workerd does not.
    const fn client_address(&self) -> &'static str {
        if self.site.raw { "peer" } else { "cloudflare" }
    }

    fn environments(&self, one: impl Fn(&str) -> Value) -> BTreeMap<&'static str, Value> {
        let pairs = ENVIRONMENTS.map(|(name, _)| (name, one(name)));
        pairs.into_iter().collect()
    }

    fn ring(&self, environment: &str) -> Value {
        json!({ "id": RING, "master": base64url(&*self.masters[environment]) })
    }

    /// Founds the organisation and makes its keys, as anybody would; over when the edge can know all of them. Gives
    /// what is said when the gateway is ready.
    pub(crate) fn fill(&self) -> Result<String> {
        let operator = Operator::found(self.port, &self.root_token, ORGANISATION, OPERATOR)?;
        let made = keys::make(&operator, self.site)?;
        let start = Instant::now();
        // Asks KV for each key, and has published what differs.
        while now_s()? < made.settled_at_s || !operator.is_published()? {
            if start.elapsed() > PUBLISHED_WITHIN {
                return Err(Failure::new("the registry does not publish its keys"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let registry = DevRegistry {
            url: format!("http://127.0.0.1:{}", self.port),
            root_token: self.root_token.clone(),
            email: OPERATOR.to_owned(),
            password: operator.password,
            otpauth: operator.otpauth,
        };
        let file = DevFile {
            organisation: ORGANISATION.to_owned(),
            url: self.site.url(),
            registry: Some(registry),
            keys: made.shown,
        };
        let json = serde_json::to_string_pretty(&file).about(dev::PATH)?;
        write(&self.site.root.join(dev::PATH), &(json + "\n"))?;
        Ok(announce::announcement(&file))
    }
}
