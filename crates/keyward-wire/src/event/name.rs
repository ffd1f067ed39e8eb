//! The one list of names of what happens. An event has the same name wherever it appears.
use core::fmt;

use serde::{Deserialize, Serialize};

use Place::{Audit, Mail, Webhook};

/// Where an event appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// As the `action` of an entry.
    Audit,
    /// As a mail to owners, or to those who manage the organisation.
    Mail,
    /// As the `type` of what webhooks are sent.
    Webhook,
}

macro_rules! names {
    ($($variant:ident $name:literal $places:expr, $when:literal;)*) => {
        /// The name of an event. Names are a contract: they are added, not changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum EventName {
            $(#[serde(rename = $name)] $variant,)*
        }

        impl EventName {
            /// Every one, as it is documented.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its name in this language.
            #[must_use]
            pub const fn variant(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }

            /// Where it appears.
            #[must_use]
            pub const fn places(self) -> &'static [Place] {
                match self { $(Self::$variant => &$places,)* }
            }

            /// When it happens, as a sentence.
            #[must_use]
            pub const fn when(self) -> &'static str {
                match self { $(Self::$variant => $when,)* }
            }
        }
    };
}

// A new event is a row here, and, when webhooks are sent it, a variant of `Event` and an example.
names! {
    KeyCreated "key.created" [Audit, Mail, Webhook], "A key was made, or brought along from elsewhere.";
    KeyAcknowledged "key.acknowledged" [Audit], "Who made a key said that its secret arrived.";
    KeyReissued "key.reissued" [Audit], "Who made a key got another secret, as the first one was lost on its way.";
    KeyEdited "key.edited" [Audit], "A key's allowlist, owners, memo, roles or end is another one.";
    KeyNarrowed "key.narrowed" [Audit], "A key lost what its role does not grant any more.";
    KeyDisabled "key.disabled" [Audit], "A key is refused from now on.";
    KeyEnabled "key.enabled" [Audit], "A key is taken again.";
    KeyRotated "key.rotated" [Audit, Mail, Webhook], "A key has a new secret or token.";
    KeyRotationEnded "key.rotation_ended" [Audit], "A key's newest secret or token is the only one.";
    KeyExpiresSoon "key.expires_soon" [Mail, Webhook], "A key expires in 90, 30 or 7 days. Where several of them lie behind at once, because a clock was wrong, there is the nearest to the end alone.";
    KeyExpired "key.expired" [Mail, Webhook], "A key has expired.";
    KeyRemoved "key.removed" [Audit, Mail, Webhook], "A key was removed, for ever.";
    OrganisationFounded "organisation.founded" [Audit], "An organisation was founded, with its first firm-admin.";
    OrganisationEdited "organisation.edited" [Audit], "What an organisation decides for its keys is another thing.";
    OperatorInvited "operator.invited" [Audit], "An operator was invited, or once more.";
    OperatorEnrolled "operator.enrolled" [Audit], "An operator has factors, or new ones.";
    OperatorEdited "operator.edited" [Audit], "An operator's role, limits or state is another one.";
    OperatorRemoved "operator.removed" [Audit], "An operator was removed.";
    OperatorSignedIn "operator.signed_in" [Audit], "An operator showed both factors.";
    OperatorRefused "operator.refused" [Audit], "Signing in as an operator failed: how often, summed up by network.";
    RoleCreated "role.created" [Audit], "The organisation has a new role.";
    RoleEdited "role.edited" [Audit], "A role grants other things.";
    RoleRemoved "role.removed" [Audit], "A role was removed.";
    OwnerAsked "owner.asked" [Audit, Mail], "An owner is asked whether his address is his; in the audit log where an operator asks once more.";
    OwnerConfirmed "owner.confirmed" [Audit], "An owner said that his address is his.";
    OwnerDeclined "owner.declined" [Audit, Webhook], "An owner said that he wants no mails, or no more of them.";
    WebhookCreated "webhook.created" [Audit], "The organisation has a new webhook.";
    WebhookEdited "webhook.edited" [Audit], "A webhook's URL, events or state is another one.";
    WebhookRotated "webhook.rotated" [Audit], "A webhook has a new secret.";
    WebhookRotationEnded "webhook.rotation_ended" [Audit], "A webhook's newest secret is the only one.";
    WebhookRemoved "webhook.removed" [Audit], "A webhook was removed.";
    WebhookTested "webhook.tested" [Audit, Webhook], "An operator wants to know whether a webhook arrives.";
    WebhookDisabled "webhook.disabled" [Audit, Mail, Webhook], "A webhook is not called any more: for three days nothing could be delivered, or it answered 410.";
    DeliveryRetried "delivery.retried" [Audit], "What had been given up is sent once more.";
    KeyRestored "key.restored" [Audit], "A key came back from a backup, or what was removed since was kept so.";
    WebhookRestored "webhook.restored" [Audit], "A webhook came back from a backup, disabled.";
    OwnerRestored "owner.restored" [Audit], "What an owner said of mails came back from a backup.";
    RoleRestored "role.restored" [Audit], "A role came back from a backup.";
    OrganisationRestored "organisation.restored" [Audit], "A backup was restored; the entry has the head that the log had then.";
    BackupExported "backup.exported" [Audit], "A backup was made, with or without sealed secrets.";
    AuditHead "audit.head" [Webhook], "An hour is over and the audit log has entries since: its head, signed.";
}

impl EventName {
    #[must_use]
    pub fn appears_in(self, place: Place) -> bool {
        self.places().contains(&place)
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
