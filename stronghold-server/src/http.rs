//! HTTP over a [`Service`]: a warp filter that any server can mount, and a server of our own.

mod idle;
mod serve;
mod tls;

pub use serve::{ServeLimits, Server};
pub use tls::{TlsError, tls_config};

use crate::{
    service::{Incoming, Outgoing, Service},
    store::Store,
};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use std::{net::IpAddr, pin::pin, sync::Arc};
use stronghold_protocol::problem::{Problem, ProblemCode};
use tokio::sync::{Semaphore, SemaphorePermit};
use warp::{Filter, Rejection, filters::path::FullPath};

/// The peer's address, which a server puts into a request's extensions. Addresses in headers are never believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// All routes of a service as a warp filter, to be mounted at the root of a host of its own.
///
/// It answers every request, also those to paths that are not its own, so it comes last where it is combined with
/// others, such as [`crate::console::Console::filter`]. The peer's address is taken from a [`Peer`] in the request's
/// extensions; without one, nothing is limited by address, and agents that are bound to addresses are refused.
pub fn routes<S: Store>(
    service: Service<S>,
) -> impl Filter<Extract = (Response<Bytes>,), Error = Rejection> + Clone + Send + Sync + 'static {
    let budget = Arc::new(Semaphore::new(BODY_BUDGET_UNITS));
    let query = warp::query::raw().map(Some).or(warp::any().map(|| None)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::body::stream())
        .then(move |method: Method, path: FullPath, query: Option<String>, headers, peer: Option<Peer>, body| {
            let (service, budget) = (service.clone(), Arc::clone(&budget));
            let target = match query {
                Some(query) => format!("{}?{query}", path.as_str()),
                None => path.as_str().to_owned(),
            };
            async move { respond(&service, &budget, &method, target, &headers, peer, body).await }
        })
}

async fn respond<S: Store, B: Buf>(
    service: &Service<S>,
    budget: &Semaphore,
    method: &Method,
    target: String,
    headers: &HeaderMap,
    peer: Option<Peer>,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Response<Bytes> {
    let path = target.split_once('?').map_or(target.as_str(), |(path, _)| path);
    let limit = service.body_limit(method.as_str(), path);
    // Only the arrival is timed: what is being decided may have been written, so it is never given up half-way.
    let arrival = tokio::time::timeout(service.settings().limits.arrival, read_body(headers, body, limit, budget));
    let (body, _share) = match arrival.await {
        Ok(Ok(arrived)) => arrived,
        Ok(Err(problem)) => return response(Outgoing::problem(&problem)),
        Err(_) => {
            let problem = Problem::new(ProblemCode::Timeout, "the request took too long to arrive");
            return response(Outgoing::problem(&problem));
        }
    };
    let headers = headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    let incoming = Incoming {
        method: method.as_str().to_owned(),
        target,
        headers: headers.collect(),
        body,
        address: peer.map(|Peer(address)| address),
    };
    response(service.handle(incoming).await)
}

/// Bodies up to this size are read at once; larger ones share a budget, so that they never take all memory.
const BODY_UNIT: usize = 64 * 1024;
/// How much of larger bodies is held at once, in units: 512 MiB.
const BODY_BUDGET_UNITS: usize = 8 * 1024;

/// Reads a body of at most `limit` bytes: more is refused without being kept. The share of the budget is held for as
/// long as the body is.
async fn read_body<'b, B: Buf>(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, warp::Error>>,
    limit: usize,
    budget: &'b Semaphore,
) -> Result<(Bytes, Option<SemaphorePermit<'b>>), Problem> {
    let too_large = || Problem::new(ProblemCode::TooLarge, format!("this route takes at most {limit} bytes"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut share = None;
    let mut collected = BytesMut::with_capacity(announced.unwrap_or(0).min(BODY_UNIT));
    let mut body = pin!(body);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Problem::new(ProblemCode::Malformed, "the body broke off"))?;
        let length = collected.len() + chunk.remaining();
        if length > limit {
            return Err(too_large());
        }
        if length > BODY_UNIT && share.is_none() {
            let units = u32::try_from(announced.unwrap_or(limit).div_ceil(BODY_UNIT)).unwrap_or(u32::MAX);
            // The semaphore is never closed.
            share = budget.acquire_many(units).await.ok();
        }
        collected.put(chunk);
    }
    Ok((collected.freeze(), share))
}

/// Headers of every answer: nothing is kept by anyone on the way, and a browser takes it for nothing but data.
const HEADERS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];

fn response(outgoing: Outgoing) -> Response<Bytes> {
    let mut response = Response::new(outgoing.body);
    *response.status_mut() = StatusCode::from_u16(outgoing.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in outgoing.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}
