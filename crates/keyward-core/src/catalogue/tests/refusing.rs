//! What a catalogue must not say.

use super::*;

#[test]
fn bad_patterns_are_refused() {
    use PatternProblem as P;
    let deep = |count: usize| "/a".repeat(count);
    let long = format!("/{}", "a".repeat(PATTERN_BYTES_MAX));
    let table = [
        ("", P::NoSlash),
        ("v1", P::NoSlash),
        ("**", P::NoSlash),
        ("/a//b", P::EmptySegment),
        ("//", P::EmptySegment),
        ("/**/a", P::RestNotLast),
        ("/**/", P::RestNotLast),
        ("/{}", P::ParameterName),
        ("/{a b}", P::ParameterName),
        ("/{a/b}", P::Literal),
        ("/{a}/{a}", P::ParameterTwice),
        ("/a{b}", P::Literal),
        ("/{a}.json", P::Literal),
        ("/*", P::Literal),
        ("/a*", P::Literal),
        ("/***", P::Literal),
        ("/a%20b", P::Literal),
        ("/a\\b", P::Literal),
        ("/a?b", P::Literal),
        ("/a#b", P::Literal),
        ("/a\nb", P::Literal),
        ("/a/..", P::Literal),
        ("/./a", P::Literal),
        (&deep(PATTERN_SEGMENTS_MAX + 1), P::TooManySegments),
        (&long, P::TooLong),
    ];
    for (pattern, expected) in table {
        assert_eq!(
            problem(get(pattern)),
            RouteProblem::Pattern(expected),
            "{pattern}"
        );
    }
    assert!(compile(vec![get(&deep(PATTERN_SEGMENTS_MAX)), get("/a b/...")]).is_ok());
}

#[test]
fn bad_routes_are_refused() {
    use RouteProblem as R;
    let account = |name: &str| RouteDefinition {
        account: Some(name.to_owned()),
        ..get("/{a}/b")
    };
    assert_eq!(problem(route(&[], "/a")), R::NoMethods);
    assert_eq!(problem(route(&[Method::Head], "/a")), R::Head);
    let twice = route(&[Method::Put, Method::Put], "/a");
    assert_eq!(problem(twice), R::MethodTwice(Method::Put));
    let nothing = RouteDefinition {
        resource: "nothing".to_owned(),
        ..get("/a")
    };
    assert_eq!(problem(nothing), R::UnknownResource("nothing".to_owned()));
    assert_eq!(problem(account("b")), R::UnknownAccount("b".to_owned()));
    let both = RouteDefinition {
        accounts_at_origin: true,
        ..account("a")
    };
    assert_eq!(problem(both), R::AccountTwice);
    assert!(compile(vec![account("a")]).is_ok());
}

#[test]
fn routes_that_cannot_be_told_apart_are_refused() {
    let both = |first: &str, second: &str| {
        Catalogue::compile(vec![
            api("one", vec![route(&[Method::Get, Method::Put], first)]),
            api("two", vec![route(&[Method::Post, Method::Put], second)]),
        ])
    };
    for (first, second) in [
        ("/a", "/a"),
        ("/{x}/b", "/{y}/b"),
        ("/a/**", "/a/**"),
        ("/", "/"),
    ] {
        assert_eq!(
            both(first, second).expect_err("a conflict"),
            CatalogueError::Conflict {
                api: "two".to_owned(),
                pattern: second.to_owned(),
                other_api: "one".to_owned(),
                other_pattern: first.to_owned(),
                method: Method::Put,
            }
        );
    }
    for (first, second) in [
        ("/a", "/a/"),
        ("/a", "/{x}"),
        ("/a/{x}", "/a/**"),
        ("/a/b", "/{x}/b"),
    ] {
        assert!(both(first, second).is_ok(), "{first} {second}");
    }
}

#[test]
fn names_are_checked_and_lead_to_resources() {
    let named = |name: &str, resources: &[&str]| ApiDefinition {
        name: name.to_owned(),
        resources: resources.iter().map(ToString::to_string).collect(),
        routes: vec![],
        ..ApiDefinition::default()
    };
    let long = "a".repeat(65);
    for name in ["", "-a", "A", "a_b", "a.b", "é", "a b", &long] {
        let error = CatalogueError::ApiName {
            api: name.to_owned(),
        };
        assert_eq!(
            Catalogue::compile(vec![named(name, &[])]).expect_err(name),
            error
        );
        let error = CatalogueError::ResourceName {
            api: "a".to_owned(),
            resource: name.to_owned(),
        };
        assert_eq!(
            Catalogue::compile(vec![named("a", &[name])]).expect_err(name),
            error
        );
    }
    assert_eq!(
        Catalogue::compile(vec![named("a", &[]), named("a", &[])]).expect_err("twice"),
        CatalogueError::DuplicateApi {
            api: "a".to_owned()
        }
    );
    assert_eq!(
        Catalogue::compile(vec![named("a", &["r", "r"])]).expect_err("twice"),
        CatalogueError::DuplicateResource {
            api: "a".to_owned(),
            resource: "r".to_owned()
        }
    );
    let catalogue =
        Catalogue::compile(vec![named("a", &["r", "s"]), named("0-b", &["r"])]).expect("names");
    assert_eq!(catalogue.resource_count(), 3);
    for (place, (api, resource)) in [("a", "r"), ("a", "s"), ("0-b", "r")]
        .into_iter()
        .enumerate()
    {
        let id = catalogue.resource(api, resource).expect(resource);
        assert_eq!(id.index(), place);
        assert_eq!(catalogue.resource_names(id), Some((api, resource)));
    }
    assert_eq!(catalogue.resource("0-b", "s"), None);
    assert_eq!(catalogue.resource("c", "r"), None);
}

#[test]
fn a_catalogue_has_bounds() {
    let apis = |count| {
        (0..count)
            .map(|n| api(&format!("a{n}"), vec![]))
            .collect::<Vec<_>>()
    };
    assert!(Catalogue::compile(apis(APIS_MAX)).is_ok());
    let error = Catalogue::compile(apis(APIS_MAX + 1)).expect_err("APIs");
    assert_eq!(error, CatalogueError::TooManyApis);
    let resources = |count: usize| {
        let resources = (0..count).map(|n| format!("r{n}")).collect();
        Catalogue::compile(vec![ApiDefinition {
            resources,
            ..api("a", vec![])
        }])
    };
    assert!(resources(RESOURCES_MAX).is_ok());
    let error = resources(RESOURCES_MAX + 1).expect_err("resources");
    assert_eq!(
        error,
        CatalogueError::TooManyResources {
            api: "a".to_owned()
        }
    );
    let routes = |count: usize| compile((0..count).map(|n| get(&format!("/{n}"))).collect());
    assert!(routes(ROUTES_MAX).is_ok());
    assert_eq!(
        routes(ROUTES_MAX + 1).expect_err("routes"),
        CatalogueError::TooManyRoutes
    );
}

#[test]
fn errors_name_the_api_and_the_pattern() {
    let told = |routes| compile(routes).expect_err("an error").to_string();
    assert_eq!(
        told(vec![RouteDefinition {
            account: Some("a".to_owned()),
            ..get("/x")
        }]),
        "API `shop`, route `/x` has no `{a}` for its account"
    );
    assert_eq!(
        told(vec![get("/x/**/y")]),
        "API `shop`, route `/x/**/y` has `**` before the end"
    );
    assert_eq!(
        told(vec![get("/{a}"), get("/{b}")]),
        "API `shop`, route `/{b}` matches the same GET requests as API `shop`, route `/{a}`"
    );
}
