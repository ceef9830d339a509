//! A client of the protocol over any transport: signs, sends, retries what may be repeated, reads refusals.

mod http;
mod routes;

pub use http::{HttpBuilder, HttpTransport};

use crate::{authenticator::AgentAuthenticator, error::Error, reader::Answered};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc, time::Duration};
use stronghold_protocol::{
    api::{BoundedReply, ReplyLimit},
    crypto::random,
    json, limits,
    problem::{Problem, ProblemCode},
    request::{Method, RequestContext, RequestNonce, RequestParts, SignatureParams, SignedRequest, ToSign},
    time::{Clock, Timestamp},
    transport::{Reply, Transport, TransportFailure},
};

/// How often a request that may be repeated is sent at most.
const ATTEMPTS: u32 = 4;
/// Pause before the second attempt; it doubles from there, and a random share of it is left out.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause that a server's `Retry-After` can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A client of one server.
///
/// Reads are repeated with jittered, growing pauses when the server is not reached or asks for patience; writes only when
/// the server said that it did nothing. Each attempt is signed anew. A client whose clock is off corrects itself once, by
/// at most 15 minutes, and says so in its signed context.
pub struct Client<T: Transport> {
    transport: T,
    clock: Arc<dyn Clock>,
    context: RequestContext,
}

impl<T: Transport> Client<T> {
    /// A client over a transport, with a clock for its requests' times.
    pub fn new(transport: T, clock: Arc<dyn Clock>) -> Self {
        Self { transport, clock, context: RequestContext::default() }
    }

    /// Where the times of its requests come from.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Says something of the caller in every request: a reason, a CI run. It is signed into the audit record.
    #[must_use]
    pub fn with_context(mut self, context: RequestContext) -> Self {
        self.context = context;
        self
    }

    async fn get<R: DeserializeOwned + BoundedReply>(
        &self,
        who: &dyn AgentAuthenticator,
        path: &str,
        query: &str,
    ) -> Result<Answered<R>, Error> {
        self.call(who, Method::Get, path, query, Vec::new(), true).await
    }

    async fn post<R: DeserializeOwned + BoundedReply>(
        &self,
        who: &dyn AgentAuthenticator,
        path: &str,
        body: &impl Serialize,
        repeatable: bool,
    ) -> Result<Answered<R>, Error> {
        self.call(who, Method::Post, path, "", encode(body)?, repeatable).await
    }

    async fn post_unsigned<R: DeserializeOwned + BoundedReply>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<R, Error> {
        let body = encode(body)?;
        let length = body.len();
        let reply = self.transport.send_unsigned(path, Some(body), ReplyLimit::of::<R>()).await?;
        read(limited(reply, length)?)
    }

    async fn call<R: DeserializeOwned + BoundedReply>(
        &self,
        who: &dyn AgentAuthenticator,
        method: Method,
        path: &str,
        query: &str,
        body: Vec<u8>,
        repeatable: bool,
    ) -> Result<Answered<R>, Error> {
        let mut correction = 0;
        let mut attempt = 1;
        loop {
            let request = self.sign(who, method, path, query, &body, correction).await?;
            let sent =
                self.transport.send(request.clone(), body.clone(), ReplyLimit::of::<R>()).await.map_err(Error::from);
            let result = sent.and_then(|reply| read(limited(reply, body.len())?));
            let error = match result {
                Ok(reply) => return Ok(Answered { request, reply }),
                Err(error) => error,
            };
            if let Some(seconds) = self.correction_for(&error).filter(|_| correction == 0) {
                correction = seconds;
                continue;
            }
            if attempt >= ATTEMPTS || !may_repeat(&error, repeatable) {
                return Err(error);
            }
            tracing::debug!(%error, attempt, "trying again");
            rest(pause(&error, attempt)).await;
            attempt += 1;
        }
    }

    async fn sign(
        &self,
        who: &dyn AgentAuthenticator,
        method: Method,
        path: &str,
        query: &str,
        body: &[u8],
        correction: i64,
    ) -> Result<SignedRequest, Error> {
        let endpoint = self.transport.endpoint();
        let parts = RequestParts::new(method, path, query).and_then(|parts| parts.under(&endpoint.base));
        let mut parts = parts.map_err(|error| Error::invalid(error.to_string()))?.with_body(body);
        let mut context = self.context.clone();
        context.clock_corrected_seconds = (correction != 0).then_some(correction);
        if let Some(header) = context.to_header().map_err(|error| Error::invalid(error.to_string()))? {
            parts = parts.with_context(header).map_err(|error| Error::invalid(error.to_string()))?;
        }
        let created = self.clock.now().as_seconds().saturating_add(correction);
        let params = SignatureParams { created, nonce: RequestNonce::generate()?, key_id: who.key_id() };
        let to_sign = ToSign::new(endpoint.authority, parts, params);
        let signature = who.sign(to_sign.base()).await.map_err(|error| Error::invalid(error.to_string()))?;
        Ok(to_sign.finish(signature))
    }

    /// By how many seconds to correct the clock after a refusal, if that is allowed.
    fn correction_for(&self, error: &Error) -> Option<i64> {
        let Error::Refused(problem) = error else { return None };
        let server: Timestamp = problem.server_time.filter(|_| problem.code == ProblemCode::ClockSkew)?;
        let seconds = server.as_seconds() - self.clock.now().as_seconds();
        (seconds != 0 && seconds.abs() <= limits::CLOCK_CORRECTION_SECONDS).then_some(seconds)
    }
}

/// Reads what may be repeated; writes only when the server said that it did nothing.
fn may_repeat(error: &Error, repeatable: bool) -> bool {
    match error {
        Error::Refused(problem) => problem.is_retryable(),
        Error::Transport(TransportFailure::Unreachable(_)) => repeatable,
        _ => false,
    }
}

fn pause(error: &Error, attempt: u32) -> Duration {
    let asked = match error {
        Error::Refused(problem) => problem.retry_after_seconds.map(Duration::from_secs),
        _ => None,
    };
    let grown = FIRST_PAUSE.saturating_mul(1 << attempt.min(6));
    let share = random::array::<1>().map_or(255, |[byte]| u32::from(byte));
    let jittered = grown.mul_f64(0.5 + f64::from(share) / 510.0);
    asked.map_or(jittered, |asked| asked.min(LONGEST_PAUSE) + jittered / 4)
}

#[cfg(not(target_family = "wasm"))]
async fn rest(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// By `setTimeout`. There is one thread, so the timer never leaves it.
#[cfg(target_family = "wasm")]
async fn rest(pause: Duration) {
    send_wrapper::SendWrapper::new(gloo_timers::future::sleep(pause)).await;
}

fn encode(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body).map_err(|error| Error::invalid(error.to_string()))
}

/// Tells a proxy that lets no such body through from a server that refuses it.
fn limited(reply: Reply, sent: usize) -> Result<Reply, TransportFailure> {
    let of_a_proxy = reply.status == 413 && !reply.is_of(Problem::MEDIA_TYPE);
    if of_a_proxy { Err(TransportFailure::BodyLimited(sent)) } else { Ok(reply) }
}

/// Reads an answer. What is not of the protocol's media types came from something between client and server, or from another
/// server: nobody lied. What is of them and has another form than the protocol's is not believed.
fn read<R: DeserializeOwned>(reply: Reply) -> Result<R, Error> {
    let Reply { status, body, .. } = &reply;
    let foreign = |said: &dyn fmt::Display| TransportFailure::NotTheProtocol(format!("status {status}, {said}"));
    if *status >= 400 {
        if !reply.is_of(Problem::MEDIA_TYPE) {
            return Err(foreign(&"no problem details").into());
        }
        let problem: Problem = json::from_slice(body).map_err(|_| foreign(&"no problem details of this protocol"))?;
        return Err(problem.into());
    }
    if !(200..300).contains(status) || !reply.is_of(Reply::MEDIA_TYPE) {
        return Err(foreign(&"no JSON").into());
    }
    json::from_slice(body).map_err(|error| {
        // The parser's own text can repeat what it found: only the place is told.
        Error::forged(format!(
            "the server's answer has not the form that the protocol gives it (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}
