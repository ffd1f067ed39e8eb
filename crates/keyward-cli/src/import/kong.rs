//! Declarative configurations of Kong: credentials of consumers, inside of them or in lists of
//! their own. Everything that is no credential is left alone.
use std::collections::BTreeMap;

use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::Profile;
use keyward_core::mac::Algorithm;
use zeroize::Zeroizing;

use super::yaml::{self, Node, Value, YamlError};
use super::{Fault, Material, ROWS_MAX, Row, Secret, base64, json};

mod plugins;

use plugins::Plugins;

/// Members that hold credentials, and the plugins that use them.
const KINDS: [(&str, &str); 7] = [
    ("hmacauth_credentials", "hmac-auth"),
    ("jwt_secrets", "jwt"),
    ("keyauth_credentials", "key-auth"),
    ("keyauth_enc_credentials", "key-auth-enc"),
    ("basicauth_credentials", "basic-auth"),
    ("oauth2_credentials", "oauth2"),
    ("mtls_auth_credentials", "mtls-auth"),
];

/// The rows of a configuration, in the order of their lines. Kong leaves the algorithm to clients
/// and a key has one: `algorithm` is the one that they use, or `None` for what its plugins say.
///
/// # Errors
/// When it cannot be read, or is not a configuration of Kong.
pub fn rows(text: &str, algorithm: Option<Algorithm>) -> Result<Vec<Row>, KongError> {
    let root = match json::parse(text) {
        Some(root) => root,
        None => yaml::parse(text).map_err(KongError::Yaml)?,
    };
    if root.get("_format_version").is_none() {
        return Err(KongError::NotKong);
    }
    let consumers = root.get("consumers").map_or(&[][..], each);
    let context = Context {
        plugins: Plugins::of(&root),
        names: names(consumers),
        algorithm,
    };
    let mut rows = Vec::new();
    for consumer in consumers {
        context.add(consumer, name_of(consumer).as_deref(), &mut rows)?;
    }
    context.add(&root, None, &mut rows)?;
    rows.sort_by_key(|row| row.line);
    Ok(rows)
}

struct Context {
    plugins: Plugins,
    /// What consumers are called, by their ids.
    names: BTreeMap<String, String>,
    algorithm: Option<Algorithm>,
}

impl Context {
    fn add(&self, of: &Node, consumer: Option<&str>, rows: &mut Vec<Row>) -> Result<(), KongError> {
        let Value::Map(members) = &of.value else {
            return Ok(());
        };
        for (member, node) in members {
            let Some(kind) = kind(member) else { continue };
            for one in each(node) {
                if rows.len() == ROWS_MAX {
                    return Err(KongError::Rows);
                }
                rows.push(Row {
                    line: one.line,
                    consumer: consumer.map(str::to_owned).or_else(|| self.owner_of(one)),
                    credential: kind.to_owned(),
                    key_id: key_id(one, kind),
                    material: self.material(one, kind),
                });
            }
        }
        Ok(())
    }

    /// Whose a credential in a list of its own is. Exports of Kong name consumers by their ids.
    fn owner_of(&self, one: &Node) -> Option<String> {
        let named = one.get("consumer")?;
        let name = named.text().map(str::to_owned).or_else(|| name_of(named))?;
        Some(self.names.get(&name).cloned().unwrap_or(name))
    }

    fn material(&self, one: &Node, kind: &str) -> Result<Material, Fault> {
        match kind {
            "hmac-auth" => Ok(Material::Signed {
                algorithm: self.plugins.signing_algorithm(self.algorithm)?,
                profile: Profile::Kong,
                secret: secret(one)?,
            }),
            "jwt" => self.token(one),
            _ => Err(unsupported(kind)),
        }
    }

    fn token(&self, one: &Node) -> Result<Material, Fault> {
        let name = match one.get("algorithm") {
            Some(name) if !name.is_null() => name.text().ok_or(Fault::NotText("algorithm"))?,
            _ => "HS256",
        };
        let algorithm = JwsAlgorithm::parse(name).filter(|one| one.mac().is_some());
        let algorithm = algorithm.ok_or_else(|| Fault::Algorithm(shown(name)))?;
        if self.plugins.has_other_claim {
            return Err(Fault::OtherClaim);
        }
        let written = secret(one)?;
        let secret = if self.plugins.secrets_are_base64()? {
            base64(&written).ok_or(Fault::NotBase64)?
        } else {
            written
        };
        Ok(Material::Token { algorithm, secret })
    }
}

/// Which plugin uses the credentials of a member; `None`: it holds none. Those of plugins that
/// are not known have the member's own name.
fn kind(member: &str) -> Option<&str> {
    let known = KINDS.iter().find(|(name, _)| *name == member);
    let unknown = || member.ends_with("_credentials").then_some(member);
    known.map(|(_, kind)| *kind).or_else(unknown)
}

/// What is no list is one, so that it is not lost without a word.
fn each(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(all) => all,
        _ if node.is_null() => &[],
        _ => core::slice::from_ref(node),
    }
}

fn names(consumers: &[Node]) -> BTreeMap<String, String> {
    let named = consumers
        .iter()
        .filter_map(|one| Some((one.get("id")?.text()?.to_owned(), name_of(one)?)));
    named.collect()
}

/// What a consumer is called.
fn name_of(consumer: &Node) -> Option<String> {
    let names = ["username", "custom_id", "id"];
    let name = names.iter().find_map(|name| consumer.get(name)?.text());
    name.map(str::to_owned)
}

fn key_id(one: &Node, kind: &str) -> Result<String, Fault> {
    let member = match kind {
        "hmac-auth" | "basic-auth" => "username",
        "jwt" => "key",
        // Of the others nothing is an id that is not a secret, too.
        _ => return Err(unsupported(kind)),
    };
    text(one, member).map(|id| id.to_string())
}

fn unsupported(kind: &str) -> Fault {
    Fault::Kind(match kind {
        "key-auth" | "key-auth-enc" => "a key that is sent as it is has no id; make a new key",
        "basic-auth" => "passwords may be guessed and are not taken; make a basic key",
        _ => "there is no such kind of key here",
    })
}

fn secret(one: &Node) -> Result<Secret, Fault> {
    let text = text(one, "secret")?;
    if text.starts_with("{vault://") {
        return Err(Fault::VaultReference);
    }
    if is_place(text) {
        return Err(Fault::Placeholder);
    }
    Ok(Zeroizing::new(text.as_bytes().to_vec()))
}

/// What decK, a shell or a chart would have put a secret in for.
fn is_place(text: &str) -> bool {
    let is_within = |open, close| text.starts_with(open) && text.ends_with(close);
    text.contains("${{") || is_within("${", "}") || is_within("{{", "}}")
}

fn text<'n>(one: &'n Node, member: &'static str) -> Result<&'n Zeroizing<String>, Fault> {
    match one.get(member) {
        Some(node) if !node.is_null() => match &node.value {
            Value::Text(text) => Ok(text),
            _ => Err(Fault::NotText(member)),
        },
        _ => Err(Fault::Missing(member)),
    }
}

/// The name of an algorithm; anything else could be a secret that slipped.
fn shown(name: &str) -> String {
    let is_name = name.len() <= 8 && name.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_name { name } else { "this algorithm" }.to_owned()
}

/// Why a file has no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KongError {
    Yaml(YamlError),
    NotKong,
    Rows,
}

impl std::fmt::Display for KongError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Yaml(error) => error.fmt(f),
            Self::NotKong => f.write_str(
                "there is no _format_version: this is not a declarative configuration of Kong",
            ),
            Self::Rows => f.write_str("more than 50,000 credentials; split the file"),
        }
    }
}

#[cfg(test)]
mod tests;
