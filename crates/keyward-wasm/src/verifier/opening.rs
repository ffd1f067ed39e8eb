//! What a verifier is made from.
use keyward_core::catalogue::Catalogue;
use keyward_core::deployment::{Authority, AuthorityRole, Deployment, Scheme, Settings};
use keyward_core::ed25519::TokenKeys;
use keyward_host::keys::Keys;
use keyward_host::tokens::Tokens;
use keyward_wire::catalogue::CatalogueFile;
use keyward_wire::organisation::OrganisationKeys;
use keyward_wire::{PublishRing, Unsealing, jwks};

use super::Verifier;
use crate::parts::Parts;

type Result<T> = core::result::Result<T, String>;

impl Verifier {
    /// The parts are the catalogue as JSON, then as `npm/src/core/core.ts` writes them: the
    /// deployment, its authorities, token keys, publishing keys, and the organisations' keys.
    ///
    /// # Errors
    /// A sentence on what is wrong, without any of the keys.
    pub fn open(mut parts: Parts<'_>, asks_for_ed25519: bool) -> Result<Self> {
        let catalogue = CatalogueFile::parse(parts.part())
            .and_then(|file| file.definitions())
            .map_err(|error| ["catalogue: ", &error.to_string()].concat())?;
        let catalogue = Catalogue::compile(catalogue)
            .map_err(|error| ["catalogue: ", &error.to_string()].concat())?;
        let ttl_s = number(&mut parts).ok_or("cacheTtl must be 0 to 300")?;
        let name = parts.part().to_owned();
        let deployment = settings(name.clone(), &mut parts)?;
        let publish = many(&mut parts, |parts| Ok((parts.part(), parts.part())))?;
        let publish = PublishRing::from_text(publish)
            .map_err(|error| ["publishKeys: ", &error.to_string()].concat())?;
        Ok(Self {
            deployment: Deployment::new(deployment).map_err(|error| error.to_string())?,
            catalogue,
            publish,
            organisations: organisations(&name, &mut parts)?,
            keys: Keys::new(ttl_s),
            tokens: Tokens::default(),
            asks_for_ed25519,
            usage: None,
        })
    }
}

fn settings(name: String, parts: &mut Parts<'_>) -> Result<Settings> {
    let mut settings = Settings::new(name, Vec::new());
    settings.imported_key_ids = !parts.part().is_empty();
    settings.debug = !parts.part().is_empty();
    for bound in [
        &mut settings.content_bytes_max,
        &mut settings.created_age_s_max,
        &mut settings.created_ahead_s_max,
    ] {
        *bound = number(parts).unwrap_or(*bound);
    }
    settings.authorities = many(parts, |parts| {
        let (authority, scheme) = (parts.part().to_owned(), parts.part());
        let (environment, role) = (parts.part().to_owned(), parts.part());
        Ok(Authority {
            authority,
            scheme: Scheme::parse(scheme).ok_or("authorities: scheme must be http or https")?,
            environment,
            role: match role {
                "api" => AuthorityRole::Api,
                "admin" => AuthorityRole::Admin,
                _ => return Err("authorities: role must be api or admin".to_owned()),
            },
        })
    })?;
    let sets = many(parts, |parts| {
        let environment = parts.part().to_owned();
        let keys = many(parts, |parts| {
            jwks::token_key(parts.part(), parts.part())
                .map_err(|error| ["tokenKeys: ", &error.to_string()].concat())
        })?;
        let keys =
            TokenKeys::new(keys).map_err(|error| ["tokenKeys: ", &error.to_string()].concat())?;
        Ok((environment, keys))
    })?;
    for (environment, keys) in sets {
        settings.token_keys.insert(environment, keys);
    }
    Ok(settings)
}

fn organisations(deployment: &str, parts: &mut Parts<'_>) -> Result<Vec<(String, Unsealing)>> {
    let mut all: Vec<(String, Vec<OrganisationKeys>)> = Vec::new();
    for keys in many(parts, |parts| {
        let (environment, organisation) = (parts.part(), parts.part());
        let rings = many(parts, |parts| {
            Ok((parts.part(), parts.part(), parts.part()))
        })?;
        OrganisationKeys::from_members(deployment, environment, organisation, rings).map_err(|_| {
            "organisationKeys: a ring's id, seal or pepper is not as it was exported".to_owned()
        })
    })? {
        match all.iter_mut().find(|(name, _)| name == keys.environment()) {
            None => all.push((keys.environment().to_owned(), vec![keys])),
            Some((_, others)) => {
                if others
                    .iter()
                    .any(|one| one.organisation() == keys.organisation())
                {
                    return Err("organisationKeys: an organisation is there twice".to_owned());
                }
                others.push(keys);
            }
        }
    }
    let open = |(name, keys)| (name, Unsealing::Organisations(keys));
    Ok(all.into_iter().map(open).collect())
}

/// As many as the next part says.
fn many<'a, T>(
    parts: &mut Parts<'a>,
    mut read: impl FnMut(&mut Parts<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = number(parts).ok_or("the script and keyward.wasm are of two versions")?;
    (0..count).map(|_| read(parts)).collect()
}

/// `None`: nothing was said.
fn number(parts: &mut Parts<'_>) -> Option<u64> {
    parts.part().parse().ok()
}
