//! What is wrong with a form, field by field.
mod roles;

use std::collections::BTreeMap;

use ipnet::IpNet;
use keyward_core::address::parse_networks;
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::{NoncePolicy, Profile, Profiles, ReplayPolicy, SigningRules};
use keyward_core::mac::Algorithm;
use keyward_issuer::change::Edit;
use keyward_issuer::make::{BASIC_LIFE_S, SIGNED_LIFE_S, TOKEN_LIFE_S};
use keyward_issuer::{NewKey, NewKeyId, NewKind};
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::grants::GrantTable;

use super::{
    Checked, CheckedEdit, KeyEdit, KeyForm, MEMO_CHARACTERS_MAX, Nonce, OWNERS_MAX, PROFILES_MAX,
    Replay,
};
use crate::automation::is_password;
use crate::email;
use crate::key::{KeyView, Kind};
use crate::name;
use crate::policy::DAY_S;
use crate::refusal::{FieldError, Refusal};

const FAULTS_MAX: usize = 100;

/// Reads forms of one organisation, and collects what is wrong.
pub(crate) struct Checker<'a> {
    pub(crate) catalogue: &'a CatalogueFile,
    /// The organisation's own, besides those that every deployment has.
    pub(crate) roles: &'a BTreeMap<String, GrantTable>,
    pub(crate) organisation: &'a str,
    pub(crate) life_days_max: u64,
    /// When a key ends at the latest that is made without saying when.
    pub(crate) latest_s: Option<u64>,
    pub(crate) now_s: u64,
    pub(crate) errors: Vec<FieldError>,
}

impl Checker<'_> {
    /// # Errors
    /// `invalid`, with every field that is.
    pub(crate) fn new_key(self, form: KeyForm, key_id: &str) -> Result<Checked, Refusal> {
        self.checked(form, NewKeyId::Made(key_id.to_owned()))
    }

    /// The same of a key that has an id from elsewhere, and a secret besides.
    ///
    /// # Errors
    /// `invalid`, with every field that is.
    pub(crate) fn imported_key(self, form: KeyForm, key_id: &str) -> Result<Checked, Refusal> {
        self.checked(form, NewKeyId::Brought(key_id.to_owned()))
    }

    fn checked(mut self, form: KeyForm, key_id: NewKeyId) -> Result<Checked, Refusal> {
        if let Err(rule) = name::check(&form.name) {
            self.fault("name", rule);
        }
        let owners = self.owners(form.owners.clone(), form.kind == Kind::Signed);
        self.memo(&form.memo);
        let expires_at_s = self.new_end(&form);
        if form.not_before.is_some_and(|from| from >= expires_at_s) {
            self.fault("notBefore", "must be before the key expires");
        }
        let new = NewKey {
            organisation: self.organisation.to_owned(),
            kind: self.kind(&form, matches!(key_id, NewKeyId::Brought(_))),
            key_id: Some(key_id),
            not_before_s: form.not_before,
            expires_at_s: Some(expires_at_s),
            addresses: self.allowlist(form.allowlist.as_deref()),
            assignments: self.roles(form.roles, form.apis.as_deref()),
        };
        self.own_api(&new.assignments, form.kind, form.profiles.as_deref());
        let memo = form.memo;
        self.unless_faulty(Checked { new, owners, memo })
    }

    /// # Errors
    /// `invalid`, with every field that is.
    pub(crate) fn edit(mut self, form: KeyEdit, key: &KeyView) -> Result<CheckedEdit, Refusal> {
        let kind = key.kind;
        if let Some(memo) = &form.memo {
            self.memo(memo);
        }
        let owners = form
            .owners
            .map(|owners| self.owners(owners, kind == Kind::Signed));
        // What was allowed once is not refused when the organisation allows less by now.
        if let Some(end) = form.expires_at
            && !(self.now_s < end && end <= key.expires_at)
        {
            self.end("expiresAt", end);
        }
        let record = Edit {
            addresses: form.allowlist.map(|list| self.allowlist(list.as_deref())),
            assignments: self.other_roles(form.roles, form.apis, key),
            expires_at_s: form.expires_at,
        };
        if let Some(assignments) = &record.assignments {
            self.own_api(assignments, kind, Some(&key.profiles));
            // Who had its secret before would have a first factor of its maker's.
            if is_password(assignments) && !is_password(&key.roles) {
                self.fault("roles", "a key can be for signing in from the start only");
            }
        }
        let memo = form.memo;
        self.unless_faulty(CheckedEdit {
            record,
            owners,
            memo,
        })
    }

    fn unless_faulty<T>(self, checked: T) -> Result<T, Refusal> {
        if self.errors.is_empty() {
            Ok(checked)
        } else {
            Err(Refusal::invalid(self.errors))
        }
    }

    /// Enough are noted to go on with: the answer is not to be many times the request.
    pub(super) fn fault(&mut self, field: impl Into<String>, detail: impl ToString) {
        if self.errors.len() >= FAULTS_MAX {
            return;
        }
        self.errors.push(FieldError::new(field, detail));
    }

    fn memo(&mut self, memo: &str) {
        if memo.chars().count() > MEMO_CHARACTERS_MAX {
            self.fault("memo", "must have 1,000 characters at most");
        }
        if !memo.chars().all(reads_as_it_is) {
            let detail = "must have no control characters but line breaks and tabs, and none that turn the direction of text";
            self.fault("memo", detail);
        }
    }

    fn owners(&mut self, owners: Vec<String>, needs_one: bool) -> Vec<String> {
        if owners.is_empty() && needs_one {
            self.fault("owners", "a signed key needs at least one owner");
        }
        if owners.len() > OWNERS_MAX {
            self.fault("owners", "must be 20 at most");
            return owners;
        }
        for (index, owner) in owners.iter().enumerate() {
            if let Err(rule) = email::check(owner) {
                self.fault(format!("owners[{index}]"), rule);
            }
        }
        owners
    }

    fn allowlist(&mut self, list: Option<&str>) -> Option<Vec<IpNet>> {
        match parse_networks(list?) {
            Ok(networks) => Some(networks),
            Err(errors) => {
                for error in errors {
                    self.fault("allowlist", error);
                }
                None
            }
        }
    }

    fn new_end(&mut self, form: &KeyForm) -> u64 {
        let usual_s = match form.kind {
            Kind::Signed => SIGNED_LIFE_S,
            Kind::Token => TOKEN_LIFE_S,
            Kind::Basic => BASIC_LIFE_S,
        };
        let longest_s = self.life_days_max.saturating_mul(DAY_S);
        let (field, end_s) = match (form.expires_at, form.life_days) {
            (Some(_), Some(_)) => {
                self.fault("lifeDays", "stands beside expiresAt; one of them is enough");
                return u64::MAX;
            }
            (Some(end_s), None) => ("expiresAt", end_s),
            (None, Some(days)) => {
                let life_s = days.saturating_mul(DAY_S);
                ("lifeDays", self.now_s.saturating_add(life_s))
            }
            (None, None) => {
                let usual_s = self.now_s.saturating_add(usual_s.min(longest_s));
                return self
                    .latest_s
                    .map_or(usual_s, |latest_s| usual_s.min(latest_s));
            }
        };
        self.end(field, end_s);
        end_s
    }

    fn end(&mut self, field: &str, end_s: u64) {
        let days = self.life_days_max;
        if end_s <= self.now_s {
            self.fault(field, "must be in the future");
        } else if end_s > self.now_s.saturating_add(days.saturating_mul(DAY_S)) {
            let detail = format!("the organisation allows {days} days from now at most");
            self.fault(field, detail);
        }
    }

    fn kind(&mut self, form: &KeyForm, is_imported: bool) -> NewKind {
        let signed = form.kind == Kind::Signed;
        let only_signed = [
            ("profiles", form.profiles.is_some()),
            ("nonce", form.nonce.is_some()),
            ("replay", form.replay.is_some()),
        ];
        for (field, is_there) in only_signed {
            if is_there && !signed {
                self.fault(field, "only signed keys have it");
            }
        }
        let algorithm = form.algorithm.as_deref();
        match form.kind {
            Kind::Basic => {
                if algorithm.is_some() {
                    self.fault("algorithm", "basic keys have none");
                }
                NewKind::Basic
            }
            // Tokens that their holders make are of HMAC: nobody else has an Ed25519 key of ours.
            Kind::Token if is_imported => NewKind::Token(match algorithm {
                None | Some("HS256") => JwsAlgorithm::Hs256,
                Some("HS384") => JwsAlgorithm::Hs384,
                Some("HS512") => JwsAlgorithm::Hs512,
                Some(_) => {
                    self.fault(
                        "algorithm",
                        "imported token keys have HS256, HS384 or HS512",
                    );
                    JwsAlgorithm::Hs256
                }
            }),
            Kind::Token => NewKind::Token(match algorithm {
                None | Some("EdDSA") => JwsAlgorithm::EdDsa,
                Some("HS512") => JwsAlgorithm::Hs512,
                Some(_) => {
                    self.fault("algorithm", "token keys have EdDSA or HS512");
                    JwsAlgorithm::EdDsa
                }
            }),
            Kind::Signed => NewKind::Signed {
                algorithm: match algorithm {
                    None => Algorithm::HmacSha512,
                    Some(name) => Algorithm::parse(name).unwrap_or_else(|| {
                        self.fault("algorithm", "signed keys have hmac-sha256 or hmac-sha512");
                        Algorithm::HmacSha512
                    }),
                },
                rules: self.rules(form),
            },
        }
    }

    fn rules(&mut self, form: &KeyForm) -> SigningRules {
        let names = form.profiles.as_deref().unwrap_or_default();
        let mut profiles = Vec::new();
        if names.len() > PROFILES_MAX {
            self.fault("profiles", "must be 4 at most");
            return SigningRules::default();
        }
        for (index, name) in names.iter().enumerate() {
            match Profile::parse(name) {
                Some(profile) => profiles.push(profile),
                None => self.fault(
                    format!("profiles[{index}]"),
                    "must be rfc9421, cloud9, kong or cavage",
                ),
            }
        }
        if profiles.contains(&Profile::Cloud9)
            && form
                .algorithm
                .as_deref()
                .is_some_and(|name| name != "hmac-sha512")
        {
            self.fault("algorithm", "the profile cloud9 needs hmac-sha512");
        }
        SigningRules {
            profiles: Profiles::with(profiles),
            nonce: match form.nonce {
                Some(Nonce::Required) => NoncePolicy::Required,
                Some(Nonce::Optional) | None => NoncePolicy::Optional,
            },
            replay: match form.replay {
                Some(Replay::Strict) => ReplayPolicy::Strict,
                Some(Replay::StrictAll) => ReplayPolicy::StrictAll,
                Some(Replay::Window) | None => ReplayPolicy::Window,
            },
            ..SigningRules::default()
        }
    }
}

/// Whether a character shows itself, and nothing else of the text as another.
fn reads_as_it_is(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    matches!(c, '\n' | '\t') || !(c.is_control() || turns)
}
