//! The memory of requests that may be made once (rules.md 14): a Durable Object per key, which
//! alone can say "first" to exactly one of many copies, wherever they arrive.
mod store;

use core::time::Duration;

use futures_util::future::{Either, select};
use keyward_core::denial::{Code, Denial};
use keyward_core::replay::Replay;
use worker::{Delay, Env};

/// The Durable Object binding.
const BINDING: &str = "REPLAY";
/// An object that takes longer is given up.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Notes a request, or finds that it was noted before.
///
/// # Errors
/// `replayed`; `replay_store_unavailable` when nobody can say.
pub(crate) async fn insert(
    env: &Env,
    organisation: &str,
    key_id: &str,
    replay: &Replay,
) -> Result<(), Denial> {
    let ask = async {
        let objects = env.durable_object(BINDING)?;
        let object = objects.id_from_name(&format!("{organisation}/{key_id}"))?;
        let key: String = replay
            .key
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let url = format!("https://replay/{key}/{}", replay.until_s);
        object.get_stub()?.fetch_with_str(&url).await
    };
    match select(Box::pin(ask), Box::pin(Delay::from(TIMEOUT))).await {
        Either::Left((Ok(answer), _)) => match answer.status_code() {
            200 => Ok(()),
            409 => Err(Code::Replayed.into()),
            _ => Err(Code::ReplayStoreUnavailable.into()),
        },
        Either::Left((Err(_), _)) | Either::Right(_) => Err(Code::ReplayStoreUnavailable.into()),
    }
}
