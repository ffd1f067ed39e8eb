//! The edge as a token meets it: a record that was published, opened and compiled, and one
//! request with `Bearer`.
#![allow(dead_code, reason = "each suite uses some of it")]
use std::cell::Cell;

use keyward_core::catalogue::Catalogue;
use keyward_core::decide::Decision;
use keyward_core::denial::Denial;
use keyward_core::deployment::{Authority, AuthorityRole, Deployment, Scheme, Settings};
use keyward_core::ed25519::{SignatureEvidence, SignatureToCheck, TokenKeys};
use keyward_core::key::Key;
use keyward_core::request::{ContentLength, Request};
use keyward_core::verify::{Surroundings, verify_with};
use keyward_issuer::{IssuedKey, NewKey, NewKind};
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::grants::Accounts;
use keyward_wire::record::Record;
use keyward_wire::roles::Preset;

use crate::fixture::{NOW_S, SIGNER, issuer, masters, new, parts, source};

const CATALOGUE: &str = include_str!("../../../../worker/gateway/catalogue.json");

pub(crate) struct Gate {
    deployment: Deployment,
    catalogue: Catalogue,
    key: Option<Key>,
    /// How often a signature was checked.
    pub(crate) checks: Cell<u32>,
}

fn file() -> CatalogueFile {
    CatalogueFile::parse(CATALOGUE).unwrap()
}

/// A key that may do everything.
pub(crate) fn admin(kind: NewKind) -> NewKey {
    NewKey {
        assignments: vec![Preset::Admin.assign(Accounts::All, &file()).unwrap()],
        ..new(kind)
    }
}

pub(crate) fn make(kind: NewKind, seed: u64) -> IssuedKey {
    let masters = masters();
    issuer(&masters)
        .make(admin(kind), NOW_S, &mut source(seed))
        .unwrap()
}

impl Gate {
    /// A gate that knows one key, or none.
    pub(crate) fn new(record: Option<&Record>) -> Self {
        let authority = |name: &str, environment: &str| Authority {
            authority: name.to_owned(),
            scheme: Scheme::Https,
            environment: environment.to_owned(),
            role: AuthorityRole::Api,
        };
        let mut settings = Settings::new(
            "demo",
            vec![
                authority("api.example", "production"),
                authority("uat.example", "uat"),
            ],
        );
        settings.imported_key_ids = true;
        for environment in ["production", "uat"] {
            let keys = TokenKeys::new([SIGNER.public_key()]).unwrap();
            settings.token_keys.insert(environment.to_owned(), keys);
        }
        let catalogue = Catalogue::compile(file().definitions().unwrap()).unwrap();
        Self {
            key: record.map(|record| Key::compile(parts(record), &catalogue).unwrap()),
            deployment: Deployment::new(settings).unwrap(),
            catalogue,
            checks: Cell::new(0),
        }
    }

    /// The issue that was used, or the refusal.
    pub(crate) fn ask(&self, token: &str, now_s: u64) -> Result<String, Denial> {
        self.ask_with(token, "api.example", now_s, |asked| asked.check())
    }

    pub(crate) fn ask_with(
        &self,
        token: &str,
        authority: &str,
        now_s: u64,
        check: impl Fn(&SignatureToCheck<'_>) -> Option<SignatureEvidence>,
    ) -> Result<String, Denial> {
        let value = format!("Bearer {token}");
        let fields = [("host", authority), ("authorization", value.as_str())];
        self.ask_fields(&fields, now_s, check)
    }

    pub(crate) fn ask_fields(
        &self,
        fields: &[(&str, &str)],
        now_s: u64,
        check: impl Fn(&SignatureToCheck<'_>) -> Option<SignatureEvidence>,
    ) -> Result<String, Denial> {
        let request = Request {
            method: "GET",
            scheme: Scheme::Https,
            authority: fields[0].1,
            target: "/v1/users",
            fields,
            content: ContentLength::None,
        };
        let surroundings = Surroundings {
            deployment: &self.deployment,
            catalogue: &self.catalogue,
            client_address: None,
            now_s,
        };
        verify_with(
            &surroundings,
            &request,
            b"",
            |_, key_id| Ok(self.key.as_ref().filter(|key| key.key_id() == key_id)),
            |question| {
                self.checks.set(self.checks.get() + 1);
                check(question)
            },
            |decision| match decision {
                Decision::Allow(grant) => Ok(grant.issue.to_owned()),
                Decision::Deny(denial) => Err(denial),
            },
        )
    }

    /// The code of the refusal, `ok` if there is none.
    pub(crate) fn code(&self, token: &str, now_s: u64) -> &'static str {
        match self.ask(token, now_s) {
            Ok(_) => "ok",
            Err(denial) => denial.code().as_str(),
        }
    }
}
