//! What an isolate keeps from request to request.
use core::cell::{Cell, RefCell};
use core::fmt;
use std::rc::Rc;

use keyward_core::authorize::Grant;
use keyward_core::catalogue::Catalogue;
use keyward_host::keys::Keys;
use keyward_wire::assertion::AssertionKey;
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::secrets::Secrets;
use keyward_wire::settings::{ProxyKind, Settings};
use worker::Env;
use zeroize::Zeroizing;

use crate::assertion::Assertions;
use crate::confirm::Confirmations;
use crate::js::property;
use crate::tokens::Tokens;
use crate::usage::{self, Usage};

pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) catalogue: Catalogue,
    pub(crate) file: CatalogueFile,
    pub(crate) secrets: Secrets,
    pub(crate) keys: RefCell<Keys>,
    /// How many look-ups have ended.
    pub(crate) lookups: Cell<u64>,
    /// `None`: no proxy may ask.
    pub(crate) forward_auth: Option<ForwardAuth>,
    /// `None`: origins have to trust the plain fields.
    pub(crate) assertions: Option<RefCell<Assertions>>,
    pub(crate) tokens: Tokens,
    /// `None`: records are believed as KV shows them.
    pub(crate) confirmations: Option<Confirmations>,
    /// `None`: there is nobody to report to.
    pub(crate) usage: Option<Usage>,
    /// Bytes of content that are being checked at the moment.
    pub(crate) buffered: Cell<usize>,
}

/// The proxy that may ask, and what it shows.
pub(crate) struct ForwardAuth {
    pub(crate) kind: ProxyKind,
    pub(crate) secret: Zeroizing<String>,
}

/// The least that a proxy's secret must have, in bytes.
const PROXY_SECRET_BYTES_MIN: usize = 32;

thread_local! {
    static STATE: RefCell<Option<Rc<State>>> = const { RefCell::new(None) };
}

/// What is wrong with the Worker's configuration. Holds nothing of the secrets.
#[derive(Debug)]
pub(crate) struct ConfigurationError(String);

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.0)
    }
}

impl State {
    /// The isolate's state, made from the Worker's variables at the first request.
    pub(crate) fn of(env: &Env) -> Result<Rc<Self>, ConfigurationError> {
        STATE.with(|slot| {
            if let Some(state) = slot.borrow().as_ref() {
                return Ok(Rc::clone(state));
            }
            let state = Rc::new(Self::configure(env)?);
            *slot.borrow_mut() = Some(Rc::clone(&state));
            Ok(state)
        })
    }

    fn configure(env: &Env) -> Result<Self, ConfigurationError> {
        let settings = Settings::parse(&text(env, "SETTINGS")?).map_err(says("SETTINGS"))?;
        let secrets = Secrets::parse(&text(env, "SECRETS")?).map_err(says("SECRETS"))?;
        let file = CatalogueFile::parse(&text(env, "CATALOGUE")?).map_err(says("CATALOGUE"))?;
        let definitions = file.definitions().map_err(says("CATALOGUE"))?;
        let catalogue = Catalogue::compile(definitions).map_err(says("CATALOGUE"))?;
        let environments = settings.deployment.settings().authorities.iter();
        file.check_origins(environments.map(|one| one.environment.as_str()))
            .map_err(says("CATALOGUE"))?;
        let assertions = match property(env, "ASSERTION_KEY") {
            None => None,
            Some(_) => {
                let key = AssertionKey::parse(&text(env, "ASSERTION_KEY")?).ok_or_else(|| {
                    ConfigurationError("ASSERTION_KEY: not 32 bytes as base64url".to_owned())
                })?;
                Some(RefCell::new(Assertions::new(key)))
            }
        };
        if settings.confirm_keys && property(env, usage::BINDING).is_none() {
            return Err(ConfigurationError(
                "confirmKeys: needs the binding REGISTRY".to_owned(),
            ));
        }
        let forward_auth = match settings.forward_auth {
            None => None,
            Some(kind) => {
                let secret = Zeroizing::new(text(env, "FORWARD_AUTH_SECRET")?);
                if secret.len() < PROXY_SECRET_BYTES_MIN {
                    return Err(ConfigurationError(format!(
                        "FORWARD_AUTH_SECRET: needs {PROXY_SECRET_BYTES_MIN} bytes or more"
                    )));
                }
                Some(ForwardAuth { kind, secret })
            }
        };
        Ok(Self {
            assertions,
            forward_auth,
            keys: RefCell::new(Keys::new(settings.isolate_ttl_s)),
            lookups: Cell::new(0),
            tokens: Tokens::default(),
            usage: Usage::of(env),
            confirmations: settings.confirm_keys.then(Confirmations::default),
            settings,
            catalogue,
            file,
            secrets,
            buffered: Cell::new(0),
        })
    }

    /// The assertion for the origin of a grant, where the gateway has a key for it.
    pub(crate) fn assert(&self, grant: &Grant<'_>, now_s: u64) -> Option<String> {
        let origin = self.file.origin_name(grant.api)?;
        let deployment = &self.settings.deployment.settings().name;
        let assertions = self.assertions.as_ref()?;
        Some(assertions.borrow_mut().of(grant, deployment, origin, now_s))
    }
}

fn says<E: fmt::Display>(name: &'static str) -> impl Fn(E) -> ConfigurationError {
    move |error| ConfigurationError(format!("{name}: {error}"))
}

/// A variable, which may be written as text or as JSON.
fn text(env: &Env, name: &str) -> Result<String, ConfigurationError> {
    let absent = || ConfigurationError(format!("the variable {name} is not set"));
    let value = property(env, name).ok_or_else(absent)?;
    match value.as_string() {
        Some(text) => Ok(text),
        None => js_sys::JSON::stringify(&value)
            .map(String::from)
            .map_err(|_| absent()),
    }
}
