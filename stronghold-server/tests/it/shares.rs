//! What one address holds, no other lacks: connections, requests, bytes of bodies.

use crate::{http::*, world::*};
use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{net::SocketAddr, time::Duration};
use stronghold_protocol::{limits::UNJUDGED_BODY_BYTES, problem::Problem, request::Method};
use stronghold_server::{
    http::ServeLimits,
    service::{Limits, Settings},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    time::timeout,
};

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection from another address of this machine.
async fn connect(to: SocketAddr, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    socket.connect(to).await.unwrap()
}

/// Asks whether the server lives, from an address.
async fn healthy(to: SocketAddr, from: &str) -> bool {
    let asked = async {
        let mut stream = connect(to, from).await;
        stream.write_all(HEALTH).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        Some(answer.starts_with(b"HTTP/1.1 200"))
    };
    timeout(PATIENCE, asked).await.expect("the server answers nothing") == Some(true)
}

/// Begins a request with a body of `announced` bytes, and sends so many of them.
async fn begin(to: SocketAddr, from: &str, announced: usize, sent: usize) -> TcpStream {
    let mut stream = connect(to, from).await;
    let head =
        format!("POST /v1/setup HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {announced}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; sent]).await.unwrap();
    stream
}

/// The same, once the server says that it reads the body: it has heard the request.
async fn begin_heard(to: SocketAddr, from: &str) -> TcpStream {
    let mut stream = connect(to, from).await;
    let head = "POST /v1/setup HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut told = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut told)).await.unwrap().unwrap();
    assert_eq!(&told, b"HTTP/1.1 100");
    // To the end of that line, and the empty one.
    stream.read_exact(&mut [0; 13]).await.unwrap();
    stream
}

/// Waits until the other side ended a connection.
async fn ended(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    rest.is_empty()
}

/// Whether a connection is still there.
async fn is_open(stream: &mut TcpStream) -> bool {
    timeout(Duration::from_millis(1), stream.read(&mut [0])).await.is_err()
}

/// Repeats a question until its answer is yes: what was sent is with the server some moment later.
async fn until(mut question: impl AsyncFnMut() -> bool) {
    let asked = async {
        while !question().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("it never is");
}

#[tokio::test]
async fn silent_connections_keep_nobody_out_not_even_of_their_own_address() {
    let most = 8;
    let served = serve_with(ServeLimits { silent_per_address: most, ..ServeLimits::default() }, settings()).await;
    let mut silent = Vec::new();
    for _ in 0..most * 5 {
        silent.push(TcpStream::connect(served.address).await.unwrap());
    }
    assert!(healthy(served.address, "127.0.0.1").await);
    assert!(healthy(served.address, "127.0.0.2").await);
    // The oldest had to go; the newest are there, but for the one whose place the question took.
    let newest = silent.split_off(silent.len() - (most - 1));
    assert!(timeout(PATIENCE, join_all(silent.into_iter().map(ended))).await.unwrap().into_iter().all(|ended| ended));
    for mut stream in newest {
        stream.write_all(HEALTH).await.unwrap();
        assert_eq!(read_answer(&mut stream).await.status, 200);
    }
}

#[tokio::test]
async fn of_all_connections_silent_ones_go_first_and_of_whoever_has_most() {
    let limits = ServeLimits { connections: 6, ..ServeLimits::default() };
    let served = serve_with(limits, settings()).await;
    let mut one = connect(served.address, "127.0.0.3").await;
    let mut many = Vec::new();
    for _ in 0..20 {
        many.push(connect(served.address, "127.0.0.2").await);
    }
    assert!(healthy(served.address, "127.0.0.4").await);
    assert!(is_open(&mut one).await, "who has one keeps it");
}

#[tokio::test]
async fn a_connection_that_was_heard_outlives_those_that_never_spoke() {
    let served = serve_with(ServeLimits { silent_per_address: 4, ..ServeLimits::default() }, settings()).await;
    let mut heard = TcpStream::connect(served.address).await.unwrap();
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut answer = vec![0; 4096];
    heard.write_all(ask).await.unwrap();
    assert!(heard.read(&mut answer).await.unwrap() > 0);
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(served.address).await.unwrap());
    }
    assert!(healthy(served.address, "127.0.0.1").await);
    heard.write_all(ask).await.unwrap();
    assert!(heard.read(&mut answer).await.unwrap() > 0, "it waits for its next request, and gets it answered");
}

#[tokio::test]
async fn an_address_that_is_heard_on_all_its_connections_gets_no_more_and_others_do() {
    let limits = ServeLimits { connections_per_address: 3, ..ServeLimits::default() };
    let served = serve_with(limits, settings()).await;
    let mut busy = Vec::new();
    for _ in 0..3 {
        busy.push(begin_heard(served.address, "127.0.0.2").await);
    }
    assert!(!healthy(served.address, "127.0.0.2").await);
    assert!(healthy(served.address, "127.0.0.1").await);
    for stream in &mut busy {
        assert!(is_open(stream).await, "what is being answered is never ended for another");
    }
    drop(busy);
    until(async || healthy(served.address, "127.0.0.2").await).await;
}

#[tokio::test]
async fn a_connection_without_a_request_ends_soon() {
    let limits = ServeLimits { first_request: Duration::from_millis(200), ..ServeLimits::default() };
    let served = serve_with(limits, settings()).await;
    for bytes in [&b""[..], b"GET /healthz HT", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the connection is still open after {bytes:?}");
    }
}

/// Streams of several HTTP/2 connections count together, and what is too many is told as such.
#[tokio::test]
async fn the_streams_of_an_address_are_limited_in_all_its_connections() {
    let most = 6;
    let served = serve_with(ServeLimits { requests_per_address: most, ..ServeLimits::default() }, settings()).await;
    let mut senders = Vec::new();
    for _ in 0..2 {
        let io = TokioIo::new(connect(served.address, "127.0.0.2").await);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        senders.push(sender);
    }
    let mut held = Vec::new();
    for number in 0..most {
        let (chunks, body) = mpsc::channel::<Result<hyper::body::Frame<Bytes>, std::io::Error>>(1);
        let body = StreamBody::new(futures_util::stream::unfold(body, |mut body| async move {
            let next = body.recv().await?;
            Some((next, body))
        }));
        let request = http::Request::post("http://x/v1/setup").body(BodyExt::boxed_unsync(body)).unwrap();
        let sender = &mut senders[number % 2];
        sender.ready().await.unwrap();
        held.push((tokio::spawn(sender.send_request(request)), chunks));
    }
    let ask = async |sender: &mut SendRequest<UnsyncBoxBody<Bytes, std::io::Error>>| {
        let empty = BodyExt::boxed_unsync(Full::new(Bytes::new()).map_err(std::io::Error::other));
        let request = http::Request::get("http://x/healthz").body(empty).unwrap();
        sender.ready().await.unwrap();
        let answer = sender.send_request(request).await.unwrap();
        (answer.status().as_u16(), answer.into_body().collect().await.unwrap().to_bytes())
    };
    until(async || ask(&mut senders[0]).await.0 == 429).await;
    let (_, body) = ask(&mut senders[1]).await;
    let problem: Problem = serde_json::from_slice(&body).unwrap();
    assert_eq!((problem.code.as_str(), problem.retry_after_seconds), ("rate_limited", Some(1)));
    assert!(healthy(served.address, "127.0.0.1").await);
    // One that ends makes room.
    drop(held.pop());
    until(async || ask(&mut senders[0]).await.0 == 200).await;
}

async fn served_with_bytes(body_bytes: usize, body_bytes_per_address: usize) -> Served {
    let limits = Limits { body_bytes, body_bytes_per_address, ..settings().limits };
    serve_with(ServeLimits::default(), Settings { limits, ..settings() }).await
}

/// What a body of 1000 bytes from an address is answered.
async fn answer_to_thousand(served: &Served, from: &str) -> String {
    read_answer(&mut begin(served.address, from, 1000, 1000).await).await.code()
}

#[tokio::test]
async fn every_byte_of_a_small_body_counts_for_its_address() {
    let served = served_with_bytes(1_000_000, 40_000).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(begin(served.address, "127.0.0.2", 10_000, 9_900).await);
    }
    until(async || answer_to_thousand(&served, "127.0.0.2").await == "rate_limited").await;
    assert_eq!(answer_to_thousand(&served, "127.0.0.1").await, "malformed", "the other address has its own");
    drop(held);
    until(async || answer_to_thousand(&served, "127.0.0.2").await == "malformed").await;
}

#[tokio::test]
async fn strangers_get_a_quarter_of_all_bytes_and_whoever_signs_the_rest() {
    let served = served_with_bytes(400_000, 400_000).await;
    let mut held = Vec::new();
    for last in 2..7 {
        held.push(begin(served.address, &format!("127.0.0.{last}"), 20_000, 19_900).await);
    }
    until(async || answer_to_thousand(&served, "127.0.0.9").await == "unavailable").await;
    // As much as strangers may hold at all, and more.
    let padding = " ".repeat(150_000);
    let body = format!("{{\"objects\":[],\"histories\":false}}{padding}").into_bytes();
    assert!(body.len() > UNJUDGED_BODY_BYTES);
    let request = served.world.sign(&served.world.owner, Method::Post, &served.world.path("seals"), "", &body);
    let answer = exchange(served.address, &wire(&request, "stronghold.test", &body)).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    drop(held);
    until(async || answer_to_thousand(&served, "127.0.0.9").await == "malformed").await;
}

/// Eight connections that announced 64 MiB each once kept everyone else's out.
#[tokio::test]
async fn what_is_only_announced_takes_no_room() {
    let served = served_with_bytes(400_000, 400_000).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        let body = vec![b' '; 300_000];
        let request = served.world.sign(&served.world.owner, Method::Post, &served.world.path("seals"), "", &body);
        let wire = wire(&request, "stronghold.test", &body);
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(&wire[..wire.len() - body.len()]).await.unwrap();
        held.push(stream);
    }
    let body = format!("{{\"objects\":[],\"histories\":false}}{}", " ".repeat(300_000)).into_bytes();
    let request = served.world.sign(&served.world.owner, Method::Post, &served.world.path("seals"), "", &body);
    assert_eq!(exchange(served.address, &wire(&request, "stronghold.test", &body)).await.status, 200);
    for stream in &mut held {
        assert!(is_open(stream).await);
    }
}
