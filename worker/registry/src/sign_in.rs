//! What goes over more than one object: founding, enrolling, signing in.
mod prove;

use keyward_core::deployment::is_name;
use serde::{Deserialize, Serialize};
use worker::Env;

use crate::call::{self, Answer, Ask, DIRECTORY, THE_DIRECTORY};
use crate::configuration::Configuration;
use crate::directory::DirectoryCall;
use crate::email;
use crate::front::{self, Asked};
use crate::operator::{OperatorCall, Person, Proven};
use crate::organisation::{Maker, OrganisationCall, Who};
use crate::password;
use crate::random;
use crate::refusal::{Code, Refusal};
use crate::route::{Reply, ask_organisation, json, within};

use prove::{ask_operator, prove, without_signature};

/// Ours have 43.
const INVITATION_BYTES_MAX: usize = 128;
/// Recovery codes have 23, those of apps six.
const CODE_BYTES_MAX: usize = 64;

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewOrganisation {
    #[cfg_attr(test, schemars(with = "crate::openapi::Name"))]
    name: String,
    /// The e-mail address of its first firm-admin.
    #[cfg_attr(test, schemars(with = "crate::openapi::Email"))]
    firm_admin: String,
}

/// The root token is good for this and nothing else.
pub(crate) async fn found(
    env: &Env,
    configuration: &Configuration,
    asked: &Asked,
) -> Result<Reply, Refusal> {
    let is_root = match (&configuration.root_token, &asked.bearer) {
        (Some(token), Some(shown)) => random::is_same(token, shown),
        _ => false,
    };
    if !is_root {
        return Err(Code::Unauthenticated.into());
    }
    let new: NewOrganisation = json(asked)?;
    if !is_name(&new.name) {
        let rule = "must be 1 to 64 of a-z, 0-9 and -, and not begin with -";
        return Err(Refusal::field("name", rule));
    }
    if let Err(rule) = email::check(&new.firm_admin) {
        return Err(Refusal::field("firmAdmin", rule));
    }
    let about = || asked.about.clone();
    let reserve = Ask {
        about: about(),
        call: DirectoryCall::ReserveOrganisation {
            name: new.name.clone(),
        },
    };
    let reserved = call::ask(env, DIRECTORY, THE_DIRECTORY, &reserve).await?;
    if !reserved.is_ok() {
        return Ok((reserved, None));
    }
    let id = random::id()?;
    let claim = OrganisationCall::Claim { id: id.clone() };
    let claimed = ask_organisation(env, &new.name, about(), claim).await?;
    if !claimed.is_ok() {
        return Ok((claimed, None));
    }
    // The invitation comes first: an organisation whose first admin has none would be lost.
    let person = Person {
        organisation: new.name.clone(),
        email: email::folded(&new.firm_admin),
    };
    let invitation = send_invitation(env, asked, &person, &id, true).await?;
    let call = OrganisationCall::Found {
        id,
        name: new.name.clone(),
        email: person.email,
    };
    let answer = ask_organisation(env, &new.name, about(), call).await?;
    Ok((with_invitation(answer, invitation)?, None))
}

/// Notes the operator, then gives the invitation for him.
pub(crate) async fn invite(
    env: &Env,
    asked: &Asked,
    call: OrganisationCall,
) -> Result<Reply, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Noted {
        id: String,
        email: String,
        signed_in_at: Option<u64>,
    }
    let organisation = asked.organisation.as_ref().ok_or(Code::Unauthenticated)?;
    let answer = within(env, asked, call).await?;
    if !answer.is_ok() {
        return Ok((answer, None));
    }
    let noted: Noted = answer.read()?;
    let person = Person {
        organisation: organisation.clone(),
        email: noted.email,
    };
    let is_new = noted.signed_in_at.is_none();
    let invitation = send_invitation(env, asked, &person, &noted.id, is_new).await?;
    Ok((with_invitation(answer, invitation)?, None))
}

async fn send_invitation(
    env: &Env,
    asked: &Asked,
    person: &Person,
    operator: &str,
    is_new: bool,
) -> Result<String, Refusal> {
    let invitation = random::secret()?;
    let call = OperatorCall::Invite {
        person: person.clone(),
        operator: operator.to_owned(),
        invitation_hash: random::hash(&invitation),
        is_new,
    };
    let answer = ask_operator(env, asked, person, call).await?;
    if answer.is_ok() {
        Ok(invitation.to_string())
    } else {
        Err(Refusal::internal(&"an operator cannot be invited"))
    }
}

/// The answer with one member more, which is shown this once.
fn with_invitation(answer: Answer, invitation: String) -> Result<Answer, Refusal> {
    if !answer.is_ok() {
        return Ok(answer);
    }
    let mut members: serde_json::Map<String, serde_json::Value> = answer.read()?;
    members.insert("invitation".to_owned(), invitation.into());
    Answer::json(answer.status, &members)
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrolment {
    #[cfg_attr(test, schemars(with = "crate::openapi::Name"))]
    organisation: String,
    #[cfg_attr(test, schemars(with = "crate::openapi::Email"))]
    email: String,
    #[cfg_attr(test, schemars(length(min = 1, max = INVITATION_BYTES_MAX)))]
    invitation: String,
    #[cfg_attr(test, schemars(length(min = password::CHARACTERS_MIN, max = password::BYTES_MAX)))]
    password: String,
}

pub(crate) async fn enrol(env: &Env, asked: &Asked) -> Result<Reply, Refusal> {
    let form: Enrolment = json(asked)?;
    may_be(&form.invitation, INVITATION_BYTES_MAX)?;
    let person = person(&form.organisation, &form.email)?;
    let call = OperatorCall::Enrol {
        invitation: form.invitation,
        password: form.password,
    };
    Ok((prove(env, asked, &person, call).await?, None))
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    #[cfg_attr(test, schemars(with = "crate::openapi::Name"))]
    organisation: String,
    #[cfg_attr(test, schemars(with = "crate::openapi::Email"))]
    email: String,
    #[cfg_attr(test, schemars(length(min = 1, max = INVITATION_BYTES_MAX)))]
    invitation: String,
    #[cfg_attr(test, schemars(length(min = 1, max = CODE_BYTES_MAX)))]
    code: String,
}

pub(crate) async fn confirm(env: &Env, asked: &Asked) -> Result<Reply, Refusal> {
    let form: Confirmation = json(asked)?;
    may_be(&form.invitation, INVITATION_BYTES_MAX)?;
    may_be(&form.code, CODE_BYTES_MAX)?;
    let person = person(&form.organisation, &form.email)?;
    let call = OperatorCall::Confirm {
        invitation: form.invitation,
        code: form.code,
    };
    Ok((prove(env, asked, &person, call).await?, None))
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    #[cfg_attr(test, schemars(with = "crate::openapi::Name"))]
    organisation: String,
    #[cfg_attr(test, schemars(with = "crate::openapi::Email"))]
    email: String,
    #[cfg_attr(test, schemars(length(min = 1, max = password::BYTES_MAX)))]
    password: String,
    /// Six digits of the app, or a recovery code.
    #[cfg_attr(test, schemars(length(min = 1, max = CODE_BYTES_MAX)))]
    code: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SignedIn<'a> {
    organisation: &'a str,
    email: &'a str,
}

pub(crate) async fn open(env: &Env, asked: &Asked) -> Result<Reply, Refusal> {
    let form: SignIn = json(asked)?;
    may_be(&form.password, password::BYTES_MAX)?;
    may_be(&form.code, CODE_BYTES_MAX)?;
    let person = person(&form.organisation, &form.email)?;
    let call = OperatorCall::SignIn {
        password: form.password,
        code: form.code,
    };
    let proven = prove(env, asked, &person, call).await?;
    if !proven.is_ok() {
        return Ok((proven, None));
    }
    begin(env, asked, &person, proven.read()?).await
}

/// By a request that an operator's own key has signed.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInWithKey {
    /// Six digits of the app, or a recovery code.
    #[cfg_attr(test, schemars(length(min = 1, max = CODE_BYTES_MAX)))]
    code: String,
}

/// With a key instead of the password. The request is signed, and the organisation judges that.
pub(crate) async fn open_with_key(env: &Env, asked: &Asked) -> Result<Reply, Refusal> {
    let form: SignInWithKey = json(asked)?;
    may_be(&form.code, CODE_BYTES_MAX)?;
    let organisation = asked.organisation.as_ref().ok_or(Code::Unauthenticated)?;
    let maker = within(env, asked, OrganisationCall::MakerOfKey).await?;
    if !maker.is_ok() {
        return Ok((maker, None));
    }
    let maker: Maker = maker.read()?;
    let person = Person {
        organisation: organisation.clone(),
        email: maker.email,
    };
    let call = OperatorCall::StepUp {
        operator: maker.id,
        code: form.code,
    };
    let proven = prove(env, asked, &person, call).await?;
    if !proven.is_ok() {
        return Ok((proven, None));
    }
    begin(env, asked, &person, proven.read()?).await
}

/// The session of who showed both factors.
async fn begin(env: &Env, asked: &Asked, person: &Person, shown: Proven) -> Result<Reply, Refusal> {
    let secret = random::secret()?;
    let call = OrganisationCall::OpenSession {
        operator: shown.operator,
        generation: shown.generation,
        email: person.email.clone(),
        session: random::hash(&secret),
    };
    let about = without_signature(asked);
    let opened = ask_organisation(env, &person.organisation, about, call).await?;
    if !opened.is_ok() {
        return Ok((opened, None));
    }
    let answer = Answer::json(
        200,
        &SignedIn {
            organisation: &person.organisation,
            email: &person.email,
        },
    )?;
    let cookie = front::cookie(&person.organisation, &secret);
    Ok((answer, Some(cookie)))
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactor {
    #[cfg_attr(test, schemars(length(min = 1, max = CODE_BYTES_MAX)))]
    code: String,
}

pub(crate) async fn step_up(env: &Env, asked: &Asked) -> Result<Reply, Refusal> {
    let form: SecondFactor = json(asked)?;
    may_be(&form.code, CODE_BYTES_MAX)?;
    let organisation = asked.organisation.as_ref().ok_or(Code::Unauthenticated)?;
    let session = within(env, asked, OrganisationCall::Session).await?;
    if !session.is_ok() {
        return Ok((session, None));
    }
    let who: Who = session.read()?;
    let person = Person {
        organisation: organisation.clone(),
        email: who.email,
    };
    let call = OperatorCall::StepUp {
        operator: who.id,
        code: form.code,
    };
    let proven = prove(env, asked, &person, call).await?;
    if !proven.is_ok() {
        return Ok((proven, None));
    }
    let refreshed = within(env, asked, OrganisationCall::RefreshSession).await?;
    Ok((refreshed, None))
}

/// What no factor looks like is answered as a wrong one, and nothing is tried with it.
fn may_be(factor: &str, bytes_max: usize) -> Result<(), Refusal> {
    if (1..=bytes_max).contains(&factor.len()) {
        return Ok(());
    }
    Err(Code::SignInFailed.into())
}

/// What cannot be anybody is answered like who gives wrong factors.
fn person(organisation: &str, email: &str) -> Result<Person, Refusal> {
    if !is_name(organisation) || email::check(email).is_err() {
        return Err(Code::SignInFailed.into());
    }
    Ok(Person {
        organisation: organisation.to_owned(),
        email: email::folded(email),
    })
}
