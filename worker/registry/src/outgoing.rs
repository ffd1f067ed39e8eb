//! Requests to others: where a mail API or a webhook is. No redirect is followed, nothing is
//! cached, no answer is read, and none is waited for longer than it may take.
use core::time::Duration;

use futures_util::future::{Either, select};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, RequestCache, RequestInit, RequestRedirect, Response,
    WorkerGlobalScope,
};
use worker::Delay;

/// A request with content.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) fields: Vec<(&'a str, &'a str)>,
    pub(crate) body: &'a str,
    pub(crate) timeout: Duration,
}

impl Outgoing<'_> {
    /// The status of the answer; `None`: there was none in time.
    pub(crate) async fn send(&self) -> Option<u16> {
        let abort = AbortController::new().ok()?;
        let init = self.init(&abort).ok()?;
        let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
        let answer = JsFuture::from(scope.fetch_with_str_and_init(self.url, &init));
        let answered = match select(answer, Box::pin(Delay::from(self.timeout))).await {
            Either::Left((Ok(answer), _)) => answer.dyn_into::<Response>().ok(),
            Either::Left((Err(_), _)) | Either::Right(_) => None,
        };
        // Whatever comes after the status is not wanted.
        abort.abort();
        answered.map(|answer| answer.status())
    }

    fn init(&self, abort: &AbortController) -> Result<RequestInit, JsValue> {
        let headers = Headers::new()?;
        headers.set("content-type", self.content_type)?;
        for (name, value) in &self.fields {
            headers.set(name, value)?;
        }
        let init = RequestInit::new();
        init.set_method(self.method);
        init.set_headers(&headers);
        init.set_body(&JsValue::from_str(self.body));
        init.set_redirect(RequestRedirect::Manual);
        init.set_cache(RequestCache::NoStore);
        init.set_signal(Some(&abort.signal()));
        Ok(init)
    }
}
