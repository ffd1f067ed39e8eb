//! The one place where Keyward decides: bytes of a request and the record of a key in, a
//! [`Decision`](decide::Decision) out. Pure: the time, the client's address, the key and every
//! limit are arguments; there is no clock, randomness, I/O, environment or log in here.
//!
//! A client signs, a host verifies, on the same builders:
//!
//! ```
//! use keyward_core::catalogue::{Action, Actions, ApiDefinition, Catalogue, Method, RouteDefinition};
//! use keyward_core::decide::Decision;
//! use keyward_core::denial::Code;
//! use keyward_core::deployment::{Authority, AuthorityRole, Deployment, Scheme, Settings};
//! use keyward_core::key::{
//!     Accounts, Assignment, Grants, Key, KeyParts, Material, Profile, SignedIssue, SigningRules,
//! };
//! use keyward_core::mac::{Algorithm, MacKey};
//! use keyward_core::request::{ContentLength, Request};
//! use keyward_core::sign::{SignatureParameters, Unsigned, sign};
//! use keyward_core::verify::{Surroundings, verify};
//!
//! // What the deployment says once.
//! let mut settings = Settings::new("docs", vec![Authority {
//!     authority: "api.example".to_owned(),
//!     scheme: Scheme::Https,
//!     environment: "production".to_owned(),
//!     role: AuthorityRole::Api,
//! }]);
//! settings.imported_key_ids = true;
//! let deployment = Deployment::new(settings)?;
//! let catalogue = Catalogue::compile(vec![ApiDefinition {
//!     name: "management".to_owned(),
//!     resources: vec!["users".to_owned()],
//!     routes: vec![RouteDefinition {
//!         methods: vec![Method::Post, Method::Delete],
//!         pattern: "/v1/users".to_owned(),
//!         resource: "users".to_owned(),
//!         ..RouteDefinition::default()
//!     }],
//!     ..ApiDefinition::default()
//! }])?;
//!
//! // A key that may create users, as its record says.
//! let secret = b"a secret that both sides know, of 32 bytes or more";
//! let key = Key::compile(KeyParts {
//!     key_id: "billing-7".to_owned(),
//!     organisation: "acme".to_owned(),
//!     environment: "production".to_owned(),
//!     generation: 1,
//!     fresh_until_s: None,
//!     not_before_s: None,
//!     expires_at_s: 1_800_000_000,
//!     disabled: false,
//!     addresses: None,
//!     assignments: vec![Assignment {
//!         role: "clerk".to_owned(),
//!         accounts: Accounts::All,
//!         grants: vec![Grants {
//!             api: "management".to_owned(),
//!             resource: "users".to_owned(),
//!             actions: Actions::NONE.with(Action::Create),
//!         }],
//!     }],
//!     material: Material::Signed {
//!         algorithm: Algorithm::HmacSha512,
//!         rules: SigningRules::default(),
//!         issues: vec![SignedIssue {
//!             issue: "i1".to_owned(),
//!             secret: secret.to_vec().into(),
//!             not_after_s: None,
//!         }],
//!     },
//! }, &catalogue)?;
//!
//! // The client signs what it will send.
//! let content = br#"{"name":"Ada"}"#;
//! let now_s = 1_790_000_000;
//! let signed = |method| sign(
//!     &Unsigned {
//!         method,
//!         scheme: Scheme::Https,
//!         authority: "api.example",
//!         target: "/v1/users",
//!         content_type: None,
//!         content,
//!     },
//!     &MacKey::new(Algorithm::HmacSha512, secret),
//!     &SignatureParameters {
//!         profile: Profile::Rfc9421,
//!         key_id: "billing-7",
//!         created_s: now_s,
//!         nonce: None,
//!     },
//! );
//!
//! // The host verifies what it received.
//! let outcome = |method, fields: &[(&str, String)]| {
//!     let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
//!     let request = Request {
//!         method,
//!         scheme: Scheme::Https,
//!         authority: "api.example",
//!         target: "/v1/users",
//!         fields: &fields,
//!         content: ContentLength::Declared(content.len() as u64),
//!     };
//!     let surroundings = Surroundings { deployment: &deployment, catalogue: &catalogue, client_address: None, now_s };
//!     verify(&surroundings, &request, content, |_, _| Ok(Some(&key)), |decision| match decision {
//!         Decision::Allow(grant) => Ok(grant.organisation.to_owned()),
//!         Decision::Deny(denial) => Err(denial.code()),
//!     })
//! };
//! let fields = signed("POST")?;
//! assert_eq!(outcome("POST", &fields), Ok("acme".to_owned()));
//! // The signature is for POST; and a right one for DELETE is not permitted.
//! assert_eq!(outcome("DELETE", &fields), Err(Code::InvalidCredentials));
//! assert_eq!(outcome("DELETE", &signed("DELETE")?), Err(Code::PermissionDenied));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::unreachable
    )
)]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
pub mod catalogue;
pub mod content;
pub mod cors;
pub mod credential_text;
pub mod deployment;
pub mod ed25519;
pub mod http_date;
pub mod json;
pub mod jws;
pub mod limits;
pub mod mac;
pub mod replay;
pub mod request;
pub mod structured;
pub mod target;

// The pipeline, in order.
pub mod authenticate;
pub mod authorize;
pub mod decide;
pub mod denial;
pub mod parse;
pub mod verify;

mod freshness;
pub mod key;
pub mod sign;
mod signature_base;
pub mod sorted_map;
