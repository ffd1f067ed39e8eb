//! An organisation: the one place where its keys and operators are true. Every change is one
//! transaction, with its entry in the audit log and with what has to be published.
mod audit;
mod backup;
mod change;
mod head;
mod import;
mod keys;
mod listing;
mod operators;
mod outbox;
mod reconcile;
mod restore;
mod roles;
mod schema;
mod sessions;
mod settings;
mod usage;

use std::rc::Rc;

use keyward_wire::usage::KeyUsage;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use crate::call::{self, About, Answer, Ask};
use crate::clock;
use crate::configuration::Configuration;
use crate::key::{ImportForm, KeyEdit, KeyForm};
use crate::refusal::{Code, Refusal};

pub(crate) use audit::AuditQuery;
pub(crate) use backup::BackupQuery;
use change::Moment;
pub(crate) use listing::KeyQuery;
pub(crate) use operators::{NewOperator, OperatorEdit};
pub(crate) use reconcile::Reconciliation;
pub(crate) use restore::RestoreForm;
pub(crate) use roles::{NewRole, RoleEdit};
pub(crate) use sessions::Who;
pub(crate) use settings::SettingsEdit;

/// What the OpenAPI document is made of besides.
#[cfg(test)]
pub(crate) use {
    audit::SEQUENCE_MAX,
    backup::SEAL_BYTES_MAX,
    head::SignedHead,
    import::Report as ImportReport,
    keys::{KeyWithSecret, Rotation, ShownKey, TIME_S_MAX},
    listing::{CURSOR_BYTES_MAX, KeyPage},
    operators::{OperatorView, Operators},
    reconcile::Reconciled,
    restore::{LINES_MAX, RestoreReport},
    roles::{EditedRole, RoleView, Roles},
    settings::{LIFE_DAYS_MAX, Settings},
};

#[derive(Serialize, Deserialize)]
pub(crate) enum OrganisationCall {
    /// Whether it is there.
    IsFounded,
    /// Makes it, with its first firm-admin.
    Found {
        id: String,
        name: String,
        email: String,
    },
    /// For who showed both factors.
    OpenSession {
        operator: String,
        email: String,
        session: String,
    },
    /// The second factor was shown again.
    RefreshSession,
    /// Ends those of an operator whose factors are others now.
    EndSessions {
        operator: String,
    },
    CloseSession,
    Session,
    CreateKey(Box<KeyForm>),
    Keys(KeyQuery),
    Key {
        key_id: String,
    },
    EditKey {
        key_id: String,
        edit: Box<KeyEdit>,
    },
    DisableKey {
        key_id: String,
    },
    EnableKey {
        key_id: String,
    },
    RemoveKey {
        key_id: String,
    },
    RotateKey {
        key_id: String,
        rotation: keys::Rotation,
    },
    EndRotation {
        key_id: String,
    },
    AcknowledgeKey {
        key_id: String,
    },
    SecretAgain {
        key_id: String,
    },
    Reconcile(Reconciliation),
    AuditHead,
    Settings,
    EditSettings(SettingsEdit),
    Roles,
    CreateRole(NewRole),
    EditRole {
        name: String,
        edit: RoleEdit,
    },
    RemoveRole {
        name: String,
    },
    Operators,
    /// Gives the person whom the Worker then invites.
    InviteOperator(NewOperator),
    /// The same for one that there is.
    InviteAgain {
        id: String,
    },
    EditOperator {
        id: String,
        edit: OperatorEdit,
    },
    RemoveOperator {
        id: String,
    },
    Audit(AuditQuery),
    /// Sets the alarm again, should it have been lost.
    Wake,
    /// What a gateway counted.
    NoteUsage(Vec<KeyUsage>),
    /// Which generations of these keys are the present ones.
    Generations(Vec<String>),
    Import(Box<ImportForm>),
    Backup(BackupQuery),
    Restore(RestoreForm),
}

#[expect(
    missing_debug_implementations,
    reason = "the runtime makes it, and nobody prints it"
)]
#[durable_object]
pub struct Organisation {
    state: State,
    env: Env,
}

impl DurableObject for Organisation {
    fn new(state: State, env: Env) -> Self {
        let organisation = Self { state, env };
        // An alarm that was dropped is set again; should this fail, the next change does it.
        let _ = outbox::arm(&organisation.state.storage());
        organisation
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let Ask { about, call } = call::read(request).await?;
        call::respond(self.answer(about, call).await)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let storage = self.state.storage();
        // First of all the next try: an alarm that fails six times is dropped for good.
        let _ = outbox::try_again_later(&storage);
        match Configuration::of(&self.env) {
            Ok(configuration) => {
                outbox::drain(&self.env, &storage, &configuration).await;
                head::publish(&self.env, &storage, &configuration).await;
            }
            Err(_) => return Response::empty(),
        }
        let _ = outbox::arm(&storage);
        Response::empty()
    }
}

impl Organisation {
    async fn answer(&self, about: About, call: OrganisationCall) -> Result<Answer, Refusal> {
        let configuration = Configuration::of(&self.env)?;
        let moment = Moment {
            storage: self.state.storage(),
            configuration: Rc::clone(&configuration),
            now_s: clock::now_s(),
            about,
        };
        if !schema::is_there(&moment.storage)? {
            // Nothing is written for a name that nobody reserved.
            return match call {
                OrganisationCall::Found { id, name, email } => {
                    operators::found(&moment, id, &name, &email)
                }
                OrganisationCall::OpenSession { .. } => Err(Code::SignInFailed.into()),
                OrganisationCall::IsFounded | OrganisationCall::Wake => Err(call::not_here()),
                _ => Err(Code::Unauthenticated.into()),
            };
        }
        match call {
            OrganisationCall::IsFounded => Ok(Answer::empty()),
            OrganisationCall::Found { .. } => Err(Code::NameTaken.into()),
            OrganisationCall::OpenSession {
                operator,
                email,
                session,
            } => sessions::open(&moment, &operator, &email, &session),
            OrganisationCall::RefreshSession => sessions::refresh(&moment),
            OrganisationCall::EndSessions { operator } => sessions::end_all(&moment, &operator),
            OrganisationCall::CloseSession => sessions::close(&moment),
            OrganisationCall::Session => sessions::show(&moment),
            OrganisationCall::CreateKey(form) => keys::create(&moment, &self.env, *form).await,
            OrganisationCall::Keys(query) => listing::list(&moment, &query),
            OrganisationCall::Key { key_id } => keys::show(&moment, &key_id),
            OrganisationCall::EditKey { key_id, edit } => keys::edit(&moment, &key_id, *edit),
            OrganisationCall::DisableKey { key_id } => keys::disable(&moment, &key_id),
            OrganisationCall::EnableKey { key_id } => keys::enable(&moment, &key_id),
            OrganisationCall::RemoveKey { key_id } => keys::remove(&moment, &key_id),
            OrganisationCall::RotateKey { key_id, rotation } => {
                keys::rotate(&moment, &key_id, &rotation)
            }
            OrganisationCall::EndRotation { key_id } => keys::end_rotation(&moment, &key_id),
            OrganisationCall::AcknowledgeKey { key_id } => keys::acknowledge(&moment, &key_id),
            OrganisationCall::SecretAgain { key_id } => keys::secret_again(&moment, &key_id),
            OrganisationCall::Reconcile(from) => {
                reconcile::reconcile(&moment, &self.env, from).await
            }
            OrganisationCall::AuditHead => head::show(&moment),
            OrganisationCall::Settings => settings::show(&moment),
            OrganisationCall::EditSettings(edit) => settings::edit(&moment, &edit),
            OrganisationCall::Roles => roles::list(&moment),
            OrganisationCall::CreateRole(new) => roles::create(&moment, &new),
            OrganisationCall::EditRole { name, edit } => roles::edit(&moment, &name, &edit),
            OrganisationCall::RemoveRole { name } => roles::remove(&moment, &name),
            OrganisationCall::Operators => operators::list(&moment),
            OrganisationCall::InviteOperator(new) => operators::invite(&moment, new),
            OrganisationCall::InviteAgain { id } => operators::invite_again(&moment, &id),
            OrganisationCall::EditOperator { id, edit } => operators::edit(&moment, &id, edit),
            OrganisationCall::RemoveOperator { id } => operators::remove(&moment, &id),
            OrganisationCall::Audit(query) => audit::list(&moment, &query),
            OrganisationCall::Wake => {
                outbox::arm(&moment.storage)?;
                Ok(Answer::empty())
            }
            OrganisationCall::NoteUsage(reports) => usage::note(&moment, &reports),
            OrganisationCall::Generations(keys) => usage::generations(&moment, keys),
            OrganisationCall::Import(form) => import::import(&moment, &self.env, *form).await,
            OrganisationCall::Backup(query) => backup::page(&moment, &query),
            OrganisationCall::Restore(form) => restore::restore(&moment, &self.env, form).await,
        }
    }
}
