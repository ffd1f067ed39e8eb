#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod actions;
mod finding;
mod model;
mod refusing;

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use proptest::prelude::*;

use super::{
    Action, Actions, ApiDefinition, Catalogue, CatalogueError, Method, PatternProblem,
    RouteDefinition, RouteMatch, RouteOutcome, RouteProblem, is_account_name,
};
use crate::{
    limits::{
        ACCOUNT_BYTES_MAX, APIS_MAX, PATTERN_BYTES_MAX, PATTERN_SEGMENTS_MAX, RESOURCES_MAX,
        ROUTES_MAX,
    },
    target::Target,
};

fn route(methods: &[Method], pattern: &str) -> RouteDefinition {
    RouteDefinition {
        methods: methods.to_vec(),
        pattern: pattern.to_owned(),
        resource: "things".to_owned(),
        ..RouteDefinition::default()
    }
}

fn get(pattern: &str) -> RouteDefinition {
    route(&[Method::Get], pattern)
}

fn api(name: &str, routes: Vec<RouteDefinition>) -> ApiDefinition {
    ApiDefinition {
        name: name.to_owned(),
        resources: vec!["things".to_owned()],
        routes,
        ..ApiDefinition::default()
    }
}

fn compile(routes: Vec<RouteDefinition>) -> Result<Catalogue, CatalogueError> {
    Catalogue::compile(vec![api("shop", routes)])
}

fn catalogue(routes: Vec<RouteDefinition>) -> Catalogue {
    compile(routes).expect("a catalogue")
}

/// The answer in words: a pattern with the account if there is one, `-` or `ambiguous`.
fn ask(catalogue: &Catalogue, method: Method, path: &str) -> String {
    match catalogue.route(method, &Target::parse(path).expect(path)) {
        RouteOutcome::Match(RouteMatch {
            route,
            account: None,
        }) => route.pattern().to_owned(),
        RouteOutcome::Match(RouteMatch {
            route,
            account: Some(account),
        }) => {
            format!("{} {account}", route.pattern())
        }
        RouteOutcome::NoRoute => "-".to_owned(),
        RouteOutcome::Ambiguous => "ambiguous".to_owned(),
    }
}

fn problem(definition: RouteDefinition) -> RouteProblem {
    match compile(vec![definition]) {
        Err(CatalogueError::Route { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}
