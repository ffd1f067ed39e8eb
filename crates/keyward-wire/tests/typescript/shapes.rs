//! The shapes, and how TypeScript writes them.

pub(crate) struct Shape {
    pub(crate) name: &'static str,
    about: &'static str,
    pub(crate) members: &'static [Member],
}

pub(crate) struct Member {
    pub(crate) name: &'static str,
    about: &'static str,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

/// With a value that it may have.
pub(crate) enum Kind {
    Text(&'static str),
    Whole(u32),
    Flag,
    OneOf(&'static [&'static str]),
    List(&'static Kind),
    Pair(&'static Kind, &'static Kind),
    ByName(&'static str, &'static Kind),
    Of(&'static str),
    Either(&'static [&'static str]),
}

const fn must(name: &'static str, about: &'static str, kind: Kind) -> Member {
    Member {
        name,
        about,
        kind,
        optional: false,
    }
}

const fn may(name: &'static str, about: &'static str, kind: Kind) -> Member {
    Member {
        name,
        about,
        kind,
        optional: true,
    }
}

/// 32 and 64 bytes.
const SHORT: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const LONG: &str =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        name: "PublishKey",
        about: "A public key of the registry: it signs records.",
        members: &[
            must("id", "By which records name it.", Kind::Text("p1")),
            must("publicKey", "32 bytes, as base64url.", Kind::Text(SHORT)),
        ],
    },
    Shape {
        name: "OrganisationKeys",
        about: "The exported keys of one organisation in one environment. Secret as a whole.",
        members: &[
            must("deployment", "", Kind::Text("demo")),
            must("environment", "", Kind::Text("production")),
            must("organisation", "", Kind::Text("acme")),
            must(
                "rings",
                "By the id of their master.",
                Kind::ByName("m1", &Kind::Of("DerivedKeys")),
            ),
        ],
    },
    Shape {
        name: "DerivedKeys",
        about: "What opens the secrets of an organisation, derived from one master.",
        members: &[
            must("seal", "32 bytes, as base64url.", Kind::Text(SHORT)),
            must("pepper", "64 bytes, as base64url.", Kind::Text(LONG)),
        ],
    },
    Shape {
        name: "JwkSet",
        about: "Public keys that verify tokens (RFC 7517, RFC 8037).",
        members: &[must("keys", "", Kind::List(&Kind::Of("Jwk")))],
    },
    Shape {
        name: "Jwk",
        about: "A public key that verifies tokens.",
        members: &[
            must("kty", "", Kind::OneOf(&["OKP"])),
            must("crv", "", Kind::OneOf(&["Ed25519"])),
            must("x", "32 bytes, as base64url.", Kind::Text(SHORT)),
            must(
                "kid",
                "The key's thumbprint (RFC 7638).",
                Kind::Text("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
            ),
            may("use", "", Kind::OneOf(&["sig"])),
            may("alg", "", Kind::OneOf(&["EdDSA", "Ed25519"])),
        ],
    },
    Shape {
        name: "KeyUsage",
        about: "What was counted of one key since that was last told. Times are seconds of Unix time.",
        members: &[
            must("organisation", "", Kind::Text("acme")),
            must("keyId", "", Kind::Text("kwk_1")),
            must("allowed", "Requests that were let through.", Kind::Whole(1)),
            may(
                "lastUsedAt",
                "The minute of the last of them.",
                Kind::Whole(1_800_000_000),
            ),
            may(
                "lastUsedFrom",
                "Where that one came from: an IPv4 /24 or an IPv6 /48.",
                Kind::Text("192.0.2.0/24"),
            ),
            must(
                "issues",
                "The same minute for each secret or token that was used, by its id.",
                Kind::List(&Kind::Pair(&Kind::Text("i1"), &Kind::Whole(1_800_000_000))),
            ),
            must(
                "denials",
                "Refused requests, by their code.",
                Kind::List(&Kind::Pair(&Kind::Text("key_expired"), &Kind::Whole(1))),
            ),
        ],
    },
    Shape {
        name: "Catalogue",

        about: "The APIs of a deployment, and where their origins are.",
        members: &[
            must("apis", "", Kind::List(&Kind::Of("Api"))),
            must(
                "origins",
                "By name and environment.",
                Kind::ByName(
                    "product",
                    &Kind::ByName("production", &Kind::Either(&["UrlOrigin", "ServiceOrigin"])),
                ),
            ),
        ],
    },
    Shape {
        name: "Api",
        about: "One API: its resources, its routes, its origin.",
        members: &[
            must("name", "", Kind::Text("calls")),
            must(
                "resources",
                "What roles grant actions on.",
                Kind::List(&Kind::Text("calls")),
            ),
            may(
                "cors",
                "Unless said, no page may read answers.",
                Kind::Of("Cors"),
            ),
            must("routes", "In any order.", Kind::List(&Kind::Of("Route"))),
            must(
                "origin",
                "A name of the catalogue's `origins`.",
                Kind::Text("product"),
            ),
        ],
    },
    Shape {
        name: "Cors",
        about: "What preflight requests are told.",
        members: &[
            must(
                "origins",
                "`scheme://host[:port]`, or `*` alone.",
                Kind::List(&Kind::Text("https://a.example")),
            ),
            may("maxAge", "In seconds (600).", Kind::Whole(60)),
            may(
                "exposeHeaders",
                "Fields of answers that scripts may read.",
                Kind::List(&Kind::Text("etag")),
            ),
        ],
    },
    Shape {
        name: "Route",
        about: "Methods and a path pattern, and the resource that they reach.",
        members: &[
            must(
                "methods",
                "`HEAD` goes with `GET`.",
                Kind::List(&Kind::OneOf(&[
                    "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
                ])),
            ),
            must(
                "path",
                "For example `/v1/users/{user}`, or `/v1/**`.",
                Kind::Text("/v1/{account}/calls"),
            ),
            must("resource", "One of the API's.", Kind::Text("calls")),
            may(
                "action",
                "Unless said, the method's own.",
                Kind::OneOf(&["read", "create", "update", "delete"]),
            ),
            may(
                "account",
                "The `{}` segment that names the account.",
                Kind::Text("account"),
            ),
            may(
                "accounts",
                "The origin is told the accounts of the key, and picks.",
                Kind::OneOf(&["origin"]),
            ),
            may(
                "encodedSlash",
                "Whether a segment may hold `%2f` (`false`).",
                Kind::Flag,
            ),
            may(
                "emptySegments",
                "Whether the path may hold `//` (`false`).",
                Kind::Flag,
            ),
            may(
                "semicolon",
                "Whether what `{}` and `**` match may hold `;` (`false`).",
                Kind::Flag,
            ),
            may(
                "basic",
                "Whether keys of kind basic are taken (`true`).",
                Kind::Flag,
            ),
        ],
    },
    Shape {
        name: "UrlOrigin",
        about: "An origin on the network.",
        members: &[must(
            "url",
            "Scheme, host and perhaps a port.",
            Kind::Text("https://origin.example"),
        )],
    },
    Shape {
        name: "ServiceOrigin",
        about: "An origin that is another Worker.",
        members: &[must(
            "service",
            "The name of the binding.",
            Kind::Text("ORIGIN"),
        )],
    },
];

pub(crate) fn shape(name: &str) -> &'static Shape {
    SHAPES.iter().find(|one| one.name == name).unwrap()
}

impl Shape {
    pub(crate) fn typescript(&self) -> String {
        let members = self.members.iter().map(|member| {
            let about = match member.about {
                "" => String::new(),
                about => format!("  /** {about} */\n"),
            };
            let mark = if member.optional { "?" } else { "" };
            let undefined = if member.optional { " | undefined" } else { "" };
            format!(
                "{about}  readonly {}{mark}: {}{undefined};\n",
                member.name,
                member.kind.typescript()
            )
        });
        format!(
            "\n/** {} */\nexport interface {} {{\n{}}}\n",
            self.about,
            self.name,
            members.collect::<String>()
        )
    }
}

impl Kind {
    fn typescript(&self) -> String {
        match self {
            Self::Text(_) => "string".to_owned(),
            Self::Whole(_) => "number".to_owned(),
            Self::Flag => "boolean".to_owned(),
            Self::OneOf(names) => {
                let names: Vec<String> = names.iter().map(|one| format!("{one:?}")).collect();
                names.join(" | ")
            }
            Self::List(item) => match item {
                Self::OneOf(names) if names.len() > 1 => {
                    format!("readonly ({})[]", item.typescript())
                }
                Self::Pair(..) => format!("readonly ({})[]", item.typescript()),
                _ => format!("readonly {}[]", item.typescript()),
            },
            Self::Pair(one, other) => {
                format!("readonly [{}, {}]", one.typescript(), other.typescript())
            }
            Self::ByName(_, item) => format!("Readonly<Record<string, {}>>", item.typescript()),
            Self::Of(name) => (*name).to_owned(),
            Self::Either(names) => names.join(" | "),
        }
    }
}
