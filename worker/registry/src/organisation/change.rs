//! Who asks, whether he may, and the transaction in which it happens.
use std::rc::Rc;

use keyward_core::catalogue::Action;
use keyward_platform::transaction;
use keyward_wire::event::EventName;
use serde::Serialize;
use worker::Storage;

use super::actor::{Actor, Proof};
use super::audit;
use super::automation::{self, Signer};
use super::outbox;
use super::sessions;
use crate::call::About;
use crate::configuration::Configuration;
use crate::policy::Area;
use crate::refusal::{Code, Refusal};

/// An object's storage at one moment, and the request that it is asked in.
pub(super) struct Moment {
    pub(super) storage: Storage,
    pub(super) configuration: Rc<Configuration>,
    pub(super) now_s: u64,
    pub(super) about: About,
    /// The key that signed the request. Nobody else asks then.
    pub(super) key: Option<Signer>,
}

/// What a call needs besides a session.
#[derive(Clone, Copy)]
pub(super) struct Needs {
    pub(super) area: Area,
    pub(super) action: Action,
    pub(super) fresh: Fresh,
}

/// What has to be shown for this call, or shortly before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fresh {
    Nothing,
    /// A second factor that is under five minutes old: keys have none.
    Factor,
    /// The same, or a signature over this request.
    FactorOrSignature,
}

impl Needs {
    pub(super) const fn to(action: Action, area: Area) -> Self {
        Self {
            area,
            action,
            fresh: Fresh::Nothing,
        }
    }

    pub(super) const fn and_a_fresh_factor(self) -> Self {
        Self {
            fresh: Fresh::Factor,
            ..self
        }
    }

    pub(super) const fn and_a_fresh_factor_or_signature(self) -> Self {
        Self {
            fresh: Fresh::FactorOrSignature,
            ..self
        }
    }
}

impl Moment {
    /// Who asks, if he may do this.
    pub(super) fn admit(&self, needs: Needs) -> Result<Actor, Refusal> {
        let actor = match &self.key {
            Some(signer) => automation::actor(self, signer)?,
            None => sessions::actor(self)?,
        };
        if !actor.role.permits(needs.area, needs.action) {
            return Err(Code::Forbidden.into());
        }
        match (&actor.proof, needs.fresh) {
            (_, Fresh::Nothing) | (Proof::Signature { .. }, Fresh::FactorOrSignature) => Ok(actor),
            (Proof::Signature { .. }, Fresh::Factor) => {
                Err(Refusal::because(Code::Forbidden, "not with a key"))
            }
            (Proof::Session(times), _) if times.is_fresh(self.now_s) => Ok(actor),
            (Proof::Session(_), _) => Err(Code::StepUpRequired.into()),
        }
    }

    /// Admits who only reads; that counts as use of the session.
    pub(super) fn look(&self, needs: Needs) -> Result<Actor, Refusal> {
        transaction(&self.storage, || {
            let actor = self.admit(needs)?;
            sessions::touch(self, &actor)?;
            Ok(actor)
        })
    }

    /// Runs a change in one transaction, after who asks for it was admitted in the same.
    pub(super) fn change<T>(
        &self,
        needs: Needs,
        body: impl FnOnce(&Change<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        transaction(&self.storage, || {
            let actor = self.admit(needs)?;
            sessions::touch(self, &actor)?;
            let done = body(&Change {
                moment: self,
                actor: &actor,
            })?;
            outbox::arm(&self.storage)?;
            Ok(done)
        })
    }
}

/// A change under way.
pub(super) struct Change<'a> {
    pub(super) moment: &'a Moment,
    pub(super) actor: &'a Actor,
}

impl Change<'_> {
    pub(super) const fn storage(&self) -> &Storage {
        &self.moment.storage
    }

    /// The entry of this change in the audit log.
    pub(super) fn audit<T: Serialize>(
        &self,
        action: EventName,
        subject: &str,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<(), Refusal> {
        let by = self.actor.by();
        audit::append(self.moment, by, action, subject, before, after)
    }
}
