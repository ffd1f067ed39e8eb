//! States of what several people change: who changes something says which state of it he has seen
//! (RFC 9110 section 13.1.1), so that nobody undoes what he does not know of.
use super::change::Moment;
use crate::call::Answer;
use crate::refusal::{Code, Refusal};

/// The tag of a state (RFC 9110 section 8.8.3).
fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The answer that shows this state.
pub(super) fn tagged(answer: Answer, version: u64) -> Answer {
    Answer {
        etag: Some(etag(version)),
        ..answer
    }
}

/// # Errors
/// `precondition_failed` when who asks has seen another state.
pub(super) fn is_seen(moment: &Moment, version: u64) -> Result<(), Refusal> {
    let wanted = moment.about.if_match.as_deref();
    // What compresses answers on their way makes their tags weak: then the bytes are others, and
    // the state is the same.
    match wanted.map(|tag| tag.strip_prefix("W/").unwrap_or(tag)) {
        Some(wanted) if wanted != etag(version) => Err(Code::PreconditionFailed.into()),
        _ => Ok(()),
    }
}

/// # Errors
/// `precondition_required` when he does not say which state he has seen.
pub(super) fn is_said(moment: &Moment) -> Result<(), Refusal> {
    match moment.about.if_match {
        None => Err(Code::PreconditionRequired.into()),
        Some(_) => Ok(()),
    }
}
