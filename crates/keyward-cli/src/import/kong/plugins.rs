//! What the plugins of a configuration say of all of its credentials.
use keyward_core::mac::Algorithm;

use super::super::Fault;
use super::super::yaml::{Node, Value};

#[derive(Default)]
pub(super) struct Plugins {
    /// The algorithms of each hmac-auth plugin that lists them.
    signing: Vec<Vec<String>>,
    /// Of each jwt plugin: whether its secrets stand in base64.
    base64: Vec<bool>,
    pub(super) has_other_claim: bool,
}

impl Plugins {
    /// Those of services, routes and consumers, too.
    pub(super) fn of(root: &Node) -> Self {
        let mut plugins = Self::default();
        plugins.collect(root, root);
        plugins
    }

    fn collect(&mut self, node: &Node, root: &Node) {
        match &node.value {
            Value::List(nodes) => nodes.iter().for_each(|one| self.collect(one, root)),
            Value::Map(members) => {
                let listed = members.get("plugins").map_or(&[][..], Node::list);
                listed.iter().for_each(|plugin| self.add(plugin, root));
                members.values().for_each(|one| self.collect(one, root));
            }
            Value::Text(_) | Value::Other(_) => {}
        }
    }

    fn add(&mut self, plugin: &Node, root: &Node) {
        if plugin.get("enabled").is_some_and(|node| is(node, "false")) {
            return;
        }
        // decK has plugins share a configuration, of which each may say some otherwise.
        let shared = plugin.get("_config").and_then(Node::text);
        let shared = shared.and_then(|name| root.get("_plugin_configs")?.get(name));
        let setting = |name: &str| {
            let own = plugin.get("config").and_then(|config| config.get(name));
            own.or_else(|| shared?.get(name))
        };
        match plugin.get("name").and_then(Node::text) {
            Some("hmac-auth") => {
                let listed = setting("algorithms").map_or(&[][..], Node::list);
                if !listed.is_empty() {
                    let names = listed.iter().filter_map(Node::text);
                    self.signing.push(names.map(str::to_owned).collect());
                }
            }
            Some("jwt") => {
                let is_base64 = setting("secret_is_base64").is_some_and(|node| is(node, "true"));
                self.base64.push(is_base64);
                let claim = setting("key_claim_name").and_then(Node::text);
                self.has_other_claim |= claim.is_some_and(|claim| claim != "iss");
            }
            _ => {}
        }
    }

    pub(super) fn secrets_are_base64(&self) -> Result<bool, Fault> {
        let first = self.base64.first().copied().unwrap_or(false);
        if self.base64.iter().all(|one| *one == first) {
            Ok(first)
        } else {
            Err(Fault::PluginsDiffer("secret_is_base64"))
        }
    }

    /// The algorithm that was chosen or, of those that every plugin takes, HMAC-SHA256 before
    /// HMAC-SHA512.
    pub(super) fn signing_algorithm(&self, chosen: Option<Algorithm>) -> Result<Algorithm, Fault> {
        let all = [Algorithm::HmacSha256, Algorithm::HmacSha512];
        let is_taken = |one: &Algorithm| {
            let takes = |names: &Vec<String>| names.iter().any(|name| name == one.as_str());
            self.signing.iter().all(takes)
        };
        match chosen {
            Some(one) if is_taken(&one) => Ok(one),
            Some(one) => Err(Fault::Algorithm(format!(
                "{}: an hmac-auth plugin does not take it, and it",
                one.as_str()
            ))),
            None => all.into_iter().find(is_taken).ok_or(Fault::PluginsDiffer(
                "algorithms, or take neither hmac-sha256 nor hmac-sha512",
            )),
        }
    }
}

/// Whether it is this truth value.
fn is(node: &Node, value: &str) -> bool {
    matches!(&node.value, Value::Other(text) if text.eq_ignore_ascii_case(value))
}
