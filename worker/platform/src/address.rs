//! The client's address, as far as a deployment can know it.
use core::net::IpAddr;

use keyward_core::address::{client_address_behind, parse_address};
use keyward_core::request::Field;
use keyward_wire::settings::ClientAddress;

use crate::js::property;

/// Where the request comes from; `None` when nobody can say.
#[must_use]
pub fn client_address(
    how: &ClientAddress,
    request: &web_sys::Request,
    fields: &[Field<'_>],
) -> Option<IpAddr> {
    let field = |wanted: &'static str| {
        fields
            .iter()
            .filter(move |(name, _)| *name == wanted)
            .map(|(_, value)| *value)
    };
    let cf = property(request, "cf");
    match how {
        ClientAddress::Cloudflare => {
            // Without a colo the request did not come through Cloudflare, and anybody can have
            // written the field.
            property(&cf?, "colo")?.as_string()?;
            parse_address(field("cf-connecting-ip").next()?).ok()
        }
        ClientAddress::Peer => peer(&cf?),
        ClientAddress::TrustedProxy(trusted) => {
            client_address_behind(peer(&cf?)?, field("x-forwarded-for"), trusted)
        }
    }
}

/// The address of the connection: `198.51.100.7:1234`, `[2001:db8::1]:1234` or without the port.
fn peer(cf: &wasm_bindgen::JsValue) -> Option<IpAddr> {
    let text = property(cf, "clientIp")?.as_string()?;
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None if text.matches(':').count() == 1 => text.split_once(':')?.0,
        None => text.as_str(),
    };
    parse_address(host).ok()
}
