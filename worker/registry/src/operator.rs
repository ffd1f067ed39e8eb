//! An operator's factors: one object for each, so that the slow hash of one password keeps nobody
//! else waiting. It knows passwords and codes; what an operator may do, the organisation knows.
mod attempts;
mod factors;

use core::net::IpAddr;
use std::rc::Rc;

use keyward_platform::{delete_alarm, set_alarm, transaction};
use keyward_totp as totp;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, Storage, durable_object};
use zeroize::Zeroizing;

use crate::call::{self, About, Answer, Ask, ORGANISATION};
use crate::clock;
use crate::configuration::Configuration;
use crate::organisation::OrganisationCall;
use crate::password;
use crate::random;
use crate::refusal::{Code, Refusal};

use attempts::{Attempts, Strangers};
use factors::Factors;
pub(crate) use factors::Person;

/// How long an invitation is good for, in seconds: three days.
const INVITATION_S: u64 = 72 * 60 * 60;
/// How long after a failure the organisation is asked again.
const RETRY_MS: u64 = 5_000;
/// Recovery codes are good for one use each.
const RECOVERY_CODES: usize = 10;

#[derive(Serialize, Deserialize)]
pub(crate) enum OperatorCall {
    /// Lets who has this invitation set new factors. Those that there are stay until then, or,
    /// for somebody new, are forgotten: they were another operator's with the same address.
    Invite {
        person: Person,
        operator: String,
        invitation_hash: String,
        is_new: bool,
    },
    /// Takes a password, and gives a secret for an authenticator app.
    Enrol {
        invitation: String,
        password: String,
    },
    /// Takes the app's first code, and gives recovery codes. From here on the factors are these.
    Confirm { invitation: String, code: String },
    /// Both factors, or one answer for whichever is wrong. Gives whose they are.
    SignIn { password: String, code: String },
    /// The second factor again.
    StepUp { operator: String, code: String },
}

#[expect(
    missing_debug_implementations,
    reason = "the runtime makes it, and nobody prints it"
)]
#[durable_object]
pub struct Operator {
    state: State,
    env: Env,
    strangers: Strangers,
}

impl DurableObject for Operator {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            strangers: Strangers::default(),
        }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let Ask { about, call } = call::read(request).await?;
        let confirms = matches!(call, OperatorCall::Confirm { .. });
        let answer = self.answer(call, about.address);
        if confirms && answer.is_ok() {
            self.end_sessions(about).await;
        }
        call::respond(answer)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        // First of all the next try: an alarm that fails six times is dropped for good.
        let _ = set_alarm(&self.state.storage(), later_ms());
        self.end_sessions(About::default()).await;
        Response::empty()
    }
}

/// When the organisation is asked again.
fn later_ms() -> f64 {
    clock::now_ms().saturating_add(RETRY_MS) as f64
}

impl Operator {
    /// Has the organisation end the sessions that began with other factors. The alarm goes on
    /// until it has.
    async fn end_sessions(&self, about: About) {
        let storage = self.state.storage();
        let Ok(Some(factors)) = Factors::read(&storage) else {
            return;
        };
        let question = Ask {
            about,
            call: OrganisationCall::EndSessions {
                operator: factors.operator,
            },
        };
        let name = &factors.person.organisation;
        let ended = call::ask(&self.env, ORGANISATION, name, &question).await;
        // 401: there is no such operator any more, so he has no sessions either.
        if ended.is_ok_and(|answer| answer.is_ok() || answer.status == 401) {
            let _ = delete_alarm(&storage);
        }
    }

    fn answer(&self, call: OperatorCall, address: Option<IpAddr>) -> Result<Answer, Refusal> {
        let configuration = Configuration::of(&self.env)?;
        let desk = Desk {
            storage: self.state.storage(),
            strangers: &self.strangers,
            configuration,
            now_s: clock::now_s(),
        };
        match call {
            OperatorCall::Invite {
                person,
                operator,
                invitation_hash,
                is_new,
            } => desk.invite(&person, &operator, &invitation_hash, is_new),
            OperatorCall::Enrol {
                invitation,
                password,
            } => desk.enrol(&invitation, &Zeroizing::new(password), address),
            OperatorCall::Confirm { invitation, code } => desk.confirm(&invitation, &code, address),
            OperatorCall::SignIn { password, code } => {
                let password = Zeroizing::new(password);
                let mut operator = String::new();
                desk.attempt(address, |factors| {
                    // Both always: how long it takes says nothing of which one was wrong.
                    let is_password = password::verify(
                        &password,
                        factors.and_then(|factors| factors.password.as_deref()),
                    );
                    match factors {
                        Some(factors) if is_password => {
                            operator.clone_from(&factors.operator);
                            desk.second_factor(factors, &code)
                        }
                        _ => Ok(false),
                    }
                })?;
                Answer::json(200, &Proven { operator })
            }
            OperatorCall::StepUp { operator, code } => {
                desk.attempt(address, |factors| match factors {
                    Some(factors) if factors.operator == operator => {
                        desk.second_factor(factors, &code)
                    }
                    _ => Ok(false),
                })?;
                Ok(Answer::empty())
            }
        }
    }
}

/// The object's storage at one moment.
struct Desk<'a> {
    storage: Storage,
    strangers: &'a Strangers,
    configuration: Rc<Configuration>,
    now_s: u64,
}

/// Whose factors were shown, by the id that the organisation knows him by.
#[derive(Serialize, Deserialize)]
pub(crate) struct Proven {
    pub(crate) operator: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Authenticator {
    /// For a QR code.
    otpauth: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Enrolled {
    recovery_codes: Vec<String>,
}

impl Desk<'_> {
    fn invite(
        &self,
        person: &Person,
        operator: &str,
        invitation_hash: &str,
        is_new: bool,
    ) -> Result<Answer, Refusal> {
        let until_s = self.now_s.saturating_add(INVITATION_S);
        transaction(&self.storage, || {
            let known = Factors::read(&self.storage)?;
            if known.is_some_and(|known| is_new || known.operator != operator) {
                factors::forget(&self.storage)?;
            }
            factors::invite(&self.storage, person, operator, invitation_hash, until_s)?;
            Ok(Answer::empty())
        })
    }

    fn enrol(
        &self,
        invitation: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<Answer, Refusal> {
        if let Err(rule) = password::check(password) {
            return Err(Refusal::field("password", rule));
        }
        let factors = self.invited(invitation, address)?;
        let salt = random::bytes()?;
        let kept = password::hash(password, &salt)
            .ok_or_else(|| Refusal::internal(&"argon2id has failed"))?;
        let secret = random::bytes::<{ totp::SECRET_BYTES }>()?;
        let sealed = factors.person.seal(&self.configuration, &secret)?;
        transaction(&self.storage, || {
            factors::set_next(&self.storage, &kept, &sealed)
        })?;
        let deployment = &self.configuration.settings.deployment;
        let issuer = format!("Keyward {deployment}");
        let account = format!("{} ({})", factors.person.email, factors.person.organisation);
        Answer::json(
            200,
            &Authenticator {
                otpauth: totp::enrolment_uri(&secret, &issuer, &account),
            },
        )
    }

    fn confirm(
        &self,
        invitation: &str,
        code: &str,
        address: Option<IpAddr>,
    ) -> Result<Answer, Refusal> {
        let factors = self.invited(invitation, address)?;
        let sealed = factors
            .next_totp
            .as_ref()
            .ok_or_else(|| Refusal::because(Code::Conflict, "a password is to be set before"))?;
        let secret = factors.person.unseal(&self.configuration, sealed)?;
        let step = totp::accept(&secret, code, self.now_s, None)
            .ok_or_else(|| Refusal::field("code", "is not the present code of the app"))?;
        let mut recovery_codes = Vec::new();
        for _ in 0..RECOVERY_CODES {
            recovery_codes.push(factors::recovery_code()?);
        }
        transaction(&self.storage, || {
            factors::use_next(&self.storage, step, &recovery_codes)?;
            set_alarm(&self.storage, later_ms())?;
            Ok::<_, Refusal>(())
        })?;
        Answer::json(200, &Enrolled { recovery_codes })
    }

    /// The factors of who has this invitation.
    fn invited(&self, invitation: &str, address: Option<IpAddr>) -> Result<Factors, Refusal> {
        let mut found = None;
        self.attempt(address, |factors| {
            let hash = random::hash(invitation);
            let factors = factors.filter(|factors| {
                self.now_s < factors.invitation_until_s.unwrap_or_default()
                    && factors
                        .invitation
                        .as_ref()
                        .is_some_and(|kept| random::is_same(kept, &hash))
            });
            found = factors.cloned();
            Ok(found.is_some())
        })?;
        found.ok_or_else(|| Code::SignInFailed.into())
    }

    /// One try to prove who one is, which counts if it fails, and is not made at all while the
    /// last failure is too near.
    fn attempt(
        &self,
        address: Option<IpAddr>,
        prove: impl FnOnce(Option<&Factors>) -> Result<bool, Refusal>,
    ) -> Result<(), Refusal> {
        let factors = Factors::read(&self.storage)?;
        let attempts = Attempts {
            storage: &self.storage,
            strangers: self.strangers,
            is_known: factors.is_some(),
            now_s: self.now_s,
        };
        attempts.may_try(address)?;
        // What a proof uses up is used up together with the success being written.
        let is_proven = transaction(&self.storage, || {
            let is_proven = prove(factors.as_ref())?;
            attempts.note(address, is_proven)?;
            Ok::<_, Refusal>(is_proven)
        })?;
        if is_proven {
            Ok(())
        } else {
            Err(Code::SignInFailed.into())
        }
    }

    /// A code of the app that was not used before, or a recovery code, which then is gone.
    fn second_factor(&self, factors: &Factors, code: &str) -> Result<bool, Refusal> {
        let Some(sealed) = &factors.totp else {
            return Ok(false);
        };
        let secret = factors.person.unseal(&self.configuration, sealed)?;
        if let Some(step) = totp::accept(&secret, code, self.now_s, factors.last_step) {
            factors::set_last_step(&self.storage, step)?;
            return Ok(true);
        }
        factors::use_recovery_code(&self.storage, code)
    }
}
