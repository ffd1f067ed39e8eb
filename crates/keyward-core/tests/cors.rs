//! Preflights are answered from the catalogue's list and from nothing else.
use keyward_core::catalogue::{ApiDefinition, Catalogue, Method, RouteDefinition};
use keyward_core::cors::Cors;
use keyward_core::denial::{Code, Denial};
use keyward_core::deployment::{Authority, AuthorityRole, Deployment, Scheme, Settings};
use keyward_core::parse::{Credential, Exchange};
use keyward_core::request::{ContentLength, Field, Request};

const PAGE: &str = "https://console.example";

fn cors(origins: &[&str]) -> Cors {
    Cors {
        origins: origins.iter().map(|one| (*one).to_owned()).collect(),
        max_age_s: 600,
        expose_headers: vec!["x-request-id".to_owned()],
    }
}

fn catalogue(cors: Option<Cors>) -> Catalogue {
    Catalogue::compile(vec![ApiDefinition {
        name: "monitoring".to_owned(),
        resources: vec!["alerts".to_owned()],
        cors,
        routes: vec![RouteDefinition {
            methods: vec![Method::Get, Method::Post],
            pattern: "/v1/alerts".to_owned(),
            resource: "alerts".to_owned(),
            ..RouteDefinition::default()
        }],
    }])
    .unwrap()
}

fn with<T>(
    cors: Option<Cors>,
    method: &str,
    fields: &[Field<'_>],
    then: impl FnOnce(&Exchange<'_>) -> T,
) -> T {
    let deployment = Deployment::new(Settings::new(
        "test",
        vec![Authority {
            authority: "api.example".to_owned(),
            scheme: Scheme::Https,
            environment: "production".to_owned(),
            role: AuthorityRole::Api,
        }],
    ))
    .unwrap();
    let catalogue = catalogue(cors);
    let request = Request {
        method,
        scheme: Scheme::Https,
        authority: "api.example",
        target: "/v1/alerts",
        fields,
        content: ContentLength::None,
    };
    then(&Exchange::parse(&deployment, &catalogue, &request).unwrap())
}

type Answer = Option<Result<Vec<(&'static str, String)>, Denial>>;

fn preflight(origins: &[&str], asks: &[Field<'_>]) -> Answer {
    with(Some(cors(origins)), "OPTIONS", asks, |exchange| {
        exchange.preflight()
    })
}

fn code(answer: Answer) -> Code {
    answer.unwrap().unwrap_err().code()
}

const ASKS: [Field<'_>; 3] = [
    ("origin", PAGE),
    ("access-control-request-method", "POST"),
    (
        "access-control-request-headers",
        "authorization,content-digest",
    ),
];

#[test]
fn a_listed_origin_is_told_what_it_may_send() {
    let fields = preflight(&["https://other.example", PAGE], &ASKS)
        .unwrap()
        .unwrap();
    let expected = [
        ("access-control-allow-origin", PAGE),
        ("vary", "origin"),
        ("access-control-allow-methods", "POST"),
        (
            "access-control-allow-headers",
            "authorization,content-digest",
        ),
        ("access-control-max-age", "600"),
    ];
    assert_eq!(
        fields,
        expected.map(|(name, value)| (name, value.to_owned()))
    );
}

#[test]
fn other_origins_and_apis_without_a_list_are_refused() {
    let other = [ASKS[1], ("origin", "https://console.example.evil")];
    assert_eq!(code(preflight(&[PAGE], &other)), Code::OriginNotAllowed);
    let null = [ASKS[1], ("origin", "null")];
    assert_eq!(code(preflight(&[PAGE], &null)), Code::OriginNotAllowed);
    assert_eq!(
        code(with(None, "OPTIONS", &ASKS, |exchange| exchange.preflight())),
        Code::OriginNotAllowed
    );
}

#[test]
fn a_method_without_a_route_is_refused() {
    for method in ["DELETE", "TRACE", "post", "", "POST\u{a0}"] {
        let asks = [ASKS[0], ("access-control-request-method", method)];
        assert_eq!(code(preflight(&[PAGE], &asks)), Code::NoRoute, "{method}");
    }
}

#[test]
fn header_lists_that_are_none_are_refused() {
    let long = vec!["x"; 65].join(",");
    for headers in ["a b", "a,,b", "a\"", "a,\u{a0}b", "\u{2003}a", &long] {
        let asks = [
            ASKS[0],
            ASKS[1],
            ("access-control-request-headers", headers),
        ];
        assert_eq!(
            code(preflight(&[PAGE], &asks)),
            Code::InvalidHeader,
            "{headers}"
        );
    }
}

#[test]
fn any_origin_is_any_origin() {
    let fields = preflight(&["*"], &ASKS).unwrap().unwrap();
    assert!(fields.contains(&("access-control-allow-origin", "*".to_owned())));
}

#[test]
fn other_options_are_requests_like_all_others() {
    for asks in [&ASKS[..1], &ASKS[1..]] {
        assert!(preflight(&[PAGE], asks).is_none());
    }
    assert!(
        with(Some(cors(&[PAGE])), "GET", &ASKS, |exchange| exchange
            .preflight())
        .is_none()
    );
}

#[test]
fn a_preflight_has_no_credential() {
    let asks = [ASKS[0], ASKS[1], ("authorization", "Basic dTpw")];
    let denied = with(Some(cors(&[PAGE])), "OPTIONS", &asks, |exchange| {
        Credential::parse(exchange).unwrap_err().code()
    });
    assert_eq!(denied, Code::MissingCredentials);
}

#[test]
fn answers_may_be_read_by_listed_origins_only() {
    let read = |fields: &[Field<'_>]| {
        with(Some(cors(&[PAGE])), "GET", fields, |exchange| {
            exchange.cors_fields()
        })
    };
    assert_eq!(
        read(&ASKS[..1]),
        [
            ("access-control-allow-origin", PAGE.to_owned()),
            ("vary", "origin".to_owned()),
            ("access-control-expose-headers", "x-request-id".to_owned()),
        ]
    );
    assert!(read(&[("origin", "https://evil.example")]).is_empty());
    assert!(read(&[]).is_empty());
}

#[test]
fn mistakes_in_the_list_are_found_when_it_is_read() {
    for origins in [
        &[][..],
        &["https://a.example", "*"],
        &["https://a.example/"],
        &["a.example"],
        &["https://A.example"],
        &["null"],
    ] {
        let api = ApiDefinition {
            cors: Some(cors(origins)),
            ..ApiDefinition::default()
        };
        let api = ApiDefinition {
            name: "a".to_owned(),
            ..api
        };
        assert!(Catalogue::compile(vec![api]).is_err(), "{origins:?}");
    }
}
