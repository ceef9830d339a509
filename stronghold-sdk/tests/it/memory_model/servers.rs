//! Servers on one organization's databases, of which one answers: what an operator who copies, puts back and forks can do.

use super::branch::Branch;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use stronghold_sdk::protocol::{
    api::ReplyLimit,
    request::{Endpoint, SignedRequest},
    time::{Clock, ManualClock},
    transport::{Reply, Transport, TransportFailure},
};
use stronghold_server::{
    service::{InProcess, Limits, Service, ServiceKeys, Settings},
    store::sqlite::{SqliteOptions, SqliteStore},
};

struct Live {
    file: PathBuf,
    branch: Branch,
    transport: InProcess<SqliteStore>,
}

/// All databases of a history.
#[derive(Clone)]
pub(crate) struct Servers {
    all: Arc<Mutex<Vec<Live>>>,
    current: Arc<Mutex<usize>>,
    folder: PathBuf,
    made: Arc<AtomicUsize>,
    pub(crate) clock: Arc<ManualClock>,
}

pub(crate) async fn start(file: &Path, clock: Arc<dyn Clock>) -> Service<SqliteStore> {
    let options = SqliteOptions { readers: 1, ..SqliteOptions::default() };
    let store = SqliteStore::open_with(file, options).unwrap();
    let settings = Settings { endpoints: Vec::new(), limits: Limits::default() };
    Service::start(store, settings, ServiceKeys::from_checkpoint_seed(&[3; 32]), clock).await.unwrap()
}

pub(crate) fn copy_database(from: &Path, to: &Path) {
    let database = Connection::open(from).unwrap();
    database.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
}

impl Servers {
    pub(crate) async fn new(base: &Path, folder: PathBuf, clock: Arc<ManualClock>) -> Self {
        let made = Self { all: Arc::default(), current: Arc::default(), folder, made: Arc::default(), clock };
        made.add(base).await;
        made
    }

    async fn add(&self, from: &Path) {
        let live = self.live(from).await;
        self.all.lock().unwrap().push(live);
    }

    async fn live(&self, from: &Path) -> Live {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.join(format!("database-{number}.db"));
        copy_database(from, &file);
        let transport = start(&file, self.clock.clone()).await.in_process();
        let mut branch = Branch::default();
        branch.read(&file);
        Live { file, branch, transport }
    }

    pub(crate) fn count(&self) -> usize {
        self.all.lock().unwrap().len()
    }

    pub(crate) fn current(&self) -> usize {
        *self.current.lock().unwrap()
    }

    /// Keeps a copy of the database that answers now, as it is: one more, or in the place of another.
    pub(crate) async fn copy(&self, instead_of: Option<usize>) {
        let current = self.current();
        let file = self.all.lock().unwrap()[current].file.clone();
        let live = self.live(&file).await;
        let mut all = self.all.lock().unwrap();
        match instead_of {
            Some(old) => all[old] = live,
            None => all.push(live),
        }
    }

    /// Another database answers from now on.
    pub(crate) fn switch(&self, to: usize) {
        *self.current.lock().unwrap() = to;
    }

    /// The history in the database that answers now, read from it.
    pub(crate) fn read(&self) -> Branch {
        let (current, mut all) = (self.current(), self.all.lock().unwrap());
        let live = &mut all[current];
        live.branch.read(&live.file);
        live.branch.clone()
    }

    /// The history in a database, as it was read last.
    pub(crate) fn branch_of(&self, index: usize) -> Branch {
        self.all.lock().unwrap()[index].branch.clone()
    }

    /// The history in the database that answers now, as it was read last.
    pub(crate) fn branch(&self) -> Branch {
        self.branch_of(self.current())
    }

    fn transport(&self) -> InProcess<SqliteStore> {
        let current = self.current();
        self.all.lock().unwrap()[current].transport.clone()
    }
}

/// What happens between a server's answer to a read and its arrival.
pub(crate) type Meanwhile = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// A client's way to whatever server answers.
#[derive(Clone)]
pub(crate) struct Wire {
    servers: Servers,
    meanwhile: Arc<Mutex<Option<Meanwhile>>>,
}

impl Wire {
    pub(crate) fn new(servers: &Servers) -> Self {
        Self { servers: servers.clone(), meanwhile: Arc::default() }
    }

    /// What happens while the next read of a profile is on its way back.
    pub(crate) fn meanwhile(&self, happens: Option<Meanwhile>) {
        *self.meanwhile.lock().unwrap() = happens;
    }
}

#[async_trait]
impl Transport for Wire {
    fn endpoint(&self) -> Endpoint {
        self.servers.transport().endpoint()
    }

    async fn send(&self, request: SignedRequest, body: Vec<u8>, most: ReplyLimit) -> Result<Reply, TransportFailure> {
        let is_read = request.parts().path().ends_with("/read");
        let reply = self.servers.transport().send(request, body, most).await;
        let happens = if is_read { self.meanwhile.lock().unwrap().take() } else { None };
        if let Some(happens) = happens {
            happens().await;
        }
        reply
    }

    async fn send_unsigned(
        &self,
        path: &str,
        body: Option<Vec<u8>>,
        most: ReplyLimit,
    ) -> Result<Reply, TransportFailure> {
        self.servers.transport().send_unsigned(path, body, most).await
    }
}
