//! An organisation: the one place where its keys and operators are true. Every change is one
//! transaction, with its entry in the audit log and with what has to be published.
mod actor;
mod asked;
mod audit;
mod automation;
mod backup;
mod change;
mod deliveries;
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
mod version;
mod webhooks;

use core::cell::RefCell;
use std::rc::Rc;

use worker::{DurableObject, Env, Request, Response, State, durable_object};

use crate::call::{self, About, Answer, Ask};
use crate::clock;
use crate::configuration::Configuration;
use crate::refusal::{Code, Refusal};

pub(crate) use asked::OrganisationCall;
pub(crate) use audit::AuditQuery;
pub(crate) use automation::Maker;
pub(crate) use backup::BackupQuery;
use change::Moment;
pub(crate) use deliveries::DeliveryQuery;
pub(crate) use listing::KeyQuery;
pub(crate) use sessions::Who;

/// What the OpenAPI document is made of besides.
#[cfg(test)]
pub(crate) use {
    audit::{NAMED_BYTES_MAX, SEQUENCE_MAX},
    backup::SEAL_BYTES_MAX,
    deliveries::{DeliveryPage, DeliveryView, OwnerQuestion},
    head::SignedHead,
    import::Report as ImportReport,
    keys::{KeyWithSecret, Rotation, ShownKey, TIME_S_MAX},
    listing::{CURSOR_BYTES_MAX, KeyPage},
    operators::{NewOperator, OperatorEdit, OperatorView, Operators},
    reconcile::{Reconciled, Reconciliation},
    restore::{LINES_MAX, RestoreForm, RestoreReport},
    roles::{EditedRole, NewRole, RoleEdit, RoleView, Roles},
    settings::{LIFE_DAYS_MAX, Settings, SettingsEdit},
    usage::{REPORTS_MAX, UsageForm},
    webhooks::{
        NewWebhook, Trial, WebhookEdit, WebhookRotation, WebhookView, WebhookWithSecret, Webhooks,
    },
};
/// How long a founding may take, in seconds. One that broke off can be begun again after that.
const CLAIM_S: u64 = 60;

#[expect(
    missing_debug_implementations,
    reason = "the runtime makes it, and nobody prints it"
)]
#[durable_object]
pub struct Organisation {
    state: State,
    env: Env,
    claim: RefCell<Option<Claim>>,
}

/// Who is founding the organisation.
struct Claim {
    /// Of its first firm-admin.
    id: String,
    until_s: u64,
}

impl DurableObject for Organisation {
    fn new(state: State, env: Env) -> Self {
        let organisation = Self {
            state,
            env,
            claim: RefCell::default(),
        };
        // An alarm that was dropped is set again; should this fail, the next change does it.
        let storage = organisation.state.storage();
        if let Ok(configuration) = Configuration::of(&organisation.env) {
            let _ = wake(&organisation.env, &organisation.state, &configuration);
        }
        let _ = outbox::arm(&storage);
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
                let _ = wake(&self.env, &self.state, &configuration);
                outbox::drain_beside(
                    &self.env,
                    &storage,
                    &configuration,
                    deliveries::deliver(&self.env, &self.state, &configuration),
                )
                .await;
                head::publish(&self.env, &storage, &configuration).await;
            }
            Err(_) => return Response::empty(),
        }
        let _ = outbox::arm(&storage);
        Response::empty()
    }
}

/// What waits for something else than time is due, when that is there.
fn wake(env: &Env, object: &State, configuration: &Rc<Configuration>) -> Result<(), Refusal> {
    let storage = object.storage();
    if !schema::is_there(&storage)? {
        return Ok(());
    }
    outbox::wake(&storage)?;
    deliveries::wake(env, object, configuration)
}

impl Organisation {
    async fn answer(&self, mut about: About, call: OrganisationCall) -> Result<Answer, Refusal> {
        let configuration = Configuration::of(&self.env)?;
        let signed = about.signed.take();
        let mut moment = Moment {
            storage: self.state.storage(),
            configuration: Rc::clone(&configuration),
            now_s: clock::now_s(),
            about,
            key: None,
        };
        if !schema::is_there(&moment.storage)? {
            // Nothing is written for a name that nobody reserved.
            return match call {
                OrganisationCall::Claim { id } => self.claim(id, moment.now_s),
                OrganisationCall::Found { id, name, email } => {
                    self.claim(id.clone(), moment.now_s)?;
                    operators::found(&moment, id, &name, &email)
                }
                OrganisationCall::OpenSession { .. } => Err(Code::SignInFailed.into()),
                OrganisationCall::Wake
                | OrganisationCall::ConfirmOwner { .. }
                | OrganisationCall::DeclineNotices { .. } => Err(call::not_here()),
                _ => Err(Code::Unauthenticated.into()),
            };
        }
        if let Some(signed) = signed {
            moment.key = Some(automation::admit(&moment, &signed)?);
        }
        match call {
            OrganisationCall::Found { .. } | OrganisationCall::Claim { .. } => Err(taken()),
            OrganisationCall::OpenSession {
                operator,
                email,
                session,
                generation,
            } => sessions::open(&moment, &operator, &email, &session, generation),
            OrganisationCall::RefreshSession => sessions::refresh(&moment),
            OrganisationCall::EndSessions {
                operator,
                generation,
            } => sessions::end_all(&moment, &operator, generation),
            OrganisationCall::MakerOfKey => automation::maker(&moment),
            OrganisationCall::NoteFailures { operator, failures } => {
                sessions::note_failures(&moment, &operator, &failures)
            }
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
                wake(&self.env, &self.state, &configuration)?;
                outbox::arm(&moment.storage)?;
                Ok(Answer::empty())
            }
            OrganisationCall::Webhooks => webhooks::list(&moment),
            OrganisationCall::CreateWebhook(new) => webhooks::create(&moment, &new),
            OrganisationCall::Webhook { id } => webhooks::show(&moment, &id),
            OrganisationCall::EditWebhook { id, edit } => webhooks::edit(&moment, &id, &edit),
            OrganisationCall::RotateWebhook { id, rotation } => {
                webhooks::rotate(&moment, &id, &rotation)
            }
            OrganisationCall::EndWebhookRotation { id } => webhooks::end_rotation(&moment, &id),
            OrganisationCall::RemoveWebhook { id } => webhooks::remove(&moment, &id),
            OrganisationCall::TestWebhook { id } => webhooks::test(&moment, &id),
            OrganisationCall::Deliveries(query) => deliveries::list(&moment, &query),
            OrganisationCall::RetryDelivery { id } => deliveries::retry(&moment, &id),
            OrganisationCall::AskOwner(question) => deliveries::ask_again(&moment, &question),
            OrganisationCall::DeclineNotices { owner } => deliveries::decline(&moment, &owner),
            OrganisationCall::ConfirmOwner { token } => deliveries::confirm(&moment, &token),
            OrganisationCall::NoteUsage(reports) => usage::note(&moment, &reports),
            OrganisationCall::Generations(keys) => usage::generations(&moment, keys),
            OrganisationCall::Import(form) => import::import(&moment, &self.env, *form).await,
            OrganisationCall::Backup(query) => backup::page(&moment, &query),
            OrganisationCall::Restore(form) => restore::restore(&moment, &self.env, form).await,
            OrganisationCall::ReportUsage(form) => usage::report(&moment, &form),
        }
    }

    /// Keeps others from founding it at the same time: its first admin's invitation would be for
    /// another operator than the one who is in it.
    fn claim(&self, id: String, now_s: u64) -> Result<Answer, Refusal> {
        let mut claim = self.claim.borrow_mut();
        if claim
            .as_ref()
            .is_some_and(|claim| claim.id != id && now_s < claim.until_s)
        {
            return Err(taken());
        }
        let until_s = now_s.saturating_add(CLAIM_S);
        *claim = Some(Claim { id, until_s });
        Ok(Answer::empty())
    }
}

fn taken() -> Refusal {
    Refusal::taken("name", "an organisation has this name")
}
