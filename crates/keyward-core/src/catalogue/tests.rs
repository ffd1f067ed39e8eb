#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

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

#[test]
fn segments_are_compared_decoded_once_and_exactly() {
    let catalogue = catalogue(vec![
        get("/"),
        get("/v1/keys"),
        get("/v1/keys/"),
        get("/v1/café/{id}"),
        get("/v2/**"),
    ]);
    let table = [
        ("/", "/"),
        ("/?x", "/"),
        ("/v1/keys", "/v1/keys"),
        ("/v1/%6Bey%73?x=/", "/v1/keys"),
        ("/v1/keys/", "/v1/keys/"),
        ("/v1/Keys", "-"),
        ("/v1/keys/x", "-"),
        ("/v1", "-"),
        ("/v1/", "-"),
        ("/v1/caf%C3%A9/7", "/v1/café/{id}"),
        ("/v1/caf%C3%A9/", "-"),
        ("/v1/caf%C3%A9/7/", "-"),
        ("/v2", "-"),
        ("/v2/", "/v2/**"),
        ("/v2/a/b/", "/v2/**"),
    ];
    for (path, expected) in table {
        assert_eq!(ask(&catalogue, Method::Get, path), expected, "{path}");
    }
}

#[test]
fn the_most_specific_route_wins_from_the_left() {
    let catalogue = catalogue(vec![
        get("/**"),
        get("/a/**"),
        get("/{x}/b/c"),
        get("/a/{y}/c"),
        get("/a/b/{z}"),
        route(&[Method::Post], "/a/b/c"),
        get("/a/{y}/**"),
    ]);
    let table = [
        (Method::Post, "/a/b/c", "/a/b/c"),
        (Method::Get, "/a/b/c", "/a/b/{z}"),
        (Method::Get, "/a/q/c", "/a/{y}/c"),
        (Method::Get, "/a/q/d", "/a/{y}/**"),
        (Method::Get, "/a/b/c/d", "/a/{y}/**"),
        (Method::Get, "/a/q", "/a/**"),
        (Method::Get, "/q/b/c", "/{x}/b/c"),
        (Method::Get, "/q/b/d", "/**"),
        (Method::Post, "/a/b/d", "-"),
    ];
    for (method, path, expected) in table {
        assert_eq!(ask(&catalogue, method, path), expected, "{method} {path}");
    }
}

#[test]
fn head_uses_the_get_route_and_nothing_else_is_implied() {
    let catalogue = catalogue(vec![
        get("/a"),
        route(&[Method::Post, Method::Options], "/b"),
    ]);
    for method in Method::ALL {
        let on_a = matches!(method, Method::Get | Method::Head);
        assert_eq!(ask(&catalogue, method, "/a") == "/a", on_a, "{method}");
        let on_b = matches!(method, Method::Post | Method::Options);
        assert_eq!(ask(&catalogue, method, "/b") == "/b", on_b, "{method}");
    }
}

#[test]
fn a_slash_in_disguise_needs_a_route_that_allows_it() {
    let catalogue = catalogue(vec![
        get("/{any}"),
        get("/files/{name}"),
        RouteDefinition {
            allow_encoded_slash: true,
            ..get("/files/**")
        },
        RouteDefinition {
            allow_encoded_slash: true,
            ..get("/blobs/{name}")
        },
        RouteDefinition {
            allow_empty_segments: true,
            ..get("/tree/**")
        },
        RouteDefinition {
            allow_empty_segments: true,
            ..get("/odd//x")
        },
    ]);
    let table = [
        ("/blobs/a%2fb", "/blobs/{name}"),
        ("/blobs/a%2Fb?x", "/blobs/{name}"),
        ("/blobs%2fa", "ambiguous"),
        ("/files/a%2fb", "ambiguous"),
        ("/files/a%2fb/c", "/files/**"),
        ("/none/a%2fb", "ambiguous"),
        ("/tree//a", "/tree/**"),
        ("/tree/a//", "/tree/**"),
        ("/tree//a%2fb", "ambiguous"),
        ("/files//a", "ambiguous"),
        ("/files/a%2fb//c", "ambiguous"),
        ("//files/a", "ambiguous"),
        ("/none//a", "ambiguous"),
        ("/odd//x", "/odd//x"),
    ];
    for (path, expected) in table {
        assert_eq!(ask(&catalogue, Method::Get, path), expected, "{path}");
    }
}

#[test]
fn an_account_comes_from_its_segment_or_there_is_no_route() {
    let with_account = |pattern: &str| RouteDefinition {
        account: Some("account".to_owned()),
        allow_encoded_slash: true,
        ..get(pattern)
    };
    let catalogue = catalogue(vec![
        with_account("/v1/{kind}/{account}/**"),
        get("/v1/**"),
        get("/v1/{x}"),
    ]);
    let long = "a".repeat(ACCOUNT_BYTES_MAX);
    let table = [
        ("/v1/a/4711/x".to_owned(), "/v1/{kind}/{account}/** 4711"),
        ("/v1/a/%34%37/x".to_owned(), "/v1/{kind}/{account}/** 47"),
        ("/v1/a/b%20c/x".to_owned(), "/v1/{kind}/{account}/** b c"),
        ("/v1/a/4%2f5/x".to_owned(), "-"),
        ("/v1/a/4%0A/x".to_owned(), "-"),
        ("/v1/a/4%7f/x".to_owned(), "-"),
        ("/v1/a/%C3%A9/x".to_owned(), "-"),
        ("/v1/a/4711".to_owned(), "/v1/**"),
        (format!("/v1/a/{long}a/x"), "-"),
    ];
    for (path, expected) in table {
        assert_eq!(ask(&catalogue, Method::Get, &path), expected, "{path}");
    }
    assert!(is_account_name(&long) && is_account_name("~!\""));
    assert!(!is_account_name("") && !is_account_name("a/b"));
}

#[test]
fn the_gateway_keeps_its_own_paths() {
    let catalogue = catalogue(vec![get("/**"), get("/{x}/{y}")]);
    for path in [
        "/_keyward",
        "/_keyward/",
        "/_keyward/x",
        "/%5fkeyward/x",
        "/_keywar%64/x",
    ] {
        assert_eq!(ask(&catalogue, Method::Get, path), "-", "{path}");
    }
    assert_eq!(ask(&catalogue, Method::Get, "/x/_keyward"), "/{x}/{y}");
    for pattern in ["/_keyward", "/_keyward/x", "/_keyward/**"] {
        assert_eq!(
            problem(get(pattern)),
            RouteProblem::Pattern(PatternProblem::Reserved)
        );
    }
}

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
fn a_route_says_what_was_written() {
    let catalogue = Catalogue::compile(vec![
        api("first", vec![get("/x")]),
        api(
            "second",
            vec![RouteDefinition {
                action: Some(Action::Read),
                accounts_at_origin: true,
                basic: true,
                ..route(&[Method::Post], "/search")
            }],
        ),
    ])
    .expect("a catalogue");
    let [plain, search] = catalogue.routes() else {
        panic!("two routes")
    };
    assert_eq!((plain.index(), search.index()), (0, 1));
    assert_eq!(
        (search.api_name(), search.resource_name()),
        ("second", "things")
    );
    assert_eq!(
        Some(search.resource()),
        catalogue.resource("second", "things")
    );
    assert_eq!(search.action(Method::Post), Action::Read);
    assert_eq!(plain.action(Method::Delete), Action::Delete);
    assert!(search.accounts_at_origin() && search.allows_basic() && !search.has_account());
    assert!(!plain.accounts_at_origin() && !plain.allows_basic());
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

#[test]
fn methods_are_exact_and_stand_for_actions() {
    for method in Method::ALL {
        assert_eq!(Method::parse(method.as_str()), Some(method));
        assert_eq!(Method::parse(&method.as_str().to_lowercase()), None);
    }
    for text in ["", "GET ", "TRACE", "CONNECT", "PROPFIND", "Get"] {
        assert_eq!(Method::parse(text), None, "{text}");
    }
    let letters: String = Method::ALL
        .into_iter()
        .map(|method| Action::of(method).letter())
        .collect();
    assert_eq!(letters, "rrcuudr", "GET HEAD POST PUT PATCH DELETE OPTIONS");
    for action in Action::ALL {
        assert_eq!(Action::parse(action.as_str()), Some(action));
    }
    assert_eq!(Action::parse("Read"), None);
}

#[test]
fn actions_have_one_spelling_and_are_sets() {
    let sets: Vec<Actions> = (0..16_u8)
        .map(|bits| {
            let chosen = Action::ALL
                .into_iter()
                .enumerate()
                .filter(|(n, _)| bits >> n & 1 == 1);
            chosen.fold(Actions::NONE, |set, (_, action)| set.with(action))
        })
        .collect();
    for one in &sets {
        assert_eq!(Actions::parse(&one.to_string()), Some(*one));
        assert_eq!(one.is_empty(), one.to_string().is_empty());
        for other in &sets {
            let in_both = |action| one.contains(action) && other.contains(action);
            let in_either = |action| one.contains(action) || other.contains(action);
            for action in Action::ALL {
                assert_eq!(one.intersect(*other).contains(action), in_both(action));
                assert_eq!(one.union(*other).contains(action), in_either(action));
            }
            let subset = Action::ALL
                .into_iter()
                .all(|a| !one.contains(a) || other.contains(a));
            assert_eq!(one.is_subset_of(*other), subset, "{one} {other}");
        }
    }
    assert_eq!(Actions::parse("crud"), Some(Actions::ALL));
    assert_eq!(Actions::parse(""), Some(Actions::NONE));
    assert_eq!(Actions::ALL.to_string(), "crud");
    for bad in ["rc", "rr", "R", "x", "crudx", "crudd", " r", "r "] {
        assert_eq!(Actions::parse(bad), None, "{bad}");
    }
}

/// 2048 routes that agree with each other as long as they can, and a path that none matches.
#[test]
fn a_search_that_comes_back_often_still_ends() {
    let routes = (0..ROUTES_MAX).map(|n| {
        let bits: String = (0..11)
            .map(|bit| {
                if n >> bit & 1 == 1 {
                    "/a".into()
                } else {
                    format!("/{{p{bit}}}")
                }
            })
            .collect();
        get(&bits)
    });
    let catalogue = catalogue(routes.collect());
    assert_eq!(
        ask(&catalogue, Method::Get, &"/a".repeat(11)),
        "/a".repeat(11)
    );
    assert_eq!(ask(&catalogue, Method::Get, &"/a".repeat(12)), "-");
    assert_eq!(ask(&catalogue, Method::Get, &"/a".repeat(4096)), "-");
    let escaped = format!("{}/{}", "/%61".repeat(10), "%61".repeat(2_000));
    assert_eq!(ask(&catalogue, Method::Delete, &escaped), "-");
}

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
    let segment = prop::sample::select(vec!["a", "a", "b", "{p}", "{p}", "{q}", ""]);
    let segments = prop::collection::vec(segment, 0..4);
    let methods =
        prop::sample::subsequence(vec![Method::Get, Method::Post, Method::Options], 1..=2);
    (
        segments,
        prop::bool::weighted(0.3),
        methods,
        any::<[bool; 2]>(),
    )
        .prop_map(|(segments, rest, methods, [slash, empty])| {
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
                ..route(&methods, &pattern)
            }
        })
}

fn path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "a", "%61", "b", "b", "c", "", "a%2fb", "%2F"]);
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
