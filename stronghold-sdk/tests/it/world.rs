//! A server in the same process with an organization in it, and agents of every standing; and a server that lies.

use async_trait::async_trait;
use secrecy::ExposeSecret;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use stronghold_hostile::{Asked, Operator};
use stronghold_sdk::{
    Agent, Client, Error,
    admin::{Access, Account, Edit, NewAgent, NewOrganization, NewOwner, NewSecret, Session},
    crypto::identity::Identity,
    memory::{InProcess, MemoryStore, Remembered},
    protocol::{
        api::{self, CommitStatement, ReplyLimit},
        crypto::kem::PublicKeys,
        directory::{Change, Conditions, Role},
        id::{GroupId, InviteId, ProfileId, UserId},
        name::{Email, Name, SecretName},
        request::{Endpoint, Method, RequestNonce, RequestParts, SignatureParams, SignedRequest},
        seal::Seal,
        time::{Clock, ManualClock, Timestamp},
        token::{AccountKey, AgentToken},
        transport::{Reply, Transport, TransportFailure},
    },
};
use stronghold_server::{
    service::{InProcess as InProcessTransport, Limits, Service, ServiceKeys, Settings, SetupCode},
    store::sqlite::SqliteStore,
};
use stronghold_testkit::Exchange;
use tempfile::TempDir;
use tokio::sync::Notify;
use zeroize::Zeroizing;

/// Changes a reply before the client sees it.
pub(crate) type Lie = Box<dyn FnMut(&SignedRequest, Reply) -> Reply + Send>;

/// Sees path and size of each request.
pub(crate) type Watch = Box<dyn FnMut(&str, usize) + Send>;
/// Answers a request in the server's place; first says whether the server gets it all the same.
pub(crate) type Proxy = Box<dyn FnMut(&SignedRequest, &[u8]) -> Option<(bool, Reply)> + Send>;

/// Changes the reply to a request that nobody signs, by its path.
pub(crate) type UnsignedLie = fn(&str, Reply) -> Reply;

/// A transport to the server that can be told to lie, or to die.
#[derive(Clone)]
pub(crate) struct Wire {
    honest: InProcessTransport<SqliteStore>,
    lie: Arc<Mutex<Option<Lie>>>,
    proxy: Arc<Mutex<Option<Proxy>>>,
    unsigned_lie: Arc<Mutex<Option<UnsignedLie>>>,
    death: Arc<Mutex<Option<Death>>>,
    died: Arc<Notify>,
    watch: Arc<Mutex<Option<Watch>>>,
    operator: Arc<Mutex<Option<Arc<Mutex<Operator>>>>>,
}

/// When whoever uses a wire is killed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Death {
    /// How many requests are answered before.
    pub(crate) answered: usize,
    /// Whether the last request arrives, and only its answer does not.
    pub(crate) arrives: bool,
}

impl Wire {
    pub(crate) fn lies(&self, lie: impl FnMut(&SignedRequest, Reply) -> Reply + Send + 'static) {
        *self.lie.lock().unwrap() = Some(Box::new(lie));
    }

    pub(crate) fn watches(&self, watch: impl FnMut(&str, usize) + Send + 'static) {
        *self.watch.lock().unwrap() = Some(Box::new(watch));
    }

    /// Runs `work` on this wire until it is done or killed. None when it was killed.
    pub(crate) async fn until<R>(&self, death: Death, work: impl Future<Output = R>) -> Option<R> {
        *self.death.lock().unwrap() = Some(death);
        let died = self.died.clone();
        let outcome = tokio::select! {
            done = work => Some(done),
            () = died.notified() => None,
        };
        *self.death.lock().unwrap() = None;
        outcome
    }

    /// Whether the next request arrives, and is answered.
    fn fate(&self) -> (bool, bool) {
        match &mut *self.death.lock().unwrap() {
            None => (true, true),
            Some(Death { answered: 0, arrives }) => (*arrives, false),
            Some(death) => {
                death.answered -= 1;
                (true, true)
            }
        }
    }

    pub(crate) fn lies_to_strangers(&self, lie: Option<UnsignedLie>) {
        *self.unsigned_lie.lock().unwrap() = lie;
    }

    /// Lets `proxy` answer in the server's place, where it does.
    pub(crate) fn is_answered_by(
        &self,
        proxy: impl FnMut(&SignedRequest, &[u8]) -> Option<(bool, Reply)> + Send + 'static,
    ) {
        *self.proxy.lock().unwrap() = Some(Box::new(proxy));
    }

    /// Has every answer, honest or not, go through whoever runs the server.
    pub(crate) fn goes_through(&self, operator: &Arc<Mutex<Operator>>) {
        *self.operator.lock().unwrap() = Some(operator.clone());
    }

    fn through_operator(&self, target: &str, caller: &str, reply: Reply) -> Reply {
        let operator = self.operator.lock().unwrap().clone();
        let Some(operator) = operator else { return reply };
        let body = operator.lock().unwrap().answer(Asked { target, caller }, reply.status, &reply.body).body;
        Reply { body, ..reply }
    }

    pub(crate) fn is_honest_again(&self) {
        *self.proxy.lock().unwrap() = None;
        *self.lie.lock().unwrap() = None;
    }
}

#[async_trait]
impl Transport for Wire {
    fn endpoint(&self) -> Endpoint {
        self.honest.endpoint()
    }

    async fn send(&self, request: SignedRequest, body: Vec<u8>, most: ReplyLimit) -> Result<Reply, TransportFailure> {
        if let Some(watch) = &mut *self.watch.lock().unwrap() {
            watch(request.parts().path(), body.len());
        }
        let (arrives, answered) = self.fate();
        if !arrives {
            self.died.notify_one();
            return std::future::pending().await;
        }
        let instead = self.proxy.lock().unwrap().as_mut().and_then(|proxy| proxy(&request, &body));
        if let Some((passes, reply)) = instead {
            if passes {
                let honest = self.honest.send(request, body, most).await?;
                assert_eq!(honest.status, 200, "{}", String::from_utf8_lossy(&honest.body));
            }
            return Ok(reply);
        }
        let reply = self.honest.send(request.clone(), body.clone(), most).await?;
        let parts = request.parts();
        check_bodies(parts.method().as_str(), &parts.target(), &body, &reply);
        if !answered {
            self.died.notify_one();
            return std::future::pending().await;
        }
        let reply = self.through_operator(&parts.target(), &request.key_id().to_string(), reply);
        Ok(match &mut *self.lie.lock().unwrap() {
            Some(lie) => lie(&request, reply),
            None => reply,
        })
    }

    async fn send_unsigned(
        &self,
        path: &str,
        body: Option<Vec<u8>>,
        most: ReplyLimit,
    ) -> Result<Reply, TransportFailure> {
        let method = if body.is_some() { "POST" } else { "GET" };
        let asked = body.clone().unwrap_or_default();
        let reply = self.honest.send_unsigned(path, body, most).await?;
        check_bodies(method, path, &asked, &reply);
        let reply = self.through_operator(path, "", reply);
        let lie = self.unsigned_lie.lock().unwrap();
        Ok(lie.map_or_else(|| reply.clone(), |lie| lie(path, reply.clone())))
    }
}

/// Holds what an honest server said, and to what, against the description of the API.
fn check_bodies(method: &str, target: &str, request: &[u8], reply: &Reply) {
    let Reply { status, content_type, body } = reply;
    let exchange =
        Exchange { method, target, request, status: *status, content_type: content_type.as_deref(), reply: body };
    exchange.check();
}

pub(crate) struct World {
    pub(crate) session: Session<Wire>,
    /// The session's own wire.
    pub(crate) wire: Wire,
    pub(crate) owner: Account,
    pub(crate) account_key: AccountKey,
    pub(crate) clock: Arc<ManualClock>,
    service: Service<SqliteStore>,
    folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_795_400_000_000).unwrap()));
        let ticking: Arc<dyn Clock> = clock.clone();
        let store = SqliteStore::open(&folder.path().join("stronghold.db")).unwrap();
        let service = start(store, ticking.clone()).await;
        let code = SetupCode::generate().unwrap();
        service.allow_setup(&code).await.unwrap();
        let new = NewOrganization {
            name: Name::new("Acme").unwrap(),
            email: Email::new("owner@acme.example").unwrap(),
            password: Zeroizing::new("correct horse battery staple".to_owned()),
            setup_code: Zeroizing::new(code.expose().to_owned()),
        };
        let wire = wire(&service);
        let client = Client::new(wire.clone(), ticking.clone());
        let NewOwner { account: owner, account_key, .. } =
            Account::create_organization(&client, new, &ticking).await.unwrap();
        let session = open_session(&owner, client).await;
        Self { session, wire, owner, account_key, clock, service, folder }
    }

    /// The owner on another device.
    pub(crate) async fn second_session(&self) -> Session<Wire> {
        self.session_on(wire(&self.service)).await
    }

    /// The owner on another device, and its wire.
    pub(crate) async fn second_wire(&self) -> (Session<Wire>, Wire) {
        let wire = wire(&self.service);
        (self.session_on(wire.clone()).await, wire)
    }

    /// The owner on another device that remembers this, where that is not refused.
    pub(crate) async fn session_that_remembers(&self, remembered: Remembered) -> Result<Session<Wire>, Error> {
        remembering(&self.owner, remembered, Client::new(wire(&self.service), self.clock.clone())).await
    }

    /// The same with a server that was started on the database as it is now.
    pub(crate) async fn restarted_session_that_remembers(
        &self,
        remembered: Remembered,
    ) -> Result<Session<Wire>, Error> {
        let store = SqliteStore::open(&self.database()).unwrap();
        let service = start(store, self.clock.clone()).await;
        remembering(&self.owner, remembered, Client::new(wire(&service), self.clock.clone())).await
    }

    /// The owner on another device, with a server that was started on the database as it is now.
    pub(crate) async fn session_on_restarted(&self) -> Result<Session<Wire>, Error> {
        let store = SqliteStore::open(&self.database()).unwrap();
        let service = start(store, self.clock.clone()).await;
        let client = Client::new(wire(&service), self.clock.clone());
        try_open_session(&self.owner, client).await
    }

    /// The owner's keys.
    pub(crate) fn owner_identity(&self) -> Identity {
        Identity::from_seed(&self.owner.seed)
    }

    /// Makes somebody an editor in a group. Nothing is really sealed to them: they can sign, and read nothing.
    pub(crate) async fn add_editor(&mut self, user: UserId, keys: PublicKeys, group: GroupId) {
        let (now, email) = (self.clock.now(), Email::new("editor@acme.example").unwrap());
        let other = |byte: u8| Identity::from_seed(&[byte; 32]).public_keys();
        let invited = Change::UserInvited {
            id: InviteId::from_bytes([1; 16]),
            email: email.clone(),
            role: Role::Editor,
            groups: vec![group],
            key: other(1).sign,
            expires_at: now.plus_millis(1000),
        };
        let invite = Some(InviteId::from_bytes([1; 16]));
        let confirmed = Change::UserConfirmed { id: user, invite, email, role: Role::Editor, keys, recovery: other(2) };
        let changes = vec![invited, confirmed, Change::MemberAdded { group, member: user.into() }];
        self.state(changes).await;
    }

    /// Commits what no honest client would: these changes, signed by the owner, with seals that open nothing.
    pub(crate) async fn state(&mut self, changes: Vec<Change>) {
        let now = self.clock.now();
        let before = self.session.directory();
        let draft = before.draft(changes.clone(), true, now).unwrap();
        let owner = self.owner_identity();
        let (statement, after) = draft.sign(&[owner.signing_key()]).unwrap();
        let wanted = after.wanted_seals(Some(before), &changes, now).into_iter();
        let seals = wanted.map(|wanted| Seal { id: wanted.id, sealed: vec![2; 1168].into() }).collect();
        let commit = CommitStatement { statement, seals, histories: Vec::new(), revisions: Vec::new() };
        let body = serde_json::to_vec(&commit).unwrap();
        let path = api::org_path(&self.owner.org, "statements");
        let parts = RequestParts::new(Method::Post, &path, "").unwrap().with_body(&body);
        let params = SignatureParams {
            created: now.as_seconds(),
            nonce: RequestNonce::generate().unwrap(),
            key_id: owner.signing_key().public_key().key_id(),
        };
        let request =
            SignedRequest::sign(self.wire.endpoint().authority, parts, params, |base| owner.signing_key().sign(base));
        let reply = self.wire.send(request, body, ReplyLimit::of::<api::Committed>()).await.unwrap();
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        self.session.sync().await.unwrap();
    }

    /// A code that allows another organization.
    pub(crate) async fn setup_code(&self) -> Zeroizing<String> {
        let code = SetupCode::generate().unwrap();
        self.service.allow_setup(&code).await.unwrap();
        Zeroizing::new(code.expose().to_owned())
    }

    /// A way of its own to the server.
    pub(crate) fn second_transport(&self) -> Wire {
        wire(&self.service)
    }

    /// A way to a server that was started on another database, if one starts on that.
    pub(crate) async fn wire_to(&self, database: &Path) -> Option<Wire> {
        let store = SqliteStore::open(database).ok()?;
        let settings = Settings { endpoints: Vec::new(), limits: Limits::default() };
        let keys = ServiceKeys::from_checkpoint_seed(&[3; 32]);
        Some(wire(&Service::start(store, settings, keys, self.clock.clone()).await.ok()?))
    }

    /// A client for whoever signs.
    pub(crate) fn client(&self) -> Client<Wire> {
        Client::new(wire(&self.service), self.clock.clone())
    }

    /// The same over the session's own wire.
    pub(crate) fn wire_client(&self) -> Client<Wire> {
        Client::new(self.wire.clone(), self.clock.clone())
    }

    async fn session_on(&self, wire: Wire) -> Session<Wire> {
        let client = Client::new(wire, self.clock.clone());
        open_session(&self.owner, client).await
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("stronghold.db")
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn profile(&mut self, name: &str, secrets: &[(&str, &str)]) -> ProfileId {
        let id = self.session.create_profile(Name::new(name).unwrap()).await.unwrap();
        self.set(id, secrets).await;
        id
    }

    pub(crate) async fn set(&mut self, profile: ProfileId, secrets: &[(&str, &str)]) {
        let mut edit = Edit::default();
        for (name, value) in secrets {
            let value = Zeroizing::new(value.as_bytes().to_vec());
            edit.set.insert(SecretName::new(name).unwrap(), NewSecret { value, note: None });
        }
        self.session.edit(profile, &edit, false).await.unwrap();
    }

    pub(crate) async fn group(&mut self, name: &str, profiles: &[ProfileId]) -> GroupId {
        let id = self.session.create_group(Name::new(name).unwrap()).await.unwrap();
        for profile in profiles {
            self.session.grant(id, *profile, Access::Read).await.unwrap();
        }
        id
    }

    pub(crate) async fn token(&mut self, name: &str, groups: &[GroupId]) -> AgentToken {
        let new = NewAgent {
            name: Name::new(name).unwrap(),
            groups: groups.to_vec(),
            conditions: Conditions::default(),
            url: None,
        };
        let minted = self.session.create_agent(new).await.unwrap();
        AgentToken::parse(minted.token.expose_secret()).unwrap()
    }

    /// An agent with a wire of its own.
    pub(crate) fn agent(&self, token: &AgentToken) -> (Agent<Client<Wire>>, Wire) {
        self.agent_with(token, None)
    }

    pub(crate) fn agent_with(&self, token: &AgentToken, state: Option<PathBuf>) -> (Agent<Client<Wire>>, Wire) {
        let wire = wire(&self.service);
        let text = token.to_secret_string();
        let mut builder = Agent::builder().token(AgentToken::parse(text.expose_secret()).unwrap());
        if let Some(folder) = state {
            builder = builder.state_dir(folder);
        }
        let agent = builder.build_with(Client::new(wire.clone(), self.clock.clone())).unwrap();
        (agent, wire)
    }
}

async fn start(store: SqliteStore, clock: Arc<dyn Clock>) -> Service<SqliteStore> {
    let settings = Settings { endpoints: Vec::new(), limits: Limits::default() };
    let keys = ServiceKeys::from_checkpoint_seed(&[3; 32]);
    Service::start(store, settings, keys, clock).await.unwrap()
}

pub(crate) async fn open_session(owner: &Account, client: Client<Wire>) -> Session<Wire> {
    try_open_session(owner, client).await.unwrap()
}

async fn remembering(owner: &Account, remembered: Remembered, client: Client<Wire>) -> Result<Session<Wire>, Error> {
    let store = Arc::new(InProcess::default());
    assert!(store.swap(&owner.org, None, &serde_json::to_vec(&remembered).unwrap()).await.unwrap());
    Session::<Wire>::builder(owner).memory_store(store).open(client).await
}

async fn try_open_session(owner: &Account, client: Client<Wire>) -> Result<Session<Wire>, Error> {
    Session::<Wire>::builder(owner).in_process().open(client).await
}

fn wire(service: &Service<SqliteStore>) -> Wire {
    Wire {
        honest: service.in_process(),
        lie: Arc::default(),
        proxy: Arc::default(),
        unsigned_lie: Arc::default(),
        death: Arc::default(),
        died: Arc::default(),
        watch: Arc::default(),
        operator: Arc::default(),
    }
}

/// The code of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    error.problem_code().unwrap_or_else(|| panic!("{error:?} is no refusal")).to_owned()
}
