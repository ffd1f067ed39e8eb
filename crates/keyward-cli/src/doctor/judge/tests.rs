//! Answers over TLS and of machines on the way, which the tests of the whole command do not have.
use super::*;

const THERE_S: u64 = 1_790_000_000;

fn answer(status: u16, body: &str) -> Result<Answer> {
    Ok(Answer {
        status,
        fields: vec![("date".into(), http_date::write(THERE_S).expect("a date"))],
        body: body.into(),
    })
}

fn refusal(status: u16, code: &str) -> Result<Answer> {
    answer(status, &format!(r#"{{"code":"{code}"}}"#))
}

fn nobody() -> Result<Answer> {
    Err(crate::failure::Failure::new("connection refused"))
}

#[test]
fn an_https_authority_is_served_over_tls_alone() {
    for (over_http, state) in [
        (nobody(), State::Right),
        (refusal(400, "insecure_transport"), State::Right),
        (refusal(421, "misdirected_request"), State::Right),
        (answer(403, "blocked"), State::Right),
        (answer(200, ""), State::Wrong),
        (answer(301, ""), State::Wrong),
        (answer(308, ""), State::Wrong),
    ] {
        let found = transport(Scheme::Https, Some(&over_http));
        assert_eq!(found.state, state, "{over_http:?}");
    }
    assert_eq!(transport(Scheme::Https, None).state, State::Note);
    assert_eq!(transport(Scheme::Http, None).state, State::Note);
}

#[test]
fn a_redirect_to_another_spelling_is_a_rewriting() {
    let spellings = [("/a/../b", "ambiguous_target", answer(301, ""))];
    assert_eq!(paths(&spellings).state, State::Wrong);
}

#[test]
fn who_refuses_a_spelling_before_the_gateway_is_named() {
    let spellings = [
        ("/a/../b", "ambiguous_target", answer(403, "blocked")),
        (
            "/a//b",
            "ambiguous_target",
            refusal(400, "ambiguous_target"),
        ),
    ];
    let found = paths(&spellings);
    assert_eq!(found.state, State::Note);
    assert!(found.found.ends_with("/a/../b (403)"), "{}", found.found);
}

#[test]
fn what_is_not_the_gateways_answer_is_told_from_its_refusals() {
    let advice = |answer| {
        let found = health(&answer);
        assert_eq!(found.state, State::Wrong);
        found.advice
    };
    let all = [
        advice(nobody()),
        advice(answer(200, "hello")),
        advice(refusal(421, "misdirected_request")),
        advice(refusal(400, "insecure_transport")),
        advice(refusal(503, "store_unavailable")),
    ];
    let distinct: std::collections::BTreeSet<_> = all.into_iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn clocks_may_be_apart_as_far_as_a_signature_may_be_ahead() {
    let there = refusal(401, "missing_credentials");
    for (apart_s, state) in [(0, State::Right), (30, State::Right), (31, State::Wrong)] {
        assert_eq!(clock(&there, THERE_S + apart_s).state, state);
        assert_eq!(clock(&there, THERE_S - apart_s).state, state);
    }
}
