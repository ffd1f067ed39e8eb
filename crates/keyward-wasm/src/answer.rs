//! What is answered besides the number.
use keyward_core::authorize::Grant;
use keyward_core::denial::Denial;
use keyward_core::key::Accounts;
use keyward_wire::problem::{self, MEDIA_TYPE};

/// Parts, written as they are read from calls: see [`crate::Parts`]; their number goes in front.
#[derive(Debug, Default)]
pub struct Answer {
    lengths: Vec<u32>,
    bytes: Vec<u8>,
    whole: Vec<u8>,
}

impl Answer {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lengths: Vec::new(),
            bytes: Vec::new(),
            whole: Vec::new(),
        }
    }

    pub fn clear(&mut self) {
        self.lengths.clear();
        self.bytes.clear();
    }

    pub fn push(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.lengths.push(part.len() as u32);
        self.bytes.extend_from_slice(part);
    }

    pub(crate) fn push_number(&mut self, number: u64) {
        self.push(number.to_string());
    }

    /// All of it, as JavaScript reads it.
    pub fn finish(&mut self) -> &[u8] {
        self.whole.clear();
        let count = self.lengths.len() as u32;
        self.whole.extend_from_slice(&count.to_le_bytes());
        for length in &self.lengths {
            self.whole.extend_from_slice(&length.to_le_bytes());
        }
        self.whole.extend_from_slice(&self.bytes);
        &self.whole
    }

    pub(crate) fn push_fields(&mut self, fields: &[(&'static str, String)]) {
        for (name, value) in fields {
            self.push(name);
            self.push(value);
        }
    }

    /// Code, status, body, then the fields, those for pages of other origins last.
    pub(crate) fn deny(&mut self, denial: &Denial, cors: &[(&'static str, String)]) {
        let code = denial.code();
        self.push(code.as_str());
        self.push_number(code.status().into());
        self.push(problem::body(denial));
        for (name, value) in denial.fields() {
            self.push(name);
            self.push(value);
        }
        self.push("content-type");
        self.push(MEDIA_TYPE);
        self.push("cache-control");
        self.push("no-store");
        self.push_fields(cors);
    }

    /// Who, what for, then the replay that the host has to see to, then the fields for pages of
    /// other origins, roles and accounts.
    pub(crate) fn allow(&mut self, grant: &Grant<'_>, cors: &[(&'static str, String)]) {
        self.push(grant.key_id);
        self.push(grant.organisation);
        self.push(grant.environment);
        self.push_number(grant.generation);
        self.push(grant.issue);
        self.push(grant.api);
        self.push(grant.account.as_deref().unwrap_or_default());
        self.push(match &grant.accounts {
            None => "",
            Some(Accounts::All) => "all",
            Some(Accounts::Listed(_)) => "listed",
        });
        self.push(if grant.content_type_stripped() {
            "stripped"
        } else {
            ""
        });
        match grant.replay() {
            None => {
                self.push("");
                self.push("");
            }
            Some(replay) => {
                self.push(hex(&replay.key));
                self.push_number(replay.until_s);
            }
        }
        self.push_number(cors.len() as u64);
        self.push_number(grant.roles.len() as u64);
        self.push_fields(cors);
        for role in &grant.roles {
            self.push(role);
        }
        if let Some(Accounts::Listed(names)) = &grant.accounts {
            for name in names {
                self.push(name);
            }
        }
    }
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}
