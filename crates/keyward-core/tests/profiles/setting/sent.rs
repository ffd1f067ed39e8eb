//! Requests on their way, and what becomes of them.
use keyward_core::decide::Decision;
use keyward_core::deployment::{Deployment, Scheme};
use keyward_core::parse::Exchange;
use keyward_core::replay::Replay;
use keyward_core::request::{ContentLength, Request};
use keyward_core::verify::{Surroundings, verify};

use super::{NOW_S, setting};

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) scheme: Scheme,
    pub(crate) authority: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) content: Vec<u8>,
    pub(crate) announced: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Became {
    Allowed {
        replay: Option<Replay>,
        forwarded: Vec<(String, String)>,
    },
    Denied {
        status: u16,
        code: &'static str,
        missing: Vec<&'static str>,
        detail: String,
        base: Option<String>,
    },
}

impl Sent {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            scheme: Scheme::Https,
            authority: "api.example".to_owned(),
            target: target.to_owned(),
            fields: Vec::new(),
            content: Vec::new(),
            announced: true,
        }
    }

    pub(crate) fn at(mut self, scheme: Scheme, authority: &str) -> Self {
        self.scheme = scheme;
        self.authority = authority.to_owned();
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// The value replaced, wherever the field stands.
    pub(crate) fn changed(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.retain(|(found, _)| found != name);
        self.with(name, value)
    }

    pub(crate) fn content(mut self, content: &str) -> Self {
        self.content = content.as_bytes().to_vec();
        self
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str()).unwrap()
    }

    /// Runs `then` on the request as an adapter would hand it over.
    pub(crate) fn as_received<T>(&self, then: impl FnOnce(&Request<'_>) -> T) -> T {
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let octets = self.content.len() as u64;
        then(&Request {
            method: &self.method,
            scheme: self.scheme,
            authority: &self.authority,
            target: &self.target,
            fields: &fields,
            content: match (octets, self.announced) {
                (0, true) => ContentLength::None,
                (_, true) => ContentLength::Declared(octets),
                (_, false) => ContentLength::Unknown,
            },
        })
    }

    pub(crate) fn became(&self) -> Became {
        self.became_in(&setting().deployment, NOW_S)
    }

    pub(crate) fn became_at(&self, now_s: u64) -> Became {
        self.became_in(&setting().deployment, now_s)
    }

    pub(crate) fn became_in(&self, deployment: &Deployment, now_s: u64) -> Became {
        let setting = setting();
        let surroundings = Surroundings {
            deployment,
            catalogue: &setting.catalogue,
            client_address: None,
            now_s,
        };
        let find =
            |_: &str, key_id: &str| Ok(setting.keys.iter().find(|key| key.key_id() == key_id));
        self.as_received(|request| {
            verify(
                &surroundings,
                request,
                &self.content,
                find,
                |decision| match decision {
                    Decision::Deny(denial) => Became::Denied {
                        status: denial.code().status(),
                        code: denial.code().as_str(),
                        missing: denial.missing_components().to_vec(),
                        detail: denial.detail().unwrap_or_default().to_owned(),
                        base: denial.signature_base().map(str::to_owned),
                    },
                    Decision::Allow(grant) => {
                        let exchange =
                            Exchange::parse(deployment, &setting.catalogue, request).unwrap();
                        let forwarded = exchange.forwarded_fields(&grant);
                        Became::Allowed {
                            replay: grant.replay(),
                            forwarded: forwarded
                                .into_iter()
                                .map(|(name, value)| (name.to_owned(), value.into_owned()))
                                .collect(),
                        }
                    }
                },
            )
        })
    }
}

impl Became {
    /// `allow`, or status and code.
    pub(crate) fn short(&self) -> String {
        match self {
            Self::Allowed { .. } => "allow".to_owned(),
            Self::Denied { status, code, .. } => format!("{status} {code}"),
        }
    }

    pub(crate) fn replay(&self) -> Option<Replay> {
        match self {
            Self::Allowed { replay, .. } => *replay,
            Self::Denied { .. } => panic!("{self:?}"),
        }
    }

    pub(crate) fn missing(&self) -> Vec<&'static str> {
        match self {
            Self::Allowed { .. } => Vec::new(),
            Self::Denied { missing, .. } => missing.clone(),
        }
    }
}
