//! The real thing over sockets: framing, limits, headers, TLS and graceful shutdown.

use crate::world::*;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use stronghold_protocol::{
    directory::Conditions,
    problem::Problem,
    request::{Authority, Method, RequestParts, SignedRequest},
};
use stronghold_server::{
    http::{ServeLimits, Server, TrustedProxies},
    service::{Limits, Settings},
    store::sqlite::SqliteStore,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

/// A world that is served at an address until it is told to stop.
pub(crate) struct Served {
    pub(crate) world: World<SqliteStore>,
    pub(crate) agent: Actor,
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

pub(crate) async fn serve_with(limits: ServeLimits, settings: Settings) -> Served {
    serve_behind(limits, settings, TrustedProxies::none()).await
}

pub(crate) async fn serve_behind(limits: ServeLimits, settings: Settings, proxies: TrustedProxies) -> Served {
    let mut world = World::with_settings(settings).await;
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("agent", &[group], Conditions::default()).await;
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), None, limits).await.unwrap().with_proxies(proxies);
    let address = server.local_address().unwrap();
    let (stop, stopped) = oneshot::channel();
    let service = world.service.clone();
    let running = tokio::spawn(server.run(service, async { drop(stopped.await) }));
    Served { world, agent, address, stop, running }
}

async fn serve() -> Served {
    serve_with(ServeLimits::default(), settings()).await
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn code(&self) -> String {
        serde_json::from_slice::<Problem>(&self.body).unwrap().code.to_string()
    }
}

/// Writes bytes to a new connection and reads one answer, which must be the last of the connection.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    read_answer(&mut stream).await
}

pub(crate) async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    whole_answer(&bytes).unwrap()
}

/// The answer that these bytes are, if they are all of it.
pub(crate) fn whole_answer(bytes: &[u8]) -> Option<Answer> {
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = bytes[split + 4..].to_vec();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = length.is_none_or(|length| length.parse() == Ok(body.len()));
    whole.then_some(Answer { status, head, body })
}

pub(crate) fn wire(request: &SignedRequest, host: &str, body: &[u8]) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n",
        request.parts().method(),
        request.parts().target()
    );
    for (name, value) in request.headers() {
        head += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        head += &format!("content-length: {}\r\n", body.len());
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

#[tokio::test]
async fn a_read_over_a_socket_is_the_same_as_without() {
    let served = serve().await;
    let path = served.world.profile_path("production", "read");
    let request = served.world.sign(&served.agent, Method::Get, &path, "anchor=0", b"");
    // The host header is whatever the way here made of it: only the signed authority counts.
    let answer = exchange(served.address, &wire(&request, "proxy.internal:8080", b"")).await;
    assert_eq!(answer.status, 200);
    let sealed: stronghold_protocol::api::SealedProfile = serde_json::from_slice(&answer.body).unwrap();
    let record = stronghold_protocol::audit::AuditRecord::parse(&sealed.receipt.record.0).unwrap();
    assert_eq!(record.address.as_deref(), Some("127.0.0.1"));
    for header in ["cache-control: no-store", "x-content-type-options: nosniff", "content-type: application/json"] {
        assert!(answer.head.contains(header), "{}", answer.head);
    }
    let again = exchange(served.address, &wire(&request, "localhost", b"")).await;
    assert_eq!((again.status, again.code().as_str()), (401, "nonce_used"));
    assert!(again.head.contains("content-type: application/problem+json"));
}

#[tokio::test]
async fn an_address_in_a_header_is_never_believed() {
    let served = serve().await;
    let request = served.world.sign(&served.agent, Method::Get, &served.world.path("whoami"), "", b"");
    let text = String::from_utf8(wire(&request, "stronghold.test", b"")).unwrap();
    let lies = text.replacen("\r\n", "\r\nx-forwarded-for: 198.51.100.9\r\nforwarded: for=198.51.100.9\r\n", 1);
    assert_eq!(exchange(served.address, lies.as_bytes()).await.status, 200);
    let last = served.world.records().await.pop().unwrap();
    assert_eq!(last.address.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn a_body_over_a_socket_arrives_whole_and_chunked() {
    let served = serve().await;
    let body = br#"{"objects":[],"histories":false}"#;
    let sign = || served.world.sign(&served.world.owner, Method::Post, &served.world.path("seals"), "", body);
    let answer = exchange(served.address, &wire(&sign(), "stronghold.test", body)).await;
    assert_eq!(answer.status, 200);
    let length = format!("content-length: {}", body.len());
    let head = String::from_utf8(wire(&sign(), "stronghold.test", body)).unwrap();
    let head = head.split_once("\r\n\r\n").unwrap().0.replace(&length, "transfer-encoding: chunked");
    let (first, second) = body.split_at(5);
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(format!("{head}\r\n\r\n5\r\n").as_bytes()).await.unwrap();
    stream.write_all(first).await.unwrap();
    stream.write_all(format!("\r\n{:x}\r\n", second.len()).as_bytes()).await.unwrap();
    stream.write_all(second).await.unwrap();
    stream.write_all(b"\r\n0\r\n\r\n").await.unwrap();
    assert_eq!(read_answer(&mut stream).await.status, 200);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let served = serve().await;
    let head =
        |length: &str| format!("POST /v1/login/start HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{length}\r\n\r\n");
    let answer = exchange(served.address, head("content-length: 99999999999").as_bytes()).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    let mut chunked = head("transfer-encoding: chunked").into_bytes();
    chunked.extend_from_slice(b"20000\r\n");
    chunked.extend_from_slice(&[b'x'; 0x20000]);
    let answer = exchange(served.address, &chunked).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    let get = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!(exchange(served.address, get.as_bytes()).await.code(), "too_large");
}

#[tokio::test]
async fn bad_framing_is_an_answer_and_never_the_end() {
    let served = serve().await;
    for junk in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"G\0T / HTTP/1.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/setup HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    ] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(junk).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    let ask = |target: &str, method: &str| {
        format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    };
    let code = async |target: &str, method: &str| exchange(served.address, ask(target, method).as_bytes()).await.code();
    assert_eq!(code("/v1/orgs/%ff/whoami", "GET").await, "unauthenticated");
    assert_eq!(code("/v1/orgs/x/whoami?", "GET").await, "unauthenticated");
    assert_eq!(code("/../etc/passwd", "GET").await, "not_found");
    let wrong = exchange(served.address, ask("/v1/setup", "DELETE").as_bytes()).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (405, "method_not_allowed"));
    assert!(wrong.head.contains("allow: post"), "{}", wrong.head);
    assert_eq!(exchange(served.address, ask("/healthz", "GET").as_bytes()).await.status, 200);
}

#[tokio::test]
async fn a_request_that_does_not_arrive_in_time_is_given_up() {
    let limits = Limits { arrival: Duration::from_millis(200), ..settings().limits };
    let served = serve_with(ServeLimits::default(), Settings { limits, ..settings() }).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let head = "POST /v1/setup HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 10\r\n\r\n12345";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert_eq!((answer.status, answer.code().as_str()), (408, "timeout"));
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let limits = ServeLimits { idle: Duration::from_millis(200), ..ServeLimits::default() };
    let served = serve_with(limits, settings()).await;
    for bytes in [&b""[..], b"P", b"GET /healthz HTTP/1.1\r\nhost"] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut rest = Vec::new();
        let ended = timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the connection is still open after {bytes:?}");
    }
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let limits = ServeLimits { connections: 1, ..ServeLimits::default() };
    let served = serve_with(limits, settings()).await;
    let first = TcpStream::connect(served.address).await.unwrap();
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let second = tokio::spawn({
        let address = served.address;
        async move { exchange(address, ask).await.status }
    });
    drop(first);
    assert_eq!(second.await.unwrap(), 200);
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_it_is_answering() {
    let served = serve().await;
    let body = br#"{"objects":[],"histories":false}"#;
    let request = served.world.sign(&served.world.owner, Method::Post, &served.world.path("seals"), "", body);
    let bytes = wire(&request, "stronghold.test", body);
    let (head, rest) = bytes.split_at(bytes.len() - 5);
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(head).await.unwrap();
    // Another exchange on the same loop shows that the first one was accepted before the stop.
    assert_eq!(
        exchange(served.address, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.status,
        200
    );
    served.stop.send(()).unwrap();
    stream.write_all(rest).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.status, 200);
    served.running.await.unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn requests_for_each_public_url_are_good_and_for_no_other() {
    let urls = ["https://one.test", "https://two.test:8443"];
    let authority = |url: &str| Authority::from_url(&url.parse().unwrap()).unwrap();
    let endpoints = urls.iter().map(|url| authority(url).into()).chain([authority(URL).into()]).collect();
    let served = serve_with(ServeLimits::default(), Settings { endpoints, ..settings() }).await;
    let ask = async |url: &str| {
        let parts = RequestParts::new(Method::Get, served.world.path("whoami"), "").unwrap();
        let params = served.world.params(&served.agent);
        let request = SignedRequest::sign(authority(url), parts, params, |base| served.agent.sign.sign(base));
        exchange(served.address, &wire(&request, "one.test", b"")).await.status
    };
    assert_eq!((ask(urls[0]).await, ask(urls[1]).await), (200, 200));
    assert_eq!(ask("https://three.test").await, 401);
    assert_eq!(ask("https://two.test").await, 401);
}

#[test]
fn a_service_is_one_for_many_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<stronghold_server::service::Service<SqliteStore>>();
    shared::<stronghold_server::service::InProcess<SqliteStore>>();
    shared::<Arc<SqliteStore>>();
}
