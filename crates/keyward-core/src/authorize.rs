//! Stage 3: [`Principal`] and the client's address to [`Grant`].
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::authenticate::{Principal, Window};
use crate::catalogue::RouteMatch;
use crate::denial::{Code, Denial};
use crate::key::{Accounts, CompiledAssignment, Key};
use crate::replay::Replay;

/// Permission for one request. Only this stage makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    pub key_id: &'a str,
    pub organisation: &'a str,
    pub environment: &'a str,
    pub generation: u64,
    /// The issue whose secret was used.
    pub issue: &'a str,
    /// Names of the roles that the key holds.
    pub roles: Vec<&'a str>,
    pub api: &'a str,
    /// The account that the route names.
    pub account: Option<String>,
    /// Where the origin chooses among accounts: those that the key reaches.
    pub accounts: Option<Accounts>,
    pub(crate) replay: Option<Replay>,
    pub(crate) content_type_stripped: bool,
}

impl Grant<'_> {
    /// What the host still has to do before it forwards: see [`Replay`].
    #[must_use]
    pub const fn replay(&self) -> Option<Replay> {
        self.replay
    }
}

/// Checks validity, address, route and permission, in this order.
///
/// # Errors
/// `key_not_yet_valid`, `key_disabled`, `key_expired`, `address_not_allowed`, `no_route`,
/// `permission_denied`.
pub fn authorize<'a>(
    principal: &Principal<'a>,
    client_address: Option<IpAddr>,
) -> Result<Grant<'a>, Denial> {
    let (exchange, key) = (principal.exchange, principal.key);
    require_valid(key, principal.token, principal.now_s)
        .map_err(|denial| exchange.challenged(denial))?;
    require_address(key, client_address)?;
    let found = exchange.route().ok_or(Code::NoRoute)?;
    let permitting = require_permission(key, exchange.method(), found)?;
    Ok(Grant {
        key_id: &key.key_id,
        organisation: &key.organisation,
        environment: &key.environment,
        generation: key.generation,
        issue: principal.issue,
        roles: key
            .assignments
            .iter()
            .map(|one| one.role.as_str())
            .collect(),
        api: found.route.api_name(),
        account: found.account.as_deref().map(Into::into),
        accounts: found.route.accounts_at_origin().then(|| union(&permitting)),
        replay: principal.replay,
        content_type_stripped: principal.content_type_stripped,
    })
}

/// Both must be valid, the key and its token.
fn require_valid(key: &Key, token: Option<Window>, now_s: u64) -> Result<(), Denial> {
    if key
        .not_before_s
        .is_some_and(|not_before_s| now_s < not_before_s)
    {
        return Err(Code::KeyNotYetValid.into());
    }
    if let Some(ahead_s) = token.and_then(|token| token.not_before_s.checked_sub(now_s))
        && ahead_s > 0
    {
        return Err(Denial::because(
            Code::KeyNotYetValid,
            format!("the token's nbf or iat is {ahead_s} s too far ahead"),
        ));
    }
    if key.disabled {
        return Err(Code::KeyDisabled.into());
    }
    if now_s >= key.expires_at_s {
        return Err(Code::KeyExpired.into());
    }
    if let Some(ago_s) = token.and_then(|token| now_s.checked_sub(token.expires_at_s)) {
        return Err(Denial::because(
            Code::KeyExpired,
            format!("the token expired {ago_s} s ago"),
        ));
    }
    Ok(())
}

fn require_address(key: &Key, client_address: Option<IpAddr>) -> Result<(), Denial> {
    match (&key.addresses, client_address) {
        (None, _) => Ok(()),
        (Some(allowed), Some(address)) if allowed.contains(address) => Ok(()),
        (Some(_), Some(address)) => Err(Denial::because(
            Code::AddressNotAllowed,
            format!("{address} is not in the key's allowlist"),
        )),
        (Some(_), None) => Err(Denial::because(
            Code::AddressNotAllowed,
            "the client's address is not known and the key has an allowlist",
        )),
    }
}

/// The assignments that permit the request: the action on the resource, for the account.
fn require_permission<'a>(
    key: &'a Key,
    method: crate::catalogue::Method,
    found: &RouteMatch<'_, '_>,
) -> Result<Vec<&'a CompiledAssignment>, Denial> {
    let route = found.route;
    let action = route.action(method);
    let mut permitting: Vec<_> = key
        .assignments
        .iter()
        .filter(|one| one.permits(route.resource(), action))
        .collect();
    if permitting.is_empty() {
        return Err(Denial::because(
            Code::PermissionDenied,
            format!(
                "no role of the key may {} {}",
                action.as_str(),
                route.resource_name()
            ),
        ));
    }
    match &found.account {
        Some(account) => permitting.retain(|one| one.accounts.contain(account)),
        None if route.accounts_at_origin() => {}
        None => permitting.retain(|one| one.accounts == Accounts::All),
    }
    if permitting.is_empty() {
        return Err(Denial::because(
            Code::PermissionDenied,
            match &found.account {
                Some(_) => "the key does not reach this account",
                None => "the key is for certain accounts, and this route is not of one account",
            },
        ));
    }
    Ok(permitting)
}

fn union(permitting: &[&CompiledAssignment]) -> Accounts {
    let mut names = BTreeSet::new();
    for one in permitting {
        match &one.accounts {
            Accounts::All => return Accounts::All,
            Accounts::Listed(listed) => names.extend(listed.iter().cloned()),
        }
    }
    Accounts::Listed(names)
}
