//! How an operation is described, word by word.
use keyward_core::catalogue::Action;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::schemas::Schemas;
use crate::front::IDEMPOTENCY_KEY_BYTES_MAX;
use crate::object::{self, Unreadable};
use crate::organisation::{KeyWithSecret, ShownKey, WebhookView};
use crate::policy::Area;
use crate::refusal::Code;

/// Who one has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    Nobody,
    /// Who has the link of a mail, and may be no page.
    Link,
    /// Or a key that signs the request.
    NobodyOrKey,
    Root,
    /// Or a key, where one will do.
    Session,
    Key,
}

#[derive(Clone, Copy)]
pub(super) struct Needs {
    pub(super) area: Area,
    pub(super) action: Action,
    /// The same action in these areas, too.
    pub(super) also: &'static [Area],
    pub(super) firm_admin: bool,
    pub(super) fresh: bool,
}

/// A status, in words, and the media type and schema of its content.
type Answered = (u16, &'static str, Option<(&'static str, Value)>);

type Reader = fn(&str) -> Result<(), Unreadable>;

pub(super) struct Described {
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) identity: Identity,
    pub(super) needs: Option<Needs>,
    pub(super) query: Option<Value>,
    pub(super) headers: Vec<Value>,
    pub(super) content: Option<Value>,
    /// What reads it, each with its schema.
    pub(super) readers: Vec<(Value, Reader)>,
    pub(super) answers: Vec<Answered>,
    pub(super) answer_headers: Vec<(&'static str, &'static str)>,
    pub(super) refusals: &'static [Code],
}

/// Describes one operation after the other.
pub(super) struct Describing<'a> {
    schemas: &'a mut Schemas,
    pub(super) described: Described,
}

impl<'a> Describing<'a> {
    pub(super) const fn of(schemas: &'a mut Schemas) -> Self {
        Self {
            schemas,
            described: Described {
                tag: "",
                summary: "",
                identity: Identity::Session,
                needs: None,
                query: None,
                headers: Vec::new(),
                content: None,
                readers: Vec::new(),
                answers: Vec::new(),
                answer_headers: Vec::new(),
                refusals: &[],
            },
        }
    }

    pub(super) const fn says(mut self, tag: &'static str, summary: &'static str) -> Self {
        self.described.tag = tag;
        self.described.summary = summary;
        self
    }

    pub(super) const fn by(mut self, identity: Identity) -> Self {
        self.described.identity = identity;
        self
    }

    pub(super) const fn needs(mut self, area: Area, action: Action) -> Self {
        self.described.needs = Some(Needs {
            area,
            action,
            also: &[],
            firm_admin: false,
            fresh: false,
        });
        self
    }

    /// The same action in other areas, too.
    pub(super) fn and_in(mut self, areas: &'static [Area]) -> Self {
        if let Some(needs) = &mut self.described.needs {
            needs.also = areas;
        }
        self
    }

    /// No role but firm-admin will do.
    pub(super) fn firm_admin(mut self) -> Self {
        if let Some(needs) = &mut self.described.needs {
            needs.firm_admin = true;
        }
        self
    }

    /// A second factor that was shown within five minutes, too.
    pub(super) fn fresh(mut self) -> Self {
        if let Some(needs) = &mut self.described.needs {
            needs.fresh = true;
        }
        self
    }

    pub(super) fn asks<T: JsonSchema>(mut self) -> Self {
        self.described.query = Some(self.schemas.query::<T>());
        self
    }

    /// Takes this; or this, where it was told of another.
    pub(super) fn takes<T: JsonSchema + DeserializeOwned>(mut self) -> Self {
        let schema = self.schemas.content::<T>();
        self.described
            .readers
            .push((schema, |json| object::read::<T>(json).map(drop)));
        let schema = match self.described.readers.as_slice() {
            [(schema, _)] => schema.clone(),
            several => {
                let all: Vec<_> = several.iter().map(|(schema, _)| schema).collect();
                json!({ "oneOf": all })
            }
        };
        self.described.content = Some(json!({ "schema": schema }));
        self
    }

    /// A form, which is read by hand.
    pub(super) fn takes_form<T: JsonSchema>(mut self) -> Self {
        let schema = self.schemas.content::<T>();
        self.described.content = Some(json!({ "schema": schema }));
        self
    }

    pub(super) fn may_be_repeated(mut self) -> Self {
        self.described.headers.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same request again within a day gives the same key, without its secret.",
            "schema": { "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_BYTES_MAX },
        }));
        self
    }

    pub(super) fn if_match(mut self, required: bool) -> Self {
        self.described.headers.push(json!({
            "name": "If-Match", "in": "header", "required": required,
            "description": "The `ETag` of the state that is to be changed.",
            "schema": { "type": "string", "pattern": "^\"[0-9]{1,15}\"$" },
        }));
        self
    }

    pub(super) fn gives<T: JsonSchema>(self, status: u16, about: &'static str) -> Self {
        self.gives_as::<T>(status, about, "application/json")
    }

    pub(super) fn gives_as<T: JsonSchema>(
        mut self,
        status: u16,
        about: &'static str,
        media_type: &'static str,
    ) -> Self {
        let schema = self.schemas.answer::<T>();
        let answer = (status, about, Some((media_type, schema)));
        self.described.answers.push(answer);
        self
    }

    pub(super) fn shows_key(self) -> Self {
        self.gives::<ShownKey<'static>>(200, "The key")
            .with("ETag", "The state of the key, for `If-Match`.")
    }

    pub(super) fn issues_key(self) -> Self {
        self.gives::<KeyWithSecret<'static>>(200, "The key and its new secret")
            .with("ETag", "The state of the key, for `If-Match`.")
    }

    pub(super) fn shows_webhook(self) -> Self {
        self.gives::<WebhookView>(200, "The webhook")
            .with("ETag", "The state of the webhook, for `If-Match`.")
    }

    pub(super) fn empty(mut self, about: &'static str) -> Self {
        self.described.answers.push((204, about, None));
        self
    }

    pub(super) fn with(mut self, header: &'static str, about: &'static str) -> Self {
        self.described.answer_headers.push((header, about));
        self
    }

    pub(super) const fn refuses(mut self, codes: &'static [Code]) -> Self {
        self.described.refusals = codes;
        self
    }
}
