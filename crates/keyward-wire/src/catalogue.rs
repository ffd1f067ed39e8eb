//! `catalogue.json`: the APIs of a deployment, their routes, and where their origins are.
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use keyward_core::catalogue::{Action, ApiDefinition, Method, RouteDefinition};
use serde::Serialize;

#[cfg(test)]
use crate::unique_map;

mod origin;
mod read;

pub use origin::Origin;

/// The registry's own API. No catalogue has one of this name: who may change keys is not a matter
/// of which file is deployed.
pub const OWN_API: &str = "keyward";

/// The file as it is written.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(PartialEq, serde::Deserialize))]
#[serde(deny_unknown_fields)]
pub struct CatalogueFile {
    pub apis: Vec<Api>,
    /// By name and environment.
    #[cfg_attr(test, serde(deserialize_with = "unique_map::deserialize"))]
    pub origins: BTreeMap<String, OriginByEnvironment>,
}

/// Where an origin is, in each environment.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(PartialEq, serde::Deserialize))]
#[serde(transparent)]
pub struct OriginByEnvironment(
    #[cfg_attr(test, serde(deserialize_with = "unique_map::deserialize"))]
    pub  BTreeMap<String, Origin>,
);

/// One API: its resources, its routes, its origin.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(PartialEq, serde::Deserialize))]
#[serde(deny_unknown_fields)]
pub struct Api {
    pub name: String,
    pub resources: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    pub routes: Vec<Route>,
    /// A name of [`CatalogueFile::origins`].
    pub origin: String,
}

/// What preflight requests are told.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(PartialEq, serde::Deserialize))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cors {
    pub origins: Vec<String>,
    /// In seconds.
    #[serde(rename = "maxAge", default, skip_serializing_if = "Option::is_none")]
    pub max_age_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
}

/// Methods and a path pattern, and the resource that they reach.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(PartialEq, serde::Deserialize))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    pub methods: Vec<String>,
    /// For example `/v1/users/{user}`.
    pub path: String,
    pub resource: String,
    /// `read`, `create`, `update` or `delete`; the method's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionName>,
    /// The `{}` segment that names the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `origin`: the origin is told the accounts of the key and picks from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<AccountsAt>,
    #[serde(default)]
    pub encoded_slash: bool,
    #[serde(default)]
    pub empty_segments: bool,
    /// Whether segments that the path leaves open may have `;`.
    #[serde(default)]
    pub semicolon: bool,
    /// Whether keys of kind basic are taken.
    #[serde(default = "yes")]
    pub basic: bool,
}

#[cfg(test)]
const fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "lowercase")]
pub enum ActionName {
    Read,
    Create,
    Update,
    Delete,
}

impl From<ActionName> for Action {
    fn from(name: ActionName) -> Self {
        match name {
            ActionName::Read => Self::Read,
            ActionName::Create => Self::Create,
            ActionName::Update => Self::Update,
            ActionName::Delete => Self::Delete,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "lowercase")]
pub enum AccountsAt {
    Origin,
}

impl Cors {
    fn to_core(&self) -> keyward_core::cors::Cors {
        keyward_core::cors::Cors {
            origins: self.origins.clone(),
            max_age_s: self.max_age_s.unwrap_or(CORS_MAX_AGE_S),
            expose_headers: self.expose_headers.clone(),
        }
    }
}

/// Ten minutes: a changed catalogue is soon noticed.
const CORS_MAX_AGE_S: u32 = 600;

impl CatalogueFile {
    /// Reads the file. What the routes mean is checked when the core compiles them.
    ///
    /// # Errors
    /// Naming the member, when it is not such a file.
    pub fn parse(json: &str) -> Result<Self, CatalogueFileError> {
        read::file(json).map_err(|error| CatalogueFileError(error.to_string()))
    }

    /// The APIs and routes, for the core.
    ///
    /// # Errors
    /// When a method is not one that routes can have.
    pub fn definitions(&self) -> Result<Vec<ApiDefinition>, CatalogueFileError> {
        self.apis
            .iter()
            .map(|api| {
                let routes = api.routes.iter().map(|route| definition(api, route));
                Ok(ApiDefinition {
                    name: api.name.clone(),
                    resources: api.resources.clone(),
                    cors: api.cors.as_ref().map(Cors::to_core),
                    routes: routes.collect::<Result<_, _>>()?,
                })
            })
            .collect()
    }

    /// Whether every API has an origin in each of these environments.
    ///
    /// # Errors
    /// With the first origin that is missing.
    pub fn check_origins<'a>(
        &self,
        environments: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), CatalogueFileError> {
        for environment in environments {
            for api in &self.apis {
                if self.origin(&api.name, environment).is_none() {
                    return Err(CatalogueFileError(alloc::format!(
                        "API {:?}: no origin {:?} in environment {environment:?}",
                        api.name,
                        api.origin
                    )));
                }
            }
        }
        Ok(())
    }

    /// The name of an API's origin.
    #[must_use]
    pub fn origin_name(&self, api: &str) -> Option<&str> {
        let api = self.apis.iter().find(|one| one.name == api)?;
        Some(&api.origin)
    }

    /// Where an API's requests go.
    #[must_use]
    pub fn origin(&self, api: &str, environment: &str) -> Option<&Origin> {
        let api = self.apis.iter().find(|one| one.name == api)?;
        self.origins.get(&api.origin)?.0.get(environment)
    }

    /// The names of all APIs with their resources.
    pub fn resources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.apis.iter().flat_map(|api| {
            api.resources
                .iter()
                .map(|name| (api.name.as_str(), name.as_str()))
        })
    }
}

fn definition(api: &Api, route: &Route) -> Result<RouteDefinition, CatalogueFileError> {
    let methods = route.methods.iter().map(|method| {
        Method::parse(method).ok_or_else(|| {
            CatalogueFileError(alloc::format!(
                "API {:?}, route {:?}: no method {method:?}",
                api.name,
                route.path
            ))
        })
    });
    Ok(RouteDefinition {
        methods: methods.collect::<Result<_, _>>()?,
        pattern: route.path.clone(),
        resource: route.resource.clone(),
        action: route.action.map(Action::from),
        account: route.account.clone(),
        accounts_at_origin: route.accounts == Some(AccountsAt::Origin),
        allow_encoded_slash: route.encoded_slash,
        allow_empty_segments: route.empty_segments,
        allow_semicolon: route.semicolon,
        basic: route.basic,
    })
}

/// What is wrong with a catalogue file, for who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueFileError(String);

impl fmt::Display for CatalogueFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for CatalogueFileError {}

#[cfg(test)]
mod tests;
