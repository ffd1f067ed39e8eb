//! Mistakes in a catalogue, said so that they can be found.

use alloc::string::String;
use core::fmt;

use super::{Method, PatternProblem};
use crate::limits::{APIS_MAX, RESOURCES_MAX, ROUTES_MAX};

const NAME_RULE: &str = "1 to 64 of a-z, 0-9 and -, not starting with -";

/// Why a catalogue is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are names and patterns as written")]
pub enum CatalogueError {
    /// More than [`APIS_MAX`] APIs.
    TooManyApis,
    /// More than [`RESOURCES_MAX`] resources in one API.
    TooManyResources { api: String },
    /// More than [`ROUTES_MAX`] routes in all APIs.
    TooManyRoutes,
    /// The name of an API is not `[a-z0-9][a-z0-9-]{0,63}`.
    ApiName { api: String },
    /// The name of a resource is not `[a-z0-9][a-z0-9-]{0,63}`.
    ResourceName { api: String, resource: String },
    /// Two APIs have the same name.
    DuplicateApi { api: String },
    /// Two resources of an API have the same name.
    DuplicateResource { api: String, resource: String },
    /// The cross-origin rules of an API cannot be kept.
    Cors { api: String, problem: &'static str },
    /// A route is wrong by itself.
    Route {
        api: String,
        pattern: String,
        problem: RouteProblem,
    },
    /// Two routes are equally specific, match the same paths and share a method.
    Conflict {
        api: String,
        pattern: String,
        other_api: String,
        other_pattern: String,
        method: Method,
    },
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyApis => write!(f, "more than {APIS_MAX} APIs"),
            Self::TooManyResources { api } => {
                write!(f, "API `{api}`: more than {RESOURCES_MAX} resources")
            }
            Self::TooManyRoutes => write!(f, "more than {ROUTES_MAX} routes"),
            Self::ApiName { api } => {
                write!(
                    f,
                    "API `{}`: the name is not {NAME_RULE}",
                    api.escape_debug()
                )
            }
            Self::ResourceName { api, resource } => write!(
                f,
                "API `{api}`: the resource name `{}` is not {NAME_RULE}",
                resource.escape_debug()
            ),
            Self::DuplicateApi { api } => write!(f, "two APIs are called `{api}`"),
            Self::DuplicateResource { api, resource } => {
                write!(f, "API `{api}`: two resources are called `{resource}`")
            }
            Self::Cors { api, problem } => write!(f, "API `{api}`, cors: {problem}"),
            Self::Route {
                api,
                pattern,
                problem,
            } => {
                write!(
                    f,
                    "API `{api}`, route `{}` {problem}",
                    pattern.escape_debug()
                )
            }
            Self::Conflict {
                api,
                pattern,
                other_api,
                other_pattern,
                method,
            } => write!(
                f,
                "API `{api}`, route `{pattern}` matches the same {method} requests as \
                 API `{other_api}`, route `{other_pattern}`"
            ),
        }
    }
}

impl core::error::Error for CatalogueError {}

/// Why a route is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteProblem {
    /// The pattern.
    Pattern(PatternProblem),
    /// There are no methods.
    NoMethods,
    /// `HEAD` is listed; it uses the `GET` route.
    Head,
    /// A method is listed twice.
    MethodTwice(Method),
    /// The API has no such resource.
    UnknownResource(String),
    /// The pattern has no such `{}`.
    UnknownAccount(String),
    /// The account is in the path and is also left to the origin.
    AccountTwice,
}

impl fmt::Display for RouteProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(problem) => problem.fmt(f),
            Self::NoMethods => f.write_str("has no methods"),
            Self::Head => f.write_str("lists HEAD, which goes with GET by itself"),
            Self::MethodTwice(method) => write!(f, "lists {method} twice"),
            Self::UnknownResource(name) => {
                write!(
                    f,
                    "names the resource `{}`, which the API does not have",
                    name.escape_debug()
                )
            }
            Self::UnknownAccount(name) => {
                write!(f, "has no `{{{}}}` for its account", name.escape_debug())
            }
            Self::AccountTwice => {
                f.write_str("has an account in its path and leaves accounts to the origin")
            }
        }
    }
}
