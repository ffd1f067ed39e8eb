//! From operations to calls.
use keyward_core::deployment::is_name;
use keyward_issuer::{TokenSigner, jwks};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use worker::Env;

use crate::automation;
use crate::call::{self, About, Answer, Ask, ORGANISATION};
use crate::clock;
use crate::configuration::Configuration;
use crate::confirmation::OwnerConfirmation;
use crate::declining;
use crate::front::{self, Asked};
use crate::object;
use crate::operation::Operation;
use crate::organisation::{AuditQuery, BackupQuery, DeliveryQuery, KeyQuery, OrganisationCall};
use crate::page;
use crate::refusal::{Code, FieldError, Refusal};
use crate::sign_in;

/// Made of the types, and held against them, in tests.
const OPENAPI: &str = include_str!("../openapi.json");

/// Of a query; no operation has as many.
const PARAMETERS_MAX: usize = 16;
/// Longer than any is that we give.
const OWNER_TOKEN_BYTES_MAX: usize = 64;
/// Of what was sent, in the answer that refuses it.
const QUOTED_CHARACTERS_MAX: usize = 200;

/// An answer, and the cookie that goes with it.
pub(crate) type Reply = (Answer, Option<String>);

/// # Errors
/// With the refusal, where it is the Worker's own.
pub(crate) async fn answer(
    env: &Env,
    configuration: &Configuration,
    asked: Asked,
) -> Result<Reply, Refusal> {
    use Operation as Op;
    use OrganisationCall as Call;
    let asked = &asked;
    nothing_is_left(asked)?;
    if asked.about.signed.is_some() && asked.operation == Op::OpenSession {
        return sign_in::open_with_key(env, asked).await;
    }
    // Whoever adds an operation that an object does not answer by itself: its signature is judged
    // by nobody.
    if asked.about.signed.is_some() && automation::needs(asked.operation).is_none() {
        return Err(Refusal::because(Code::Forbidden, "not with a key"));
    }
    let first = || asked.parameters.first().cloned().unwrap_or_default();
    // What one object answers by itself; the others return.
    let call = match asked.operation {
        Op::FoundOrganisation => return sign_in::found(env, configuration, asked).await,
        Op::Enrol => return sign_in::enrol(env, asked).await,
        Op::ConfirmEnrolment => return sign_in::confirm(env, asked).await,
        Op::OpenSession => return sign_in::open(env, asked).await,
        Op::RefreshSession => return sign_in::step_up(env, asked).await,
        Op::CloseSession => {
            let answer = within(env, asked, Call::CloseSession).await?;
            return Ok((answer, Some(front::no_cookie())));
        }
        Op::InviteOperator => {
            return sign_in::invite(env, asked, Call::InviteOperator(json(asked)?)).await;
        }
        Op::InviteOperatorAgain => {
            return sign_in::invite(env, asked, Call::InviteAgain { id: first() }).await;
        }
        Op::ConfirmOwner => return confirm_owner(env, asked).await,
        Op::ShowOwnerPage => return Ok((page::CONFIRMING.answer(), None)),
        Op::DeclineNotices => return decline_notices(env, configuration, asked).await,
        Op::ShowDecliningPage if !is_name(&first()) => return Err(Code::NotFound.into()),
        Op::ShowDecliningPage => return Ok((page::DECLINING.answer(), None)),
        Op::ShowJwks => return key_set(configuration, &first()),
        Op::ShowOpenapi => {
            let answer = Answer {
                status: 200,
                media_type: "application/json",
                body: Some(OPENAPI.to_owned()),
                ..Answer::default()
            };
            return Ok((answer, None));
        }
        Op::ShowHealth => {
            let answer = Answer::json(200, &serde_json::json!({ "status": "pass" }))?;
            return Ok((answer, None));
        }
        Op::ShowSession => Call::Session,
        Op::ListKeys => Call::Keys(key_query(asked)?),
        Op::CreateKey => Call::CreateKey(json(asked)?),
        Op::ShowKey => Call::Key { key_id: first() },
        Op::EditKey => Call::EditKey {
            key_id: first(),
            edit: json(asked)?,
        },
        Op::RemoveKey => Call::RemoveKey { key_id: first() },
        Op::DisableKey => Call::DisableKey { key_id: first() },
        Op::EnableKey => Call::EnableKey { key_id: first() },
        Op::RotateKey => Call::RotateKey {
            key_id: first(),
            rotation: json(asked)?,
        },
        Op::EndRotation => Call::EndRotation { key_id: first() },
        Op::SecretAgain => Call::SecretAgain { key_id: first() },
        Op::AcknowledgeKey => Call::AcknowledgeKey { key_id: first() },
        Op::ListRoles => Call::Roles,
        Op::CreateRole => Call::CreateRole(json(asked)?),
        Op::EditRole => Call::EditRole {
            name: first(),
            edit: json(asked)?,
        },
        Op::RemoveRole => Call::RemoveRole { name: first() },
        Op::ShowOrganisation => Call::Settings,
        Op::EditOrganisation => Call::EditSettings(json(asked)?),
        Op::ListOperators => Call::Operators,
        Op::EditOperator => Call::EditOperator {
            id: first(),
            edit: json(asked)?,
        },
        Op::RemoveOperator => Call::RemoveOperator { id: first() },
        Op::ListAudit => Call::Audit(audit_query(asked)?),
        Op::ShowAuditHead => Call::AuditHead,
        Op::Reconcile => Call::Reconcile(json(asked)?),
        Op::ImportKeys => Call::Import(secretive(asked)?),
        Op::ReportUsage => Call::ReportUsage(json(asked)?),
        Op::BackUp => Call::Backup(backup_query(asked)?),
        Op::Restore => Call::Restore(secretive(asked)?),
        Op::ListWebhooks => Call::Webhooks,
        Op::CreateWebhook => Call::CreateWebhook(json(asked)?),
        Op::ShowWebhook => Call::Webhook { id: first() },
        Op::EditWebhook => Call::EditWebhook {
            id: first(),
            edit: json(asked)?,
        },
        Op::RemoveWebhook => Call::RemoveWebhook { id: first() },
        Op::RotateWebhook => Call::RotateWebhook {
            id: first(),
            rotation: json(asked)?,
        },
        Op::EndWebhookRotation => Call::EndWebhookRotation { id: first() },
        Op::TestWebhook => Call::TestWebhook { id: first() },
        Op::ListDeliveries => Call::Deliveries(delivery_query(asked)?),
        Op::RetryDelivery => Call::RetryDelivery { id: first() },
        Op::AskOwner => Call::AskOwner(json(asked)?),
    };
    Ok((within(env, asked, call).await?, None))
}

/// Nothing that is sent is left unread: where there are no members, none are taken.
fn nothing_is_left(asked: &Asked) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    if !asked.operation.has_query()
        && let Some((name, _)) = parameters(asked)?.next()
    {
        return Err(no_parameter(name));
    }
    if !asked.operation.has_content() && !asked.content.is_empty() {
        let Nothing {} = json(asked)?;
    }
    Ok(())
}

/// An owner says that an address is his. Whoever has the token got it there.
async fn confirm_owner(env: &Env, asked: &Asked) -> Result<Reply, Refusal> {
    let OwnerConfirmation { token } = json(asked)?;
    let (organisation, token) = token.split_once('.').ok_or(Code::NotFound)?;
    if !is_name(organisation) || token.len() > OWNER_TOKEN_BYTES_MAX {
        return Err(Code::NotFound.into());
    }
    let call = OrganisationCall::ConfirmOwner {
        token: token.to_owned(),
    };
    let answer = ask_organisation(env, organisation, asked.about.clone(), call).await?;
    Ok((answer, None))
}

/// An owner takes his yes back. What is none of our links is not looked up.
async fn decline_notices(
    env: &Env,
    configuration: &Configuration,
    asked: &Asked,
) -> Result<Reply, Refusal> {
    declining::is_one_click(&asked.content)?;
    let [organisation, token] = asked.parameters.as_slice() else {
        return Err(Code::NotFound.into());
    };
    let owner = declining::owner(configuration, organisation, token, clock::now_s());
    let call = OrganisationCall::DeclineNotices {
        owner: owner.ok_or(Code::NotFound)?.to_owned(),
    };
    let answer = ask_organisation(env, organisation, asked.about.clone(), call).await?;
    Ok((answer, None))
}

/// What verifies an environment's tokens.
fn key_set(configuration: &Configuration, environment: &str) -> Result<Reply, Refusal> {
    let set = configuration.with_issuer(environment, |issuer| {
        jwks(issuer.token_signer.map(TokenSigner::public_key))
    });
    let set = set.ok_or(Code::NotFound)?;
    let set = set.map_err(|_| Refusal::internal(&"no JWK set"))?;
    Ok((Answer::json(200, &set)?, None))
}

/// Asks the organisation of who asks.
pub(crate) async fn within(
    env: &Env,
    asked: &Asked,
    call: OrganisationCall,
) -> Result<Answer, Refusal> {
    let organisation = asked.organisation.as_ref().ok_or(Code::Unauthenticated)?;
    ask_organisation(env, organisation, asked.about.clone(), call).await
}

/// Asks an organisation by its name.
pub(crate) async fn ask_organisation(
    env: &Env,
    name: &str,
    about: About,
    call: OrganisationCall,
) -> Result<Answer, Refusal> {
    if !is_name(name) {
        return Err(Code::Unauthenticated.into());
    }
    call::ask(env, ORGANISATION, name, &Ask { about, call }).await
}

/// The content, as what it is to be.
///
/// # Errors
/// `malformed`, with the member that is not.
pub(crate) fn json<T: DeserializeOwned>(asked: &Asked) -> Result<T, Refusal> {
    object::read(&asked.content).map_err(|error| {
        // Both may have names that were sent, which are longer than an answer is to be.
        let path = error.path().to_string();
        let detail = object::said(error.inner());
        let path = shortened(&object::member(&path, &detail));
        let detail = shortened(&detail);
        Refusal {
            errors: Vec::from([FieldError::new(path, detail)]),
            ..Code::Malformed.into()
        }
    })
}

/// The same of content that is full of secrets: what a parser says may repeat some of it.
///
/// # Errors
/// `malformed`, with the place.
fn secretive<T: DeserializeOwned>(asked: &Asked) -> Result<T, Refusal> {
    object::read(&asked.content).map_err(|error| {
        let (line, column) = (error.inner().line(), error.inner().column());
        let detail = format!("not as documented, at line {line}, column {column}");
        Refusal::because(Code::Malformed, detail)
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(QUOTED_CHARACTERS_MAX).collect()
}

/// The parameters, each there once.
fn parameters(asked: &Asked) -> Result<impl Iterator<Item = (&str, &String)>, Refusal> {
    if asked.query.len() > PARAMETERS_MAX {
        return Err(Refusal::field("query", "has too many parameters"));
    }
    for (at, (name, _)) in asked.query.iter().enumerate() {
        let before = asked.query.iter().take(at);
        if before.into_iter().any(|(other, _)| other == name) {
            return Err(Refusal::field(&shortened(name), "is there twice"));
        }
    }
    let query = asked.query.iter();
    Ok(query.map(|(name, value)| (name.as_str(), value)))
}

fn key_query(asked: &Asked) -> Result<KeyQuery, Refusal> {
    let mut query = KeyQuery::default();
    for (name, value) in parameters(asked)? {
        match name {
            "state" => query.state = Some(word(name, value)?),
            "kind" => query.kind = Some(word(name, value)?),
            "environment" => query.environment = Some(value.clone()),
            "search" => query.search = Some(value.clone()),
            "unusedSince" => query.unused_since = Some(number(name, value)?),
            "sort" => query.sort = Some(word(name, value)?),
            "after" => query.after = Some(value.clone()),
            "limit" => query.limit = Some(number(name, value)?),
            _ => return Err(no_parameter(name)),
        }
    }
    Ok(query)
}

fn audit_query(asked: &Asked) -> Result<AuditQuery, Refusal> {
    let mut query = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    for (name, value) in parameters(asked)? {
        match name {
            "after" => query.after = number(name, value)?,
            "limit" => query.limit = number(name, value)?,
            "action" => query.action = Some(word(name, value)?),
            "by" => query.by = Some(value.clone()),
            "subject" => query.subject = Some(value.clone()),
            _ => return Err(no_parameter(name)),
        }
    }
    Ok(query)
}

fn backup_query(asked: &Asked) -> Result<BackupQuery, Refusal> {
    let mut query = BackupQuery::default();
    for (name, value) in parameters(asked)? {
        match (name, value.as_str()) {
            ("secrets", "true" | "false") => query.secrets = value == "true",
            ("secrets", _) => return Err(Refusal::field(name, "must be true or false")),
            ("after", _) => query.after = Some(value.clone()),
            _ => return Err(no_parameter(name)),
        }
    }
    Ok(query)
}

fn delivery_query(asked: &Asked) -> Result<DeliveryQuery, Refusal> {
    let mut query = DeliveryQuery::default();
    for (name, value) in parameters(asked)? {
        match name {
            "key" => query.key = Some(value.clone()),
            "webhook" => query.webhook = Some(value.clone()),
            "recipient" => query.recipient = Some(value.clone()),
            "state" => query.state = Some(word(name, value)?),
            "after" => query.after = Some(value.clone()),
            "limit" => query.limit = Some(number(name, value)?),
            _ => return Err(no_parameter(name)),
        }
    }
    Ok(query)
}

fn no_parameter(name: &str) -> Refusal {
    Refusal::field(&shortened(name), "is not a parameter here")
}

fn word<T: DeserializeOwned>(name: &str, value: &impl Serialize) -> Result<T, Refusal> {
    serde_json::to_value(value)
        .and_then(serde_json::from_value)
        .map_err(|error| Refusal::field(name, shortened(&error.to_string())))
}

fn number(name: &str, value: &str) -> Result<u64, Refusal> {
    let is_plain = value.bytes().all(|b| b.is_ascii_digit()) && value.len() <= 15;
    let number = value.parse().ok().filter(|_| is_plain);
    number.ok_or_else(|| Refusal::field(name, "must be a number"))
}
