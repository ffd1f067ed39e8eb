//! Signatures of tokens: the runtime verifies Ed25519 twice as fast as wasm, and what it found
//! right is remembered.
use std::cell::RefCell;
use std::collections::BTreeMap;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use keyward_core::ed25519::{SignatureEvidence, SignatureToCheck};
use keyward_host::tokens::Tokens as Remembered;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::js::{global, property};
use crate::log::Line;

/// The isolate's verifier of tokens.
#[derive(Default)]
pub(crate) struct Tokens {
    remembered: RefCell<Remembered>,
    /// By `kid`: at most as many as the settings have.
    keys: RefCell<BTreeMap<String, JsValue>>,
}

impl Tokens {
    /// Evidence that the signature is right, `None` that it is not. `generation` is that of the
    /// key's record: without a key nothing is remembered, and the work is the same.
    ///
    /// # Errors
    /// Why the runtime cannot say: for the log.
    pub(crate) async fn check(
        &self,
        asked: &SignatureToCheck<'_>,
        generation: Option<u64>,
        line: &mut Line,
    ) -> Result<Option<SignatureEvidence>, String> {
        let digest = asked.token_digest();
        if let Some(generation) = generation
            && let Some(evidence) =
                self.remembered
                    .borrow_mut()
                    .find(&digest, asked.kid(), generation)
        {
            line.signature = Some("memory");
            return Ok(Some(evidence));
        }
        line.signature = Some("runtime");
        if !self.is_right(asked).await.ok_or("ed25519_unavailable")? {
            return Ok(None);
        }
        let evidence =
            SignatureEvidence::verified(asked.public_key(), asked.message(), asked.signature());
        if let Some(generation) = generation {
            self.remembered
                .borrow_mut()
                .put(digest, asked.kid(), generation, evidence.clone());
        }
        Ok(Some(evidence))
    }

    async fn is_right(&self, asked: &SignatureToCheck<'_>) -> Option<bool> {
        let key = self.key(asked.kid(), asked.public_key()).await?;
        let arguments = Array::of4(
            &algorithm()?.into(),
            &key,
            &Uint8Array::from(asked.signature().as_slice()),
            &Uint8Array::from(asked.message()),
        );
        call("verify", &arguments).await?.as_bool()
    }

    /// The public key as the runtime wants it.
    async fn key(&self, kid: &str, public_key: &[u8; 32]) -> Option<JsValue> {
        if let Some(key) = self.keys.borrow().get(kid) {
            return Some(key.clone());
        }
        let arguments = Array::of5(
            &"raw".into(),
            &Uint8Array::from(public_key.as_slice()),
            &algorithm()?.into(),
            &false.into(),
            &Array::of1(&"verify".into()),
        );
        let key = call("importKey", &arguments).await?;
        self.keys.borrow_mut().insert(kid.to_owned(), key.clone());
        Some(key)
    }
}

fn algorithm() -> Option<Object> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"Ed25519".into()).ok()?;
    Some(algorithm)
}

/// A function of WebCrypto, to its end.
async fn call(name: &str, arguments: &Array) -> Option<JsValue> {
    let subtle = property(&property(&global(), "crypto")?, "subtle")?;
    let function: Function = property(&subtle, name)?.dyn_into().ok()?;
    let promise: Promise = function.apply(&subtle, arguments).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok()
}
