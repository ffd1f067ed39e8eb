//! The client behind trusted proxies.
use keyward_core::address::{AddressSet, client_address_behind, parse_address, parse_network};

use crate::parts::Parts;

/// The networks of proxies.
///
/// # Errors
/// A sentence that names the network.
pub(crate) fn compile(parts: Parts<'_>) -> Result<AddressSet, String> {
    let networks = parts.all().into_iter().map(|text| {
        parse_network(text).map_err(|error| format!("{text:?} is not a network: {error}"))
    });
    let networks = networks.collect::<Result<Vec<_>, _>>()?;
    if networks.is_empty() {
        return Err("there are no networks of proxies".to_owned());
    }
    AddressSet::compile(networks).map_err(|_| "there are too many networks".to_owned())
}

/// The parts are the peer and the lines of `X-Forwarded-For`. `None`: not known.
pub(crate) fn client(mut parts: Parts<'_>, trusted: &AddressSet) -> Option<String> {
    let peer = parse_address(parts.part()).ok()?;
    let lines = parts.all();
    client_address_behind(peer, lines.into_iter(), trusted).map(|address| address.to_string())
}
