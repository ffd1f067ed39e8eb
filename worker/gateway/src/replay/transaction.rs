//! `transactionSync` of a Durable Object's storage, which the `worker` crate does not bind.
use wasm_bindgen::prelude::*;
use worker::{Error, Result, Storage};

#[wasm_bindgen]
extern "C" {
    type TransactionStorage;

    /// Calls back at once and exactly once, so a closure on the stack will do.
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &TransactionStorage,
        body: &mut dyn FnMut() -> std::result::Result<JsValue, JsValue>,
    ) -> std::result::Result<JsValue, JsValue>;
}

/// Runs `body` in one transaction: what it did stays if it succeeds, nothing of it otherwise.
///
/// # Errors
/// That of `body`, or of the commit.
pub(super) fn transaction<T>(storage: &Storage, body: impl FnOnce() -> Result<T>) -> Result<T> {
    let raw: &TransactionStorage = storage.as_raw().unchecked_ref();
    let mut body = Some(body);
    let mut outcome = None;
    let committed = raw.transaction_sync(&mut || {
        let Some(body) = body.take() else {
            return Err(JsValue::NULL);
        };
        let result = body();
        let failed = result.is_err();
        outcome = Some(result);
        // Whatever is thrown rolls back; the error itself waits in `outcome`.
        if failed {
            Err(JsValue::NULL)
        } else {
            Ok(JsValue::UNDEFINED)
        }
    });
    match (outcome, committed) {
        (Some(Ok(value)), Ok(_)) => Ok(value),
        (Some(Err(error)), _) => Err(error),
        (_, Err(error)) => Err(Error::from(error)),
        (None, Ok(_)) => Err(Error::RustError("the transaction was not run".to_owned())),
    }
}
