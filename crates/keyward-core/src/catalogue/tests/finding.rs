//! Which route a request gets.

use super::*;

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

/// To a servlet `/files/a;x` is `/files/a`, which is another route here.
#[test]
fn a_semicolon_needs_a_route_that_allows_it_or_names_it() {
    let catalogue = catalogue(vec![
        get("/files/a"),
        get("/files/{name}"),
        get("/files/{name}/**"),
        get("/matrix;v=1/{name}"),
        RouteDefinition {
            allow_semicolon: true,
            ..get("/blobs/{name}")
        },
        RouteDefinition {
            allow_semicolon: true,
            ..get("/tree/**")
        },
    ]);
    let table = [
        ("/files/a", "/files/a"),
        ("/files/a;x", "ambiguous"),
        ("/files/b;x=1", "ambiguous"),
        ("/files/;", "ambiguous"),
        ("/files/a%3bx", "/files/{name}"),
        ("/files/a/b;x", "ambiguous"),
        ("/files/a/b/c;", "ambiguous"),
        ("/files;x/a", "-"),
        ("/matrix;v=1/a", "/matrix;v=1/{name}"),
        ("/matrix;v=1/a;x", "ambiguous"),
        ("/matrix;v=2/a", "-"),
        ("/blobs/a;x", "/blobs/{name}"),
        ("/tree/a;x/b;y", "/tree/**"),
        ("/files/a?x;y", "/files/a"),
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
