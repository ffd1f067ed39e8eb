//! What an organisation decides for all of its keys.
use keyward_core::catalogue::Action;
use keyward_wire::event::EventName;
use serde::{Deserialize, Serialize};

use super::change::{Moment, Needs};
use super::schema;
use crate::call::Answer;
use crate::policy::Area;
use crate::refusal::Refusal;
use crate::sql::{self, args};

/// How long keys may live where the organisation has not decided otherwise, in days.
pub(super) const LIFE_DAYS: u64 = 365;
/// The longest that an organisation may decide: five years.
pub(crate) const LIFE_DAYS_MAX: u64 = 5 * 365;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SettingsEdit {
    #[cfg_attr(test, schemars(range(min = 1, max = LIFE_DAYS_MAX)))]
    life_days_max: u64,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    name: String,
    life_days_max: u64,
}

impl From<schema::Policy> for Settings {
    fn from(policy: schema::Policy) -> Self {
        Self {
            name: policy.name,
            life_days_max: policy.life_days_max,
        }
    }
}

pub(super) fn show(moment: &Moment) -> Result<Answer, Refusal> {
    moment.look(Needs::to(Action::Read, Area::Organisation))?;
    Answer::json(200, &Settings::from(schema::policy(&moment.storage)?))
}

/// Keys that live longer already stay as they are.
pub(super) fn edit(moment: &Moment, edit: &SettingsEdit) -> Result<Answer, Refusal> {
    if !(1..=LIFE_DAYS_MAX).contains(&edit.life_days_max) {
        return Err(Refusal::field("lifeDaysMax", "must be 1 to 1825"));
    }
    let needs = Needs::to(Action::Update, Area::Organisation);
    moment.change(needs, |change| {
        let before = Settings::from(schema::policy(change.storage())?);
        sql::run(
            change.storage(),
            "UPDATE organisation SET life_days_max = ?",
            args![edit.life_days_max],
        )?;
        let after = Settings::from(schema::policy(change.storage())?);
        if after.life_days_max != before.life_days_max {
            change.audit(
                EventName::OrganisationEdited,
                &before.name,
                Some(&before),
                Some(&after),
            )?;
        }
        Answer::json(200, &after)
    })
}
