//! What gateways tell, over a service binding to the entrypoint `Edge`: no address leads here.
use std::collections::BTreeMap;

use futures_util::future::join_all;
use keyward_wire::usage::KeyUsage;
use worker::Env;

use crate::call::About;
use crate::organisation::OrganisationCall;
use crate::refusal::Refusal;
use crate::route::ask_organisation;

/// Far more than a gateway reports at once.
const REPORT_BYTES_MAX: usize = 1024 * 1024;
const KEYS_MAX: usize = 1_000;
/// Organisations that are told at the same time.
const SIDE_BY_SIDE: usize = 6;

/// Notes the use of keys. Answers with the organisations that could not be told, as JSON: their
/// keys are reported again.
pub(crate) async fn note_usage(reports: &str, env: &Env) -> Result<String, Refusal> {
    let internal = |error: &dyn core::fmt::Display| Refusal::internal(error);
    if reports.len() > REPORT_BYTES_MAX {
        return Err(internal(&"a report is too large"));
    }
    let reports: Vec<KeyUsage> = serde_json::from_str(reports).map_err(|error| internal(&error))?;
    if reports.len() > KEYS_MAX {
        return Err(internal(&"a report has too many keys"));
    }
    let mut by_organisation: BTreeMap<String, Vec<KeyUsage>> = BTreeMap::new();
    for report in reports {
        let name = report.organisation.clone();
        by_organisation.entry(name).or_default().push(report);
    }
    let mut all = by_organisation.into_iter();
    let mut failed = Vec::new();
    loop {
        let some: Vec<_> = all.by_ref().take(SIDE_BY_SIDE).collect();
        if some.is_empty() {
            return serde_json::to_string(&failed).map_err(|error| internal(&error));
        }
        let told = join_all(some.into_iter().map(|one| tell(env, one))).await;
        failed.extend(told.into_iter().flatten());
    }
}

/// The organisation's name, if it has to be told again. That it does not know itself is final.
async fn tell(env: &Env, (name, reports): (String, Vec<KeyUsage>)) -> Option<String> {
    let call = OrganisationCall::NoteUsage(reports);
    match ask_organisation(env, &name, About::default(), call).await {
        Ok(answer) if answer.status < 500 => None,
        Ok(_) => Some(name),
        Err(refusal) if refusal.code.status() < 500 => None,
        Err(_) => Some(name),
    }
}
