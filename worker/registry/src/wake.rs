//! The cron's work: organisations are woken, page by page. Where a run has to end before the last
//! one, the next run goes on.
use futures_util::future::join_all;
use worker::Env;

use crate::call::{self, About, Ask, DIRECTORY, ORGANISATION, THE_DIRECTORY};
use crate::directory::DirectoryCall;
use crate::organisation::OrganisationCall;

/// Objects that are asked at the same time.
const SIDE_BY_SIDE: usize = 6;

pub(crate) async fn all(env: &Env) {
    let (mut woken, mut failed) = (0, 0);
    let mut done = None;
    while let Some(names) = page(env, done.take()).await {
        let Some(last) = names.last() else { break };
        for some in names.chunks(SIDE_BY_SIDE) {
            let all = join_all(some.iter().map(|name| wake(env, name))).await;
            let answered = all.iter().filter(|answered| **answered).count();
            woken += answered;
            failed += all.len() - answered;
        }
        // What fails is woken in the next round, so that one organisation never holds up the others.
        done = Some(last.clone());
    }
    let line = serde_json::json!({ "event": "woken", "organisations": woken, "failed": failed });
    worker::console_log!("{line}");
}

/// `None` when the directory does not answer.
async fn page(env: &Env, done: Option<String>) -> Option<Vec<String>> {
    let question = Ask {
        about: About::default(),
        call: DirectoryCall::ToWake { done },
    };
    call::ask_for(env, DIRECTORY, THE_DIRECTORY, &question)
        .await
        .ok()?
        .ok()
}

async fn wake(env: &Env, name: &str) -> bool {
    let question = Ask {
        about: About::default(),
        call: OrganisationCall::Wake,
    };
    call::ask(env, ORGANISATION, name, &question).await.is_ok()
}
