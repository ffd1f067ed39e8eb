//! The keys of the demonstration, and what each of them shows.
use keyward_wire::dev::DevKey;
use serde_json::{Value, json};

use super::ENVIRONMENTS;
use super::operator::{Operator, merge, text};
use crate::dev::Site;
use crate::failure::{Failure, Result};
use crate::keyring::{base64url, now_s, random};

const DAY_S: u64 = 24 * 60 * 60;
/// How often a key that ends in a second is asked for, where that second goes by on the way.
const TRIES: usize = 10;

pub(super) struct Made {
    pub(super) shown: Vec<DevKey>,
    /// From when on every request ends as it should, in seconds of Unix time.
    pub(super) settled_at_s: u64,
}

/// A key that is to be made.
struct Plan {
    /// As the registry takes it.
    form: Value,
    then: Then,
    shows: Vec<Shows>,
}

/// What becomes of a key once it is made.
#[derive(Clone, Copy)]
enum Then {
    Stays,
    Disable,
    Remove,
    Rotate,
    /// It is made so that it has ended when the gateway is ready.
    Expires,
    /// It is not made but brought along, with the id and the secret that its clients have.
    Comes,
}

/// A request: its name, method, path and content, how it ends, and why.
struct Shows(
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    (u16, Option<&'static str>),
    &'static str,
);

/// Makes the keys of all environments.
pub(super) fn make(operator: &Operator, site: &Site) -> Result<Made> {
    let mut plans = production(now_s()?);
    plans.extend(uat());
    // Side by side; shown in this order.
    let made = std::thread::scope(|scope| {
        let threads: Vec<_> = plans
            .iter()
            .map(|plan| scope.spawn(|| plan.make(operator, site)))
            .collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<_>>| {
            let nothing = |_| Err(Failure::new("a demo key was not made"));
            thread.join().unwrap_or_else(nothing)
        };
        threads.into_iter().map(join).collect::<Result<Vec<_>>>()
    })?;
    let settled_at_s = made.iter().map(|made| made.settled_at_s).max();
    let mut shown: Vec<DevKey> = made.into_iter().flat_map(|made| made.shown).collect();
    let admin = shown.iter().find(|key| key.name == "admin").cloned();
    shown.extend(admin.map(|key| DevKey {
        name: "wrong-environment".to_owned(),
        url: url("uat", site),
        expect_status: 401,
        expect_code: Some("invalid_credentials".to_owned()),
        note: "a production key at uat is like an unknown one".to_owned(),
        ..key
    }));
    Ok(Made {
        shown,
        settled_at_s: settled_at_s.unwrap_or_default(),
    })
}

#[rustfmt::skip]
fn production(now_s: u64) -> Vec<Plan> {
    use Then::{Comes, Disable, Expires, Remove, Rotate, Stays};
    let users = Some(r#"{"name":"Ada"}"#);
    let ok = (200, None);
    let no = |status, code| (status, Some(code));
    let role = |name: &str, accounts: Value| json!({ "roles": [{ "role": name, "accounts": accounts }] });
    let all = |name: &str| role(name, json!("all"));
    let metrics = json!({ "roles": [{ "role": "read-only", "accounts": "all", "grants": { "monitoring": { "metrics": "r" } } }] });
    let (basic, token) = (json!({ "kind": "basic" }), json!({ "kind": "token" }));
    vec![
        signed("admin", json!({}), Stays, [Shows("admin", "POST", "/v1/users", users, ok, "signed content")]),
        signed("admin-sha256", json!({ "algorithm": "hmac-sha256" }), Stays,
            [Shows("admin-sha256", "GET", "/v1/users?limit=10", None, ok, "for clients without SHA-512")]),
        key("basic", basic.clone(), Stays, [Shows("basic", "GET", "/v1/users", None, ok, "key id and secret as HTTP Basic")]),
        signed("imported", json!({ "keyId": "billing-gateway.7", "algorithm": "hmac-sha256", "profiles": ["rfc9421", "kong"] }), Comes,
            [Shows("imported", "GET", "/v1/metrics", None, ok, "from elsewhere; also with --profile kong")]),
        signed("nonce", json!({ "nonce": "required" }), Stays, [Shows("nonce", "GET", "/v1/alerts", None, ok, "a nonce is required, and sent")]),
        signed("every-profile", json!({ "profiles": ["rfc9421", "cloud9", "kong", "cavage"] }), Stays,
            [Shows("every-profile", "GET", "/v1/users", None, ok, "also with --profile cloud9, kong or cavage")]),
        signed("once", json!({ "replay": "strict" }), Stays,
            [Shows("once", "POST", "/v1/users", users, ok, "each request once: a copy is refused")]),
        key("token", token.clone(), Stays, [Shows("token", "GET", "/v1/users", None, ok, "a token with Ed25519")]),
        key("token-hs512", with(token, json!({ "algorithm": "HS512" })), Stays,
            [Shows("token-hs512", "POST", "/v1/users", users, ok, "a token with HMAC")]),
        signed("this-address", json!({ "allowlist": "127.0.0.1, ::1" }), Stays,
            [Shows("this-address", "GET", "/v1/users", None, ok, "bound to this machine")]),
        signed("rotated", json!({}), Rotate, [Shows("rotated", "GET", "/v1/users", None, ok, "the old secret, still valid for a day")]),
        signed("developer", all("developer"), Stays, [
            Shows("developer", "PUT", "/v1/users/ada", users, ok, "may create and update"),
            Shows("developer-deletes", "DELETE", "/v1/users/ada", None, no(403, "permission_denied"), "a developer may not delete"),
        ]),
        signed("read-only", all("read-only"), Stays, [
            Shows("read-only", "GET", "/v1/alerts", None, ok, "may read"),
            Shows("read-only-writes", "POST", "/v1/users", users, no(403, "permission_denied"), "may not create"),
        ]),
        key("metrics-only", with(basic, metrics), Stays, [
            Shows("metrics-only", "GET", "/v1/metrics", None, ok, "read-only, narrowed to one resource"),
            Shows("metrics-only-elsewhere", "GET", "/v1/alerts", None, no(403, "permission_denied"), "nothing else"),
        ]),
        signed("account-viewer", role("account-viewer", json!(["acme-1", "acme-2"])), Stays, [
            Shows("account-viewer", "GET", "/v1/accounts/acme-1/calls", None, ok, "one of its two accounts"),
            Shows("account-viewer-elsewhere", "GET", "/v1/accounts/acme-3/calls", None, no(403, "permission_denied"), "another account"),
            Shows("account-viewer-all", "GET", "/v1/calls", None, ok, "the origin is told both accounts"),
        ]),
        signed("other-address", json!({ "allowlist": "198.51.100.0/24, 2001:db8::/32" }), Stays,
            [Shows("other-address", "GET", "/v1/users", None, no(403, "address_not_allowed"), "bound to another address")]),
        signed("expired", json!({}), Expires, [Shows("expired", "GET", "/v1/users", None, no(401, "key_expired"), "made to end at once")]),
        signed("not-yet-valid", json!({ "notBefore": now_s + DAY_S }), Stays,
            [Shows("not-yet-valid", "GET", "/v1/users", None, no(401, "key_not_yet_valid"), "begins tomorrow")]),
        signed("disabled", json!({}), Disable, [Shows("disabled", "GET", "/v1/users", None, no(401, "key_disabled"), "switched off")]),
        signed("removed", json!({}), Remove, [Shows("removed", "GET", "/v1/users", None, no(401, "invalid_credentials"), "like an unknown one")]),
    ]
}

#[rustfmt::skip]
fn uat() -> Vec<Plan> {
    let there = json!({ "environment": "uat" });
    vec![
        signed("uat-admin", there.clone(), Then::Stays,
            [Shows("uat-admin", "PATCH", "/v1/users/ada", Some(r#"{"name":"Ada L."}"#), (200, None), "uat has an authority of its own")]),
        key("uat-basic", with(there, json!({ "kind": "basic" })), Then::Stays,
            [Shows("uat-basic", "GET", "/v1/reports/2026%2F11", None, (200, None), "a route that allows %2F")]),
    ]
}

fn signed<const N: usize>(name: &str, more: Value, then: Then, shows: [Shows; N]) -> Plan {
    let form = json!({ "kind": "signed", "owners": ["owner@acme.example"] });
    key(name, with(form, more), then, shows)
}

/// An admin's key of production, but for what is said otherwise.
fn key<const N: usize>(name: &str, more: Value, then: Then, shows: [Shows; N]) -> Plan {
    let form = json!({
        "name": name,
        "environment": "production",
        "roles": [{ "role": "admin", "accounts": "all" }],
    });
    Plan {
        form: with(form, more),
        then,
        shows: shows.into(),
    }
}

fn with(mut form: Value, more: Value) -> Value {
    merge(&mut form, more);
    form
}

impl Plan {
    fn make(&self, operator: &Operator, site: &Site) -> Result<Made> {
        let (made, settled_at_s) = match self.then {
            Then::Expires => self.ending(operator)?,
            Then::Comes => (self.brought(operator)?, 0),
            _ => (operator.post("/v1/keys", &self.form)?, 0),
        };
        let path = format!("/v1/keys/{}", text(&made, "keyId")?);
        match self.then {
            Then::Stays | Then::Expires | Then::Comes => {}
            Then::Disable => {
                operator.post(&format!("{path}/disable"), &Value::Null)?;
            }
            Then::Remove => operator.delete(&path)?,
            Then::Rotate => {
                let old_until = json!({ "oldUntil": now_s()? + DAY_S });
                operator.post(&format!("{path}/rotate"), &old_until)?;
            }
        }
        let shown = self.shows.iter().map(|shows| shown(&made, shows, site));
        Ok(Made {
            shown: shown.collect::<Result<_>>()?,
            settled_at_s,
        })
    }

    fn brought(&self, operator: &Operator) -> Result<Value> {
        let secret = base64url(&*random()?);
        let bytes = json!({ "secret": base64url(secret.as_bytes()) });
        let rows = json!({ "rows": [with(self.form.clone(), bytes)] });
        let report = operator.post("/v1/imports", &rows)?;
        match report["rows"][0]["outcome"].as_str() {
            Some("imported") => Ok(with(self.form.clone(), json!({ "secret": secret }))),
            _ => Err(Failure::new(format!("no key can be imported: {report}"))),
        }
    }

    /// A key that ends with this second, and when that is.
    fn ending(&self, operator: &Operator) -> Result<(Value, u64)> {
        for _ in 0..TRIES {
            let end_s = now_s()? + 1;
            let form = with(self.form.clone(), json!({ "expiresAt": end_s }));
            let (status, made) = operator.try_post("/v1/keys", &form)?;
            if status == 201 {
                return Ok((made, end_s));
            }
        }
        Err(Failure::new("no key that ends at once can be made"))
    }
}

fn shown(made: &Value, shows: &Shows, site: &Site) -> Result<DevKey> {
    let Shows(name, method, path, body, (status, code), note) = *shows;
    let kind = text(made, "kind")?;
    let environment = text(made, "environment")?;
    let secret = Some(text(made, "secret")?);
    let (secret, token) = match kind.as_str() {
        "token" => (None, secret),
        _ => (secret, None),
    };
    let profiles = made["profiles"].as_array().into_iter().flatten();
    Ok(DevKey {
        name: name.to_owned(),
        profiles: profiles
            .filter_map(|profile| Some(profile.as_str()?.to_owned()))
            .collect(),
        algorithm: made["algorithm"].as_str().map(str::to_owned),
        url: url(&environment, site),
        key_id: text(made, "keyId")?,
        secret,
        token,
        kind,
        environment,
        method: method.to_owned(),
        path: path.to_owned(),
        body: body.map(str::to_owned),
        content_type: body.map(|_| "application/json".to_owned()),
        expect_status: status,
        expect_code: code.map(str::to_owned),
        note: note.to_owned(),
    })
}

/// The authority of an environment.
fn url(environment: &str, site: &Site) -> String {
    let known = ENVIRONMENTS.iter().find(|(name, _)| *name == environment);
    let host = known.map_or("127.0.0.1", |(_, host)| host);
    format!("http://{host}:{}", site.port)
}
