//! The operator behind HTTP: one connection a request, in front of a server that runs.

mod connection;
mod message;

use crate::{Accomplices, Asked, Lie, Operator};
use connection::answer as lies_of_connections;
use message::Message;
use std::{
    fs,
    io::Write,
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

/// A server that lies, where it is told to. Until [`Self::stand_before`] it answers nothing.
#[derive(Clone, Debug)]
pub struct Hostile {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    operator: Mutex<Option<Operator>>,
    server: Mutex<Option<String>>,
}

impl Hostile {
    /// Listens on a free port of the loopback.
    #[must_use]
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let hostile = Self { url, shared: Arc::default() };
        let shared = Arc::clone(&hostile.shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // Whichever side goes away ends the connection; that is no failure of ours.
                thread::spawn(move || drop(shared.serve(client)));
            }
        });
        hostile
    }

    /// Where clients connect; the server's public URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Works with the data of the server at this address. What was kept of its answers is forgotten.
    pub fn stand_before(&self, address: &str, data_dir: &Path) {
        let seed = fs::read(data_dir.join("checkpoint.key")).expect("the checkpoint key can be read");
        let seed = seed.try_into().expect("it has 32 bytes");
        *self.shared.operator.lock().unwrap() = Some(Operator::new(&data_dir.join("stronghold.db"), &seed));
        self.lead_to(address);
    }

    /// Sends requests to another server from now on.
    pub fn lead_to(&self, address: &str) {
        *self.shared.server.lock().unwrap() = Some(address.to_owned());
    }

    /// Tells this lie from now on, or none.
    pub fn tell(&self, lie: Option<Lie>) {
        self.with(|operator| operator.tell(lie));
    }

    /// How often the lie was told.
    #[must_use]
    pub fn told(&self) -> usize {
        self.with(|operator| operator.told())
    }

    /// Finds others to work with.
    pub fn work_with(&self, accomplices: Accomplices) {
        self.with(|operator| operator.work_with(accomplices));
    }

    fn with<R>(&self, work: impl FnOnce(&mut Operator) -> R) -> R {
        work(self.shared.operator().as_mut().expect("it stands before a server"))
    }
}

impl Shared {
    fn operator(&self) -> MutexGuard<'_, Option<Operator>> {
        self.operator.lock().unwrap()
    }

    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let Some(mut request) = Message::read(&mut client, true)? else { return Ok(()) };
        let Some(address) = self.server.lock().unwrap().clone() else { return Ok(()) };
        let (method, target) = request.asked();
        let caller = request.key_id();
        if target.contains("/v1/orgs/")
            && let Some(lie) = self.lie_of_the_connection()
        {
            return lies_of_connections(lie, client, &self.server_answer(&address, &mut request, &method)?);
        }
        let mut answer = self.server_answer(&address, &mut request, &method)?;
        if let Some(operator) = self.operator().as_mut() {
            let asked = Asked { target: &target, caller: &caller };
            answer.body = operator.answer(asked, answer.status(), &answer.body).body;
        }
        client.write_all(&answer.bytes(method != "HEAD"))
    }

    /// The lie that is done to a connection, which counts as told. Others may ask while it lasts.
    fn lie_of_the_connection(&self) -> Option<Lie> {
        let mut operator = self.operator();
        let operator = operator.as_mut()?;
        let lie = operator.lie().filter(|lie| lie.is_of_the_connection())?;
        operator.count();
        Some(lie)
    }

    fn server_answer(&self, address: &str, request: &mut Message, method: &str) -> std::io::Result<Message> {
        let mut server = TcpStream::connect(address)?;
        server.write_all(&request.bytes(true))?;
        let answer = Message::read(&mut server, method != "HEAD")?;
        answer.ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }
}
