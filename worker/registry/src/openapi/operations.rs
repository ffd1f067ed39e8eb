//! What each operation takes, answers, needs, and can be refused with.
use keyward_core::catalogue::Action;
use schemars::JsonSchema;

use super::describing::{Described, Describing, Identity};
use super::schemas::Schemas;
use super::shapes::{Document, Health, JsonLines, JwkSet, OneClick, Page};
use crate::call::JSON_LINES;
use crate::confirmation::OwnerConfirmation;
use crate::key::{ImportForm, KeyEdit, KeyForm};
use crate::operation::Operation;
use crate::operator::{Authenticator, Enrolled};
use crate::organisation::{
    AuditQuery, BackupQuery, DeliveryPage, DeliveryQuery, DeliveryView, EditedRole, ImportReport,
    KeyPage, KeyQuery, KeyWithSecret, NewOperator, NewRole, NewWebhook, OperatorEdit, OperatorView,
    Operators, OwnerQuestion, Reconciled, Reconciliation, RestoreForm, RestoreReport, RoleEdit,
    RoleView, Roles, Rotation, Settings, SettingsEdit, SignedHead, Trial, UsageForm, WebhookEdit,
    WebhookRotation, WebhookWithSecret, Webhooks, Who,
};
use crate::policy::Area;
use crate::refusal::Code;
use crate::sign_in::{
    Confirmation, Enrolment, NewOrganisation, SecondFactor, SignIn, SignInWithKey, SignedIn,
};

/// With what changes of a key can be refused.
const KEY_CHANGE: &[Code] = &[
    Code::BeyondMayGrant,
    Code::Conflict,
    Code::PreconditionFailed,
];
const KEY_TAKEN_AWAY: &[Code] = &[Code::Conflict, Code::PreconditionFailed];
const FACTORS: &[Code] = &[Code::SignInFailed, Code::TooManyAttempts];

/// The one place that has to know of every operation.
pub(super) fn described(operation: Operation, schemas: &mut Schemas) -> Described {
    use Action::{Create, Delete, Read, Update};
    use Area::{Audit, Keys, Operators as Persons, Organisation};
    use Operation as Op;
    let is = Describing::of(schemas);
    let is = match operation {
        Op::FoundOrganisation => is
            .says(
                "organisations",
                "Founds an organisation, and gives the invitation of its first firm-admin",
            )
            .by(Identity::Root)
            .takes::<NewOrganisation>()
            .gives::<Invited>(201, "Founded")
            .refuses(&[Code::NameTaken, Code::TooManyAttempts]),
        Op::Enrol => is
            .says(
                "enrolment",
                "Sets a password, and gives the secret of an authenticator app",
            )
            .by(Identity::Nobody)
            .takes::<Enrolment>()
            .gives::<Authenticator>(200, "The app's secret")
            .refuses(FACTORS),
        Op::ConfirmEnrolment => is
            .says(
                "enrolment",
                "Takes the app's code, and gives recovery codes, once",
            )
            .by(Identity::Nobody)
            .takes::<Confirmation>()
            .gives::<Enrolled>(200, "Enrolled")
            .refuses(&[Code::SignInFailed, Code::TooManyAttempts, Code::Conflict]),
        Op::OpenSession => is
            .says(
                "session",
                "Signs in; with a request that a key of one's own has signed, by the code alone",
            )
            .by(Identity::NobodyOrKey)
            .takes::<SignIn>()
            .takes::<SignInWithKey>()
            .gives::<SignedIn<'static>>(200, "Signed in")
            .with("Set-Cookie", "The session.")
            .refuses(FACTORS),
        Op::ShowSession => is
            .says("session", "Who one is")
            .gives::<Who>(200, "Who one is"),
        Op::RefreshSession => is
            .says(
                "session",
                "Shows the second factor again, so that it is fresh",
            )
            .takes::<SecondFactor>()
            .empty("Fresh for five minutes")
            .refuses(FACTORS),
        Op::CloseSession => is
            .says("session", "Signs out")
            .empty("Signed out")
            .with("Set-Cookie", "Removes the session."),
        Op::ListKeys => is
            .says("keys", "A page of keys")
            .needs(Keys, Read)
            .asks::<KeyQuery>()
            .gives::<KeyPage<'static>>(200, "A page; `next` is the next one's `after`"),
        Op::CreateKey => is
            .says("keys", "Makes a key; its secret is in this answer only")
            .needs(Keys, Create)
            .fresh()
            .may_be_repeated()
            .takes::<KeyForm>()
            .gives::<KeyWithSecret<'static>>(201, "Made")
            .gives::<KeyWithSecret<'static>>(200, "Made before with this `Idempotency-Key`")
            .with("ETag", "The state of the key, for `If-Match`.")
            .refuses(&[
                Code::BeyondMayGrant,
                Code::Conflict,
                Code::NameTaken,
                Code::IdempotencyMismatch,
            ]),
        Op::ShowKey => is.says("keys", "One key").needs(Keys, Read).shows_key(),
        Op::EditKey => is
            .says("keys", "Changes a key; what is absent stays")
            .needs(Keys, Update)
            .if_match(true)
            .takes::<KeyEdit>()
            .shows_key()
            .refuses(&[
                Code::BeyondMayGrant,
                Code::Conflict,
                Code::PreconditionFailed,
                Code::PreconditionRequired,
            ]),
        Op::RemoveKey => is
            .says("keys", "Removes a key for ever; it stays listed")
            .needs(Keys, Delete)
            .if_match(false)
            .shows_key()
            .refuses(KEY_TAKEN_AWAY),
        Op::DisableKey => is
            .says("keys", "Refuses a key until it is enabled")
            .needs(Keys, Update)
            .if_match(false)
            .shows_key()
            .refuses(KEY_TAKEN_AWAY),
        Op::EnableKey => is
            .says("keys", "Takes a key again")
            .needs(Keys, Update)
            .if_match(false)
            .shows_key()
            .refuses(KEY_CHANGE),
        Op::RotateKey => is
            .says(
                "keys",
                "A new secret or token, and how long the old one stays valid beside it",
            )
            .needs(Keys, Update)
            .fresh()
            .if_match(false)
            .takes::<Rotation>()
            .issues_key()
            .refuses(KEY_CHANGE),
        Op::EndRotation => is
            .says("keys", "Only the newest secret stays valid")
            .needs(Keys, Update)
            .if_match(false)
            .shows_key()
            .refuses(KEY_CHANGE),
        Op::SecretAgain => is
            .says(
                "keys",
                "Another secret for who made or rotated the key and did not get the answer; voids that one alone",
            )
            .needs(Keys, Create)
            .fresh()
            .if_match(false)
            .issues_key()
            .refuses(KEY_CHANGE),
        Op::AcknowledgeKey => is
            .says(
                "keys",
                "Says that the secret arrived, so that it is given nobody again",
            )
            .needs(Keys, Create)
            .empty("Noted"),
        Op::ListRoles => is
            .says("roles", "The deployment's roles and the organisation's own")
            .needs(Organisation, Read)
            .gives::<Roles<'static>>(200, "All of them"),
        Op::CreateRole => is
            .says("roles", "Makes a role")
            .needs(Organisation, Create)
            .takes::<NewRole>()
            .gives::<RoleView<'static>>(201, "Made")
            .refuses(&[Code::BeyondMayGrant, Code::NameTaken, Code::Conflict]),
        Op::EditRole => is
            .says(
                "roles",
                "Changes a role, shows which keys hold it, and narrows them if asked to",
            )
            .needs(Organisation, Update)
            .takes::<RoleEdit>()
            .gives::<EditedRole<'static>>(200, "Changed, with 1,000 keys that hold it at most")
            .refuses(&[Code::BeyondMayGrant, Code::Conflict]),
        Op::RemoveRole => is
            .says("roles", "Removes a role that no key holds")
            .needs(Organisation, Delete)
            .empty("Removed")
            .refuses(&[Code::Conflict]),
        Op::ShowOrganisation => is
            .says("organisation", "What the organisation decided for its keys")
            .needs(Organisation, Read)
            .gives::<Settings>(200, "Its settings"),
        Op::EditOrganisation => is
            .says("organisation", "Decides how long keys may live")
            .needs(Organisation, Update)
            .takes::<SettingsEdit>()
            .gives::<Settings>(200, "Changed"),
        Op::ListOperators => is
            .says("operators", "All operators")
            .needs(Persons, Read)
            .gives::<Operators>(200, "All of them"),
        Op::InviteOperator => is
            .says("operators", "Makes an operator, and gives his invitation")
            .needs(Persons, Create)
            .fresh()
            .takes::<NewOperator>()
            .gives::<Invited>(201, "Invited for three days")
            .refuses(&[Code::BeyondMayGrant, Code::NameTaken, Code::Conflict]),
        Op::InviteOperatorAgain => is
            .says("operators", "Another invitation, for who lost a factor")
            .needs(Persons, Update)
            .fresh()
            .gives::<Invited>(200, "Invited for three days")
            .refuses(&[Code::BeyondMayGrant]),
        Op::EditOperator => is
            .says(
                "operators",
                "Changes an operator, and ends his sessions; what is absent stays",
            )
            .needs(Persons, Update)
            .fresh()
            .takes::<OperatorEdit>()
            .gives::<OperatorView>(200, "Changed")
            .refuses(&[Code::BeyondMayGrant, Code::Conflict]),
        Op::RemoveOperator => is
            .says("operators", "Removes an operator")
            .needs(Persons, Delete)
            .fresh()
            .empty("Removed")
            .refuses(&[Code::Conflict]),
        Op::ListAudit => is
            .says(
                "audit",
                "Entries of the audit log as JSON Lines, the oldest first",
            )
            .needs(Audit, Read)
            .asks::<AuditQuery>()
            .gives_as::<JsonLines>(
                200,
                "Entries, each a line; go on after the last until there is none",
                JSON_LINES,
            )
            .with("Keyward-Audit-Head", "The log's present head, signed."),
        Op::ShowAuditHead => is
            .says("audit", "The log's last sequence and hash, signed")
            .needs(Audit, Read)
            .gives::<SignedHead>(200, "The head"),
        Op::Reconcile => is
            .says(
                "organisation",
                "Compares 1,000 keys with what the edge reads, and publishes those that differ",
            )
            .needs(Organisation, Update)
            .takes::<Reconciliation>()
            .gives::<Reconciled>(200, "What was found; `next` is the next call's `after`"),
        Op::ImportKeys => is
            .says(
                "keys",
                "Imports keys that clients have, with their ids and secrets; each row has its word",
            )
            .needs(Keys, Create)
            .fresh()
            .takes::<ImportForm>()
            .gives::<ImportReport>(200, "What became of each row, or would")
            .refuses(&[Code::Conflict]),
        Op::ReportUsage => is
            .says(
                "keys",
                "Says what a server that verifies requests itself saw of keys; with a key alone",
            )
            .by(Identity::Key)
            .takes::<UsageForm>()
            .empty("Noted, but for keys of another organisation or environment")
            .refuses(&[Code::Forbidden]),
        Op::BackUp => is
            .says(
                "organisation",
                "A page of a backup; with `secrets` it needs a fresh second factor, and to read these",
            )
            .needs(Organisation, Read)
            .and_in(&[Keys, Persons])
            .asks::<BackupQuery>()
            .gives_as::<JsonLines>(
                200,
                "Lines; the last is the page's seal, and says whether there are more",
                JSON_LINES,
            )
            .refuses(&[Code::StepUpRequired]),
        Op::Restore => is
            .says(
                "organisation",
                "Brings a page of a backup back, for firm-admins; what was taken away since stays away",
            )
            .needs(Organisation, Create)
            .firm_admin()
            .fresh()
            .takes::<RestoreForm>()
            .gives::<RestoreReport>(200, "What became of each key"),
        Op::ListWebhooks => is
            .says("webhooks", "All webhooks")
            .needs(Organisation, Read)
            .gives::<Webhooks>(200, "All of them"),
        Op::CreateWebhook => is
            .says(
                "webhooks",
                "Makes a webhook; its secret is in this answer only",
            )
            .needs(Organisation, Create)
            .fresh()
            .takes::<NewWebhook>()
            .gives::<WebhookWithSecret<'static>>(201, "Made")
            .with("ETag", "The state of the webhook, for `If-Match`.")
            .refuses(&[Code::Conflict]),
        Op::ShowWebhook => is
            .says("webhooks", "One webhook")
            .needs(Organisation, Read)
            .shows_webhook(),
        Op::EditWebhook => is
            .says(
                "webhooks",
                "Changes, disables or enables a webhook; what is absent stays",
            )
            .needs(Organisation, Update)
            .fresh()
            .if_match(true)
            .takes::<WebhookEdit>()
            .shows_webhook()
            .refuses(&[
                Code::Conflict,
                Code::PreconditionFailed,
                Code::PreconditionRequired,
            ]),
        Op::RemoveWebhook => is
            .says("webhooks", "Removes a webhook")
            .needs(Organisation, Delete)
            .fresh()
            .if_match(false)
            .empty("Removed")
            .refuses(&[Code::PreconditionFailed]),
        Op::RotateWebhook => is
            .says(
                "webhooks",
                "A new secret, and how long the old one signs beside it",
            )
            .needs(Organisation, Update)
            .fresh()
            .if_match(false)
            .takes::<WebhookRotation>()
            .gives::<WebhookWithSecret<'static>>(200, "The webhook and its new secret")
            .with("ETag", "The state of the webhook, for `If-Match`.")
            .refuses(&[Code::Conflict, Code::PreconditionFailed]),
        Op::EndWebhookRotation => is
            .says("webhooks", "Only the newest secret signs")
            .needs(Organisation, Update)
            .fresh()
            .if_match(false)
            .shows_webhook()
            .refuses(&[Code::PreconditionFailed]),
        Op::TestWebhook => is
            .says("webhooks", "Sends a webhook an event that means nothing")
            .needs(Organisation, Update)
            .gives::<Trial>(202, "It is sent")
            .refuses(&[Code::Conflict]),
        Op::ListDeliveries => is
            .says(
                "deliveries",
                "What owners and webhooks were told or will be, the newest first",
            )
            .needs(Keys, Read)
            .asks::<DeliveryQuery>()
            .gives::<DeliveryPage>(200, "A page; `next` is the next one's `after`"),
        Op::RetryDelivery => is
            .says("deliveries", "Sends once more what was given up")
            .needs(Keys, Update)
            .gives::<DeliveryView>(200, "It is sent")
            .refuses(&[Code::Conflict]),
        Op::AskOwner => is
            .says(
                "owners",
                "Asks an owner once more who said no, or nothing, as often as that may be",
            )
            .needs(Keys, Update)
            .takes::<OwnerQuestion>()
            .empty("He is asked")
            .refuses(&[Code::Conflict, Code::NotFound]),
        Op::ConfirmOwner => is
            .says("owners", "An owner says that an address is his")
            .by(Identity::Nobody)
            .takes::<OwnerConfirmation>()
            .empty("Noted")
            .refuses(&[Code::NotFound]),
        Op::ShowOwnerPage => is
            .says("owners", "The page that the link of a mail leads to")
            .by(Identity::Nobody)
            .gives_as::<Page>(200, "The page", "text/html"),
        Op::DeclineNotices => is
            .says(
                "owners",
                "An owner wants no more mails; mail programs say so by themselves (RFC 8058)",
            )
            .by(Identity::Link)
            .takes_form::<OneClick>()
            .empty("Noted, now or before"),
        Op::ShowDecliningPage => is
            .says("owners", "The page that the link of a mail leads to")
            .by(Identity::Nobody)
            .gives_as::<Page>(200, "The page", "text/html"),
        Op::ShowJwks => is
            .says("public", "What verifies an environment's tokens (RFC 7517)")
            .by(Identity::Nobody)
            .gives::<JwkSet>(200, "The keys"),
        Op::ShowOpenapi => is
            .says("public", "This document")
            .by(Identity::Nobody)
            .gives::<Document>(200, "OpenAPI 3.1"),
        Op::ShowHealth => is
            .says("public", "Whether the registry answers")
            .by(Identity::Nobody)
            .gives::<Health>(200, "It does"),
    };
    is.described
}

/// An operator, and his invitation, which is shown this once.
#[derive(serde::Serialize, JsonSchema)]
struct Invited {
    #[serde(flatten)]
    operator: OperatorView,
    invitation: String,
}
