//! `transactionSync` of a Durable Object's storage, which the `worker` crate does not bind, and
//! alarms that are set within it.
use wasm_bindgen::prelude::*;
use worker::{Error, Storage};

#[wasm_bindgen]
extern "C" {
    type TransactionStorage;

    /// Calls back at once and exactly once, so a closure on the stack will do.
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &TransactionStorage,
        body: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// Runs `body` in one transaction: what it did stays if it succeeds, nothing of it otherwise.
///
/// # Errors
/// That of `body`, or of the commit.
pub fn transaction<T, E: From<Error>>(
    storage: &Storage,
    body: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
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
        (_, Err(error)) => Err(Error::from(error).into()),
        (None, Ok(_)) => Err(Error::RustError("the transaction was not run".to_owned()).into()),
    }
}

/// Sets the object's one alarm, in milliseconds of Unix time. Takes effect with the transaction
/// that it is called in.
///
/// # Errors
/// When the runtime does not take it.
pub fn set_alarm(storage: &Storage, at_ms: f64) -> Result<(), Error> {
    let at = js_sys::Date::new(&at_ms.into());
    let _promise = storage.as_raw().set_alarm(at, js_sys::Object::new())?;
    Ok(())
}

/// Takes the alarm back, with the transaction that it is called in.
///
/// # Errors
/// When the runtime does not take it.
pub fn delete_alarm(storage: &Storage) -> Result<(), Error> {
    let _promise = storage.as_raw().delete_alarm(js_sys::Object::new())?;
    Ok(())
}
