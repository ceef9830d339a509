//! A TCP proxy that counts HTTP requests, and lies where it is told to.

use crate::bodies::Exchange;
use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

/// Stands between client and server, changes nothing unless told to, and keeps the first line of every request.
pub struct Proxy {
    url: String,
    target: Arc<Mutex<Option<String>>>,
    lines: Arc<Mutex<Vec<String>>>,
    gate: Arc<Gate>,
    editor: Arc<Mutex<Option<Editor>>>,
}

/// Makes another body of a reply's, of the same length.
type Editor = Box<dyn Fn(String) -> String + Send>;

/// Lets a number of requests pass, and then none.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    left: Option<usize>,
    waiting: usize,
}

impl Gate {
    /// Waits until a request may pass.
    fn pass(&self) {
        let mut state = self.state.lock().expect("no panic");
        state.waiting += 1;
        let mut state = self.changed.wait_while(state, |state| state.left == Some(0)).expect("no panic");
        state.waiting -= 1;
        state.left = state.left.map(|left| left - 1);
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({})", self.url)
    }
}

impl Proxy {
    /// Listens; connections are refused until there is a server.
    #[must_use]
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let (target, lines, gate): (Arc<Mutex<Option<String>>>, _, Arc<Gate>) = Default::default();
        let editor: Arc<Mutex<Option<Editor>>> = Arc::default();
        let proxy = Self {
            url: format!("http://{address}"),
            target: Arc::clone(&target),
            lines: Arc::clone(&lines),
            gate: Arc::clone(&gate),
            editor: Arc::clone(&editor),
        };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = target.lock().expect("no panic").clone();
                if let Some(server) = server.and_then(|address| TcpStream::connect(address).ok()) {
                    carry(client, server, Arc::clone(&lines), Arc::clone(&gate), Arc::clone(&editor));
                }
            }
        });
        proxy
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Carries connections to this address from now on.
    pub fn connect_to(&self, address: &str) {
        *self.target.lock().expect("no panic") = Some(address.to_owned());
    }

    /// Lets this many more requests pass; the next one is held back. None lets all pass.
    pub fn let_pass(&self, requests: Option<usize>) {
        self.gate.state.lock().expect("no panic").left = requests;
        self.gate.changed.notify_all();
    }

    /// Passes the body of each reply through `edit` from now on, which must not change its length.
    pub fn edit_replies(&self, edit: impl Fn(String) -> String + Send + 'static) {
        *self.editor.lock().expect("no panic") = Some(Box::new(edit));
    }

    /// Whether a request is held back.
    #[must_use]
    pub fn holds_one(&self) -> bool {
        let state = self.gate.state.lock().expect("no panic");
        state.left == Some(0) && state.waiting > 0
    }

    /// The first lines of the requests since this was last asked.
    #[must_use]
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().expect("no panic"))
    }
}

fn carry(
    client: TcpStream,
    server: TcpStream,
    lines: Arc<Mutex<Vec<String>>>,
    gate: Arc<Gate>,
    editor: Arc<Mutex<Option<Editor>>>,
) {
    let asked: Arc<Mutex<VecDeque<Vec<u8>>>> = Arc::default();
    let waiting = Arc::clone(&asked);
    let (replies, mut back) = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
    thread::spawn(move || {
        // Whichever side goes away ends the connection; that is no failure of the proxy.
        let _ = pass_replies(replies, &mut back, &editor, &waiting);
        let _ = back.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let _ = requests(client, &server, &lines, &gate, &asked);
        let _ = server.shutdown(Shutdown::Write);
    });
}

/// Passes replies back, each when it is whole.
fn pass_replies(
    mut server: TcpStream,
    client: &mut TcpStream,
    editor: &Mutex<Option<Editor>>,
    asked: &Mutex<VecDeque<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut seen: Vec<u8> = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let count = server.read(&mut chunk)?;
        if count == 0 {
            return client.write_all(&seen);
        }
        seen.extend_from_slice(&chunk[..count]);
        while let Some((_, length)) = next_message(&seen) {
            let mut reply: Vec<u8> = seen.drain(..length).collect();
            if let Some(request) = asked.lock().expect("no panic").pop_front() {
                check_bodies(&request, &reply);
            }
            if let Some(edit) = &*editor.lock().expect("no panic") {
                let body = reply.windows(4).position(|window| window == b"\r\n\r\n").expect("it is whole") + 4;
                let edited = edit(String::from_utf8(reply.split_off(body)).expect("bodies are text"));
                assert_eq!(body + edited.len(), length, "a body's length cannot be changed here");
                reply.extend_from_slice(edited.as_bytes());
            }
            client.write_all(&reply)?;
        }
    }
}

/// Passes requests on as they come, and finds where each begins.
fn requests(
    mut client: TcpStream,
    mut server: &TcpStream,
    lines: &Mutex<Vec<String>>,
    gate: &Gate,
    asked: &Mutex<VecDeque<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut seen: Vec<u8> = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let count = client.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        seen.extend_from_slice(&chunk[..count]);
        while let Some((line, length)) = next_message(&seen) {
            lines.lock().expect("no panic").push(line);
            asked.lock().expect("no panic").push_back(seen.drain(..length).collect());
            gate.pass();
        }
        server.write_all(&chunk[..count])?;
    }
}

/// Holds a request and its reply against the description of the API. Nobody waits for this thread, so it ends the process.
fn check_bodies(request: &[u8], reply: &[u8]) {
    let ((asked, request), (answered, reply)) = (split(request), split(reply));
    let mut line = asked.split(' ');
    let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
    let status = answered.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let content_type = header(&answered, "content-type");
    let exchange = Exchange { method, target, request, status, content_type: content_type.as_deref(), reply };
    if let Err(wrong) = exchange.find_wrong() {
        eprintln!("{method} {target}, status {status}: {wrong}");
        std::process::exit(101);
    }
}

/// The head, and the body.
fn split(message: &[u8]) -> (String, &[u8]) {
    let head = message.windows(4).position(|window| window == b"\r\n\r\n").expect("it is whole");
    (String::from_utf8_lossy(&message[..head]).into_owned(), &message[head + 4..])
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    })
}

/// First line and length of a whole request or reply.
fn next_message(bytes: &[u8]) -> Option<(String, usize)> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let header = |name: &str| header(&text, name);
    assert!(header("transfer-encoding").is_none(), "the proxy cannot count chunked requests");
    let body = header("content-length").map_or(0, |length| length.parse().expect("a length"));
    let length = head + 4 + body;
    (bytes.len() >= length).then(|| (text.lines().next().unwrap_or_default().to_owned(), length))
}
