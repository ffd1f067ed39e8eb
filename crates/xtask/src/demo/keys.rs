//! The keys of the demonstration, and what each of them shows.
use keyward_core::address::parse_networks;
use keyward_core::catalogue::{Action, Actions};
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::{NoncePolicy, Profile, Profiles, ReplayPolicy, SigningRules};
use keyward_core::mac::Algorithm;
use keyward_issuer::{Issuer, NewKey, NewKind, disable, remove};
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::dev::DevKey;
use keyward_wire::grants::{Accounts, GrantTable};
use keyward_wire::record::{Assignment, Record};
use keyward_wire::roles::Preset;

use super::ORGANISATION;
use crate::failure::{About, Failure, Result};

const DAY_S: u64 = 24 * 60 * 60;

pub(super) struct Made {
    pub(super) records: Vec<Record>,
    pub(super) shown: Vec<DevKey>,
}

/// A key that is to be made, with everything but its name as most keys have it.
struct Plan {
    kind: NewKind,
    assignment: Assignment,
    addresses: Option<&'static str>,
    key_id: Option<&'static str>,
    begins_s: Option<u64>,
    ends_s: Option<u64>,
}

/// One request: its method, path and content, and how it ends.
struct Shows(
    &'static str,
    &'static str,
    Option<&'static str>,
    u16,
    Option<&'static str>,
    &'static str,
);

struct Maker<'a> {
    issuer: &'a Issuer<'a>,
    catalogue: &'a CatalogueFile,
    url: &'a str,
    now_s: u64,
    made: Made,
}

/// The keys of one environment.
pub(super) fn make(
    issuer: &Issuer<'_>,
    catalogue: &CatalogueFile,
    url: &str,
    now_s: u64,
) -> Result<Made> {
    let made = Made {
        records: Vec::new(),
        shown: Vec::new(),
    };
    let mut maker = Maker {
        issuer,
        catalogue,
        url,
        now_s,
        made,
    };
    if issuer.environment == "production" {
        maker.production()?;
    } else {
        maker.uat()?;
    }
    Ok(maker.made)
}

/// Keys of production on the authority of another environment.
pub(super) fn misplaced(shown: &[DevKey], url: &str) -> Vec<DevKey> {
    shown
        .iter()
        .filter(|key| key.name == "admin")
        .map(|key| DevKey {
            name: "wrong-environment".to_owned(),
            url: url.to_owned(),
            expect_status: 401,
            expect_code: Some("invalid_credentials".to_owned()),
            note: "a production key at uat is like an unknown one".to_owned(),
            ..key.clone()
        })
        .collect()
}

impl Maker<'_> {
    #[rustfmt::skip]
    fn production(&mut self) -> Result<()> {
        let admin = || self.role(Preset::Admin, Accounts::All);
        let (admin_role, basic_role) = (admin()?, admin()?);
        let users = Some(r#"{"name":"Ada"}"#);
        let ok = |method, path, note| Shows(method, path, None, 200, None, note);
        let no = |method, path, status, code, note| Shows(method, path, None, status, Some(code), note);

        let admin = Plan::signed(admin_role.clone());
        self.key("admin", admin, Shows("POST", "/v1/users", users, 200, None, "signed content"))?;
        let sha256 = Plan { kind: signed(Algorithm::HmacSha256, SigningRules::default()), ..Plan::signed(admin_role.clone()) };
        self.key("admin-sha256", sha256, ok("GET", "/v1/users?limit=10", "for clients without SHA-512"))?;
        self.key("basic", Plan::basic(basic_role.clone()), ok("GET", "/v1/users", "key id and secret as HTTP Basic"))?;
        let imported = Plan { key_id: Some("billing-gateway.7"), ..Plan::basic(basic_role) };
        self.key("imported", imported, ok("GET", "/v1/metrics", "an id made elsewhere"))?;
        let required = SigningRules { nonce: NoncePolicy::Required, ..SigningRules::default() };
        let nonce = Plan { kind: signed(Algorithm::HmacSha512, required), ..Plan::signed(admin_role.clone()) };
        self.key("nonce", nonce, ok("GET", "/v1/alerts", "a nonce is required, and sent"))?;
        let every = SigningRules { profiles: Profiles::with(Profile::ALL), ..SigningRules::default() };
        let every = Plan { kind: signed(Algorithm::HmacSha512, every), ..Plan::signed(admin_role.clone()) };
        self.key("every-profile", every, ok("GET", "/v1/users", "also with --profile cloud9, kong or cavage"))?;
        let once = SigningRules { replay: ReplayPolicy::Strict, ..SigningRules::default() };
        let once = Plan { kind: signed(Algorithm::HmacSha512, once), ..Plan::signed(admin_role.clone()) };
        self.key("once", once, Shows("POST", "/v1/users", users, 200, None, "each request once: a copy is refused"))?;
        self.key("token", Plan::token(JwsAlgorithm::EdDsa, admin_role.clone()), ok("GET", "/v1/users", "a token with Ed25519"))?;
        let hs512 = Plan::token(JwsAlgorithm::Hs512, admin_role.clone());
        self.key("token-hs512", hs512, Shows("POST", "/v1/users", users, 200, None, "a token with HMAC"))?;
        let here = Plan { addresses: Some("127.0.0.1, ::1"), ..Plan::signed(admin_role.clone()) };
        self.key("this-address", here, ok("GET", "/v1/users", "bound to this machine"))?;
        self.key("rotated", Plan::signed(admin_role.clone()), ok("GET", "/v1/users", "the old secret, still valid for a day"))?;
        self.rotate_last()?;

        let developer = Plan::signed(self.role(Preset::Developer, Accounts::All)?);
        self.key("developer", developer, Shows("PUT", "/v1/users/ada", users, 200, None, "may create and update"))?;
        self.again("developer-deletes", no("DELETE", "/v1/users/ada", 403, "permission_denied", "a developer may not delete"))?;
        let read_only = Plan::signed(self.role(Preset::ReadOnly, Accounts::All)?);
        self.key("read-only", read_only, ok("GET", "/v1/alerts", "may read"))?;
        self.again("read-only-writes", Shows("POST", "/v1/users", users, 403, Some("permission_denied"), "may not create"))?;
        let narrow = Plan::basic(self.narrowed("monitoring", "metrics")?);
        self.key("metrics-only", narrow, ok("GET", "/v1/metrics", "read-only, narrowed to one resource"))?;
        self.again("metrics-only-elsewhere", no("GET", "/v1/alerts", 403, "permission_denied", "nothing else"))?;

        let two = ["acme-1", "acme-2"].map(str::to_owned);
        let viewer = Plan::signed(self.role(Preset::AccountViewer, Accounts::Listed(two.into()))?);
        self.key("account-viewer", viewer, ok("GET", "/v1/accounts/acme-1/calls", "one of its two accounts"))?;
        self.again("account-viewer-elsewhere", no("GET", "/v1/accounts/acme-3/calls", 403, "permission_denied", "another account"))?;
        self.again("account-viewer-all", ok("GET", "/v1/calls", "the origin is told both accounts"))?;

        let elsewhere = Plan { addresses: Some("198.51.100.0/24, 2001:db8::/32"), ..Plan::signed(admin_role.clone()) };
        self.key("other-address", elsewhere, no("GET", "/v1/users", 403, "address_not_allowed", "bound to another address"))?;
        let expired = Plan {
            begins_s: Some(self.now_s - 30 * DAY_S), ends_s: Some(self.now_s - DAY_S), ..Plan::signed(admin_role.clone())
        };
        self.key("expired", expired, no("GET", "/v1/users", 401, "key_expired", "expired yesterday"))?;
        let early = Plan { begins_s: Some(self.now_s + DAY_S), ..Plan::signed(admin_role.clone()) };
        self.key("not-yet-valid", early, no("GET", "/v1/users", 401, "key_not_yet_valid", "begins tomorrow"))?;
        self.key("disabled", Plan::signed(admin_role.clone()), no("GET", "/v1/users", 401, "key_disabled", "switched off"))?;
        self.change_last(disable)?;
        self.key("removed", Plan::signed(admin_role), no("GET", "/v1/users", 401, "invalid_credentials", "like an unknown one"))?;
        self.change_last(remove)
    }

    #[rustfmt::skip]
    fn uat(&mut self) -> Result<()> {
        let admin = self.role(Preset::Admin, Accounts::All)?;
        self.key("uat-admin", Plan::signed(admin.clone()), Shows("PATCH", "/v1/users/ada", Some(r#"{"name":"Ada L."}"#), 200, None, "uat has an authority of its own"))?;
        self.key("uat-basic", Plan::basic(admin), Shows("GET", "/v1/reports/2026%2F11", None, 200, None, "a route that allows %2F"))
    }

    fn role(&self, preset: Preset, accounts: Accounts) -> Result<Assignment> {
        preset.assign(accounts, self.catalogue).about("a demo role")
    }

    fn narrowed(&self, api: &str, resource: &str) -> Result<Assignment> {
        let mut table = GrantTable::default();
        table.grant(api, resource, Actions::NONE.with(Action::Read));
        let role = self.role(Preset::ReadOnly, Accounts::All)?;
        role.narrow(table).about("a demo role")
    }

    fn key(&mut self, name: &str, plan: Plan, shows: Shows) -> Result<()> {
        let profiles = match &plan.kind {
            NewKind::Signed { rules, .. } => rules
                .profiles
                .iter()
                .map(|one| one.as_str().to_owned())
                .collect(),
            NewKind::Basic | NewKind::Token(_) => Vec::new(),
        };
        let (kind, algorithm) = match &plan.kind {
            NewKind::Basic => ("basic", None),
            NewKind::Signed { algorithm, .. } => ("signed", Some(algorithm.as_str().to_owned())),
            NewKind::Token(algorithm) => ("token", Some(algorithm.as_str().to_owned())),
        };
        let addresses = match plan.addresses {
            Some(list) => Some(parse_networks(list).map_err(|_| Failure::new("a demo address"))?),
            None => None,
        };
        let new = NewKey {
            organisation: ORGANISATION.to_owned(),
            key_id: plan.key_id.map(str::to_owned),
            kind: plan.kind,
            not_before_s: plan.begins_s,
            expires_at_s: plan.ends_s,
            addresses,
            assignments: vec![plan.assignment],
        };
        // A key that has expired was made before it did.
        let made_s = plan
            .ends_s
            .map_or(self.now_s, |ends_s| self.now_s.min(ends_s - DAY_S));
        let issued = self
            .issuer
            .make(new, made_s, &mut |bytes| {
                getrandom::fill(bytes).unwrap_or_else(|_| std::process::abort())
            })
            .about("a demo key")?;
        let key_id = issued.record.key_id.clone();
        self.made.records.push(issued.record);
        let secret = Some(issued.secret.reveal().to_owned());
        let (secret, token) = if kind == "token" {
            (None, secret)
        } else {
            (secret, None)
        };
        let shown = DevKey {
            name: name.to_owned(),
            kind: kind.to_owned(),
            profiles,
            algorithm,
            environment: self.issuer.environment.to_owned(),
            url: self.url.to_owned(),
            key_id,
            secret,
            token,
            ..blank()
        };
        self.show(shown, name, shows);
        Ok(())
    }

    /// Another request with the key that was made last.
    fn again(&mut self, name: &str, shows: Shows) -> Result<()> {
        let last = self
            .made
            .shown
            .last()
            .cloned()
            .ok_or_else(|| Failure::new("no demo key"))?;
        self.show(last, name, shows);
        Ok(())
    }

    fn show(&mut self, key: DevKey, name: &str, shows: Shows) {
        let Shows(method, path, body, status, code, note) = shows;
        self.made.shown.push(DevKey {
            name: name.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            body: body.map(str::to_owned),
            content_type: body.map(|_| "application/json".to_owned()),
            expect_status: status,
            expect_code: code.map(str::to_owned),
            note: note.to_owned(),
            ..key
        });
    }

    fn change_last(
        &mut self,
        change: impl FnOnce(&Record) -> std::result::Result<Record, keyward_issuer::IssueError>,
    ) -> Result<()> {
        let last = self
            .made
            .records
            .last_mut()
            .ok_or_else(|| Failure::new("no demo key"))?;
        *last = change(last).about("a demo key")?;
        Ok(())
    }

    fn rotate_last(&mut self) -> Result<()> {
        let (issuer, now_s) = (self.issuer, self.now_s);
        self.change_last(|record| {
            let mut entropy =
                |bytes: &mut [u8]| getrandom::fill(bytes).unwrap_or_else(|_| std::process::abort());
            Ok(issuer
                .rotate(record, now_s + DAY_S, now_s, &mut entropy)?
                .record)
        })
    }
}

const fn signed(algorithm: Algorithm, rules: SigningRules) -> NewKind {
    NewKind::Signed { algorithm, rules }
}

impl Plan {
    fn signed(assignment: Assignment) -> Self {
        let kind = signed(Algorithm::HmacSha512, SigningRules::default());
        Self {
            kind,
            ..Self::basic(assignment)
        }
    }

    fn token(algorithm: JwsAlgorithm, assignment: Assignment) -> Self {
        Self {
            kind: NewKind::Token(algorithm),
            ..Self::basic(assignment)
        }
    }

    fn basic(assignment: Assignment) -> Self {
        Self {
            kind: NewKind::Basic,
            assignment,
            addresses: None,
            key_id: None,
            begins_s: None,
            ends_s: None,
        }
    }
}

fn blank() -> DevKey {
    DevKey {
        name: String::new(),
        kind: String::new(),
        profiles: Vec::new(),
        algorithm: None,
        environment: String::new(),
        url: String::new(),
        key_id: String::new(),
        secret: None,
        token: None,
        method: String::new(),
        path: String::new(),
        body: None,
        content_type: None,
        expect_status: 0,
        expect_code: None,
        note: String::new(),
    }
}
