//! Who asks, whether he may, and the transaction in which it happens.
use std::rc::Rc;

use keyward_core::catalogue::Action;
use keyward_platform::transaction;
use keyward_wire::event::EventName;
use serde::Serialize;
use worker::Storage;

use super::audit;
use super::outbox;
use super::sessions::{self, Actor};
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
}

/// What a call needs besides a session.
#[derive(Clone, Copy)]
pub(super) struct Needs {
    pub(super) area: Area,
    pub(super) action: Action,
    /// A second factor that is under five minutes old.
    pub(super) fresh: bool,
}

impl Needs {
    pub(super) const fn to(action: Action, area: Area) -> Self {
        Self {
            area,
            action,
            fresh: false,
        }
    }

    pub(super) const fn and_a_fresh_factor(self) -> Self {
        Self {
            fresh: true,
            ..self
        }
    }
}

impl Moment {
    /// The operator of the session, if he may do this.
    pub(super) fn admit(&self, needs: Needs) -> Result<Actor, Refusal> {
        let actor = sessions::actor(self)?;
        if !actor.role.permits(needs.area, needs.action) {
            return Err(Code::Forbidden.into());
        }
        if needs.fresh && !actor.times.is_fresh(self.now_s) {
            return Err(Code::StepUpRequired.into());
        }
        Ok(actor)
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
        let actor = audit::By::Operator {
            id: &self.actor.id,
            email: &self.actor.email,
            second_factor_at: self.actor.times.second_factor_at_s,
        };
        audit::append(self.moment, actor, action, subject, before, after)
    }
}
