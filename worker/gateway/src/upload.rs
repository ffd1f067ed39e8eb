//! Content that nobody has to hold: it goes to the origin while it comes, and each side has its time.
use core::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, Fuse, LocalBoxFuture, select};
use js_sys::BigInt;
use keyward_core::denial::{Code, Denial};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    ReadableStream, ReadableStreamDefaultReader, TransformStream, WritableStreamDefaultWriter,
};
use worker::Delay;

use crate::content;

#[wasm_bindgen]
extern "C" {
    /// What goes through it is announced with its length.
    #[wasm_bindgen(extends = TransformStream)]
    type FixedLengthStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(octets: BigInt) -> Result<FixedLengthStream, JsValue>;

    #[wasm_bindgen(extends = TransformStream)]
    type IdentityTransformStream;

    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<IdentityTransformStream, JsValue>;
}

/// Content on its way.
pub(crate) struct Upload {
    /// What the origin is sent.
    pub(crate) stream: ReadableStream,
    /// Ends with the content, or when the origin wants no more of it: then its answer counts.
    /// `content_timeout` when the client pauses for too long, `origin_timeout` when the origin does.
    pub(crate) ended: Fuse<LocalBoxFuture<'static, Result<(), Denial>>>,
}

/// Takes the request's content; `None` when there is none.
pub(crate) fn start(
    request: &web_sys::Request,
    origin_pause_max: Duration,
) -> Result<Option<Upload>, JsValue> {
    let Some(content) = request.body() else {
        return Ok(None);
    };
    let declared = request.headers().get("content-length")?;
    let between: TransformStream = match declared.and_then(|octets| octets.parse::<u64>().ok()) {
        Some(octets) => FixedLengthStream::new(octets.into())?.into(),
        None => IdentityTransformStream::new()?.into(),
    };
    let from = content.get_reader().unchecked_into();
    let to = between.writable().get_writer()?;
    Ok(Some(Upload {
        stream: between.readable(),
        ended: pump(from, to, origin_pause_max).boxed_local().fuse(),
    }))
}

async fn pump(
    from: ReadableStreamDefaultReader,
    to: WritableStreamDefaultWriter,
    origin_pause_max: Duration,
) -> Result<(), Denial> {
    loop {
        let chunk = match content::next(&from).await {
            Ok(chunk) => chunk,
            Err(denial) => {
                let _ = to.abort();
                return Err(denial);
            }
        };
        // Nothing is kept between the two: a write has ended when the origin's side took it.
        let taken = match &chunk {
            Some(chunk) => to.write_with_chunk(chunk),
            None => to.close(),
        };
        match select(JsFuture::from(taken), Delay::from(origin_pause_max)).await {
            Either::Left((Ok(_), _)) if chunk.is_some() => {}
            Either::Left((Ok(_), _)) => return Ok(()),
            Either::Left((Err(_), _)) => {
                let _ = from.cancel();
                return Ok(());
            }
            Either::Right(_) => {
                let _ = from.cancel();
                let _ = to.abort();
                return Err(Code::OriginTimeout.into());
            }
        }
    }
}
