//! The clients that are judged: the SDK's own sessions and agents.

use super::{
    kinds::Op,
    servers::{Servers, Wire},
    stores::Faulty,
};
use secrecy::ExposeSecret;
use std::{path::PathBuf, sync::Arc};
use stronghold_sdk::{
    Agent, Client, Error, ErrorKind, Integrity, PullOptions,
    admin::{Access, Account, Edit, NewAgent, NewSecret, Session},
    lock::Lock,
    protocol::{
        directory::Conditions,
        evidence::EvidenceRefusal,
        id::GroupId,
        name::{Name, SecretName},
        token::AgentToken,
    },
};
use zeroize::Zeroizing;

/// The one secret of each profile.
pub(crate) const SECRET: &str = "VALUE";

/// Whose keys a client has.
#[derive(Clone)]
pub(crate) enum Keys {
    Person(Arc<Account>),
    Agent(String),
}

/// How a client is started.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) keys: Keys,
    /// Where it remembers beyond its process.
    pub(crate) store: Option<Faulty>,
    /// Where a person's statements are kept.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) lock: Option<Lock>,
    pub(crate) accepts_replaced: bool,
    pub(crate) group: GroupId,
}

/// A process.
pub(crate) enum Process {
    Person(Box<Session<Wire>>),
    Agent(Agent<Client<Wire>>),
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Accepted,
    Integrity,
    Replaced,
    /// Not found, or not allowed.
    Refused,
    /// Memory is damaged, or a lock file does not have what was asked for.
    Invalid,
    Other,
}

/// What a client learned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The value of a profile that was read; none where it holds none.
    pub(crate) value: Option<Option<String>>,
    /// The token of an agent that was made.
    pub(crate) token: Option<String>,
}

pub(crate) fn end_of(error: &Error) -> End {
    match error {
        Error::Integrity(Integrity::Evidence(EvidenceRefusal::Replaced { .. })) => End::Replaced,
        Error::Invalid(_) => End::Invalid,
        _ => match error.kind() {
            ErrorKind::Integrity => End::Integrity,
            ErrorKind::NotFound | ErrorKind::Refused => End::Refused,
            _ => End::Other,
        },
    }
}

/// A client of a history: how it starts, and its process while there is one.
pub(crate) struct Actor {
    pub(crate) start: Start,
    pub(crate) wire: Wire,
    pub(crate) process: Option<Process>,
}

impl Actor {
    pub(crate) fn new(start: Start, servers: &Servers) -> Self {
        Self { start, wire: Wire::new(servers), process: None }
    }

    fn agent(&self, accept_rollback: bool, servers: &Servers) -> Agent<Client<Wire>> {
        let Keys::Agent(token) = &self.start.keys else { panic!("a person is no agent") };
        let mut builder = Agent::builder()
            .token(AgentToken::parse(token).unwrap())
            .lock(self.start.lock.clone())
            .accept_replaced(self.start.accepts_replaced)
            .accept_rollback(accept_rollback);
        if let Some(store) = &self.start.store {
            builder = builder.memory_store(Arc::new(store.clone()));
        }
        builder.build_with(Client::new(self.wire.clone(), servers.clock.clone())).unwrap()
    }

    async fn session(&self, servers: &Servers) -> Result<Session<Wire>, Error> {
        let Keys::Person(account) = &self.start.keys else { panic!("an agent is no person") };
        let mut builder = Session::<Wire>::builder(account)
            .in_process()
            .lock(self.start.lock.clone())
            .accept_replaced(self.start.accepts_replaced);
        if let Some(folder) = &self.start.folder {
            builder = builder.state_dir(folder);
        }
        if let Some(store) = &self.start.store {
            builder = builder.memory_store(Arc::new(store.clone()));
        }
        builder.open(Client::new(self.wire.clone(), servers.clock.clone())).await
    }

    /// Does it. A process that could not start is none.
    pub(crate) async fn perform(&mut self, op: &Op, mark: &str, servers: &Servers) -> Result<Answer, Error> {
        if *op == Op::Open {
            self.process = None;
            self.process = Some(match self.start.keys {
                Keys::Person(_) => Process::Person(Box::new(self.session(servers).await?)),
                Keys::Agent(_) => Process::Agent(self.agent(false, servers)),
            });
            return Ok(Answer::default());
        }
        if let Op::PullOlder(name) = op {
            self.process = None;
            let pulled = self.agent(true, servers).pull(name).await?;
            return Ok(Answer { value: Some(value(&pulled)), token: None });
        }
        match self.process.as_mut().expect("it runs") {
            Process::Agent(agent) => on_agent(agent, op).await,
            Process::Person(session) => on_session(session, op, mark, self.start.group).await,
        }
    }

    /// Takes the warning that what was verified could not be kept; whether there was one.
    pub(crate) fn take_warning(&self) -> bool {
        match &self.process {
            Some(Process::Person(session)) => session.take_warning().is_some(),
            Some(Process::Agent(agent)) => agent.take_warning().is_some(),
            None => false,
        }
    }
}

async fn on_agent(agent: &Agent<Client<Wire>>, op: &Op) -> Result<Answer, Error> {
    match op {
        Op::List => agent.profiles().await.map(|_| Answer::default()),
        Op::Pull(name) => {
            let pulled = agent.pull(name).await?;
            Ok(Answer { value: Some(value(&pulled)), token: None })
        }
        other => panic!("an agent does not {other:?}"),
    }
}

async fn on_session(session: &mut Session<Wire>, op: &Op, mark: &str, group: GroupId) -> Result<Answer, Error> {
    let mut answer = Answer::default();
    match op {
        Op::Sync => session.sync().await?,
        Op::List => drop(session.list_profiles().await?),
        Op::Pull(name) => {
            let id = session.find_profile(name)?.id;
            answer.value = Some(value(&session.pull(id, &PullOptions::default()).await?));
        }
        Op::Edit(name) => {
            let id = session.find_profile(name)?.id;
            let new = NewSecret { value: Zeroizing::new(mark.as_bytes().to_vec()), note: None };
            let mut edit = Edit::default();
            edit.set.insert(SecretName::new(SECRET).unwrap(), new);
            session.edit(id, &edit, false).await?;
        }
        Op::CreateGroup => drop(session.create_group(Name::new(mark).unwrap()).await?),
        Op::CreateAgent => {
            let new = NewAgent {
                name: Name::new(mark).unwrap(),
                groups: vec![group],
                conditions: Conditions::default(),
                url: None,
            };
            answer.token = Some(session.create_agent(new).await?.token.expose_secret().to_owned());
        }
        Op::Create(name) => drop(session.create_profile(Name::new(name).unwrap()).await?),
        Op::Delete(name) => {
            session.sync().await?;
            let id = session.directory().profile_named(&Name::new(name).unwrap()).expect("it is there").id;
            session.delete_profile(id).await?;
        }
        Op::Grant(name) => {
            session.sync().await?;
            let id = session.directory().profile_named(&Name::new(name).unwrap()).expect("it is there").id;
            session.grant(group, id, Access::Read).await?;
        }
        Op::Open | Op::PullOlder(_) => panic!("these start a process"),
    }
    Ok(answer)
}

fn value(secrets: &stronghold_sdk::Secrets) -> Option<String> {
    secrets.get(SECRET).map(|secret| secret.expose_str().unwrap().to_owned())
}
