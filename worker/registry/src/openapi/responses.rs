//! Answers of an operation: those that are hoped for, and every refusal.
use serde_json::{Map, Value, json};

use super::describing::Described;
use super::shapes::{all_codes, signature_codes};
use crate::refusal::{Code, MEDIA_TYPE};

/// What every answer has.
fn headers() -> Value {
    json!({ "Request-Id": { "$ref": "#/components/headers/RequestId" } })
}

pub(super) fn responses(
    path: &str,
    writes: bool,
    by_key: bool,
    described: &Described,
    refused: &mut Refused,
) -> Value {
    let mut responses = Map::new();
    for (status, about, content) in &described.answers {
        let mut answer = json!({ "description": about, "headers": headers() });
        if let Some((media_type, schema)) = content {
            answer["content"] = json!({ *media_type: { "schema": schema } });
        }
        for (name, about) in &described.answer_headers {
            answer["headers"][*name] =
                json!({ "required": true, "description": about, "schema": { "type": "string" } });
        }
        responses.insert(status.to_string(), answer);
    }
    for (status, codes) in by_status(&refusals(path, writes, by_key, described)) {
        let answer = refused.answer(status, &codes);
        responses.insert(status.to_string(), answer);
    }
    responses.into()
}

/// Refusals with one status, which many operations share.
pub(super) struct Refused {
    pub(super) problem: Value,
    pub(super) answers: Map<String, Value>,
}

impl Refused {
    /// Where the answer is.
    fn answer(&mut self, status: u16, codes: &[Code]) -> Value {
        let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        let own = codes.iter().filter(|code| !matches!(code, Code::Denied(_)));
        let (mut label, mut titles): (Vec<_>, Vec<_>) = own
            .map(|code| (code.as_str().to_owned(), code.title()))
            .unzip();
        if label.len() < codes.len() {
            label.push(format!("signature_{status}"));
            titles.push("Not signed as it has to be, or not for this key");
        }
        let mut headers = headers();
        if matches!(status, 429 | 503) {
            headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
        }
        let schema = json!({
            "allOf": [
                self.problem,
                { "properties": { "code": { "enum": names }, "status": { "const": status } } },
            ],
        });
        let answer = json!({
            "description": titles.join("; "),
            "headers": headers,
            "content": { MEDIA_TYPE: { "schema": schema } },
        });
        let name = label.join("-");
        let at = json!({ "$ref": format!("#/components/responses/{name}") });
        self.answers.insert(name, answer);
        at
    }
}

/// Every code with which an operation can be refused: what holds for all that are like it, and its
/// own.
fn refusals(path: &str, writes: bool, by_key: bool, described: &Described) -> Vec<Code> {
    let mut codes = Vec::from([
        Code::Misdirected,
        Code::InsecureTransport,
        Code::Malformed,
        // A field Authorization that cannot be read.
        Code::Unauthenticated,
        // A parameter of the query that is none.
        Code::Invalid,
        Code::TemporarilyUnavailable,
    ]);
    if writes {
        codes.extend([
            Code::WrongOrigin,
            Code::ContentTooLarge,
            Code::UnsupportedMediaType,
        ]);
    }
    if by_key {
        codes.extend(signature_codes());
        // Who names many keys that there are not.
        codes.push(Code::TooManyAttempts);
    }
    if path.contains('{') {
        codes.push(Code::NotFound);
    }
    if let Some(needs) = described.needs {
        codes.push(Code::Forbidden);
        codes.extend(needs.fresh.then_some(Code::StepUpRequired));
    }
    codes.extend(described.refusals);
    codes
}

fn by_status(codes: &[Code]) -> Vec<(u16, Vec<Code>)> {
    let mut all: Vec<(u16, Vec<Code>)> = Vec::new();
    for code in all_codes() {
        if !codes.contains(&code) {
            continue;
        }
        match all.iter_mut().find(|(status, _)| *status == code.status()) {
            Some((_, codes)) => codes.push(code),
            None => all.push((code.status(), Vec::from([code]))),
        }
    }
    all.sort_by_key(|(status, _)| *status);
    all
}
