//! The catalogue: which API, resource, action and account a request is about (rule 9).
//!
//! Written by the deployment, checked and compiled once, then only read.

use alloc::{borrow::Cow, string::String, vec::Vec};

mod action;
mod error;
mod pattern;
mod route;
#[cfg(test)]
mod tests;
mod trie;

pub use action::{Action, Actions, Method};
pub use error::{CatalogueError, RouteProblem};
pub use pattern::PatternProblem;
pub use route::{Route, RouteDefinition};

use crate::{
    cors::Cors,
    limits::{ACCOUNT_BYTES_MAX, APIS_MAX, RESOURCES_MAX, ROUTES_MAX},
    sorted_map::SortedMap,
    target::{Segment, Target},
};
use trie::Trie;

/// The first segment of the paths that the gateway answers itself.
const RESERVED_SEGMENT: &str = "_keyward";

/// An API as it is written in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiDefinition {
    /// `[a-z0-9][a-z0-9-]{0,63}`, once in a catalogue.
    pub name: String,
    /// Names as for APIs, each once in its API.
    pub resources: Vec<String>,
    /// What browsers may do from other origins; `None`: nothing.
    pub cors: Option<Cors>,
    /// In any order: which route wins is a matter of their patterns alone.
    pub routes: Vec<RouteDefinition>,
}

/// A checked catalogue that finds routes.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    names: Vec<ResourceName>,
    ids: SortedMap<String, SortedMap<String, ResourceId>>,
    routes: Vec<Route>,
    trie: Trie,
    cors: SortedMap<String, Cors>,
}

#[derive(Clone, Debug)]
struct ResourceName {
    api: String,
    resource: String,
}

/// A resource of one [`Catalogue`]. It means nothing to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(u16);

impl ResourceId {
    /// Its place among all resources, below [`Catalogue::resource_count`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What the catalogue says about a request.
#[derive(Clone, Debug)]
pub enum RouteOutcome<'c, 't> {
    /// The most specific route.
    Match(RouteMatch<'c, 't>),
    /// None matches (403 `no_route`).
    NoRoute,
    /// The path has empty segments, encoded slashes or `;` and no route that allows them
    /// (400 `ambiguous_target`).
    Ambiguous,
}

/// A route and what the path says for it.
#[derive(Clone, Debug)]
pub struct RouteMatch<'c, 't> {
    /// The route.
    pub route: &'c Route,
    /// The account that the path names, where the route has one; see [`is_account_name`].
    pub account: Option<Cow<'t, str>>,
}

impl Catalogue {
    /// Checks definitions and prepares them for finding routes.
    ///
    /// # Errors
    /// The first mistake, with the API and pattern where it is: a bad or repeated name, a bad
    /// pattern or route, two routes that could not be told apart, or too much of something.
    pub fn compile(apis: Vec<ApiDefinition>) -> Result<Self, CatalogueError> {
        if apis.len() > APIS_MAX {
            return Err(CatalogueError::TooManyApis);
        }
        let mut catalogue = Self::default();
        for api in apis {
            catalogue.add(api)?;
        }
        Ok(catalogue)
    }

    /// The most specific route for a request: segment by segment from the left, a literal beats
    /// `{name}`, and that beats `**`. `HEAD` uses the route of `GET`.
    ///
    /// That one route decides. Where it does not allow the path's empty segments, encoded slashes
    /// or `;`, or the account is no account name, a less specific one is not tried: a path about
    /// one thing must not pass as a path about another.
    #[must_use]
    pub fn route<'t>(&self, method: Method, target: &Target<'t>) -> RouteOutcome<'_, 't> {
        let found = if is_reserved(target) {
            None
        } else {
            self.trie.find(method.of_route(), target.segments())
        };
        let route = found.and_then(|index| self.routes.get(index));
        let slash_allowed = route.is_some_and(Route::allows_encoded_slash);
        let empty_allowed = route.is_some_and(Route::allows_empty_segments);
        if (target.has_encoded_slash() && !slash_allowed)
            || (target.has_empty_segment() && !empty_allowed)
        {
            return RouteOutcome::Ambiguous;
        }
        let Some(route) = route else {
            return RouteOutcome::NoRoute;
        };
        if !route.allows_semicolon() && route.leaves_semicolon_open(target) {
            return RouteOutcome::Ambiguous;
        }
        let Some(position) = route.account_position() else {
            return RouteOutcome::Match(RouteMatch {
                route,
                account: None,
            });
        };
        match target.segments().nth(position).map(Segment::decoded) {
            Some(account) if is_account_name(&account) => RouteOutcome::Match(RouteMatch {
                route,
                account: Some(account),
            }),
            _ => RouteOutcome::NoRoute,
        }
    }

    /// The resource of an API.
    #[must_use]
    pub fn resource(&self, api: &str, resource: &str) -> Option<ResourceId> {
        self.ids.get(api)?.get(resource).copied()
    }

    /// How many resources all APIs have together.
    #[must_use]
    pub fn resource_count(&self) -> usize {
        self.names.len()
    }

    /// The names of a resource's API and of the resource.
    #[must_use]
    pub fn resource_names(&self, id: ResourceId) -> Option<(&str, &str)> {
        self.names
            .get(id.index())
            .map(|name| (name.api.as_str(), name.resource.as_str()))
    }

    /// The cross-origin rules of an API.
    #[must_use]
    pub fn cors(&self, api: &str) -> Option<&Cors> {
        self.cors.get(api)
    }

    /// All routes, as they were written; each has its [`Route::index`] here.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    fn add(&mut self, api: ApiDefinition) -> Result<(), CatalogueError> {
        if !is_name(&api.name) {
            return Err(CatalogueError::ApiName { api: api.name });
        }
        if self.ids.get(&api.name).is_some() {
            return Err(CatalogueError::DuplicateApi { api: api.name });
        }
        if api.resources.len() > RESOURCES_MAX {
            return Err(CatalogueError::TooManyResources { api: api.name });
        }
        let mut ids = SortedMap::new();
        for resource in api.resources {
            if !is_name(&resource) {
                return Err(CatalogueError::ResourceName {
                    api: api.name,
                    resource,
                });
            }
            let Ok(id) = u16::try_from(self.names.len()) else {
                return Err(CatalogueError::TooManyResources { api: api.name });
            };
            self.names.push(ResourceName {
                api: api.name.clone(),
                resource: resource.clone(),
            });
            if ids.insert(resource.clone(), ResourceId(id)).is_some() {
                return Err(CatalogueError::DuplicateResource {
                    api: api.name,
                    resource,
                });
            }
        }
        for definition in api.routes {
            self.add_route(&api.name, &ids, definition)?;
        }
        if let Some(cors) = api.cors {
            if let Some(problem) = cors.problem() {
                return Err(CatalogueError::Cors {
                    api: api.name,
                    problem,
                });
            }
            self.cors.insert(api.name.clone(), cors);
        }
        self.ids.insert(api.name, ids);
        Ok(())
    }

    fn add_route(
        &mut self,
        api: &str,
        ids: &SortedMap<String, ResourceId>,
        definition: RouteDefinition,
    ) -> Result<(), CatalogueError> {
        let index = self.routes.len();
        if index >= ROUTES_MAX {
            return Err(CatalogueError::TooManyRoutes);
        }
        let pattern = definition.pattern.clone();
        let (route, segments) = Route::compile(api, ids, definition, index).map_err(|problem| {
            CatalogueError::Route {
                api: api.into(),
                pattern,
                problem,
            }
        })?;
        if let Err(conflict) = self.trie.insert(&segments, route.methods(), index) {
            let other = self.routes.get(conflict.index);
            return Err(CatalogueError::Conflict {
                api: api.into(),
                pattern: route.pattern().into(),
                other_api: other.map_or("", Route::api_name).into(),
                other_pattern: other.map_or("", Route::pattern).into(),
                method: conflict.method,
            });
        }
        self.routes.push(route);
        Ok(())
    }
}

/// Whether a text can name an account in a path: 1 to 256 printable ASCII characters without a
/// slash, so that one path names one account and RFC 9651 Strings can carry it to the origin.
#[must_use]
pub fn is_account_name(text: &str) -> bool {
    (1..=ACCOUNT_BYTES_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b'/')
}

/// Names of APIs and resources: `[a-z0-9][a-z0-9-]{0,63}`.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// The gateway's own paths are never an API's, however a catch-all is written.
fn is_reserved(target: &Target<'_>) -> bool {
    target
        .segments()
        .next()
        .is_some_and(|first| first.decoded() == RESERVED_SEGMENT)
}
