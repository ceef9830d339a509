//! HTTP by `fetch`, which browsers and Node have.

use super::{HttpBuilder, Sending, redirected, too_large};
use crate::error::Error;
use js_sys::{Function, Promise, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use std::time::Duration;
use stronghold_protocol::transport::{Reply, TransportFailure};
use url::Url;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Headers, ReferrerPolicy, Request, RequestCache, RequestCredentials, RequestInit, RequestRedirect,
    Response,
};

/// Sends requests by the global `fetch`, which pools connections and speaks TLS.
#[derive(Debug)]
pub(super) struct Sender {
    timeout: Duration,
}

impl Sender {
    /// A sender.
    pub(super) fn new(settings: &HttpBuilder, _url: &Url) -> Result<Self, Error> {
        if settings.ca_cert.is_some() {
            return Err(Error::invalid("which certificates are trusted is the browser's to say, or Node's"));
        }
        Ok(Self { timeout: settings.timeout })
    }

    /// Sends one request. There is one thread, so what JavaScript hands out never leaves it.
    pub(super) async fn send(&self, request: Sending) -> Result<Reply, TransportFailure> {
        let base = request.url[..url::Position::BeforePath].to_owned();
        let answered = SendWrapper::new(fetch(request, self.timeout)).await;
        answered.map_err(|failed| match failed {
            Failed::Refused(failure) => failure,
            Failed::Thrown(thrown) if named(&thrown, "TimeoutError") => {
                TransportFailure::TimedOut(self.timeout.as_secs())
            }
            Failed::Thrown(thrown) => TransportFailure::Unreachable(format!("{base} ({})", message(&thrown))),
        })
    }
}

enum Failed {
    /// It is no answer of the protocol.
    Refused(TransportFailure),
    /// What JavaScript threw.
    Thrown(JsValue),
}

impl From<JsValue> for Failed {
    fn from(thrown: JsValue) -> Self {
        Self::Thrown(thrown)
    }
}

async fn fetch(request: Sending, timeout: Duration) -> Result<Reply, Failed> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method(request.method);
    init.set_redirect(RequestRedirect::Manual);
    init.set_credentials(RequestCredentials::Omit);
    init.set_cache(RequestCache::NoStore);
    init.set_referrer_policy(ReferrerPolicy::NoReferrer);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX))));
    if !request.body.is_empty() {
        headers.set("content-type", "application/json")?;
        init.set_body(&Uint8Array::from(request.body.as_slice()));
    }
    init.set_headers(&headers);
    let asked = Request::new_with_str_and_init(request.url.as_str(), &init)?;
    let global = js_sys::global();
    let fetch: Function = Reflect::get(&global, &"fetch".into())?.dyn_into()?;
    let promise: Promise = fetch.call1(&global, &asked)?.dyn_into()?;
    let response: Response = JsFuture::from(promise).await?.dyn_into()?;
    let status = response.status();
    // A browser hides where it was sent to, and with it the status.
    if status == 0 || (300..400).contains(&status) {
        return Err(Failed::Refused(redirected(status)));
    }
    let content_type = response.headers().get("content-type")?;
    let mut reply = Reply { status, content_type, body: Vec::new() };
    let most = request.most.bytes(status);
    if read_body(&response, &mut reply.body, most).await? {
        Ok(reply)
    } else {
        Err(Failed::Refused(too_large(&reply, most)))
    }
}

/// Reads a body piece by piece, so that no more of it is held than it may have; whether that was all of it. What is too large,
/// or announces that it is, is not fetched any further.
async fn read_body(response: &Response, body: &mut Vec<u8>, most: usize) -> Result<bool, Failed> {
    let stream = Reflect::get(response, &"body".into())?;
    if stream.is_null() || stream.is_undefined() {
        return Ok(true);
    }
    let call = |of: &JsValue, name: &str| -> Result<JsValue, JsValue> {
        Reflect::get(of, &name.into())?.dyn_into::<Function>()?.call0(of)
    };
    let reader = call(&stream, "getReader")?;
    let announced = response.headers().get("content-length")?.and_then(|length| length.parse::<usize>().ok());
    let mut fits = announced.is_none_or(|length| length <= most);
    while fits {
        let piece = JsFuture::from(call(&reader, "read")?.dyn_into::<Promise>()?).await?;
        if Reflect::get(&piece, &"done".into())?.is_truthy() {
            return Ok(true);
        }
        let bytes: Uint8Array = Reflect::get(&piece, &"value".into())?.dyn_into()?;
        fits = body.len() + bytes.length() as usize <= most;
        if fits {
            body.extend(bytes.to_vec());
        }
    }
    // The connection is closed; if not, nothing more is taken from it.
    let _ = call(&reader, "cancel");
    Ok(false)
}

fn named(thrown: &JsValue, name: &str) -> bool {
    Reflect::get(thrown, &"name".into()).ok().and_then(|value| value.as_string()).is_some_and(|text| text == name)
}

/// Node says the cause apart; browsers say nothing at all, on purpose.
fn message(thrown: &JsValue) -> String {
    let text = |of: &JsValue| Reflect::get(of, &"message".into()).ok().and_then(|value| value.as_string());
    let cause = Reflect::get(thrown, &"cause".into()).ok().and_then(|cause| text(&cause));
    cause.filter(|text| !text.is_empty()).or_else(|| text(thrown)).unwrap_or_else(|| "no connection".to_owned())
}
