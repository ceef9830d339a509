//! What strangers do to a server, each from an address of its own, in a process of its own that is bound to one processor.

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{
    io,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};
use stronghold_sdk::{
    AgentAuthenticator, LocalIdentity,
    protocol::{
        api,
        request::{Authority, Method, RequestNonce, RequestParts, SignatureParams, ToSign},
        time::{Clock, SystemClock},
        token::AgentToken,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

/// The address from which strangers come.
const STRANGER: &str = "127.0.0.2";

/// One attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Nothing: a loop that keeps the attacker's processor as busy as an attack does.
    Spinning,
    /// Connections that announce 64 MiB each and send nothing.
    Announced,
    /// 4,300 connections that say nothing.
    Silent,
    /// 40 HTTP/2 connections with 128 streams each, of bodies below 64 KiB that never end.
    Streams,
    /// As many questions at `/readyz` as there can be.
    Ready,
    /// As many requests with a signature of nobody's as there can be.
    Refused,
    /// As many requests of an agent that was deleted as there can be.
    Deleted,
    /// Bodies of 60 MiB of that agent.
    DeletedBodies,
    /// As many tries of a known account as there can be.
    LogIns,
}

impl Attack {
    /// All of them, the quiet one first.
    pub const ALL: [Self; 9] = [
        Self::Spinning,
        Self::Announced,
        Self::Silent,
        Self::Streams,
        Self::Ready,
        Self::Refused,
        Self::Deleted,
        Self::DeletedBodies,
        Self::LogIns,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spinning => "quiet",
            Self::Announced => "announced",
            Self::Silent => "silent",
            Self::Streams => "streams",
            Self::Ready => "ready",
            Self::Refused => "refused",
            Self::Deleted => "deleted",
            Self::DeletedBodies => "deleted-bodies",
            Self::LogIns => "log-ins",
        }
    }

    /// Starts it in a process of its own, this program again. `whom` is what it has to know: the server's URL, the deleted
    /// agent's token, organization and user.
    #[must_use]
    pub fn start(self, whom: &[&str; 4]) -> Started {
        let last = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) - 1;
        let mut command = Command::new("taskset");
        command.arg("-c").arg(last.to_string()).arg(std::env::current_exe().unwrap());
        command.arg("--attack").arg(self.name()).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        // A token is a key: it is no argument that others can list.
        io::Write::write_all(&mut child.stdin.take().unwrap(), whom.join("\n").as_bytes()).unwrap();
        Started(child)
    }

    /// Does it, until this process is killed.
    pub async fn run(self) {
        let mut whom = String::new();
        io::Read::read_to_string(&mut io::stdin(), &mut whom).unwrap();
        let mut whom = whom.lines().map(str::to_owned);
        let mut next = || whom.next().unwrap();
        let (url, token, org, user) = (next(), next(), next(), next());
        raise_open_files();
        match self {
            Self::Spinning => loop {
                std::hint::spin_loop();
            },
            Self::Announced => announced(&url).await,
            Self::Silent => silent(&url).await,
            Self::Streams => streams(&url).await,
            Self::Ready => repeat(&url, async || get("/readyz")).await,
            Self::Refused => repeat(&url, async || get("/v1/orgs/x/whoami")).await,
            Self::Deleted => deleted(&url, &AgentToken::parse(&token).unwrap()).await,
            Self::DeletedBodies => deleted_bodies(&url, &AgentToken::parse(&token).unwrap()).await,
            Self::LogIns => repeat(&url, async || log_in(&org, &user)).await,
        }
    }
}

/// An attack that goes on until this is dropped.
pub struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks whether the server lives, from an address.
///
/// # Errors
/// What came in place of a yes within ten seconds.
pub async fn healthy(url: &str, from: &str) -> Result<(), String> {
    let asked = async {
        let mut stream = connect(url, from).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, io::Error>(answer)
    };
    match timeout(Duration::from_secs(10), asked).await {
        Ok(Ok(answer)) if answer.starts_with(b"HTTP/1.1 200") => Ok(()),
        Ok(Ok(answer)) => Err(String::from_utf8_lossy(&answer).into_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer".to_owned()),
    }
}

async fn connect(url: &str, from: &str) -> io::Result<TcpStream> {
    let to: SocketAddr = url.trim_start_matches("http://").parse().map_err(io::Error::other)?;
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from.parse().map_err(io::Error::other)?, 0))?;
    socket.connect(to).await
}

async fn announced(url: &str) {
    // A route that takes as much.
    let head = "POST /v1/orgs/x/statements HTTP/1.1\r\nhost: x\r\ncontent-length: 67108864\r\n\r\n";
    loop {
        let mut held = Vec::new();
        for _ in 0..8 {
            let Ok(mut stream) = connect(url, STRANGER).await else { continue };
            let _ = stream.write_all(head.as_bytes()).await;
            // Enough for its place in the budget, where there is one for what is announced.
            let _ = stream.write_all(&vec![b' '; 70_000]).await;
            held.push(stream);
        }
        sleep(Duration::from_secs(2)).await;
    }
}

async fn silent(url: &str) {
    let mut held = Vec::new();
    loop {
        while held.len() < 4300 {
            match timeout(Duration::from_millis(200), connect(url, STRANGER)).await {
                Ok(Ok(stream)) => held.push(stream),
                _ => sleep(Duration::from_millis(50)).await,
            }
        }
        sleep(Duration::from_millis(500)).await;
        // What was ended comes again.
        held.retain(|stream| !matches!(stream.try_read(&mut [0]), Ok(0) | Err(_)) || is_quiet(stream));
    }
}

fn is_quiet(stream: &TcpStream) -> bool {
    matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

async fn streams(url: &str) {
    let mut connections = Vec::new();
    for _ in 0..40 {
        connections.push(tokio::spawn(streams_of_one(url.to_owned())));
    }
    for connection in connections {
        let _ = connection.await;
    }
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

async fn streams_of_one(url: String) {
    loop {
        let Ok(stream) = connect(&url, STRANGER).await else { continue };
        let io = TokioIo::new(stream);
        let Ok((mut sender, connection)) =
            hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), io).await
        else {
            continue;
        };
        tokio::spawn(connection);
        let mut asked = Vec::new();
        for _ in 0..128 {
            // All but its end: the body is held for as long as the server waits.
            let frame = Ok(Frame::data(Bytes::from(vec![b' '; 65_000])));
            let body =
                futures_util::StreamExt::chain(futures_util::stream::iter([frame]), futures_util::stream::pending());
            let request = http::Request::post("http://x/v1/setup").body(StreamBody::new(body).boxed_unsync()).unwrap();
            if sender.ready().await.is_err() {
                break;
            }
            asked.push(tokio::spawn(sender.send_request(request)));
        }
        for answer in asked {
            let _ = timeout(Duration::from_secs(70), answer).await;
        }
    }
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes()
}

fn log_in(org: &str, user: &str) -> Vec<u8> {
    // A point of the group that anyone may send: the first element is enough to be evaluated.
    let request = data_encoding::BASE64URL_NOPAD.encode(&ke1());
    let body = format!("{{\"org\":\"{org}\",\"user\":\"{user}\",\"request\":\"{request}\"}}");
    let head = format!("POST /v1/login/start HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.into_bytes(), body.into_bytes()].concat()
}

/// A first message: the generator of ristretto255 as blinded element and as public key, and a nonce between them.
fn ke1() -> Vec<u8> {
    const GENERATOR: [u8; 32] = [
        0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9, 0x61, 0xc5, 0x00, 0x51, 0x5f, 0x58, 0xe3,
        0x0b, 0x6a, 0xa5, 0x82, 0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d, 0x2d, 0x76,
    ];
    [GENERATOR, [7; 32], GENERATOR].concat()
}

/// The parts of a request of the deleted agent's, with this body.
fn parts(token: &AgentToken, body: &[u8]) -> RequestParts {
    let (method, route) = if body.is_empty() { (Method::Get, "whoami") } else { (Method::Post, "statements") };
    RequestParts::new(method, api::org_path(&token.org, route), "").unwrap().with_body(body)
}

/// The head of a request that is signed anew.
async fn signed(url: &str, token: &AgentToken, parts: &RequestParts, length: usize) -> Vec<u8> {
    let who = LocalIdentity::from_token(token);
    let params = SignatureParams {
        created: SystemClock.now().as_seconds(),
        nonce: RequestNonce::generate().unwrap(),
        key_id: who.key_id(),
    };
    let to_sign = ToSign::new(Authority::from_url(&url.parse().unwrap()).unwrap(), parts.clone(), params);
    let signature = who.sign(to_sign.base()).await.unwrap();
    let request = to_sign.finish(signature);
    let mut head = format!("{} {} HTTP/1.1\r\nhost: x\r\n", parts.method(), parts.target());
    for (name, value) in request.headers() {
        head += &format!("{name}: {value}\r\n");
    }
    if length > 0 {
        head += &format!("content-length: {length}\r\n");
    }
    [head.as_bytes(), b"\r\n"].concat()
}

async fn deleted(url: &str, token: &AgentToken) {
    let parts = parts(token, &[]);
    repeat(url, async || signed(url, token, &parts, 0).await).await;
}

async fn deleted_bodies(url: &str, token: &AgentToken) {
    let body = vec![b' '; 60 * 1024 * 1024];
    let parts = parts(token, &body);
    let one = async || {
        let head = signed(url, token, &parts, body.len()).await;
        let mut stream = connect(url, STRANGER).await?;
        stream.write_all(&head).await?;
        stream.write_all(&body).await?;
        stream.read(&mut [0; 1024]).await
    };
    loop {
        let _ = futures_util::future::join_all((0..8).map(|_| one())).await;
    }
}

/// Sends requests over 32 connections, each as soon as the one before was answered.
async fn repeat(url: &str, request: impl AsyncFn() -> Vec<u8>) {
    let one = async || {
        loop {
            let Ok(mut stream) = connect(url, STRANGER).await else {
                sleep(Duration::from_millis(5)).await;
                continue;
            };
            let mut answer = vec![0; 64 * 1024];
            loop {
                let sent = stream.write_all(&request().await).await;
                if sent.is_err() || !matches!(stream.read(&mut answer).await, Ok(1..)) {
                    break;
                }
            }
        }
    };
    futures_util::future::join_all((0..32).map(|_| one())).await;
}

fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}
