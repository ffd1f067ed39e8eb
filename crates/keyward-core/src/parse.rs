//! Stage 1: bytes to [`Credential`]. Everything that can be refused without knowing the key is
//! refused here, before any I/O.
pub(crate) mod basic;
mod carrier;
pub(crate) mod cavage;
pub(crate) mod cloud9;
mod draft;
pub(crate) mod fields;
pub(crate) mod kong;
pub(crate) mod rfc9421;
pub(crate) mod signature;
pub mod token;

use alloc::string::String;

use crate::catalogue::{Catalogue, Method, RouteMatch, RouteOutcome};
use crate::cors;
use crate::denial::{Code, Denial};
use crate::deployment::{Authority, Deployment, Settings};
use crate::request::{ContentLength, Request};
use crate::target::Target;

use basic::BasicCredential;
use carrier::Carrier;
use cloud9::Cloud9Credential;
use fields::Fields;
use signature::SignatureCredential;
use token::TokenCredential;

/// A request whose envelope is in order: authority, scheme, method, target, fields and route
/// are known, a credential has not been looked for.
#[derive(Debug)]
pub struct Exchange<'a> {
    pub(crate) deployment: &'a Deployment,
    pub(crate) request: &'a Request<'a>,
    pub(crate) authority: &'a Authority,
    pub(crate) method: Method,
    pub(crate) target: Target<'a>,
    pub(crate) fields: Fields<'a>,
    /// Of a preflight: the route of the request that it asks about.
    pub(crate) route: Option<RouteMatch<'a, 'a>>,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) preflight: Option<cors::Asked>,
}

impl<'a> Exchange<'a> {
    /// Judges the envelope.
    ///
    /// # Errors
    /// The first of: misdirected, insecure transport, method, upgrade, target, fields, content
    /// where there can be none.
    pub fn parse(
        deployment: &'a Deployment,
        catalogue: &'a Catalogue,
        request: &'a Request<'a>,
    ) -> Result<Self, Denial> {
        let authority = find_authority(deployment, request)?;
        let method = Method::parse(request.method).ok_or(Code::MethodNotAllowed)?;
        if request
            .fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("upgrade"))
        {
            return Err(Code::UpgradeNotSupported.into());
        }
        let target = Target::parse(request.target)
            .map_err(|error| Denial::because(Code::AmbiguousTarget, alloc::format!("{error}")))?;
        let preflight = cors::asked(method, request.fields);
        let about = match preflight {
            Some(cors::Asked::For(method)) => method,
            _ => method,
        };
        let route = match catalogue.route(about, &target) {
            RouteOutcome::Match(route) => Some(route),
            RouteOutcome::NoRoute => None,
            RouteOutcome::Ambiguous => {
                return Err(Denial::because(
                    Code::AmbiguousTarget,
                    "no route allows an empty segment, an encoded slash or a semicolon here",
                ));
            }
        };
        let fields = Fields::parse(request.fields)?;
        if matches!(method, Method::Get | Method::Head)
            && !matches!(
                request.content,
                ContentLength::None | ContentLength::Declared(0)
            )
        {
            return Err(Code::UnexpectedContent.into());
        }
        Ok(Self {
            deployment,
            request,
            authority,
            method,
            target,
            fields,
            route,
            catalogue,
            preflight,
        })
    }

    /// The environment that the authority stands for; nothing else chooses it.
    #[must_use]
    pub fn environment(&self) -> &'a str {
        &self.authority.environment
    }

    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    #[must_use]
    pub const fn target(&self) -> &Target<'a> {
        &self.target
    }

    /// The route that matched, if one did.
    #[must_use]
    pub const fn route(&self) -> Option<&RouteMatch<'a, 'a>> {
        self.route.as_ref()
    }

    /// Scheme and authority as clients use them: what stands before the path in a URL.
    #[must_use]
    pub fn base_url(&self) -> String {
        alloc::format!(
            "{}://{}",
            self.authority.scheme.as_str(),
            self.authority.authority
        )
    }

    /// A refusal of this request, with the challenges that fit its route.
    #[must_use]
    pub fn challenged(&self, denial: Denial) -> Denial {
        denial
            .with_basic_challenge(self.takes_basic())
            .with_bearer_error(self.presents_bearer())
    }

    pub(crate) fn settings(&self) -> &'a Settings {
        self.deployment.settings()
    }

    /// Whether the client used the scheme whose challenge names an error (RFC 6750 section 3.1).
    fn presents_bearer(&self) -> bool {
        let fields = [&self.fields.authorization, &self.fields.proxy_authorization];
        fields.into_iter().flatten().any(|value| {
            value
                .split_once(' ')
                .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(carrier::BEARER))
        })
    }

    fn takes_basic(&self) -> bool {
        self.route
            .as_ref()
            .is_some_and(|found| found.route.allows_basic())
    }
}

fn find_authority<'a>(
    deployment: &'a Deployment,
    request: &Request<'_>,
) -> Result<&'a Authority, Denial> {
    let found = deployment
        .authority(request.authority, request.scheme)
        .filter(|authority| authority.role == deployment.settings().serves)
        .ok_or(Code::MisdirectedRequest)?;
    if found.scheme == request.scheme {
        Ok(found)
    } else {
        Err(Code::InsecureTransport.into())
    }
}

/// A well-formed credential, about which nothing is proven yet.
#[derive(Debug)]
pub struct Credential<'a> {
    pub(crate) exchange: &'a Exchange<'a>,
    pub(crate) presented: Presented,
}

#[derive(Debug)]
pub(crate) enum Presented {
    Basic(BasicCredential),
    Cloud9(Cloud9Credential),
    Signature(SignatureCredential),
    Token(TokenCredential),
}

impl<'a> Credential<'a> {
    /// Finds the one credential of a request.
    ///
    /// # Errors
    /// The first of: several credentials, content too large to be checked, none, malformed,
    /// unsupported component, insufficient coverage.
    pub fn parse(exchange: &'a Exchange<'a>) -> Result<Self, Denial> {
        Self::find(exchange).map_err(|denial| exchange.challenged(denial))
    }

    fn find(exchange: &'a Exchange<'a>) -> Result<Self, Denial> {
        if exchange.preflight.is_some() {
            // Answered by the gate; a credential on it would be one that is not meant for it.
            return Err(Code::MissingCredentials.into());
        }
        let carrier = Carrier::find(&exchange.fields)?;
        let settings = exchange.settings();
        carrier.require_content_fits(exchange.request.content, settings.content_bytes_max)?;
        let presented = match carrier {
            Carrier::Rfc9421 {
                input,
                signature,
                own,
            } => Presented::Signature(rfc9421::parse(exchange, input, signature, &own?)?),
            Carrier::Cavage(text) => Presented::Signature(cavage::parse(exchange, text)?),
            Carrier::Kong(text) => Presented::Signature(kong::parse(exchange, text)?),
            Carrier::Cloud9(text) => Presented::Cloud9(Cloud9Credential::parse(exchange, text)?),
            Carrier::Basic(text) => {
                let credential = BasicCredential::parse(text, settings.imported_key_ids)?;
                if exchange.route.is_some() && !exchange.takes_basic() {
                    return Err(Denial::because(
                        Code::MalformedCredentials,
                        "Basic is not accepted on this route",
                    ));
                }
                Presented::Basic(credential)
            }
            Carrier::Bearer(text) => {
                Presented::Token(TokenCredential::parse(text, settings.imported_key_ids)?)
            }
        };
        Ok(Self {
            exchange,
            presented,
        })
    }

    /// The key to look up. Public: it is in every request.
    #[must_use]
    pub fn key_id(&self) -> &str {
        match &self.presented {
            Presented::Basic(basic) => basic.key_id(),
            Presented::Cloud9(cloud9) => &cloud9.key_id,
            Presented::Signature(signature) => &signature.key_id,
            Presented::Token(token) => &token.claims.key_id,
        }
    }

    /// The environment in which the key must be valid.
    #[must_use]
    pub fn environment(&self) -> &'a str {
        self.exchange.environment()
    }
}
