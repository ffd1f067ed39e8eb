//! A deployment, strict and open, a catalogue and keys.
use std::collections::BTreeSet;
use std::sync::LazyLock;

use keyward_core::catalogue::{Actions, ApiDefinition, Catalogue, Method, RouteDefinition};
use keyward_core::cors::Cors;
use keyward_core::credential_text::checksum;
use keyward_core::deployment::{Authority, AuthorityRole, Deployment, Scheme, Settings};
use keyward_core::ed25519::{TokenKeys, thumbprint};
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::{
    Accounts, Assignment, BasicIssue, Grants, Key, KeyParts, Material, NoncePolicy, Profile,
    Profiles, ReplayPolicy, SignedIssue, SigningRules, TokenIssue, TokenProfile,
};
use keyward_core::mac::{Algorithm, MacKey};

pub const NOW_S: u64 = 1_800_000_000;
const NOW_DATE: &str = "Fri, 15 Jan 2027 08:00:00 GMT";
/// The id of a basic key that was made elsewhere.
pub const IMPORTED: &str = "imported-1";
/// Its secret, which has no checksum.
pub const IMPORTED_SECRET: &str = "a secret: of forty bytes, made elsewhere";
/// The one token that the token key has.
pub const TOKEN_ISSUE: &str = "i1";
/// Verifies tokens with Ed25519, of which none is ever right here.
const TOKEN_PUBLIC_KEY: [u8; 32] = [7; 32];
const PEPPER: &[u8] = b"a pepper";

pub struct Setting {
    /// Takes imported key ids and shows signature bases.
    pub open: Deployment,
    pub strict: Deployment,
    pub catalogue: Catalogue,
    /// HMAC-SHA512, two secrets, every profile, each request once.
    pub signed: String,
    /// HMAC-SHA256, all profiles that can have it, for two accounts.
    pub sha256: String,
    /// HMAC-SHA512, a nonce required, queries need not be signed.
    pub nonce: String,
    pub basic: String,
    /// Tokens with HMAC-SHA512.
    pub token: String,
    /// Tokens with HMAC-SHA512 that the holder makes.
    pub holder: String,
    /// An id that no key has.
    pub unknown: String,
    /// The secret of every key but the imported one.
    pub right: String,
    /// A secret of no key.
    pub wrong: String,
    keys: Vec<Key>,
}

pub static SETTING: LazyLock<Setting> = LazyLock::new(Setting::new);

impl Setting {
    fn new() -> Self {
        let id = |letter: &str| checked(&format!("kwk_{}", letter.repeat(22)));
        let secret = |letter: &str| checked(&format!("kws_{}", letter.repeat(86)));
        let mut setting = Self {
            open: deployment(true),
            strict: deployment(false),
            catalogue: catalogue(),
            signed: id("s"),
            sha256: id("h"),
            nonce: id("n"),
            basic: id("b"),
            token: id("t"),
            holder: id("i"),
            unknown: id("u"),
            right: secret("R"),
            wrong: secret("W"),
            keys: Vec::new(),
        };
        let right = setting.right.clone();
        let signed = |letter: &str, secret: &str| SignedIssue {
            issue: letter.into(),
            secret: secret.as_bytes().to_vec().into(),
            not_after_s: None,
        };
        let basic = |secret: &str| {
            let tag = MacKey::new(Algorithm::HmacSha512, PEPPER).mac(&[secret.as_bytes()]);
            Material::Basic(vec![BasicIssue {
                issue: "i".into(),
                pepper: PEPPER.to_vec().into(),
                mac: tag.as_bytes().try_into().expect("64 bytes"),
                of_digest: false,
                not_after_s: None,
            }])
        };
        let two = Material::Signed {
            algorithm: Algorithm::HmacSha512,
            rules: SigningRules {
                profiles: Profiles::with(Profile::ALL),
                replay: ReplayPolicy::StrictAll,
                ..SigningRules::default()
            },
            issues: vec![signed("old", "the secret before"), signed("new", &right)],
        };
        let sha256 = Material::Signed {
            algorithm: Algorithm::HmacSha256,
            rules: SigningRules {
                profiles: Profiles::with([Profile::Kong, Profile::Cavage]),
                ..SigningRules::default()
            },
            issues: vec![signed("i", &right)],
        };
        let nonce = Material::Signed {
            algorithm: Algorithm::HmacSha512,
            rules: SigningRules {
                nonce: NoncePolicy::Required,
                profiles: Profiles::with([Profile::Cloud9]),
                replay: ReplayPolicy::Strict,
                allow_unsigned_query: true,
            },
            issues: vec![signed("i", &right)],
        };
        let tokens = |profile| Material::Token {
            algorithm: JwsAlgorithm::Hs512,
            profile,
            issues: vec![TokenIssue {
                issue: TOKEN_ISSUE.into(),
                secret: Some(right.as_bytes().to_vec().into()),
                not_after_s: None,
            }],
        };
        let listed = Accounts::Listed(BTreeSet::from(["a1".into(), "a2".into()]));
        let keys = [
            (setting.signed.clone(), two, Accounts::All),
            (setting.sha256.clone(), sha256, listed),
            (setting.nonce.clone(), nonce, Accounts::All),
            (
                setting.token.clone(),
                tokens(TokenProfile::Keyward),
                Accounts::All,
            ),
            (
                setting.holder.clone(),
                tokens(TokenProfile::JwtIss),
                Accounts::All,
            ),
            (setting.basic.clone(), basic(&right), Accounts::All),
            (IMPORTED.into(), basic(IMPORTED_SECRET), Accounts::All),
        ];
        setting.keys = keys
            .into_iter()
            .map(|(id, material, accounts)| key(id, material, accounts, &setting.catalogue))
            .collect();
        setting
    }

    pub fn deployments(&self) -> [&Deployment; 2] {
        [&self.open, &self.strict]
    }

    pub fn key(&self, key_id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.key_id() == key_id)
    }

    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The algorithm of a signed key, and the key that makes its MACs.
    pub fn mac_key(&self, key_id: &str) -> Option<MacKey> {
        let algorithm = match key_id {
            id if id == self.signed || id == self.nonce => Algorithm::HmacSha512,
            id if id == self.sha256 => Algorithm::HmacSha256,
            _ => return None,
        };
        Some(MacKey::new(algorithm, self.right.as_bytes()))
    }

    /// Puts what no fuzzer finds in the place of its name: key ids have a checksum, secrets too,
    /// MACs a length. The right secret is not among it.
    pub fn expand(&self, text: &str) -> String {
        text.replace("$SIGNED", &self.signed)
            .replace("$SHA256", &self.sha256)
            .replace("$NONCE", &self.nonce)
            .replace("$BASIC", &self.basic)
            .replace("$TOKEN", &self.token)
            .replace("$HOLDER", &self.holder)
            .replace("$KID", &thumbprint(&TOKEN_PUBLIC_KEY))
            .replace("$UNKNOWN", &self.unknown)
            .replace("$WRONG", &self.wrong)
            .replace("$NOW", &NOW_S.to_string())
            .replace("$DATE", NOW_DATE)
            .replace("$MAC32", &format!("{}=", "A".repeat(43)))
            .replace("$MAC64", &format!("{}==", "A".repeat(86)))
    }
}

fn checked(text: &str) -> String {
    let digits = checksum(text).map(char::from);
    text.chars().chain(digits).collect()
}

fn deployment(open: bool) -> Deployment {
    let authority = |name: &str, scheme, environment: &str, role| Authority {
        authority: name.into(),
        scheme,
        environment: environment.into(),
        role,
    };
    let mut settings = Settings::new(
        "fuzz",
        vec![
            authority(
                "api.example",
                Scheme::Https,
                "production",
                AuthorityRole::Api,
            ),
            authority("uat.example", Scheme::Https, "uat", AuthorityRole::Api),
            authority(
                "plain.example:8080",
                Scheme::Http,
                "production",
                AuthorityRole::Api,
            ),
            authority(
                "admin.example",
                Scheme::Https,
                "production",
                AuthorityRole::Admin,
            ),
        ],
    );
    settings.imported_key_ids = open;
    settings.debug = open;
    settings.content_bytes_max = 64;
    let keys = TokenKeys::new([TOKEN_PUBLIC_KEY]).expect("one key");
    settings.token_keys.insert("production".into(), keys);
    Deployment::new(settings).expect("settings")
}

fn catalogue() -> Catalogue {
    let route = |pattern: &str, methods: &[Method]| RouteDefinition {
        methods: methods.to_vec(),
        pattern: pattern.into(),
        resource: "things".into(),
        basic: true,
        ..RouteDefinition::default()
    };
    let all = Method::ALL.map(|method| match method {
        Method::Head => Method::Get,
        other => other,
    });
    let all: Vec<_> = BTreeSet::from(all).into_iter().collect();
    let routes = vec![
        route("/**", &all),
        RouteDefinition {
            basic: false,
            ..route("/signed/**", &all)
        },
        RouteDefinition {
            account: Some("account".into()),
            ..route("/accounts/{account}", &[Method::Get, Method::Post])
        },
        RouteDefinition {
            accounts_at_origin: true,
            ..route("/accounts", &[Method::Get])
        },
        RouteDefinition {
            allow_encoded_slash: true,
            allow_empty_segments: true,
            allow_semicolon: true,
            ..route("/files/**", &[Method::Get, Method::Put])
        },
    ];
    let api = ApiDefinition {
        name: "api".into(),
        resources: vec!["things".into()],
        cors: Some(Cors {
            origins: vec!["https://app.example".into()],
            max_age_s: 600,
            expose_headers: vec!["etag".into()],
        }),
        routes,
    };
    Catalogue::compile(vec![api]).expect("a catalogue")
}

fn key(key_id: String, material: Material, accounts: Accounts, catalogue: &Catalogue) -> Key {
    let parts = KeyParts {
        key_id,
        organisation: "acme".into(),
        environment: "production".into(),
        generation: 1,
        fresh_until_s: None,
        not_before_s: None,
        expires_at_s: NOW_S + 1_000,
        disabled: false,
        addresses: None,
        assignments: vec![Assignment {
            role: "admin".into(),
            accounts,
            grants: vec![Grants {
                api: "api".into(),
                resource: "things".into(),
                actions: Actions::ALL,
            }],
        }],
        material,
    };
    Key::compile(parts, catalogue).expect("a key")
}
