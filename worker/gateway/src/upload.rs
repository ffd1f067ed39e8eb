//! Content that nobody has to hold: it goes to the origin while it comes, and each side has its time.
use core::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, Fuse, LocalBoxFuture, select};
use js_sys::{ArrayBuffer, BigInt, Uint8Array};
use keyward_core::denial::{Code, Denial};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    ReadableStream, ReadableStreamByobReader, ReadableStreamGetReaderOptions,
    ReadableStreamReaderMode, TransformStream, WritableStreamDefaultWriter,
};
use worker::Delay;

use crate::content;

/// How much is taken at a time. A reader without a buffer of its own gets a tenth of it.
const PART_BYTES_MAX: u32 = 64 * 1024;

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
    let declared = declared.and_then(|octets| octets.parse::<u64>().ok());
    let between: TransformStream = match declared {
        Some(octets) => FixedLengthStream::new(octets.into())?.into(),
        None => IdentityTransformStream::new()?.into(),
    };
    let part_bytes = declared
        .and_then(|octets| u32::try_from(octets).ok())
        .map_or(PART_BYTES_MAX, |octets| octets.clamp(1, PART_BYTES_MAX));
    let with_own_buffer = ReadableStreamGetReaderOptions::new();
    with_own_buffer.set_mode(ReadableStreamReaderMode::Byob);
    let pump = Pump {
        from: content
            .get_reader_with_options(&with_own_buffer)
            .unchecked_into(),
        to: between.writable().get_writer()?,
        buffer: ArrayBuffer::new(part_bytes),
        origin_pause_max,
    };
    Ok(Some(Upload {
        stream: between.readable(),
        ended: pump.run().boxed_local().fuse(),
    }))
}

struct Pump {
    from: ReadableStreamByobReader,
    to: WritableStreamDefaultWriter,
    buffer: ArrayBuffer,
    origin_pause_max: Duration,
}

impl Pump {
    async fn run(mut self) -> Result<(), Denial> {
        let ended = self.pass_on_all().await;
        if ended != Ok(true) {
            let _ = self.from.cancel();
        }
        if ended.is_err() {
            let _ = self.to.abort();
        }
        ended.map(|_| ())
    }

    /// Whether the origin took all of it.
    async fn pass_on_all(&mut self) -> Result<bool, Denial> {
        loop {
            let view = Uint8Array::new(&self.buffer);
            let part = content::arrived(self.from.read_with_array_buffer_view(&view)).await?;
            // Nothing is kept between the two: a write has ended when the origin's side took it.
            let taken = match &part {
                Some(part) => self.to.write_with_chunk(part),
                None => self.to.close(),
            };
            match select(JsFuture::from(taken), Delay::from(self.origin_pause_max)).await {
                Either::Left((Ok(_), _)) => {}
                Either::Left((Err(_), _)) => return Ok(false),
                Either::Right(_) => return Err(Code::OriginTimeout.into()),
            }
            match part {
                // Reading took the buffer away; here it is again.
                Some(part) => self.buffer = part.buffer(),
                None => return Ok(true),
            }
        }
    }
}
