//! E-mail addresses, as forms have them.
use keyward_issuer::notice::Address;

/// # Errors
/// With what an address must be.
pub(crate) fn check(address: &str) -> Result<(), &'static str> {
    match Address::parse(address) {
        Some(_) => Ok(()),
        None => Err("must be an e-mail address, such as name@firm.example"),
    }
}

/// By which an operator is known: providers tell no two people apart by case.
pub(crate) fn folded(address: &str) -> String {
    address.to_ascii_lowercase()
}

/// Where mails to an address arrive: what follows a `+` is for whoever reads them to sort by.
pub(crate) fn mailbox(address: &str) -> String {
    let folded = folded(address);
    match folded.rsplit_once('@') {
        Some((local, domain)) => {
            let name = local.split('+').next().unwrap_or_default();
            format!("{name}@{domain}")
        }
        None => folded,
    }
}
