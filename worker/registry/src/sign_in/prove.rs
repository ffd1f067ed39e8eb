//! One try to be somebody, as often and as fast as may be.
use core::time::Duration;

use worker::{Delay, Env};

use crate::call::{self, About, Answer, Ask, NETWORK, OPERATOR};
use crate::clock;
use crate::delay;
use crate::front::Asked;
use crate::network::NetworkCall;
use crate::operator::{OperatorCall, Person};
use crate::random;
use crate::refusal::Refusal;

/// What a refusal to believe somebody takes is a multiple of this.
const STEP_MS: u64 = 500;

/// Asks an operator's object whether somebody is him, as often as the network may that he comes
/// from.
pub(super) async fn prove(
    env: &Env,
    asked: &Asked,
    person: &Person,
    call: OperatorCall,
) -> Result<Answer, Refusal> {
    let begun_ms = clock::now_ms();
    let network = delay::network(asked.about.address);
    let hash = random::hash(&person.object_name());
    let may_try = NetworkCall::Try {
        person: hash.clone(),
        has_address: asked.about.address.is_some(),
    };
    let may_try = ask_network(env, &network, may_try).await?;
    if !may_try.is_ok() {
        return Ok(may_try);
    }
    let answer = ask_operator(env, asked, person, call).await?;
    if answer.is_ok() {
        // Where this fails the try stays counted, and that is all.
        let _ = ask_network(env, &network, NetworkCall::Forget { person: hash }).await;
    } else {
        until_a_full_step(begun_ms).await;
    }
    Ok(answer)
}

/// What an object writes depends on how much was right. So that the time until the answer does
/// not, it is always some full steps.
async fn until_a_full_step(begun_ms: u64) {
    let taken_ms = clock::now_ms().saturating_sub(begun_ms);
    let left_ms = STEP_MS - taken_ms % STEP_MS;
    Delay::from(Duration::from_millis(left_ms)).await;
}

async fn ask_network(env: &Env, network: &str, call: NetworkCall) -> Result<Answer, Refusal> {
    let question = Ask {
        about: About::default(),
        call,
    };
    call::ask(env, NETWORK, network, &question).await
}

pub(super) async fn ask_operator(
    env: &Env,
    asked: &Asked,
    person: &Person,
    call: OperatorCall,
) -> Result<Answer, Refusal> {
    let question = Ask {
        about: without_signature(asked),
        call,
    };
    call::ask(env, OPERATOR, &person.object_name(), &question).await
}

/// What was judged once is not judged again: it would be a copy.
pub(super) fn without_signature(asked: &Asked) -> About {
    About {
        signed: None,
        ..asked.about.clone()
    }
}
