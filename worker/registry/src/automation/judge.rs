//! Requests of keys to the registry, judged by the core as the gateway has it done.
use core::net::IpAddr;
use std::collections::BTreeMap;

use keyward_core::catalogue::Catalogue;
use keyward_core::decide::Decision;
use keyward_core::deployment::{Authority, AuthorityRole, Deployment, Settings};
use keyward_core::key::{Key, Material, Profiles, ReplayPolicy};
use keyward_core::parse::{Credential, Exchange};
use keyward_core::replay::Replay;
use keyward_core::verify::{Surroundings, verify};
use keyward_wire::Record;
use keyward_wire::open::unsealed;
use keyward_wire::registry::{EnvironmentSecrets, RegistrySettings};

use super::api;
use super::request::Signed;
use crate::front::CONTENT_BYTES_MAX;
use crate::refusal::Refusal;

/// The core, set up for requests to the registry itself.
pub(crate) struct Automation {
    catalogue: Catalogue,
    /// By environment. The registry's authority is of none: that of the key counts.
    deployments: BTreeMap<String, Deployment>,
}

impl Automation {
    /// # Errors
    /// When the core does not take the settings.
    pub(crate) fn new<'a>(
        settings: &RegistrySettings,
        environments: impl Iterator<Item = &'a String>,
    ) -> Result<Self, String> {
        let deployments = environments.map(|environment| {
            let authority = Authority {
                authority: settings.authority.clone(),
                scheme: settings.scheme,
                environment: environment.clone(),
                role: AuthorityRole::Admin,
            };
            let deployment = Deployment::new(Settings {
                serves: AuthorityRole::Admin,
                imported_key_ids: settings.imported_key_ids,
                content_bytes_max: CONTENT_BYTES_MAX as u64,
                ..Settings::new(settings.deployment.clone(), Vec::from([authority]))
            });
            let deployment = deployment.map_err(|error| error.to_string())?;
            Ok((environment.clone(), deployment))
        });
        Ok(Self {
            deployments: deployments.collect::<Result<_, String>>()?,
            catalogue: Catalogue::compile(Vec::from([api()])).map_err(|error| error.to_string())?,
        })
    }

    /// The id of the key that a request says it is signed with.
    ///
    /// # Errors
    /// Everything that the core refuses without knowing the key.
    pub(crate) fn key_id(&self, signed: &Signed) -> Result<String, Refusal> {
        let deployment = self.deployment(None)?;
        let fields = signed.fields();
        let request = signed.request(deployment, &fields);
        let exchange = Exchange::parse(deployment, &self.catalogue, &request)?;
        let credential = Credential::parse(&exchange)?;
        Ok(credential.key_id().to_owned())
    }

    /// Judges a request with the key that it names, if there is one: by which of its secrets it is
    /// signed, and what is left to do, which is to refuse copies of it.
    ///
    /// # Errors
    /// What the core refuses: an unknown key and a wrong signature with one answer.
    pub(crate) fn judge(
        &self,
        signed: &Signed,
        key: Option<&Key>,
        client_address: Option<IpAddr>,
        now_s: u64,
    ) -> Result<(String, Replay), Refusal> {
        let deployment = self.deployment(key.map(Key::environment))?;
        let fields = signed.fields();
        let request = signed.request(deployment, &fields);
        let surroundings = Surroundings {
            deployment,
            catalogue: &self.catalogue,
            client_address,
            now_s,
        };
        let content = signed.content.as_bytes();
        let then = |decision: Decision<'_>| match decision {
            Decision::Allow(grant) => grant
                .replay()
                .map(|replay| (grant.issue.to_owned(), replay))
                .ok_or_else(|| Refusal::internal(&"copies could not be refused")),
            Decision::Deny(denial) => Err(denial.into()),
        };
        verify(&surroundings, &request, content, |_, _| Ok(key), then)
    }

    /// A key as it counts here: with signatures of the native profile alone, each good once, and
    /// with what it is granted on the API `keyward`. `None` when it was removed.
    ///
    /// # Errors
    /// When its secret does not open.
    pub(crate) fn compile(
        &self,
        record: Record,
        deployment: &str,
        secrets: &EnvironmentSecrets,
    ) -> Result<Option<Key>, Refusal> {
        let keys = |organisation: &str, ring: &_| secrets.masters.opening(organisation, ring);
        let parts = unsealed(record, deployment, &keys);
        let Some(mut parts) = parts.map_err(|error| Refusal::internal(&error))? else {
            return Ok(None);
        };
        if let Material::Signed { rules, .. } = &mut parts.material {
            rules.profiles = Profiles::default();
            rules.replay = ReplayPolicy::StrictAll;
        }
        let key = Key::compile(parts, &self.catalogue);
        key.map(Some).map_err(|error| Refusal::internal(&error))
    }

    /// The one of this environment, or any.
    fn deployment(&self, environment: Option<&str>) -> Result<&Deployment, Refusal> {
        environment
            .and_then(|name| self.deployments.get(name))
            .or_else(|| self.deployments.values().next())
            .ok_or_else(|| Refusal::internal(&"there is no environment"))
    }
}
