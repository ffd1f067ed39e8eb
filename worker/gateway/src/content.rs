//! Content that is signed: read whole, within bounds, and hashed.
use core::pin::pin;
use core::time::Duration;

use futures_util::future::{Either, select};
use js_sys::{Promise, Uint8Array};
use keyward_core::content::{ContentEvidence, ContentNeeds, DigestAlgorithm};
use keyward_core::denial::{Code, Denial};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;
use worker::Delay;

use crate::js::{global, property};
use crate::state::State;

/// What an isolate of 128 MiB can spare for content that is being checked.
const BUFFERED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A client that sends nothing for so long is given up.
const IDLE: Duration = Duration::from_secs(10);
/// Above this the runtime hashes faster than wasm, crossing included.
const HASH_HERE_BYTES_MAX: usize = 4 * 1024;

/// Content in memory, and what it proves. Counts against the isolate's bound while it lives.
pub(crate) struct Content<'s> {
    pub(crate) bytes: Vec<u8>,
    hashes: Hashes,
    _share: Share<'s>,
}

/// Only what was asked for.
#[derive(Default)]
struct Hashes {
    sha256: Option<[u8; 32]>,
    sha512: Option<[u8; 64]>,
}

impl Content<'_> {
    pub(crate) fn evidence(&self) -> ContentEvidence<'_> {
        ContentEvidence {
            octets: self.bytes.len() as u64,
            sha256: self.hashes.sha256,
            sha512: self.hashes.sha512,
            bytes: Some(&self.bytes),
        }
    }
}

/// A part of the isolate's buffers.
struct Share<'s> {
    state: &'s State,
    bytes: usize,
}

impl Share<'_> {
    fn grow(&mut self, bytes: usize) -> Result<(), Denial> {
        let buffered = self.state.buffered.get().saturating_add(bytes);
        if buffered > BUFFERED_BYTES_MAX {
            return Err(Code::ContentBuffersFull.into());
        }
        self.state.buffered.set(buffered);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.state
            .buffered
            .set(self.state.buffered.get().saturating_sub(self.bytes));
    }
}

/// # Errors
/// `content_timeout`, `content_too_large`, `content_buffers_full`.
pub(crate) async fn read<'s>(
    state: &'s State,
    request: &web_sys::Request,
    bytes_max: u64,
    needs: &ContentNeeds,
) -> Result<Content<'s>, Denial> {
    let mut share = Share { state, bytes: 0 };
    let mut bytes = Vec::new();
    if let Some(stream) = request.body() {
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        let whole = pin!(read_all(&reader, bytes_max, &mut share));
        // However steadily it drips, it must come to an end.
        let limit = Delay::from(Duration::from_secs(state.settings.content_s_max));
        let read = match select(whole, limit).await {
            Either::Left((read, _)) => read,
            Either::Right(_) => Err(Code::ContentTimeout.into()),
        };
        bytes = read.inspect_err(|_| {
            // Tells the runtime that nobody will read the rest.
            let _ = reader.cancel();
        })?;
    }
    let hashes = hash(&bytes, needs).await;
    Ok(Content {
        bytes,
        hashes,
        _share: share,
    })
}

async fn read_all(
    reader: &ReadableStreamDefaultReader,
    bytes_max: u64,
    share: &mut Share<'_>,
) -> Result<Vec<u8>, Denial> {
    let mut bytes = Vec::new();
    while let Some(chunk) = arrived(reader.read()).await? {
        let length = chunk.length() as usize;
        if (bytes.len() + length) as u64 > bytes_max {
            return Err(Code::ContentTooLarge.into());
        }
        share.grow(length)?;
        let start = bytes.len();
        bytes.resize(start + length, 0);
        chunk.copy_to(&mut bytes[start..]);
    }
    Ok(bytes)
}

/// What a stream's `read` gives, `None` at its end.
///
/// # Errors
/// `content_timeout`, also when the client is gone.
pub(crate) async fn arrived(read: Promise) -> Result<Option<Uint8Array>, Denial> {
    let timeout = || Denial::new(Code::ContentTimeout);
    let result = match select(JsFuture::from(read), Delay::from(IDLE)).await {
        Either::Left((result, _)) => result.map_err(|_| timeout())?,
        Either::Right(_) => return Err(timeout()),
    };
    if property(&result, "done").is_some_and(|done| done.is_truthy()) {
        return Ok(None);
    }
    property(&result, "value")
        .and_then(|value| value.dyn_into().ok())
        .map(Some)
        .ok_or_else(timeout)
}

async fn hash(bytes: &[u8], needs: &ContentNeeds) -> Hashes {
    if bytes.len() <= HASH_HERE_BYTES_MAX {
        let evidence = ContentEvidence::of(bytes, needs);
        return Hashes {
            sha256: evidence.sha256,
            sha512: evidence.sha512,
        };
    }
    let mut hashes = Hashes::default();
    for algorithm in &needs.digests {
        match algorithm {
            DigestAlgorithm::Sha256 => hashes.sha256 = digest("SHA-256", bytes).await,
            DigestAlgorithm::Sha512 => hashes.sha512 = digest("SHA-512", bytes).await,
        }
    }
    hashes
}

/// The runtime's digest. `None`, should it fail, is no evidence and so a mismatch.
async fn digest<const N: usize>(name: &str, bytes: &[u8]) -> Option<[u8; N]> {
    let subtle = property(&property(&global(), "crypto")?, "subtle")?;
    let function: js_sys::Function = property(&subtle, "digest")?.dyn_into().ok()?;
    let copy = Uint8Array::from(bytes);
    let promise: Promise = function
        .call2(&subtle, &JsValue::from_str(name), &copy)
        .ok()?
        .dyn_into()
        .ok()?;
    let buffer = JsFuture::from(promise).await.ok()?;
    Uint8Array::new(&buffer).to_vec().try_into().ok()
}
