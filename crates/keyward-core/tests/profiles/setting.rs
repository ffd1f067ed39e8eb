//! One deployment, keys for each profile, and requests that are put together by hand: the
//! strings that are signed here are not built by what is tested.
use std::sync::OnceLock;

use base64ct::{Base64, Encoding};
use keyward_core::catalogue::{ApiDefinition, Catalogue, Method, RouteDefinition};
use keyward_core::deployment::{Authority, AuthorityRole, Deployment, Scheme, Settings};
use keyward_core::http_date;
use keyward_core::key::{
    Accounts, Assignment, Grants, Key, KeyParts, Material, NoncePolicy, Profile, Profiles,
    ReplayPolicy, SignedIssue, SigningRules,
};
use keyward_core::mac::{Algorithm, MacKey};
use sha2::{Digest, Sha256, Sha512};

mod sent;

pub(crate) use sent::{Became, Sent};

pub(crate) const NOW_S: u64 = 1_790_000_000;
pub(crate) const SECRET: &str = "a secret of all the keys in these tests";

pub(crate) struct Setting {
    pub(crate) deployment: Deployment,
    pub(crate) catalogue: Catalogue,
    pub(crate) keys: Vec<Key>,
}

/// Keys: `all` and `all-256` take every profile, `native` only its own; the others are named by
/// what they add to `all`.
pub(crate) fn setting() -> &'static Setting {
    static SETTING: OnceLock<Setting> = OnceLock::new();
    SETTING.get_or_init(|| {
        let catalogue = catalogue();
        let all = SigningRules {
            profiles: Profiles::with(Profile::ALL),
            ..SigningRules::default()
        };
        let key = |key_id: &str, algorithm, rules, secrets: &[&str]| {
            key(&catalogue, key_id, algorithm, rules, secrets)
        };
        use Algorithm::{HmacSha256, HmacSha512};
        let keys = vec![
            key("all", HmacSha512, all, &[SECRET]),
            key("all-256", HmacSha256, all, &[SECRET]),
            key("native", HmacSha512, SigningRules::default(), &[SECRET]),
            key(
                "rotated",
                HmacSha512,
                all,
                &["the next secret of this key", SECRET],
            ),
            key(
                "query",
                HmacSha512,
                SigningRules {
                    allow_unsigned_query: true,
                    ..all
                },
                &[SECRET],
            ),
            key(
                "nonce",
                HmacSha512,
                SigningRules {
                    nonce: NoncePolicy::Required,
                    ..all
                },
                &[SECRET],
            ),
            key(
                "strict",
                HmacSha512,
                SigningRules {
                    replay: ReplayPolicy::Strict,
                    ..all
                },
                &[SECRET],
            ),
            key(
                "strict-all",
                HmacSha512,
                SigningRules {
                    replay: ReplayPolicy::StrictAll,
                    ..all
                },
                &[SECRET],
            ),
            // Of examples that others published.
            key("user", HmacSha512, all, &["secret"]),
            key("alice123", HmacSha256, all, &["secret"]),
        ];
        Setting {
            deployment: deployment(false),
            catalogue,
            keys,
        }
    })
}

pub(crate) fn deployment(debug: bool) -> Deployment {
    let authority = |authority: &str, scheme| Authority {
        authority: authority.to_owned(),
        scheme,
        environment: "production".to_owned(),
        role: AuthorityRole::Api,
    };
    let mut settings = Settings::new(
        "tests",
        vec![
            authority("api.example", Scheme::Https),
            authority("api.example:8443", Scheme::Https),
            authority("[2001:db8::1]", Scheme::Https),
            authority("localhost:8080", Scheme::Http),
            authority("hmac.com", Scheme::Http),
        ],
    );
    settings.imported_key_ids = true;
    settings.debug = debug;
    Deployment::new(settings).unwrap()
}

fn catalogue() -> Catalogue {
    use Method::{Delete, Get, Options, Patch, Post, Put};
    let routes = ["/", "/**"]
        .map(|pattern| RouteDefinition {
            methods: vec![Get, Post, Put, Patch, Delete, Options],
            pattern: pattern.to_owned(),
            resource: "things".to_owned(),
            basic: true,
            ..RouteDefinition::default()
        })
        .into();
    Catalogue::compile(vec![ApiDefinition {
        name: "shop".to_owned(),
        resources: vec!["things".to_owned()],
        routes,
        ..ApiDefinition::default()
    }])
    .unwrap()
}

fn key(
    catalogue: &Catalogue,
    key_id: &str,
    algorithm: Algorithm,
    rules: SigningRules,
    secrets: &[&str],
) -> Key {
    let issues = secrets
        .iter()
        .enumerate()
        .map(|(index, secret)| SignedIssue {
            issue: format!("i{index}"),
            secret: secret.as_bytes().to_vec().into(),
            not_after_s: None,
        });
    let parts = KeyParts {
        key_id: key_id.to_owned(),
        organisation: "acme".to_owned(),
        environment: "production".to_owned(),
        generation: 1,
        fresh_until_s: None,
        not_before_s: None,
        expires_at_s: u64::MAX,
        disabled: false,
        addresses: None,
        assignments: vec![Assignment {
            role: "admin".to_owned(),
            accounts: Accounts::All,
            grants: vec![Grants {
                api: "shop".to_owned(),
                resource: "things".to_owned(),
                actions: keyward_core::catalogue::Actions::ALL,
            }],
        }],
        material: Material::Signed {
            algorithm,
            rules,
            issues: issues.collect(),
        },
    };
    Key::compile(parts, catalogue).unwrap()
}

#[track_caller]
pub(crate) fn expect(sent: &Sent, short: &str) {
    let became = sent.became();
    assert_eq!(became.short(), short, "{became:?} {sent:?}");
}

/// The date so many seconds from now.
pub(crate) fn date(offset_s: i64) -> String {
    http_date::write(NOW_S.checked_add_signed(offset_s).unwrap()).unwrap()
}

pub(crate) fn mac(secret: &str, text: impl AsRef<[u8]>) -> String {
    mac_of(Algorithm::HmacSha512, secret, text)
}

pub(crate) fn mac_of(algorithm: Algorithm, secret: &str, text: impl AsRef<[u8]>) -> String {
    let key = MacKey::new(algorithm, secret.as_bytes());
    Base64::encode_string(key.mac(&[text.as_ref()]).as_bytes())
}

pub(crate) fn sha256(content: &str) -> String {
    format!(
        "SHA-256={}",
        Base64::encode_string(&Sha256::digest(content))
    )
}

pub(crate) fn sha512(content: &str) -> String {
    format!(
        "SHA-512={}",
        Base64::encode_string(&Sha512::digest(content))
    )
}
