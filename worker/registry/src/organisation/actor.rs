//! Who asks: an operator with his session, or a key of the API `keyward`.
use super::audit::By;
use crate::automation::Reach;
use crate::policy::{DAY_S, Facts, MayGrant, OperatorRole};
use crate::refusal::FieldError;
use crate::session::Times;

/// Who asks, and what he may do.
#[derive(Debug)]
pub(super) struct Actor {
    /// The operator's, or the key's.
    pub(super) id: String,
    /// What others read of him: an operator's e-mail address. Of a key it is the id once more.
    pub(super) email: String,
    /// The id of the operator who answers for what is asked: himself, or who was given the key's secret.
    pub(super) answers: String,
    pub(super) role: OperatorRole,
    pub(super) may_grant: MayGrant,
    pub(super) proof: Proof,
}

/// By what one is known.
#[derive(Debug)]
pub(super) enum Proof {
    Session(Times),
    /// A signature over this very request.
    Signature {
        name: String,
        reach: Reach,
    },
}

impl Proof {
    /// When the second factor was shown; keys have none.
    pub(super) const fn second_factor_at_s(&self) -> u64 {
        match self {
            Self::Session(times) => times.second_factor_at_s,
            Self::Signature { .. } => 0,
        }
    }
}

impl Actor {
    /// Whether he may make and change a key that is like this.
    ///
    /// # Errors
    /// With every field that goes beyond it.
    pub(super) fn covers(&self, key: Facts<'_>, now_s: u64) -> Result<(), Vec<FieldError>> {
        match &self.proof {
            Proof::Signature { reach, .. } => reach.covers(key),
            Proof::Session(_) => {
                let granted = self.may_grant.covers(key, now_s);
                let permitted = self.role.covers(key.assignments);
                match (granted, permitted) {
                    (Err(granted), Err(permitted)) => Err([granted, permitted].concat()),
                    (granted, permitted) => granted.and(permitted),
                }
            }
        }
    }

    /// Whether he may take something away from a key of this environment, whatever the key has.
    ///
    /// # Errors
    /// For keys, which work in one environment only.
    pub(super) fn reaches(&self, environment: &str) -> Result<(), Vec<FieldError>> {
        match &self.proof {
            Proof::Signature { reach, .. } if !reach.is_environment(environment) => {
                let detail = "is not that of the key that asks";
                Err(Vec::from([FieldError::new("environment", detail)]))
            }
            _ => Ok(()),
        }
    }

    /// When keys end at the latest that he makes without saying when.
    pub(super) const fn keys_end_at_s(&self, now_s: u64) -> Option<u64> {
        match (&self.proof, self.may_grant.life_days_max) {
            (Proof::Signature { reach, .. }, _) => Some(reach.expires_at_s()),
            // None that he makes is within.
            (Proof::Session(_), 0) => None,
            (Proof::Session(_), days) => Some(now_s.saturating_add(days.saturating_mul(DAY_S))),
        }
    }

    /// The same, for the audit log.
    pub(super) fn by(&self) -> By<'_> {
        match &self.proof {
            Proof::Session(times) => By::Operator {
                id: &self.id,
                email: &self.email,
                second_factor_at: times.second_factor_at_s,
            },
            Proof::Signature { name, .. } => By::Key { id: &self.id, name },
        }
    }
}
