//! Stage 4: the answer, and what of the request may go on to the origin.
use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use crate::authorize::Grant;
use crate::denial::Denial;
use crate::key::Accounts;
use crate::parse::Exchange;
use crate::parse::fields::is_same_spelling;
use crate::parse::rfc9421::own_removed;
use crate::signature_base::cloud9::content_types;
use crate::structured::{BareItem, Item, Member, write_item, write_list};

/// The end of the way: a request is allowed or denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    Allow(Grant<'a>),
    Deny(Denial),
}

impl<'a> From<Result<Grant<'a>, Denial>> for Decision<'a> {
    fn from(outcome: Result<Grant<'a>, Denial>) -> Self {
        match outcome {
            Ok(grant) => Self::Allow(grant),
            Err(denial) => Self::Deny(denial),
        }
    }
}

impl Grant<'_> {
    /// What the origin is told, as fields (RFC 9651): absent means none.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        Told {
            key_id: self.key_id,
            organisation: self.organisation,
            roles: &self.roles,
            account: self.account.as_deref(),
            accounts: self.accounts.as_ref(),
        }
        .fields()
    }

    /// Whether parameters of `Content-Type` were not signed, so that they must not go on.
    #[must_use]
    pub const fn content_type_stripped(&self) -> bool {
        self.content_type_stripped
    }
}

/// What an origin is told of a grant, for hosts that keep no more of it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub key_id: &'a str,
    pub organisation: &'a str,
    pub roles: &'a [&'a str],
    pub account: Option<&'a str>,
    pub accounts: Option<&'a Accounts>,
}

impl Told<'_> {
    /// The fields of [`Grant::fields`].
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = alloc::vec![
            ("keyward-key-id", string(self.key_id)),
            ("keyward-organisation", string(self.organisation)),
        ];
        if !self.roles.is_empty() {
            fields.push(("keyward-roles", list(self.roles.iter().copied())));
        }
        if let Some(account) = self.account {
            fields.push(("keyward-account", string(account)));
        }
        match self.accounts {
            None => {}
            Some(Accounts::All) => fields.push(("keyward-accounts", "*".to_owned())),
            Some(Accounts::Listed(names)) => {
                fields.push(("keyward-accounts", list(names.iter().map(String::as_str))));
            }
        }
        fields
    }
}

fn item(text: &str) -> Item<'_> {
    // What a plain String cannot hold goes as a Display String.
    let plain = text.bytes().all(|b| (b' '..0x7F).contains(&b));
    Item::from(if plain {
        BareItem::String(Cow::Borrowed(text))
    } else {
        BareItem::DisplayString(text.to_owned())
    })
}

fn string(text: &str) -> String {
    let mut out = String::new();
    // Strings of these two types can always be written.
    let _ = write_item(&mut out, &item(text));
    out
}

fn list<'t>(names: impl Iterator<Item = &'t str>) -> String {
    let members: Vec<_> = names.map(|name| Member::Item(item(name))).collect();
    let mut out = String::new();
    let _ = write_list(&mut out, &members);
    out
}

/// Fields that belong to one connection (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether a field must not pass from one side to the other: it belongs to the connection, or
/// its name is one by which Keyward itself speaks. `connection` is the `Connection` field of the
/// same message.
#[must_use]
pub fn is_confined(name: &str, connection: &str) -> bool {
    let keyward = name
        .get(.."keyward-".len())
        .is_some_and(|prefix| is_same_spelling(prefix, "keyward-"));
    keyward
        || HOP_BY_HOP.iter().any(|one| is_same_spelling(name, one))
        || connection
            .split(',')
            .any(|one| one.trim().eq_ignore_ascii_case(name))
}

impl<'a> Exchange<'a> {
    /// The client's fields that go on to the origin: without credentials, without those of the
    /// connection, without any by which Keyward speaks. Signatures for others stay. Of a
    /// `Content-Type` whose parameters were not signed, the media type.
    #[must_use]
    pub fn forwarded_fields(&self, grant: &Grant<'_>) -> Vec<(&'a str, Cow<'a, str>)> {
        self.fields_to_forward(grant.content_type_stripped)
    }

    /// The same for a host that kept of the grant only [`Grant::content_type_stripped`].
    #[must_use]
    pub fn fields_to_forward(&self, content_type_stripped: bool) -> Vec<(&'a str, Cow<'a, str>)> {
        let connection = self.fields.combined("connection").unwrap_or_default();
        let mut forwarded = Vec::with_capacity(self.fields.all.len());
        for (name, value) in self.fields.all {
            let credential = ["authorization", "host", "signature", "signature-input"]
                .iter()
                .any(|one| is_same_spelling(name, one));
            if !credential && !is_confined(name, &connection) {
                let strip = content_type_stripped && is_same_spelling(name, "content-type");
                let value = if strip { content_types(value).0 } else { value };
                forwarded.push((*name, Cow::Borrowed(value)));
            }
        }
        if let (Some(input), Some(signature)) =
            (&self.fields.signature_input, &self.fields.signature)
            && let Some((input, signature)) = own_removed(input, signature)
        {
            forwarded.push(("signature-input", Cow::Owned(input)));
            forwarded.push(("signature", Cow::Owned(signature)));
        }
        forwarded
    }
}
