//! What each answer means.
use keyward_core::deployment::Scheme;
use keyward_core::http_date;
use keyward_core::limits::CREATED_AHEAD_S;

use super::{Finding, State};
use crate::failure::Result;
use crate::send::Answer;

pub(super) fn health(answer: &Result<Answer>) -> Finding {
    let (state, advice) = match answer {
        Ok(answer) if answer.is_healthy() => (State::Right, ""),
        Ok(answer) => match answer.code().as_deref() {
            Some("misdirected_request") => (
                State::Wrong,
                "List this authority (host and port) in the setting `authorities`.",
            ),
            Some("insecure_transport") => (
                State::Wrong,
                "The setting `authorities` has another scheme for it.",
            ),
            Some(_) => (
                State::Wrong,
                "The log of the gateway says what is wrong, as `reason`.",
            ),
            None => (
                State::Wrong,
                "This is not Keyward's answer: look at the routes of the Worker, and at what stands before\nit.",
            ),
        },
        Err(_) => (State::Wrong, "Look at DNS, certificate and route."),
    };
    finding("the gateway answers", state, said(answer), advice)
}

/// `spellings`: each with the code of who reads it as it was sent.
pub(super) fn paths(spellings: &[(&str, &str, Result<Answer>)]) -> Finding {
    const WHAT: &str = "paths arrive as sent";
    let of = |is: &dyn Fn(&Answer, &str) -> bool| {
        let those = spellings
            .iter()
            .filter(|(_, code, answer)| answer.as_ref().is_ok_and(|answer| is(answer, code)));
        those.map(|(path, ..)| *path).collect::<Vec<_>>()
    };
    let rewritten = of(&|answer, _| answer.is_healthy() || answer.is_redirect());
    if !rewritten.is_empty() {
        return finding(
            WHAT,
            State::Wrong,
            format!("rewritten on the way: {}", rewritten.join("  ")),
            "Cloudflare: in the zone, Rules, Settings, switch \"Normalize incoming URLs\" off.\nElsewhere: whatever stands before the gateway must not rewrite paths.",
        );
    }
    let as_sent = of(&|answer, code| answer.code().as_deref() == Some(code));
    if as_sent.len() == spellings.len() {
        let found = format!("{} spellings of one path are told apart", as_sent.len());
        return finding(WHAT, State::Right, found, "");
    }
    let others = spellings
        .iter()
        .filter(|(path, ..)| !as_sent.contains(path))
        .map(|(path, _, answer)| format!("{path} ({})", said(answer)));
    finding(
        WHAT,
        State::Note,
        format!(
            "not answered by Keyward: {}",
            others.collect::<Vec<_>>().join("  ")
        ),
        "Somebody before the gateway refuses these. That is safe, if it is meant.",
    )
}

pub(super) fn no_credential(answer: &Result<Answer>) -> Finding {
    let refused = |answer: &Answer| {
        answer.status == 401 && answer.code().as_deref() == Some("missing_credentials")
    };
    let (state, advice) = match answer {
        Ok(answer) if refused(answer) => (State::Right, ""),
        Ok(answer) if answer.code().as_deref() == Some("ambiguous_target") => {
            (State::Note, "Name a URL that the gateway would take.")
        }
        _ => (
            State::Wrong,
            "A request without a credential must be 401 missing_credentials.\nWho answers here is not the gateway alone.",
        ),
    };
    finding("no credential, no answer", state, said(answer), advice)
}

pub(super) fn stranger(answer: &Result<Answer>) -> Finding {
    let (state, advice) = match answer {
        Ok(answer) if answer.status < 300 => (
            State::Wrong,
            "An authority that is not listed is served: is Host changed before the gateway?",
        ),
        // By the gateway, or by whoever routes by name before it.
        _ => (State::Right, ""),
    };
    finding("other hosts are refused", state, said(answer), advice)
}

/// `over_http`: what an https authority answers without TLS.
pub(super) fn transport(scheme: Scheme, over_http: Option<&Result<Answer>>) -> Finding {
    const WHAT: &str = "TLS alone";
    let found = |state, found: String, advice| finding(WHAT, state, found, advice);
    match over_http {
        None if scheme == Scheme::Http => found(
            State::Note,
            "this is http".to_owned(),
            "Secrets and answers can be read on the way: for a machine of your own, and nowhere else.",
        ),
        None => found(
            State::Note,
            "a port is named, so http was not tried".to_owned(),
            "",
        ),
        Some(Err(_)) => found(State::Right, "no answer over http".to_owned(), ""),
        Some(Ok(answer)) if answer.is_redirect() => found(
            State::Wrong,
            said_of(answer),
            "A redirect hides that a secret was sent in the clear. Cloudflare: in the zone, SSL/TLS,\nEdge Certificates, switch \"Always Use HTTPS\" off; the answer is insecure_transport then.",
        ),
        Some(Ok(answer)) if answer.status < 300 => found(
            State::Wrong,
            said_of(answer),
            "It is served over http as well: the setting `authorities` must list it with https.",
        ),
        Some(Ok(answer)) => found(State::Right, format!("over http {}", said_of(answer)), ""),
    }
}

pub(super) fn assertions(answer: &Result<Answer>) -> Finding {
    let keys = answer.as_ref().ok().and_then(|answer| {
        let set: serde_json::Value = serde_json::from_str(&answer.body).ok()?;
        let keys = set.get("keys")?.as_array()?.len();
        (answer.status == 200 && keys > 0).then_some(keys)
    });
    let (state, found, advice) = match (keys, answer) {
        (Some(1), _) => (State::Right, "1 public key".to_owned(), ""),
        (Some(keys), _) => (State::Right, format!("{keys} public keys"), ""),
        (None, Ok(refused)) if refused.code().as_deref() == Some("no_route") => (
            State::Note,
            "there are none".to_owned(),
            "Without the secret ASSERTION_KEY an origin cannot tell that a request came through.",
        ),
        _ => (
            State::Wrong,
            said(answer),
            "Origins that check assertions cannot fetch the keys.",
        ),
    };
    finding("assertions", state, found, advice)
}

/// Signatures of a client whose clock is ahead are refused. `answer`: one that has the gateway's time.
pub(super) fn clock(answer: &Result<Answer>, now_s: u64) -> Finding {
    let date = answer.as_ref().ok().and_then(|answer| answer.field("date"));
    let (state, found, advice) = match date.and_then(http_date::parse) {
        None => (State::Note, "the answer has no Date".to_owned(), ""),
        Some(there_s) => {
            let apart_s = there_s.abs_diff(now_s);
            let found = format!("{apart_s} s apart");
            if apart_s <= CREATED_AHEAD_S.0 {
                (State::Right, found, "")
            } else {
                (
                    State::Wrong,
                    found,
                    "Set this machine's clock, or what it signs is too old or too far ahead.",
                )
            }
        }
    };
    finding("this clock and that one", state, found, advice)
}

fn said(answer: &Result<Answer>) -> String {
    match answer {
        Ok(answer) => said_of(answer),
        Err(failure) => failure.to_string(),
    }
}

fn said_of(answer: &Answer) -> String {
    match answer.code() {
        Some(code) => format!("{} {code}", answer.status),
        None => answer.status.to_string(),
    }
}

const fn finding(what: &'static str, state: State, found: String, advice: &'static str) -> Finding {
    Finding {
        what,
        state,
        found,
        advice,
    }
}

#[cfg(test)]
mod tests;
