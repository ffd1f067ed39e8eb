//! A request with a signature, on its way from the gate to the organisation of its key.
use core::cell::RefCell;
use core::fmt;

use keyward_core::deployment::{Deployment, Scheme};
use keyward_core::request::{ContentLength, Field, Request};
use keyward_core::sorted_map::SortedMap;
use keyward_host::keys::{Asked, Keys, Known, Loaded, MISS_TTL_MS};
use serde::{Deserialize, Serialize};
use worker::Env;

use crate::call::{self, About, Ask, DIRECTORY, THE_DIRECTORY};
use crate::clock;
use crate::configuration::Configuration;
use crate::directory::DirectoryCall;
use crate::refusal::{Code, Refusal};

/// How long a network waits that has asked for too many keys, in seconds.
const GUESSING_S: u64 = (MISS_TTL_MS / 1000.0) as u64;

/// The request as it was received.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Signed {
    /// The key that it names.
    pub(crate) key_id: String,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) content: String,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({}, ..)", self.key_id)
    }
}

impl Signed {
    /// Whether there is something that could be a signature. The core says whether it is one.
    pub(crate) fn may_be(fields: &[(String, String)]) -> bool {
        let names = ["signature", "signature-input"];
        fields
            .iter()
            .any(|(name, _)| names.contains(&name.as_str()))
    }

    pub(super) fn fields(&self) -> Vec<Field<'_>> {
        let fields = self.fields.iter();
        fields
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// The same for the core. The gate has compared authority and scheme with our own.
    pub(super) fn request<'a>(
        &'a self,
        deployment: &'a Deployment,
        fields: &'a [Field<'a>],
    ) -> Request<'a> {
        // There is exactly one.
        let ours = deployment.settings().authorities.first();
        Request {
            method: &self.method,
            scheme: ours.map_or(Scheme::Https, |one| one.scheme),
            authority: ours.map_or("", |one| &one.authority),
            target: &self.target,
            fields,
            content: match self.content.len() {
                0 => ContentLength::None,
                octets => ContentLength::Declared(octets as u64),
            },
        }
    }
}

/// Keys whose organisation an isolate knows.
const ORGANISATIONS_MAX: usize = 1_000;

thread_local! {
    /// Whose a key is never changes, and who guesses others' ids keeps none that is known from
    /// being heard.
    static ORGANISATIONS: RefCell<SortedMap<String, String>> = const { RefCell::new(SortedMap::new()) };
    /// Key ids that are nobody's, and the networks that ask for many: the directory is one object,
    /// and there for all.
    static MISSES: RefCell<Keys> = const { RefCell::new(Keys::new(0)) };
}

/// The organisation of the key that a request names.
///
/// # Errors
/// For a key that is nobody's, what a wrong signature is answered.
pub(crate) async fn organisation(
    env: &Env,
    configuration: &Configuration,
    about: &About,
    signed: &Signed,
) -> Result<String, Refusal> {
    let known = ORGANISATIONS.with_borrow(|known| known.get(&signed.key_id).cloned());
    if let Some(organisation) = known {
        return Ok(organisation);
    }
    let at_ms = clock::now_ms() as f64;
    let refused = || {
        let now_s = clock::now_s();
        let judged = configuration
            .automation
            .judge(signed, None, about.address, now_s);
        Err(match judged {
            Ok(_) => Refusal::internal(&"an unknown key was taken"),
            Err(refusal) => refusal,
        })
    };
    let asked = Asked { at_ms, since: 0 };
    let known = MISSES.with_borrow_mut(|misses| misses.find("", &signed.key_id, asked));
    if matches!(known, Known::Absent) {
        return refused();
    }
    let is_guessing = |misses: &RefCell<Keys>| {
        let misses = misses.borrow();
        misses.is_guessing("", &signed.key_id, about.address, at_ms)
    };
    if MISSES.with(is_guessing) {
        return Err(Refusal {
            retry_after_s: Some(GUESSING_S),
            ..Code::TooManyAttempts.into()
        });
    }
    let question = Ask {
        about: About::default(),
        call: DirectoryCall::OrganisationOf {
            key_id: signed.key_id.clone(),
        },
    };
    let answer = call::ask(env, DIRECTORY, THE_DIRECTORY, &question).await?;
    if let Some(organisation) = answer.read::<Option<String>>()? {
        ORGANISATIONS.with_borrow_mut(|known| {
            if known.len() >= ORGANISATIONS_MAX {
                known.pop_first();
            }
            known.insert(signed.key_id.clone(), organisation.clone());
        });
        return Ok(organisation);
    }
    let loaded = Loaded { at_ms, number: 0 };
    MISSES.with_borrow_mut(|misses| misses.put_miss("", &signed.key_id, about.address, loaded));
    refused()
}
