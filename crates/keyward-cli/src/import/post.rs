//! Rows that become keys: they go to the registry in parts, and each comes back with its outcome.
//! What was imported already is known there, so that an import which was cut off is done again.
use base64ct::{Base64UrlUnpadded, Encoding};
use clap::Args;
use keyward_core::key::Profile;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Fault, Material, Row, Verdict};
use crate::failure::{Failure, Result};
use crate::registry::Registry;

/// Rows of one request, and what a request may have of bytes, which is less than the registry takes.
const ROWS_MAX: usize = 100;
const BYTES_MAX: usize = 200 * 1024;

/// What all keys of the file have in common.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Common {
    /// The one environment that the keys work in.
    #[arg(long)]
    environment: Option<String>,
    /// A role that they hold, for all accounts or with `=a1,a2` for these.
    #[arg(long = "role", value_name = "ROLE[=ACCOUNTS]")]
    roles: Vec<String>,
    /// An API that the roles are for; all when absent.
    #[arg(long = "api", value_name = "API")]
    apis: Vec<String>,
    /// Who gets their notices. Signed keys need one.
    #[arg(long = "owner", value_name = "EMAIL")]
    owners: Vec<String>,
    /// Addresses and networks, with commas between, that they work from; anywhere when absent.
    #[arg(long)]
    allowlist: Option<String>,
    /// How long they live.
    #[arg(long, value_name = "DAYS")]
    expires_days: Option<u64>,
    /// Take secrets of under 32 bytes, and answer for it.
    #[arg(long)]
    allow_short_secrets: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Defaults<'a> {
    environment: &'a str,
    roles: Vec<Role<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apis: Option<&'a [String]>,
    owners: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    allowlist: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    life_days: Option<u64>,
}

#[derive(Serialize)]
struct Role<'a> {
    role: &'a str,
    accounts: Accounts<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Accounts<'a> {
    All(&'static str),
    Listed(Vec<&'a str>),
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct RowForm<'a> {
    key_id: &'a str,
    name: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profiles: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
struct Reported {
    rows: Vec<ReportedRow>,
}

#[derive(Deserialize)]
struct ReportedRow {
    outcome: String,
    code: Option<String>,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Deserialize)]
struct FieldError {
    field: String,
    detail: String,
}

/// Sends the rows that can become keys, and writes into `verdicts` what became of each.
///
/// # Errors
/// When the registry refuses the whole of a request, or does not answer. What it had imported until
/// then stays so.
pub(super) fn post(
    registry: &Registry,
    common: &Common,
    dry_run: bool,
    rows: &[Row],
    names: &[String],
    verdicts: &mut [Verdict],
) -> Result<()> {
    let head = head(common, dry_run)?;
    let possible: Vec<usize> = verdicts
        .iter()
        .enumerate()
        .filter(|(_, verdict)| !matches!(verdict, Verdict::Refused(_)))
        .map(|(index, _)| index)
        .collect();
    let (mut part, mut content) = (Vec::new(), head.clone());
    let mut done = 0;
    let mut flush = |part: &mut Vec<usize>, content: &mut Zeroizing<String>| -> Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        content.push_str("]}");
        let asked = registry.ask("POST", "/v1/imports", content.as_bytes());
        let answer = asked.map_err(|failure| {
            Failure::new(format!(
                "after {done} of {} rows: {failure}",
                possible.len()
            ))
        })?;
        settle(&answer.body, part, verdicts)?;
        done += part.len();
        anstream::eprintln!("\x1b[2m{done} of {} rows\x1b[0m", possible.len());
        part.clear();
        *content = head.clone();
        Ok(())
    };
    for index in &possible {
        let (Some(row), Some(name)) = (rows.get(*index), names.get(*index)) else {
            continue;
        };
        let Some(form) = form(row, name) else {
            continue;
        };
        let text = serde_json::to_string(&form).map_err(|error| Failure::new(error.to_string()))?;
        let text = Zeroizing::new(text);
        if part.len() == ROWS_MAX || content.len() + text.len() + 3 > BYTES_MAX {
            flush(&mut part, &mut content)?;
        }
        if !part.is_empty() {
            content.push(',');
        }
        content.push_str(&text);
        part.push(*index);
    }
    flush(&mut part, &mut content)
}

/// The beginning of each request, up to its rows; with room for these, since text that grows leaves
/// copies of itself behind.
fn head(common: &Common, dry_run: bool) -> Result<Zeroizing<String>> {
    let environment = common.environment.as_deref();
    let environment =
        environment.ok_or_else(|| Failure::new("name the --environment of the keys"))?;
    if common.roles.is_empty() {
        return Err(Failure::new("name a --role that the keys hold"));
    }
    let defaults = Defaults {
        environment,
        roles: common.roles.iter().map(|text| role(text)).collect(),
        apis: (!common.apis.is_empty()).then_some(&common.apis),
        owners: &common.owners,
        allowlist: common.allowlist.as_deref(),
        life_days: common.expires_days,
    };
    let defaults =
        serde_json::to_string(&defaults).map_err(|error| Failure::new(error.to_string()))?;
    let allow = common.allow_short_secrets;
    let mut head = Zeroizing::new(String::with_capacity(defaults.len() + BYTES_MAX));
    head.push_str(&format!(
        r#"{{"dryRun":{dry_run},"allowShortSecrets":{allow},"defaults":{defaults},"rows":["#
    ));
    Ok(head)
}

fn role(text: &str) -> Role<'_> {
    match text.split_once('=') {
        None => Role {
            role: text,
            accounts: Accounts::All("all"),
        },
        Some((role, accounts)) => Role {
            role,
            accounts: Accounts::Listed(accounts.split(',').collect()),
        },
    }
}

fn form<'a>(row: &'a Row, name: &'a str) -> Option<RowForm<'a>> {
    let (Ok(key_id), Ok(material)) = (&row.key_id, &row.material) else {
        return None;
    };
    let text = |bytes: &[u8]| Some(Zeroizing::new(Base64UrlUnpadded::encode_string(bytes)));
    let form = RowForm {
        key_id,
        name,
        ..RowForm::default()
    };
    Some(match material {
        Material::Signed {
            algorithm,
            profile,
            secret,
        } => RowForm {
            kind: "signed",
            algorithm: Some(algorithm.as_str()),
            profiles: (*profile != Profile::Rfc9421).then_some([profile.as_str()]),
            secret: text(secret),
            ..form
        },
        Material::Token { algorithm, secret } => RowForm {
            kind: "token",
            algorithm: Some(algorithm.as_str()),
            secret: text(secret),
            ..form
        },
        Material::Basic(digest) => RowForm {
            kind: "basic",
            sha256: text(digest),
            ..form
        },
    })
}

fn settle(body: &str, part: &[usize], verdicts: &mut [Verdict]) -> Result<()> {
    let not_one = || Failure::new("the registry answers with something else than a report");
    let reported: Reported = serde_json::from_str(body).map_err(|_| not_one())?;
    if reported.rows.len() != part.len() {
        return Err(not_one());
    }
    for (index, row) in part.iter().zip(reported.rows) {
        let fault = || {
            let code = row.code.clone().unwrap_or_default();
            let detail = row
                .errors
                .iter()
                .map(|one| format!("{}: {}", one.field, one.detail));
            let detail: Vec<_> = detail.collect();
            let detail = match code.as_str() {
                _ if !detail.is_empty() => detail.join("; "),
                "taken_id" => "the id is taken".to_owned(),
                "taken_name" => "the name is taken, or looks like one that is".to_owned(),
                "short_secret" => "the secret has fewer than 32 bytes".to_owned(),
                other => other.replace('_', " "),
            };
            Fault::Registry { code, detail }
        };
        let verdict = match row.outcome.as_str() {
            "ready" => Verdict::Ready,
            "imported" => Verdict::Imported,
            "imported_before" => Verdict::ImportedBefore,
            "needs_override" => Verdict::NeedsOverride(fault()),
            "refused" => Verdict::Refused(fault()),
            _ => return Err(not_one()),
        };
        *verdicts.get_mut(*index).ok_or_else(not_one)? = verdict;
    }
    Ok(())
}
