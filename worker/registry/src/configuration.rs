//! What the Worker was configured with, read once an isolate.
use std::cell::RefCell;
use std::rc::Rc;

use keyward_issuer::{Issuer, TokenSigner};
use keyward_platform::property;
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::registry::{EnvironmentSecrets, RegistrySecrets, RegistrySettings};
use worker::Env;
use zeroize::Zeroizing;

use crate::automation::Automation;
use crate::refusal::{FieldError, Refusal};

/// The least that the root token must have, in bytes.
const ROOT_TOKEN_BYTES_MIN: usize = 32;

pub(crate) struct Configuration {
    pub(crate) settings: RegistrySettings,
    pub(crate) secrets: RegistrySecrets,
    pub(crate) catalogue: CatalogueFile,
    /// What judges the requests of keys.
    pub(crate) automation: Automation,
    /// `None`: no organisation can be founded.
    pub(crate) root_token: Option<Zeroizing<String>>,
}

thread_local! {
    static CONFIGURATION: RefCell<Option<Rc<Configuration>>> = const { RefCell::new(None) };
}

impl Configuration {
    /// # Errors
    /// When a variable is absent or not as documented; the log says which.
    pub(crate) fn of(env: &Env) -> Result<Rc<Self>, Refusal> {
        CONFIGURATION.with(|slot| {
            if let Some(configuration) = slot.borrow().as_ref() {
                return Ok(Rc::clone(configuration));
            }
            let made = Self::read(env).map_err(|error| Refusal::internal(&error))?;
            let configuration = Rc::new(made);
            *slot.borrow_mut() = Some(Rc::clone(&configuration));
            Ok(configuration)
        })
    }

    fn read(env: &Env) -> Result<Self, String> {
        let says =
            |name: &'static str| move |error: &dyn core::fmt::Display| format!("{name}: {error}");
        let settings = RegistrySettings::parse(&text(env, "SETTINGS")?)
            .map_err(|error| says("SETTINGS")(&error))?;
        let secrets = Zeroizing::new(text(env, "SECRETS")?);
        let secrets = RegistrySecrets::parse(&secrets).map_err(|error| says("SECRETS")(&error))?;
        let catalogue = CatalogueFile::parse(&text(env, "CATALOGUE")?)
            .map_err(|error| says("CATALOGUE")(&error))?;
        let root_token = match property(env, "ROOT_TOKEN") {
            None => None,
            Some(_) => Some(Zeroizing::new(text(env, "ROOT_TOKEN")?)),
        };
        if root_token
            .as_ref()
            .is_some_and(|token| token.len() < ROOT_TOKEN_BYTES_MIN)
        {
            return Err(format!(
                "ROOT_TOKEN: needs {ROOT_TOKEN_BYTES_MIN} bytes or more"
            ));
        }
        let automation = Automation::new(&settings, secrets.environments.keys())?;
        Ok(Self {
            automation,
            settings,
            secrets,
            catalogue,
            root_token,
        })
    }

    /// Calls back with what makes the keys of an environment, if there is such an environment.
    pub(crate) fn with_issuer<T>(
        &self,
        environment: &str,
        make: impl FnOnce(&Issuer<'_>) -> T,
    ) -> Option<T> {
        let EnvironmentSecrets { masters, token_key } =
            self.secrets.environments.get(environment)?;
        let signer = TokenSigner::new(token_key);
        Some(make(&Issuer {
            deployment: &self.settings.deployment,
            environment,
            masters,
            imported_key_ids: self.settings.imported_key_ids,
            token_signer: Some(&signer),
        }))
    }

    /// What is wrong with a key's environment.
    pub(crate) fn environment_faults(&self, name: &str) -> Vec<FieldError> {
        match self.secrets.environments.contains_key(name) {
            true => Vec::new(),
            false => {
                let detail = "is not one of this deployment";
                Vec::from([FieldError::new("environment", detail)])
            }
        }
    }
}

/// A variable, which may be written as text or as JSON.
fn text(env: &Env, name: &str) -> Result<String, String> {
    let absent = || format!("the variable {name} is not set");
    let value = property(env, name).ok_or_else(absent)?;
    match value.as_string() {
        Some(text) => Ok(text),
        None => js_sys::JSON::stringify(&value)
            .map(String::from)
            .map_err(|_| absent()),
    }
}
