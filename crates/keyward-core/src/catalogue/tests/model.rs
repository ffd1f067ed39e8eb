//! The tree against a sorted list.

use super::*;

/// The rules said once more, over text and one route at a time.
mod naive {
    use super::*;

    /// 0 literal, 1 `{}`, 2 `**`, segment by segment: what is smaller is more specific.
    fn classes(pattern: &str) -> Vec<u8> {
        pattern[1..]
            .split('/')
            .map(|segment| match segment {
                "**" => 2,
                _ if segment.starts_with('{') => 1,
                _ => 0,
            })
            .collect()
    }

    fn matches(pattern: &[&str], path: &[String]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            (["**"], [_, ..]) => true,
            ([one, pattern @ ..], [segment, path @ ..]) => {
                let fits = if one.starts_with('{') {
                    !segment.is_empty()
                } else {
                    one == segment
                };
                fits && matches(pattern, path)
            }
            _ => false,
        }
    }

    /// What a pattern matches, whatever its parameters are called.
    pub(super) fn shape(pattern: &str) -> String {
        let one = |segment: &str| {
            if segment.starts_with('{') {
                "{}"
            } else {
                segment
            }
            .to_owned()
        };
        pattern.split('/').map(one).collect::<Vec<_>>().join("/")
    }

    /// Whether a `;` stands where the pattern has no literal.
    pub(super) fn has_open_semicolon(route: &RouteDefinition, path: &str) -> bool {
        let mut pattern = route.pattern.split('/');
        path.split('/').any(|segment| {
            let is_literal = pattern
                .next()
                .is_some_and(|text| text != "**" && !text.starts_with('{'));
            segment.contains(';') && !is_literal
        })
    }

    pub(super) fn route<'r>(
        routes: &'r [RouteDefinition],
        method: Method,
        target: &Target<'_>,
    ) -> Option<&'r RouteDefinition> {
        let method = if method == Method::Head {
            Method::Get
        } else {
            method
        };
        let path: Vec<String> = target
            .segments()
            .map(|segment| segment.decoded().into_owned())
            .collect();
        let mut sorted: Vec<&RouteDefinition> = routes.iter().collect();
        sorted.sort_by_key(|route| classes(&route.pattern));
        sorted.into_iter().find(|route| {
            let pattern: Vec<&str> = route.pattern[1..].split('/').collect();
            route.methods.contains(&method) && matches(&pattern, &path)
        })
    }
}

fn definition() -> impl Strategy<Value = RouteDefinition> {
    let segment = prop::sample::select(vec!["a", "a", "b", "a;x", "{p}", "{p}", "{q}", ""]);
    let segments = prop::collection::vec(segment, 0..4);
    let methods =
        prop::sample::subsequence(vec![Method::Get, Method::Post, Method::Options], 1..=2);
    (
        segments,
        prop::bool::weighted(0.3),
        methods,
        any::<[bool; 3]>(),
    )
        .prop_map(|(segments, rest, methods, [slash, empty, semicolon])| {
            let mut pattern = String::new();
            for (place, segment) in segments.iter().enumerate() {
                pattern.push('/');
                match segment.strip_suffix('}') {
                    Some(parameter) => pattern.push_str(&format!("{parameter}{place}}}")),
                    None => pattern.push_str(segment),
                }
            }
            if rest || segments.is_empty() {
                pattern.push_str("/**");
            }
            RouteDefinition {
                allow_encoded_slash: slash,
                allow_empty_segments: empty,
                allow_semicolon: semicolon,
                ..route(&methods, &pattern)
            }
        })
}

fn path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec![
        "a", "a", "%61", "b", "b", "c", "", "a%2fb", "%2F", "a;x", "a%3bx", "b;",
    ]);
    prop::collection::vec(segment, 1..6).prop_map(|segments| format!("/{}", segments.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_catalogue_finds_what_a_sorted_list_finds(
        definitions in prop::collection::vec(definition(), 1..12),
        paths in prop::collection::vec((path(), prop::sample::select(&Method::ALL[..])), 1..16),
    ) {
        let mut routes: Vec<RouteDefinition> = Vec::new();
        for definition in definitions {
            let mut more = routes.clone();
            more.push(definition.clone());
            let clash = routes.iter().any(|route| {
                naive::shape(&route.pattern) == naive::shape(&definition.pattern)
                    && route.methods.iter().any(|method| definition.methods.contains(method))
            });
            match compile(more.clone()) {
                Ok(_) => {
                    prop_assert!(!clash);
                    routes = more;
                }
                Err(CatalogueError::Conflict { .. }) => prop_assert!(clash),
                Err(CatalogueError::Route { problem, .. }) => {
                    prop_assert_eq!(problem, RouteProblem::Pattern(PatternProblem::EmptySegment));
                    prop_assert!(definition.pattern.contains("//"));
                    prop_assert!(!definition.allow_empty_segments);
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
        let catalogue = catalogue(routes.clone());
        for (path, method) in paths {
            let target = Target::parse(&path).expect("a target");
            let found = naive::route(&routes, method, &target);
            let allowed = |has: bool, allows: fn(&RouteDefinition) -> bool| {
                !has || found.is_some_and(allows)
            };
            let expected = if !allowed(path.to_lowercase().contains("%2f"), |r| r.allow_encoded_slash)
                || !allowed(path.contains("//"), |r| r.allow_empty_segments)
                || found.is_some_and(|route| !route.allow_semicolon && naive::has_open_semicolon(route, &path))
            {
                "ambiguous"
            } else {
                found.map_or("-", |route| route.pattern.as_str())
            };
            prop_assert_eq!(ask(&catalogue, method, &path), expected, "{} {}", method, path);
        }
    }

    #[test]
    fn any_pattern_gets_an_answer(pattern in "/?[a-z{}*/.%;]{0,16}", empty in any::<bool>()) {
        let definition = RouteDefinition { allow_empty_segments: empty, ..get(&pattern) };
        if let Err(error) = compile(vec![definition]) {
            prop_assert!(error.to_string().contains(&pattern));
        }
    }
}
