//! A server of our own: hyper's connections under an accept loop with limits, TLS and graceful shutdown.

use super::{Peer, idle::Idle, routes};
use crate::{console::Console, service::Service, store::Store};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use warp::Filter;

/// Limits on connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeLimits {
    /// Most connections at once; more wait.
    pub connections: usize,
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
}

impl Server {
    /// Listens at an address.
    ///
    /// # Errors
    /// [`io::Error`] when the address is in use or not this machine's.
    pub async fn bind(address: SocketAddr, tls: Option<Arc<ServerConfig>>, limits: ServeLimits) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, tls, limits, console: Console::default() })
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
    pub async fn run<S: Store>(self, service: Service<S>, stop: impl Future<Output = ()>) {
        let Self { listener, tls, limits, console } = self;
        let filter = console.filter().or(routes(service)).unify();
        let graceful = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(limits.connections));
        let builder = Arc::new(connection_builder(&limits));
        let tls = tls.map(TlsAcceptor::from);
        let mut stop = pin!(stop);
        loop {
            let next = async {
                // The semaphore is never closed.
                let slot = Arc::clone(&slots).acquire_owned().await.ok();
                (slot, listener.accept().await)
            };
            let (slot, accepted) = tokio::select! {
                next = next => next,
                () = &mut stop => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of file descriptors, most likely: some connection will end.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (filter, builder, watcher, tls) =
                (filter.clone(), Arc::clone(&builder), graceful.watcher(), tls.clone());
            tokio::spawn(async move {
                let _slot = slot;
                let filtered = TowerToHyperService::new(warp::service(filter));
                let service = hyper::service::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
                    request.extensions_mut().insert(Peer(peer.ip()));
                    hyper::service::Service::call(&filtered, request)
                });
                let ended = match handshake(stream, tls, &limits).await {
                    Ok(io) => watcher.watch(builder.serve_connection(TokioIo::new(io), service).into_owned()).await,
                    Err(error) => Err(error.into()),
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
        .keep_alive_interval(limits.idle / 3)
        .keep_alive_timeout(limits.handshake)
        .max_header_list_size(64 * 1024)
        .max_concurrent_streams(128);
    builder
}
