//! A verifier: what it is made from, the keys it knows, and the way of a request with its gaps.
use std::rc::Rc;

use keyward_core::address::parse_address;
use keyward_core::catalogue::Catalogue;
use keyward_core::denial::{Code, Denial};
use keyward_core::deployment::{Deployment, Scheme};
use keyward_core::key::Key;
use keyward_core::parse::Exchange;
use keyward_core::request::{ContentLength, Request};
use keyward_host::keys::{Keys, Loaded};
use keyward_host::tokens::Tokens;
use keyward_wire::{Expect, Opened, PublishRing, Unsealing, kv_name, open_record};

use crate::answer::Answer;
use crate::parts::Parts;

mod opening;
mod usage;
mod way;

use usage::Counting;
use way::{Memory, Seen};

/// All that a verifier keeps.
#[derive(Debug)]
pub struct Verifier {
    deployment: Deployment,
    catalogue: Catalogue,
    publish: PublishRing,
    /// By environment.
    organisations: Vec<(String, Unsealing)>,
    keys: Keys,
    tokens: Tokens,
    /// Whether JavaScript verifies Ed25519, since it is faster there.
    asks_for_ed25519: bool,
    /// `None`: nobody wants to know.
    usage: Option<Counting>,
}

/// When a request came, and what was looked up since.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now_ms: f64,
    /// See [`Asked::since`].
    pub since: u64,
}

/// What the caller found out since it was asked.
#[derive(Clone, Copy, Debug)]
pub enum Evidence<'a> {
    /// Nothing yet.
    None,
    /// The content.
    Content(&'a [u8]),
    /// Of content so long, the digests that were asked for, SHA-256 first.
    Digests { octets: u64, digests: &'a [u8] },
    /// A right signature: public key, signature and message as they were verified.
    Signature(&'a [u8]),
    /// The signature is wrong.
    NoSignature,
}

/// What became of a request, or what is needed to say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is the grant. With replay the caller has something left to do.
    Allow { replay: bool },
    /// The answer is the refusal.
    Deny,
    /// The answer has the fields of the answer to a preflight, which goes no further.
    Preflight,
    /// [`Verifier::put`] is to be called for the environment and key id in the answer.
    NeedsKey,
    /// The content, at most as many bytes as the answer says.
    NeedsContent {
        sha256: bool,
        sha512: bool,
        bytes: bool,
    },
    /// The answer has a public key, a signature and a message.
    NeedsSignature,
}

impl Verifier {
    /// The whole way of a request, as far as it is known. The parts are the client's address,
    /// method, scheme, authority, target, and then the fields.
    pub fn verify(
        &mut self,
        parts: Parts<'_>,
        content: ContentLength,
        moment: Moment,
        evidence: Evidence<'_>,
        answer: &mut Answer,
    ) -> Outcome {
        answer.clear();
        // What is no address is not known: a key with an allowlist is refused then.
        let mut parts = parts;
        let address = parse_address(parts.part()).ok();
        let (head, fields) = head(&mut parts);
        let request = match head.request(&fields, content) {
            Ok(request) => request,
            Err(denial) => return refused(&denial, Vec::new(), answer),
        };
        let exchange = match Exchange::parse(&self.deployment, &self.catalogue, &request) {
            Ok(exchange) => exchange,
            Err(denial) => return refused(&denial, Vec::new(), answer),
        };
        match exchange.preflight() {
            None => {}
            Some(Err(denial)) => return refused(&denial, Vec::new(), answer),
            Some(Ok(fields)) => {
                answer.push_fields(&fields);
                return Outcome::Preflight;
            }
        }
        let memory = Memory {
            keys: &mut self.keys,
            tokens: &mut self.tokens,
            asks_for_ed25519: self.asks_for_ed25519,
            usage: self.usage.as_mut(),
        };
        let seen = Seen {
            address,
            moment,
            evidence,
        };
        memory
            .way(&exchange, seen, answer)
            .unwrap_or_else(|denial| refused(&denial, exchange.cors_fields(), answer))
    }

    /// Remembers what the store has for a key: `None` that it has nothing. The parts are
    /// environment, key id and the client's address.
    ///
    /// # Errors
    /// Why the record cannot be believed, as a stable name.
    pub fn put(
        &mut self,
        mut parts: Parts<'_>,
        text: Option<&str>,
        loaded: Loaded,
    ) -> Result<(), &'static str> {
        let (environment, key_id) = (parts.part(), parts.part());
        let Some(text) = text else {
            let address = parse_address(parts.part()).ok();
            self.keys.put_miss(environment, key_id, address, loaded);
            return Ok(());
        };
        let (key, generation) = self.open_key(environment, key_id, text, loaded.at_ms)?;
        self.keys
            .put(environment, key_id, key, generation, text.len(), loaded)
            .map_err(|_| "record_generation_went_back")
    }

    /// The key of a record, `None` if the record says that there is none here.
    fn open_key(
        &self,
        environment: &str,
        key_id: &str,
        text: &str,
        now_ms: f64,
    ) -> Result<(Option<Rc<Key>>, u64), &'static str> {
        let (_, unsealing) = self
            .organisations
            .iter()
            .find(|(name, _)| name == environment)
            .ok_or("no_keys_for_environment")?;
        let expect = Expect {
            deployment: &self.deployment.settings().name,
            environment,
            key_id,
        };
        let opened = open_record(
            text,
            &kv_name(key_id),
            &self.publish,
            unsealing,
            expect,
            seconds(now_ms),
        )
        .map_err(|error| error.as_str())?;
        Ok(match opened {
            Opened::Key(parts) => {
                let generation = parts.generation;
                let key = Key::compile(parts, &self.catalogue).map_err(|_| "record_malformed")?;
                (Some(Rc::new(key)), generation)
            }
            Opened::Tombstone { generation } | Opened::OtherEnvironment { generation } => {
                (None, generation)
            }
        })
    }

    /// A refusal of a request, with the challenges that fit its route. The parts are as in
    /// [`Verifier::verify`].
    pub fn refuse(&mut self, mut parts: Parts<'_>, code: Code, now_ms: f64, answer: &mut Answer) {
        answer.clear();
        let _ = parts.part();
        let (head, fields) = head(&mut parts);
        let denial = Denial::new(code);
        let Ok(request) = head.request(&fields, ContentLength::None) else {
            return answer.deny(&denial, &[]);
        };
        match Exchange::parse(&self.deployment, &self.catalogue, &request) {
            Ok(exchange) => {
                if let Some(usage) = &mut self.usage {
                    usage.refused(&exchange, &mut self.keys, &denial, now_ms);
                }
                answer.deny(&exchange.challenged(denial), &exchange.cors_fields());
            }
            Err(_) => answer.deny(&denial, &[]),
        }
    }

    /// What of an allowed request goes on: the target, then the fields. The parts are as in
    /// [`Verifier::verify`].
    pub fn forward(&self, mut parts: Parts<'_>, content_type_stripped: bool, answer: &mut Answer) {
        answer.clear();
        let _ = parts.part();
        let (head, fields) = head(&mut parts);
        let Ok(request) = head.request(&fields, ContentLength::None) else {
            return;
        };
        if let Ok(exchange) = Exchange::parse(&self.deployment, &self.catalogue, &request) {
            let mut target = String::new();
            exchange.target().write_forward(&mut target);
            answer.push(target);
            for (name, value) in exchange.fields_to_forward(content_type_stripped) {
                answer.push(name);
                answer.push(value.as_bytes());
            }
        }
    }

    /// Keys in memory, the bytes of their records, absences, tokens.
    #[must_use]
    pub fn sizes(&self) -> [usize; 4] {
        let (keys, weight, misses) = self.keys.sizes();
        [keys, weight, misses, self.tokens.len()]
    }
}

fn refused(denial: &Denial, cors: Vec<(&'static str, String)>, answer: &mut Answer) -> Outcome {
    answer.deny(denial, &cors);
    Outcome::Deny
}

struct Head<'a> {
    method: &'a str,
    scheme: &'a str,
    authority: &'a str,
    target: &'a str,
}

fn head<'a>(parts: &mut Parts<'a>) -> (Head<'a>, Vec<(&'a str, &'a str)>) {
    let head = Head {
        method: parts.part(),
        scheme: parts.part(),
        authority: parts.part(),
        target: parts.part(),
    };
    (head, parts.fields())
}

impl<'a> Head<'a> {
    fn request(
        &self,
        fields: &'a [(&'a str, &'a str)],
        content: ContentLength,
    ) -> Result<Request<'a>, Denial> {
        Ok(Request {
            method: self.method,
            scheme: Scheme::parse(self.scheme).ok_or(Code::MisdirectedRequest)?,
            authority: self.authority,
            target: self.target,
            fields,
            content,
        })
    }
}

/// Whole seconds of Unix time; what is no time is the beginning of time.
fn seconds(ms: f64) -> u64 {
    (ms / 1000.0) as u64
}
