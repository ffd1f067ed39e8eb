//! Routes: as they are written, and as they are used.

use alloc::{string::String, vec::Vec};

use crate::sorted_map::SortedMap;

use super::{
    Action, Method, ResourceId, RouteProblem,
    action::Methods,
    pattern::{self, PatternSegment},
};
use crate::target::Target;

/// A route as it is written in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteDefinition {
    /// At least one; not `HEAD`, which goes with `GET`.
    pub methods: Vec<Method>,
    /// Literal segments, `{name}` for one segment that is not empty, `**` at the end for one or
    /// more segments.
    pub pattern: String,
    /// A resource of the same API.
    pub resource: String,
    /// `None`: what the method says.
    pub action: Option<Action>,
    /// The name of the `{}` segment that holds the account.
    pub account: Option<String>,
    /// Whether the origin checks accounts, for a route without one in its path.
    pub accounts_at_origin: bool,
    /// Whether paths may have `%2f`, which is then part of a segment.
    pub allow_encoded_slash: bool,
    /// Whether paths may have empty segments before the last.
    pub allow_empty_segments: bool,
    /// Whether segments that the pattern leaves open may have `;`.
    pub allow_semicolon: bool,
    /// Whether HTTP Basic credentials are taken.
    pub basic: bool,
}

/// A checked route.
#[derive(Clone, Debug)]
pub struct Route {
    definition: RouteDefinition,
    api: String,
    index: usize,
    resource: ResourceId,
    methods: Methods,
    account_position: Option<usize>,
    /// For each segment of the pattern whether it is a literal.
    literal: Vec<bool>,
}

impl Route {
    pub(super) fn compile(
        api: &str,
        resources: &SortedMap<String, ResourceId>,
        definition: RouteDefinition,
        index: usize,
    ) -> Result<(Self, Vec<PatternSegment>), RouteProblem> {
        let segments = pattern::parse(&definition.pattern, definition.allow_empty_segments)
            .map_err(RouteProblem::Pattern)?;
        let mut methods = Methods::default();
        for method in &definition.methods {
            if *method == Method::Head {
                return Err(RouteProblem::Head);
            }
            if !methods.insert(*method) {
                return Err(RouteProblem::MethodTwice(*method));
            }
        }
        if definition.methods.is_empty() {
            return Err(RouteProblem::NoMethods);
        }
        let Some(resource) = resources.get(&definition.resource).copied() else {
            return Err(RouteProblem::UnknownResource(definition.resource));
        };
        let account_position = match &definition.account {
            Some(_) if definition.accounts_at_origin => {
                return Err(RouteProblem::AccountTwice);
            }
            Some(name) => match pattern::position(&segments, name) {
                None => return Err(RouteProblem::UnknownAccount(name.clone())),
                found => found,
            },
            None => None,
        };
        let api = api.into();
        let literal = segments
            .iter()
            .map(|segment| matches!(segment, PatternSegment::Literal(_)))
            .collect();
        Ok((
            Self {
                definition,
                api,
                index,
                resource,
                methods,
                account_position,
                literal,
            },
            segments,
        ))
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.definition.pattern
    }

    /// The name of the API.
    #[must_use]
    pub fn api_name(&self) -> &str {
        &self.api
    }

    /// The name of the resource.
    #[must_use]
    pub fn resource_name(&self) -> &str {
        &self.definition.resource
    }

    /// The resource.
    #[must_use]
    pub fn resource(&self) -> ResourceId {
        self.resource
    }

    /// What a request with this method does to the resource.
    #[must_use]
    pub fn action(&self, method: Method) -> Action {
        self.definition.action.unwrap_or(Action::of(method))
    }

    /// Whether its paths name an account.
    #[must_use]
    pub fn has_account(&self) -> bool {
        self.account_position.is_some()
    }

    /// Whether the origin checks accounts.
    #[must_use]
    pub fn accounts_at_origin(&self) -> bool {
        self.definition.accounts_at_origin
    }

    /// Whether HTTP Basic credentials are taken.
    #[must_use]
    pub fn allows_basic(&self) -> bool {
        self.definition.basic
    }

    /// Whether paths may have `%2f`.
    #[must_use]
    pub fn allows_encoded_slash(&self) -> bool {
        self.definition.allow_encoded_slash
    }

    /// Whether paths may have empty segments before the last.
    #[must_use]
    pub fn allows_empty_segments(&self) -> bool {
        self.definition.allow_empty_segments
    }

    /// Whether segments that the pattern leaves open may have `;`.
    #[must_use]
    pub fn allows_semicolon(&self) -> bool {
        self.definition.allow_semicolon
    }

    /// Whether a path of this route has a `;` where the pattern does not say so itself: to
    /// servlets `a;x` is the segment `a` (RFC 3986 section 3.3), which another route may be about.
    pub(super) fn leaves_semicolon_open(&self, target: &Target<'_>) -> bool {
        target
            .segments()
            .enumerate()
            .any(|(at, segment)| segment.raw().contains(';') && self.literal.get(at) != Some(&true))
    }

    /// Its place among all routes of the catalogue, in the order they were written.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    pub(super) fn methods(&self) -> Methods {
        self.methods
    }

    pub(super) fn account_position(&self) -> Option<usize> {
        self.account_position
    }
}
