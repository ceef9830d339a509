//! A server of our own: hyper's connections under an accept loop with limits, TLS and graceful shutdown.

use super::{
    Peer,
    body::Arriving,
    connections::{Answering, Connection, ConnectionLimits, Connections, NotBegun},
    idle::Idle,
    proxy_header::TrustedProxies,
    response, routes,
};
use crate::{
    access::Source,
    console::Console,
    service::{self, Outgoing},
    store::Store,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyDataStream, Either, Full};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    service::Service,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use std::{
    convert::Infallible,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use stronghold_protocol::problem::{Problem, ProblemCode};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use warp::Filter;

/// Limits on connections and the requests in them. An address is an IPv4 address, or the 64-bit network of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeLimits {
    /// Most connections at once. One more takes the place of one in which no request is being answered; it waits where
    /// there is none.
    pub connections: usize,
    /// Most connections of one address. One more takes the place of a silent one too; it is closed where there is none.
    pub connections_per_address: usize,
    /// Most connections of one address in which no request is being answered. One more takes the place of the oldest.
    pub silent_per_address: usize,
    /// Most requests of one address that are being answered at once, in all its connections; more are refused.
    pub requests_per_address: usize,
    /// How long the first request of a connection may take to begin, with the TLS handshake.
    pub first_request: Duration,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long the headers of a request may take, and how long a connection waits for another request.
    pub headers: Duration,
    /// After how long without a byte in either direction a connection is closed.
    pub idle: Duration,
    /// How long requests that are being answered may take once the server is told to stop.
    pub stop: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: 1024,
            silent_per_address: 256,
            requests_per_address: 512,
            first_request: Duration::from_secs(15),
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(60),
            idle: Duration::from_secs(90),
            stop: Duration::from_secs(20),
        }
    }
}

/// A listener with how it serves.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    limits: ServeLimits,
    console: Console,
    proxies: TrustedProxies,
}

impl Server {
    /// Listens at an address.
    ///
    /// # Errors
    /// [`io::Error`] when the address is in use or not this machine's.
    pub async fn bind(address: SocketAddr, tls: Option<Arc<ServerConfig>>, limits: ServeLimits) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, tls, limits, console: Console::default(), proxies: TrustedProxies::none() })
    }

    /// Believes these proxies which address a request came from; without this, nobody.
    #[must_use]
    pub fn with_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Serves a console beside the API; without this, there is none.
    #[must_use]
    pub fn with_console(mut self, console: Console) -> Self {
        self.console = if self.tls.is_some() { console.over_tls() } else { console };
        self
    }

    /// The address, with the port that was chosen where 0 was asked for.
    ///
    /// # Errors
    /// [`io::Error`] when the operating system does not say.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready; then requests that are being answered are finished.
    pub async fn run<S: Store>(self, service: service::Service<S>, stop: impl Future<Output = ()>) {
        let Self { listener, tls, limits, console, proxies } = self;
        let filter = console.filter().or(routes(service)).unify();
        let graceful = GracefulShutdown::new();
        let connections = Connections::new(connection_limits(&limits));
        let (builder, proxies) = (Arc::new(connection_builder(&limits)), Arc::new(proxies));
        let tls = tls.map(TlsAcceptor::from);
        let mut stop = pin!(stop);
        loop {
            let next = async {
                let (stream, peer) = listener.accept().await?;
                let entered = connections.enter(Source::from(peer.ip()), proxies.trust(peer.ip())).await;
                Ok::<_, io::Error>((stream, peer, entered))
            };
            let accepted = tokio::select! {
                next = next => next,
                () = &mut stop => break,
            };
            let (stream, peer, connection) = match accepted {
                Ok((stream, peer, Some(connection))) => (stream, peer, Arc::new(connection)),
                Ok((_, peer, None)) => {
                    tracing::warn!(peer = %peer.ip(), "a connection was closed: its address has as many as it may");
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of file descriptors, most likely: a silent connection makes room, else some other will end.
                    let pause = if connections.end_a_silent_one() { 1 } else { 100 };
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                    continue;
                }
            };
            let (filter, builder, watcher, tls) =
                (filter.clone(), Arc::clone(&builder), graceful.watcher(), tls.clone());
            let proxies = Arc::clone(&proxies);
            tokio::spawn(async move {
                let filtered = TowerToHyperService::new(warp::service(filter));
                let at = Arc::clone(&connection);
                let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                    let (filtered, at, proxies) = (filtered.clone(), Arc::clone(&at), Arc::clone(&proxies));
                    async move { answer(&filtered, &at, &proxies, peer.ip(), request).await }
                });
                let served = async {
                    let io = handshake(stream, tls, &limits).await?;
                    watcher.watch(builder.serve_connection(TokioIo::new(io), service).into_owned()).await
                };
                let ended = tokio::select! {
                    ended = served => ended,
                    () = connection.ended() => Err("another connection took its place".into()),
                    () = remains_unheard(&connection, limits.first_request) => Err("no request came".into()),
                };
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "a connection ended early");
                }
            });
        }
        drop(listener);
        if timeout(limits.stop, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests were not finished in time");
        }
    }
}

const fn connection_limits(limits: &ServeLimits) -> ConnectionLimits {
    ConnectionLimits {
        connections: limits.connections,
        connections_per_source: limits.connections_per_address,
        silent_per_source: limits.silent_per_address,
        requests_per_source: limits.requests_per_address,
    }
}

/// Ready once a connection had no request for so long; never where one came.
async fn remains_unheard(connection: &Connection, limit: Duration) {
    tokio::time::sleep(limit).await;
    if !connection.is_unheard() {
        std::future::pending::<()>().await;
    }
}

/// The connection was told to end before its request began, so nothing was done.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection ends in favour of another")]
struct Ended;

/// Answers one request of a connection. It counts among those of its client until the answer was sent.
async fn answer<F, B>(
    filtered: &F,
    connection: &Connection,
    proxies: &TrustedProxies,
    peer: IpAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Either<Counted<B>, Full<Bytes>>>, Ended>
where
    F: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
{
    let client = proxies.client(peer, request.headers());
    let answering = match connection.begin(Source::from(client)) {
        Ok(answering) => answering,
        Err(NotBegun::Ended) => return Err(Ended),
        Err(NotBegun::TooMany) => {
            tracing::warn!(address = %client, "refused: too many requests of this address at once");
            let (parts, body) = request.into_parts();
            Arriving::new(&parts.headers, BodyDataStream::new(body)).drain();
            let detail = "as many requests from this address are being answered as may be; try again in a moment";
            let problem = Problem::new(ProblemCode::RateLimited, detail).retry_after(1);
            return Ok(response(Outgoing::problem(&problem)).map(|body| Either::Right(Full::new(body))));
        }
    };
    request.extensions_mut().insert(Peer(client));
    let answered = match filtered.call(request).await {
        Ok(answered) => answered,
        Err(never) => match never {},
    };
    Ok(answered.map(|body| Either::Left(Counted { body: Box::pin(body), _answering: answering })))
}

/// A body whose request is not over before it was sent.
struct Counted<B> {
    body: Pin<Box<B>>,
    _answering: Answering,
}

impl<B: Body> Body for Counted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.get_mut().body.as_mut().poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream of either kind.
trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

async fn handshake(stream: TcpStream, tls: Option<TlsAcceptor>, limits: &ServeLimits) -> io::Result<Box<dyn Io>> {
    // Replies are written whole; waiting for more to send only adds latency.
    stream.set_nodelay(true)?;
    let stream = Idle::new(stream, limits.idle);
    let Some(tls) = tls else { return Ok(Box::new(stream)) };
    let accepted = timeout(limits.handshake, tls.accept(stream)).await;
    Ok(Box::new(accepted.map_err(|_| io::ErrorKind::TimedOut)??))
}

fn connection_builder(limits: &ServeLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.headers).max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        // What arrives and is not read yet is counted by nobody: little of it fits into a connection.
        .initial_stream_window_size(256 * 1024)
        .initial_connection_window_size(512 * 1024)
        .keep_alive_interval(limits.idle / 3)
        .keep_alive_timeout(limits.handshake)
        .max_header_list_size(64 * 1024)
        .max_concurrent_streams(128);
    builder
}
