//! An operator's factors: one object for each, so that the slow hash of one password keeps nobody
//! else waiting. It knows passwords and codes; what an operator may do, the organisation knows.
mod factors;
mod failures;
mod guesses;
mod tell;

use core::net::IpAddr;
use std::rc::Rc;

use keyward_platform::{set_alarm, transaction};
use keyward_totp as totp;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, Storage, durable_object};
use zeroize::Zeroizing;

use crate::call::{self, About, Answer, Ask};
use crate::clock;
use crate::configuration::Configuration;
use crate::delay;
use crate::password;
use crate::random;
use crate::refusal::{Code, Refusal};

use factors::Factors;
pub(crate) use factors::Person;
pub(crate) use failures::Failures;
use tell::{arm, later_ms};

/// How long an invitation is good for, in seconds: three days.
const INVITATION_S: u64 = 72 * 60 * 60;
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
    /// The second factor, where the first one was shown in another way.
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
}

impl DurableObject for Operator {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
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
        let storage = self.state.storage();
        let _ = set_alarm(&storage, later_ms());
        self.end_sessions(About::default()).await;
        self.tell_failures().await;
        let _ = arm(&storage);
        Response::empty()
    }
}

impl Operator {
    fn answer(&self, call: OperatorCall, address: Option<IpAddr>) -> Result<Answer, Refusal> {
        let configuration = Configuration::of(&self.env)?;
        let desk = Desk {
            storage: self.state.storage(),
            network: delay::network(address),
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
            } => desk.enrol(&invitation, &Zeroizing::new(password)),
            OperatorCall::Confirm { invitation, code } => desk.confirm(&invitation, &code),
            OperatorCall::SignIn { password, code } => {
                let password = Zeroizing::new(password);
                let mut proven = None;
                desk.attempt(|factors| {
                    // Always: how long it takes says nothing of whether there is one.
                    let kept = factors.and_then(|factors| factors.password.as_deref());
                    let is_password = password::verify(&password, kept);
                    let Some(factors) = factors.filter(|_| is_password) else {
                        return Ok(Proof::None);
                    };
                    if !desk.second_factor(factors, &code)? {
                        return Ok(Proof::Password);
                    }
                    guesses::know(&desk.storage, &desk.network, desk.now_s)?;
                    proven = Some(factors.proven());
                    Ok(Proof::All)
                })?;
                Answer::json(200, &proven)
            }
            OperatorCall::StepUp { operator, code } => {
                let mut proven = None;
                desk.attempt(|factors| {
                    let Some(factors) = factors.filter(|factors| factors.operator == operator)
                    else {
                        return Ok(Proof::None);
                    };
                    if !desk.second_factor(factors, &code)? {
                        return Ok(Proof::Password);
                    }
                    proven = Some(factors.proven());
                    Ok(Proof::All)
                })?;
                Answer::json(200, &proven)
            }
        }
    }
}

/// How much of what one has to prove was right.
enum Proof {
    None,
    /// Everything but the second factor.
    Password,
    All,
}

/// The object's storage at one moment.
struct Desk {
    storage: Storage,
    /// Where the request comes from.
    network: String,
    configuration: Rc<Configuration>,
    now_s: u64,
}

/// Whose factors were shown, by the id that the organisation knows him by.
#[derive(Serialize, Deserialize)]
pub(crate) struct Proven {
    pub(crate) operator: String,
    /// Of the factors.
    pub(crate) generation: u64,
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

impl Desk {
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

    fn enrol(&self, invitation: &str, password: &str) -> Result<Answer, Refusal> {
        if let Err(rule) = password::check(password) {
            return Err(Refusal::field("password", rule));
        }
        let factors = self.invited(invitation)?;
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

    fn confirm(&self, invitation: &str, code: &str) -> Result<Answer, Refusal> {
        let factors = self.invited(invitation)?;
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
    fn invited(&self, invitation: &str) -> Result<Factors, Refusal> {
        let mut found = None;
        self.attempt(|factors| {
            let hash = random::hash(invitation);
            let factors = factors.filter(|factors| {
                self.now_s < factors.invitation_until_s.unwrap_or_default()
                    && factors
                        .invitation
                        .as_ref()
                        .is_some_and(|kept| random::is_same(kept, &hash))
            });
            found = factors.cloned();
            Ok(match found {
                Some(_) => Proof::All,
                None => Proof::None,
            })
        })?;
        found.ok_or_else(|| Code::SignInFailed.into())
    }

    /// One try to prove who one is. The network has been asked whether it may.
    fn attempt(
        &self,
        prove: impl FnOnce(Option<&Factors>) -> Result<Proof, Refusal>,
    ) -> Result<(), Refusal> {
        let factors = Factors::read(&self.storage)?;
        // What a proof uses up stays used up with what it comes to.
        let proof = transaction(&self.storage, || {
            let proof = prove(factors.as_ref())?;
            let is_password = matches!(proof, Proof::Password);
            if factors.is_some() && !matches!(proof, Proof::All) {
                failures::note(&self.storage, &self.network, is_password, self.now_s)?;
                arm(&self.storage)?;
            }
            Ok::<_, Refusal>(proof)
        })?;
        match proof {
            Proof::All => Ok(()),
            Proof::None | Proof::Password => Err(Code::SignInFailed.into()),
        }
    }

    /// A code of the app that was not used before, or a recovery code, which then is gone.
    fn second_factor(&self, factors: &Factors, code: &str) -> Result<bool, Refusal> {
        if !totp::is_code(code) {
            // Nobody guesses these, so whoever has one gets in, whatever others have tried.
            return factors::use_recovery_code(&self.storage, code);
        }
        let is_known = guesses::is_known(&self.storage, &self.network, self.now_s)?;
        // Not looked at, and not said so: that would say that the password was right.
        if !is_known && !guesses::may_try(&self.storage, self.now_s)? {
            return Ok(false);
        }
        // A secret that does not open is in the log, and for the client a wrong code.
        let secret = factors
            .totp
            .as_ref()
            .and_then(|sealed| factors.person.unseal(&self.configuration, sealed).ok());
        let step =
            secret.and_then(|secret| totp::accept(&secret, code, self.now_s, factors.last_step));
        match step {
            Some(step) => factors::set_last_step(&self.storage, step)?,
            None if !is_known => guesses::note(&self.storage, self.now_s)?,
            None => {}
        }
        Ok(step.is_some())
    }
}
