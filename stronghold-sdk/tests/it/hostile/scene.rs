//! An organization with a past, a server that keeps all of it, and those who work with the server.

use crate::{
    people::PASSWORD,
    world::{Wire, World},
};
use secrecy::ExposeSecret;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use stronghold_hostile::{Accomplices, Lie, Operator};
use stronghold_sdk::{
    Agent, AgentBuilder, Client, Error,
    admin::{Access, Account, NewOrganization, NewOwner, Session},
    lock::Lock,
    memory::{InProcess, MemoryStore, Remembered},
    protocol::{
        directory::Role,
        name::{Email, Name},
        time::Clock,
        token::AgentToken,
    },
};
use zeroize::Zeroizing;

/// What the newest revision says of the secret that is asked for, and the one before.
pub(super) const TRUTH: &str = "drei";
pub(super) const OLD: &str = "three";

pub(super) struct Scene {
    pub(super) world: World,
    pub(super) operator: Arc<Mutex<Operator>>,
    token: AgentToken,
    agent_folder: PathBuf,
    store: Arc<InProcess>,
    /// The database before the newest revision and the newest statements.
    pub(super) before: PathBuf,
}

fn copy_database(from: &Path, to: &Path) {
    let database = rusqlite::Connection::open(from).unwrap();
    database.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
}

impl Scene {
    pub(super) async fn new() -> Self {
        let mut world = World::new().await;
        let operator = Arc::new(Mutex::new(Operator::new(&world.database(), &[3; 32])));
        let production = world.profile("production", &[("A", "one"), ("B", "two"), ("C", OLD)]).await;
        let staging = world.profile("staging", &[("A", "uno"), ("B", "due"), ("C", "tre")]).await;
        let deploy = world.group("deploy", &[production, staging]).await;
        let token = world.token("pipeline", &[deploy]).await;
        world.token("another", &[deploy]).await;
        // Those who help the server. The agent's token is older than the roster in force.
        let former = world.member("former", Role::Admin, &[]).await.1;
        let _made = world.session.remove_user(former.user).await.unwrap();
        let admin = world.member("admin", Role::Admin, &[]).await.1;
        let (writers, elsewhere) = (world.group("writers", &[]).await, world.group("elsewhere", &[]).await);
        world.session.grant(writers, production, Access::Write).await.unwrap();
        world.session.grant(elsewhere, staging, Access::Write).await.unwrap();
        let leaver = world.member("leaver", Role::Editor, &[writers]).await.1;
        let neighbour = world.member("neighbour", Role::Editor, &[elsewhere]).await.1;
        let _made = world.session.remove_user(leaver.user).await.unwrap();
        world.invited("newcomer", Role::Editor, &[]).await;
        operator.lock().unwrap().work_with(Accomplices {
            admin: Some(*admin.seed),
            editor_elsewhere: Some(*neighbour.seed),
            removed_editor: Some(*leaver.seed),
            removed_admin: Some(*former.seed),
        });
        let agent_folder = world.folder("agent");
        let before = world.folder("before.db");
        let mut scene = Self { world, operator, token, agent_folder, store: Arc::default(), before };
        scene.another_organization().await;
        // What was true is kept, and then it is not the newest any more.
        scene.agent_reads().await.unwrap();
        scene.session_works().await.unwrap();
        copy_database(&scene.world.database(), &scene.before);
        scene.world.set(production, &[("C", TRUTH)]).await;
        // So that the other profile's revision is not only refused for being an older one.
        for value in ["drei", "tres", "trois", "tri"] {
            scene.world.set(staging, &[("C", value)]).await;
        }
        scene.world.group("later", &[]).await;
        scene.agent(scene.with_memory()).pull("staging").await.unwrap();
        assert_eq!(scene.agent_reads().await.unwrap(), TRUTH);
        assert_eq!(scene.session_works().await.unwrap(), TRUTH);
        scene
    }

    /// One of the same name, with a profile of the same name that its owner reads.
    async fn another_organization(&self) {
        let new = NewOrganization {
            name: Name::new("Acme").unwrap(),
            email: Email::new("owner@acme.example").unwrap(),
            password: Zeroizing::new(PASSWORD.to_owned()),
            setup_code: self.world.setup_code().await,
        };
        let clock: Arc<dyn Clock> = self.world.clock.clone();
        let NewOwner { account, .. } = Account::create_organization(&self.world.client(), new, &clock).await.unwrap();
        let client = self.through_operator();
        let mut session = Session::<Wire>::builder(&account).in_process().open(client).await.unwrap();
        let id = session.create_profile(Name::new("production").unwrap()).await.unwrap();
        session.open_profile(id).await.unwrap();
    }

    fn through_operator(&self) -> Client<Wire> {
        self.through(self.world.second_transport())
    }

    fn through(&self, wire: Wire) -> Client<Wire> {
        wire.goes_through(&self.operator);
        Client::new(wire, self.world.clock.clone())
    }

    fn agent(&self, builder: AgentBuilder) -> Agent<Client<Wire>> {
        self.with_token(builder).build_with(self.through_operator()).unwrap()
    }

    fn with_token(&self, builder: AgentBuilder) -> AgentBuilder {
        builder.token(AgentToken::parse(self.token.to_secret_string().expose_secret()).unwrap())
    }

    fn with_memory(&self) -> AgentBuilder {
        Agent::builder().state_dir(self.agent_folder.clone())
    }

    /// An agent that remembers nothing.
    pub(super) fn forgetful(&self) -> Agent<Client<Wire>> {
        self.agent(Agent::builder())
    }

    /// One that was told the newest revision.
    pub(super) fn with_min_revision(&self) -> Agent<Client<Wire>> {
        let production = self.world.session.find_profile("production").unwrap().id;
        let known = self.world.session.remembered().profiles.into_iter().find(|floor| floor.id == production).unwrap();
        self.agent(Agent::builder().min_revision(Some(known.revision)))
    }

    /// One with a lock file of the newest revision.
    pub(super) async fn with_lock(&self) -> Agent<Client<Wire>> {
        let lie = self.operator.lock().unwrap().lie();
        self.operator.lock().unwrap().tell(None);
        let (header, floor) = self.forgetful().floor_of("production").await.unwrap();
        self.operator.lock().unwrap().tell(lie);
        let mut lock = Lock::new(self.token.org, header);
        lock.put(header, floor);
        self.agent(Agent::builder().lock(Some(lock)))
    }

    /// What an agent asks, which remembers what it saw; gives the value of one secret.
    pub(super) async fn agent_reads(&self) -> Result<String, Error> {
        self.agent_reads_from(self.world.second_transport()).await
    }

    /// The same of another server.
    pub(super) async fn agent_reads_from(&self, wire: Wire) -> Result<String, Error> {
        let agent = self.with_token(self.with_memory()).build_with(self.through(wire)).unwrap();
        let secrets = agent.pull("production").await?;
        agent.get("production", "A").await?;
        agent.profiles().await?;
        agent.who_am_i().await?;
        Ok(secrets.get("C").map_or_else(|| "nothing".to_owned(), |secret| secret.expose_str().unwrap().to_owned()))
    }

    /// What a person's client asks, from the log-in on, which remembers what it saw.
    pub(super) async fn session_works(&self) -> Result<String, Error> {
        self.session_works_on(self.world.second_transport(), self.store.clone()).await
    }

    /// Another place with what the person's clients remember.
    pub(super) async fn copy_of_memory(&self) -> Arc<InProcess> {
        let copy = Arc::new(InProcess::default());
        let bytes = self.store.load(&self.world.owner.org).await.unwrap().unwrap();
        assert!(copy.swap(&self.world.owner.org, None, &bytes).await.unwrap());
        copy
    }

    /// The same of another server, remembering elsewhere.
    pub(super) async fn session_works_on(&self, wire: Wire, store: Arc<InProcess>) -> Result<String, Error> {
        let client = self.through(wire);
        if self.operator.lock().unwrap().lie() == Some(Lie::WeakerArgon2) {
            // Log-ins are limited, and take their time.
            self.world.clock.advance_millis(60_000);
            Account::log_in(&client, self.world.own_log_in()).await?;
        }
        let mut session = Session::<Wire>::builder(&self.world.owner).memory_store(store).open(client).await?;
        let (id, other) = (session.find_profile("production")?.id, session.find_profile("staging")?.id);
        let opened = session.open_profile(id).await?;
        session.verify_audit(&mut |_| {}).await?;
        session.acceptances().await?;
        session.open_profile(other).await?;
        let secrets = opened.into_secrets();
        Ok(secrets.get("C").map_or_else(|| "nothing".to_owned(), |secret| secret.expose_str().unwrap().to_owned()))
    }

    /// Every file in which the agent remembers.
    pub(super) fn agent_memory(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = fs::read_dir(&self.agent_folder).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
    }

    /// What the person's clients remember of statements and profiles. The audit log grows with every question.
    pub(super) async fn session_memory(&self) -> Vec<u8> {
        self.remembered_in(&self.store).await
    }

    /// The same in another place.
    pub(super) async fn remembered_in(&self, store: &InProcess) -> Vec<u8> {
        let bytes = store.load(&self.world.owner.org).await.unwrap().unwrap();
        let remembered: Remembered = serde_json::from_slice(&bytes).unwrap();
        serde_json::to_vec(&(remembered.header, remembered.roster, remembered.profiles)).unwrap()
    }

    /// Tells a lie to nobody, so that the next answer is honest again.
    pub(super) fn is_honest(&self) {
        self.operator.lock().unwrap().tell(None::<Lie>);
    }
}
