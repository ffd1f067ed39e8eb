//! What an organisation is asked for.
use keyward_wire::usage::KeyUsage;
use serde::{Deserialize, Serialize};

use super::audit::AuditQuery;
use super::backup::BackupQuery;
use super::deliveries::{DeliveryQuery, OwnerQuestion};
use super::keys::Rotation;
use super::listing::KeyQuery;
use super::operators::{NewOperator, OperatorEdit};
use super::reconcile::Reconciliation;
use super::restore::RestoreForm;
use super::roles::{NewRole, RoleEdit};
use super::settings::SettingsEdit;
use super::usage::UsageForm;
use super::webhooks::{NewWebhook, WebhookEdit, WebhookRotation};
use crate::key::{ImportForm, KeyEdit, KeyForm};
use crate::operator::Failures;

#[derive(Serialize, Deserialize)]
pub(crate) enum OrganisationCall {
    /// Makes it, with its first firm-admin, for who has claimed it.
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
        /// Of the factors that were shown.
        generation: u64,
    },
    /// The second factor was shown again.
    RefreshSession,
    /// Ends those of an operator whose factors are others now.
    EndSessions {
        operator: String,
        generation: u64,
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
        rotation: Rotation,
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
    /// For who is about to found it: of two at a time one is too late.
    Claim {
        id: String,
    },
    /// The operator who made the key that signed the request, for signing in with it.
    MakerOfKey,
    /// Signing in has failed for this operator.
    NoteFailures {
        operator: String,
        failures: Vec<Failures>,
    },
    Webhooks,
    CreateWebhook(NewWebhook),
    Webhook {
        id: String,
    },
    EditWebhook {
        id: String,
        edit: WebhookEdit,
    },
    RotateWebhook {
        id: String,
        rotation: WebhookRotation,
    },
    EndWebhookRotation {
        id: String,
    },
    RemoveWebhook {
        id: String,
    },
    TestWebhook {
        id: String,
    },
    Deliveries(DeliveryQuery),
    RetryDelivery {
        id: String,
    },
    AskOwner(OwnerQuestion),
    /// For who has the token of a mail.
    ConfirmOwner {
        token: String,
    },
    /// For who has the link of a mail, by the owner's id.
    DeclineNotices {
        owner: String,
    },
    /// What a gateway counted.
    NoteUsage(Vec<KeyUsage>),
    /// Which generations of these keys are the present ones.
    Generations(Vec<String>),
    Import(Box<ImportForm>),
    Backup(BackupQuery),
    Restore(RestoreForm),
    /// The same as a gateway's, of a server that has a key for it.
    ReportUsage(UsageForm),
}
