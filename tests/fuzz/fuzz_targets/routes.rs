//! Catalogues: any definition is refused or compiled, and the tree finds what trying each route
//! finds.
//!
//! Lines `GET,POST /pattern [flags]`, an empty line, lines `GET /target`. Flags: `e` empty
//! segments, `s` encoded slash, `m` semicolon, `o` accounts at the origin, `a=name` the account.
#![no_main]
use std::cmp::Ordering;

use keyward_core::catalogue::{
    ApiDefinition, Catalogue, Method, RouteDefinition, RouteOutcome, is_account_name,
};
use keyward_core::target::{Segment, Target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (routes, requests) = text.split_once("\n\n").unwrap_or((text, ""));
    let definitions: Vec<_> = routes.lines().map(definition).collect();
    let api = ApiDefinition {
        name: "api".into(),
        resources: vec!["things".into()],
        routes: definitions.clone(),
        ..ApiDefinition::default()
    };
    let catalogue = match Catalogue::compile(vec![api]) {
        Ok(catalogue) => catalogue,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    for line in requests.lines() {
        let Some((method, target)) = line.split_once(' ') else {
            continue;
        };
        let (Some(method), Ok(target)) = (Method::parse(method), Target::parse(target)) else {
            continue;
        };
        let found = match catalogue.route(method, &target) {
            RouteOutcome::Match(found) => {
                let definition = &definitions[found.route.index()];
                assert_eq!(found.route.pattern(), definition.pattern);
                assert_eq!(found.account.is_some(), definition.account.is_some());
                Found::Route(found.route.index(), found.account.map(Into::into))
            }
            RouteOutcome::NoRoute => Found::None,
            RouteOutcome::Ambiguous => Found::Ambiguous,
        };
        assert_eq!(found, tried(&definitions, method, &target), "{line}");
    }
});

fn definition(line: &str) -> RouteDefinition {
    let mut words = line.split(' ');
    let methods = words.next().unwrap_or_default().split(',');
    let mut route = RouteDefinition {
        methods: methods.filter_map(Method::parse).collect(),
        pattern: words.next().unwrap_or_default().into(),
        resource: "things".into(),
        ..RouteDefinition::default()
    };
    for word in words {
        match word {
            "e" => route.allow_empty_segments = true,
            "s" => route.allow_encoded_slash = true,
            "m" => route.allow_semicolon = true,
            "o" => route.accounts_at_origin = true,
            _ => route.account = word.strip_prefix("a=").map(Into::into),
        }
    }
    route
}

#[derive(Debug, PartialEq)]
enum Found {
    Route(usize, Option<String>),
    None,
    Ambiguous,
}

/// Rule 9 of the design, route by route.
fn tried(routes: &[RouteDefinition], method: Method, target: &Target<'_>) -> Found {
    let method = if method == Method::Head {
        Method::Get
    } else {
        method
    };
    let path: Vec<_> = target.segments().map(Segment::decoded).collect();
    let mut best: Option<usize> = None;
    for (index, route) in routes.iter().enumerate() {
        let fits =
            route.methods.contains(&method) && path[0] != "_keyward" && matches(route, &path);
        let better = best
            .is_none_or(|best| compare(&route.pattern, &routes[best].pattern) == Ordering::Greater);
        if fits && better {
            best = Some(index);
        }
    }
    let route = best.map(|index| &routes[index]);
    let slash = target.path().to_lowercase().contains("%2f");
    let empty = target.path().contains("//");
    if slash && !route.is_some_and(|route| route.allow_encoded_slash)
        || empty && !route.is_some_and(|route| route.allow_empty_segments)
    {
        return Found::Ambiguous;
    }
    let (Some(index), Some(route)) = (best, route) else {
        return Found::None;
    };
    if !route.allow_semicolon && has_open_semicolon(&route.pattern, target.path()) {
        return Found::Ambiguous;
    }
    let Some(name) = &route.account else {
        return Found::Route(index, None);
    };
    let parameter = format!("{{{name}}}");
    let at = route.pattern[1..]
        .split('/')
        .position(|one| one == parameter);
    let account = at.map(|at| path[at].to_string());
    match account.filter(|account| is_account_name(account)) {
        Some(account) => Found::Route(index, Some(account)),
        None => Found::None,
    }
}

fn matches(route: &RouteDefinition, path: &[std::borrow::Cow<'_, str>]) -> bool {
    let pattern: Vec<_> = route.pattern[1..].split('/').collect();
    let (pattern, rest) = match pattern.split_last() {
        Some((&"**", before)) => (before, true),
        _ => (pattern.as_slice(), false),
    };
    let long_enough = if rest {
        path.len() > pattern.len()
    } else {
        path.len() == pattern.len()
    };
    long_enough
        && pattern.iter().zip(path).all(|(wanted, found)| {
            if wanted.starts_with('{') {
                !found.is_empty()
            } else {
                wanted == found
            }
        })
}

/// Whether a `;` stands where the pattern has no literal.
fn has_open_semicolon(pattern: &str, path: &str) -> bool {
    let mut pattern = pattern.split('/');
    path.split('/').any(|segment| {
        let is_literal = pattern
            .next()
            .is_some_and(|text| text != "**" && !text.starts_with('{'));
        segment.contains(';') && !is_literal
    })
}

/// Literals before `{}` before `**`, from the left.
fn compare(one: &str, other: &str) -> Ordering {
    let weight = |segment: &str| match segment {
        "**" => 0,
        _ if segment.starts_with('{') => 1,
        _ => 2,
    };
    one.split('/').map(weight).cmp(other.split('/').map(weight))
}
