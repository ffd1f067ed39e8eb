//! From methods and paths to calls.
use keyward_core::deployment::is_name;
use keyward_issuer::{TokenSigner, jwks};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::Env;

use crate::call::{self, About, Answer, Ask, ORGANISATION};
use crate::configuration::Configuration;
use crate::front::{self, Asked};
use crate::organisation::{AuditQuery, BackupQuery, KeyQuery, OrganisationCall};
use crate::refusal::{Code, FieldError, Refusal};
use crate::sign_in;

/// An answer, and the cookie that goes with it.
pub(crate) type Reply = (Answer, Option<String>);

/// # Errors
/// With the refusal, where it is the Worker's own.
pub(crate) async fn answer(
    env: &Env,
    configuration: &Configuration,
    asked: Asked,
) -> Result<Reply, Refusal> {
    let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
    let Some((&"v1", path)) = segments.split_first() else {
        return public(configuration, &asked, &segments);
    };
    match (asked.method.as_str(), path) {
        ("POST", ["organisations"]) => sign_in::found(env, configuration, &asked).await,
        ("POST", ["enrolment"]) => sign_in::enrol(env, &asked).await,
        ("POST", ["enrolment", "confirmation"]) => sign_in::confirm(env, &asked).await,
        ("POST", ["session"]) => sign_in::open(env, &asked).await,
        ("POST", ["session", "second-factor"]) => sign_in::step_up(env, &asked).await,
        ("DELETE", ["session"]) => {
            let answer = within(env, &asked, OrganisationCall::CloseSession).await?;
            Ok((answer, Some(front::no_cookie())))
        }
        ("POST", ["operators"]) => {
            sign_in::invite(env, &asked, OrganisationCall::InviteOperator(json(&asked)?)).await
        }
        ("POST", ["operators", id, "invitation"]) => {
            let id = (*id).to_owned();
            sign_in::invite(env, &asked, OrganisationCall::InviteAgain { id }).await
        }
        (method, path) => {
            let call = call_of(method, path, &asked)?;
            Ok((within(env, &asked, call).await?, None))
        }
    }
}

/// What needs nobody to be signed in.
fn public(
    configuration: &Configuration,
    asked: &Asked,
    segments: &[&str],
) -> Result<Reply, Refusal> {
    match (asked.method.as_str(), segments) {
        ("GET", ["health"]) => {
            let answer = Answer::json(200, &serde_json::json!({ "status": "pass" }))?;
            Ok((answer, None))
        }
        // What verifies an environment's tokens.
        ("GET", ["jwks", environment]) => {
            let set = configuration.with_issuer(environment, |issuer| {
                jwks(issuer.token_signer.map(TokenSigner::public_key))
            });
            let set = set.ok_or(Code::NotFound)?;
            let set = set.map_err(|_| Refusal::internal(&"no JWK set"))?;
            Ok((Answer::json(200, &set)?, None))
        }
        _ => Err(Code::NotFound.into()),
    }
}

/// What one object answers by itself.
fn call_of(method: &str, path: &[&str], asked: &Asked) -> Result<OrganisationCall, Refusal> {
    use OrganisationCall as Call;
    let id = || path.get(1).map(ToString::to_string).unwrap_or_default();
    Ok(match (method, path) {
        ("GET", ["session"]) => Call::Session,
        ("GET", ["keys"]) => Call::Keys(key_query(asked)?),
        ("POST", ["keys"]) => Call::CreateKey(json(asked)?),
        ("GET", ["keys", _]) => Call::Key { key_id: id() },
        ("PATCH", ["keys", _]) => Call::EditKey {
            key_id: id(),
            edit: json(asked)?,
        },
        ("DELETE", ["keys", _]) => Call::RemoveKey { key_id: id() },
        ("POST", ["keys", _, "disable"]) => Call::DisableKey { key_id: id() },
        ("POST", ["keys", _, "enable"]) => Call::EnableKey { key_id: id() },
        ("POST", ["keys", _, "rotate"]) => Call::RotateKey {
            key_id: id(),
            rotation: json(asked)?,
        },
        ("POST", ["keys", _, "end-rotation"]) => Call::EndRotation { key_id: id() },
        ("POST", ["keys", _, "acknowledge"]) => Call::AcknowledgeKey { key_id: id() },
        ("POST", ["keys", _, "secret"]) => Call::SecretAgain { key_id: id() },
        ("POST", ["reconcile"]) => Call::Reconcile(json(asked)?),
        ("GET", ["audit", "head"]) => Call::AuditHead,
        ("GET", ["organisation"]) => Call::Settings,
        ("PATCH", ["organisation"]) => Call::EditSettings(json(asked)?),
        ("GET", ["roles"]) => Call::Roles,
        ("POST", ["roles"]) => Call::CreateRole(json(asked)?),
        ("PATCH", ["roles", _]) => Call::EditRole {
            name: id(),
            edit: json(asked)?,
        },
        ("DELETE", ["roles", _]) => Call::RemoveRole { name: id() },
        ("GET", ["operators"]) => Call::Operators,
        ("PATCH", ["operators", _]) => Call::EditOperator {
            id: id(),
            edit: json(asked)?,
        },
        ("DELETE", ["operators", _]) => Call::RemoveOperator { id: id() },
        ("GET", ["audit"]) => Call::Audit(audit_query(asked)?),
        ("POST", ["imports"]) => Call::Import(secretive(asked)?),
        ("GET", ["backup"]) => Call::Backup(backup_query(asked)?),
        ("POST", ["restore"]) => Call::Restore(secretive(asked)?),
        _ => return Err(Code::NotFound.into()),
    })
}

/// Asks the organisation of the session.
pub(crate) async fn within(
    env: &Env,
    asked: &Asked,
    call: OrganisationCall,
) -> Result<Answer, Refusal> {
    let (organisation, _) = asked.session.as_ref().ok_or(Code::Unauthenticated)?;
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
    let mut parser = serde_json::Deserializer::from_str(&asked.content);
    let read = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
        let path = error.path().to_string();
        let detail = error.into_inner().to_string();
        Refusal {
            errors: Vec::from([FieldError::new(path, detail)]),
            ..Code::Malformed.into()
        }
    })?;
    parser
        .end()
        .map_err(|error| Refusal::because(Code::Malformed, error))?;
    Ok(read)
}

/// The same of content that is full of secrets: what a parser says may repeat some of it.
///
/// # Errors
/// `malformed`, with the place.
fn secretive<T: DeserializeOwned>(asked: &Asked) -> Result<T, Refusal> {
    serde_json::from_str(&asked.content).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!("not as documented, at line {line}, column {column}");
        Refusal::because(Code::Malformed, detail)
    })
}

fn key_query(asked: &Asked) -> Result<KeyQuery, Refusal> {
    let mut query = KeyQuery::default();
    for (name, value) in &asked.query {
        match name.as_str() {
            "state" => query.state = Some(word(name, value)?),
            "kind" => query.kind = Some(word(name, value)?),
            "environment" => query.environment = Some(value.clone()),
            "search" => query.search = Some(value.clone()),
            "sort" => query.sort = Some(word(name, value)?),
            "after" => query.after = Some(value.clone()),
            "limit" => query.limit = Some(number(name, value)?),
            _ => return Err(Refusal::field(name, "is not a parameter here")),
        }
    }
    Ok(query)
}

fn audit_query(asked: &Asked) -> Result<AuditQuery, Refusal> {
    let mut query = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    for (name, value) in &asked.query {
        match name.as_str() {
            "after" => query.after = number(name, value)?,
            "limit" => query.limit = number(name, value)?,
            "subject" => query.subject = Some(value.clone()),
            _ => return Err(Refusal::field(name, "is not a parameter here")),
        }
    }
    Ok(query)
}

fn backup_query(asked: &Asked) -> Result<BackupQuery, Refusal> {
    let mut query = BackupQuery::default();
    for (name, value) in &asked.query {
        match (name.as_str(), value.as_str()) {
            ("secrets", "true" | "false") => query.secrets = value == "true",
            ("secrets", _) => return Err(Refusal::field(name, "must be true or false")),
            ("after", _) => query.after = Some(value.clone()),
            _ => return Err(Refusal::field(name, "is not a parameter here")),
        }
    }
    Ok(query)
}

fn word<T: DeserializeOwned>(name: &str, value: &impl Serialize) -> Result<T, Refusal> {
    serde_json::to_value(value)
        .and_then(serde_json::from_value)
        .map_err(|error| Refusal::field(name, error))
}

fn number(name: &str, value: &str) -> Result<u64, Refusal> {
    let is_plain = value.bytes().all(|b| b.is_ascii_digit()) && value.len() <= 15;
    let number = value.parse().ok().filter(|_| is_plain);
    number.ok_or_else(|| Refusal::field(name, "must be a number"))
}
