//! A receiver of webhooks.

use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What it does with the requests that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It keeps and accepts them.
    Accept,
    /// It keeps them and does not answer, until the sender is gone.
    Silent,
    /// It refuses them.
    Refuse,
}

/// Takes batches of events over HTTP, at a port of its own.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    manner: Manner,
    requests: Vec<Delivery>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its head: request line and header lines.
    pub head: String,
    /// Its events.
    pub events: Vec<Value>,
    /// Whether it was accepted.
    pub accepted: bool,
}

impl Receiver {
    /// A receiver that accepts.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let state = Arc::new(Mutex::new(State { manner: Manner::Accept, requests: Vec::new() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(client, &state));
            }
        });
        Self { address, state }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Behaves so from the next request on.
    pub fn behave(&self, manner: Manner) {
        self.state.lock().expect("nobody panics in there").manner = manner;
    }

    /// What came so far.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state.lock().expect("nobody panics in there").requests.clone()
    }
}

fn serve(client: TcpStream, state: &Mutex<State>) {
    let mut client = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        // A sender may be killed at any point.
        if !matches!(client.read_line(&mut head), Ok(1..)) {
            return;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|text| text.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if client.read_exact(&mut body).is_err() {
        return;
    }
    let events = serde_json::from_slice(&body).expect("a list of events");
    let manner = {
        let mut state = state.lock().expect("nobody panics in there");
        let manner = state.manner;
        state.requests.push(Delivery { head, events, accepted: manner == Manner::Accept });
        manner
    };
    let status = match manner {
        Manner::Accept => "200 OK",
        Manner::Refuse => "503 Service Unavailable",
        Manner::Silent => {
            let _ = std::io::copy(&mut client, &mut std::io::sink());
            return;
        }
    };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = client.get_mut().write_all(answer.as_bytes());
}
