//! The request that a person asked for.
use keyward_core::deployment;
use keyward_wire::dev::DevKey;

use crate::failure::{Failure, Result};

/// A request before it has a credential.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub scheme: deployment::Scheme,
    pub authority: String,
    /// Path and query, as they will be sent.
    pub target: String,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The request to a URL. Taken as it is written: what is signed must be what is sent.
    ///
    /// # Errors
    /// When the URL has no scheme, or one that is not http or https.
    pub fn to(method: &str, url: &str) -> Result<Self> {
        let not_one = || Failure::new(format!("{url} is not an http or https URL"));
        let (scheme, rest) = url.split_once("://").ok_or_else(not_one)?;
        let scheme = deployment::Scheme::parse(scheme).ok_or_else(not_one)?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self {
            method: method.to_ascii_uppercase(),
            scheme,
            authority: authority.to_owned(),
            target: format!("{slash}{target}"),
            fields: Vec::new(),
            body: Vec::new(),
        })
    }

    /// The request that shows what a demo key may do.
    ///
    /// # Errors
    /// When the file's URL is not one.
    pub fn of_demo(key: &DevKey) -> Result<Self> {
        let mut request = Self::to(&key.method, &format!("{}{}", key.url, key.path))?;
        if let Some(content_type) = &key.content_type {
            request
                .fields
                .push(("content-type".to_owned(), content_type.clone()));
        }
        request.body = key.body.clone().unwrap_or_default().into_bytes();
        Ok(request)
    }

    /// The URL, as it will be sent.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "{}://{}{}",
            self.scheme.as_str(),
            self.authority,
            self.target
        )
    }
}
