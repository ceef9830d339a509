//! HTTP over a [`Service`]: a warp filter that any server can mount, and a server of our own.
//!
//! Until a caller is known it is an address, and nothing is shared between addresses that one of them could use up:
//! connections and requests (`connections.rs`) and bytes of bodies (`share.rs`) are counted for each, and a large body is
//! read after its headers were judged (`body.rs`). Which address a request came from is decided once (`proxy_header.rs`).

mod body;
mod connections;
mod idle;
mod proxy_header;
mod serve;
mod share;
mod tls;

pub use proxy_header::{InvalidProxies, TrustedProxies};
pub use serve::{ServeLimits, Server};
pub use tls::{TlsError, tls_config};

use crate::{
    service::{Incoming, Outgoing, Service},
    store::Store,
};
use body::Arriving;
use bytes::{Buf, Bytes};
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use share::{Bodies, BodyLimits};
use std::{net::IpAddr, sync::Arc};
use stronghold_protocol::problem::{Problem, ProblemCode};
use warp::{Filter, Rejection, filters::path::FullPath};

/// The address of whoever sent a request, which a server puts into the request's extensions: the peer's, or what a proxy
/// that its operator trusts says ([`TrustedProxies`]). No other header is ever believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// All routes of a service as a warp filter, to be mounted at the root of a host of its own.
///
/// It answers every request, also those to paths that are not its own, so it comes last where it is combined with
/// others, such as [`crate::console::Console::filter`]. The client's address is taken from a [`Peer`] in the request's
/// extensions; without one, nothing is limited by address, and agents that are bound to addresses are refused.
pub fn routes<S: Store>(
    service: Service<S>,
) -> impl Filter<Extract = (Response<Bytes>,), Error = Rejection> + Clone + Send + Sync + 'static {
    let limits = service.settings().limits;
    let bodies = Bodies::new(BodyLimits { bytes: limits.body_bytes, bytes_per_source: limits.body_bytes_per_address });
    let query = warp::query::raw().map(Some).or(warp::any().map(|| None)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::body::stream())
        .then(move |method: Method, path: FullPath, query: Option<String>, headers, peer: Option<Peer>, body| {
            let (service, bodies) = (service.clone(), Arc::clone(&bodies));
            let target = match query {
                Some(query) => format!("{}?{query}", path.as_str()),
                None => path.as_str().to_owned(),
            };
            async move { respond(&service, &bodies, &method, target, &headers, peer, body).await }
        })
}

async fn respond<S: Store, B: Buf + Send>(
    service: &Service<S>,
    bodies: &Arc<Bodies>,
    method: &Method,
    target: String,
    headers: &HeaderMap,
    peer: Option<Peer>,
    body: impl Stream<Item = Result<B, warp::Error>> + Send + 'static,
) -> Response<Bytes> {
    let head = Incoming {
        method: method.as_str().to_owned(),
        target,
        headers: headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect(),
        body: Bytes::new(),
        address: peer.map(|Peer(address)| address),
    };
    let mut arriving = Arriving::new(headers, body);
    // Only the arrival is timed: what is being decided may have been written, so it is never given up half-way.
    let limit = service.settings().limits.arrival;
    let refused = match tokio::time::timeout(limit, arriving.read(service, &head, bodies)).await {
        Ok(Ok((body, _share))) => return response(service.handle(Incoming { body, ..head }).await),
        Ok(Err(refused)) => refused,
        Err(_) => {
            let problem = Problem::new(ProblemCode::Timeout, "the request took too long to arrive");
            return response(Outgoing::problem(&problem));
        }
    };
    arriving.drain();
    response(refused)
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

/// An answer as HTTP has it.
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
