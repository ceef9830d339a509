//! An organization in one process, with profiles of many secrets and agents that read them.

use std::sync::Arc;
use stronghold_sdk::{
    Client,
    admin::{AcceptInvite, Access, Account, Edit, NewAgent, NewInvite, NewOrganization, NewSecret, Session},
    protocol::{
        crypto::random,
        directory::{Conditions, Role},
        evidence::Anchor,
        id::{ProfileId, UserId},
        name::{Email, Name, SecretName},
        time::{Clock, SystemClock},
        token::{AgentToken, InviteCode},
    },
};
use stronghold_server::{
    service::{InProcess, Limits, Service, ServiceKeys, Settings, SetupCode},
    store::sqlite::SqliteStore,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// The owner's session.
pub type OwnerSession = Session<InProcess<SqliteStore>>;

/// A server in this process, and the owner of an organization on it.
pub struct Org {
    service: Service<SqliteStore>,
    clock: Arc<dyn Clock>,
    owner: Account,
    /// At work.
    pub session: OwnerSession,
    _folder: TempDir,
}

impl Org {
    /// An organization with nothing in it.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = SqliteStore::open(&folder.path().join("stronghold.db")).unwrap();
        let settings = Settings { endpoints: Vec::new(), limits: Limits::default() };
        let keys = ServiceKeys::from_checkpoint_seed(&random::secret().unwrap());
        let service = Service::start(store, settings, keys, Arc::clone(&clock)).await.unwrap();
        let code = SetupCode::generate().unwrap();
        service.allow_setup(&code).await.unwrap();
        let new = NewOrganization {
            name: Name::new("Bench").unwrap(),
            email: Email::new("owner@bench.example").unwrap(),
            password: Zeroizing::new("correct horse battery staple".to_owned()),
            setup_code: Zeroizing::new(code.expose().to_owned()),
        };
        let client = Client::new(service.in_process(), Arc::clone(&clock));
        let owner = Account::create_organization(&client, new, &clock).await.unwrap().account;
        let session = open_session(client, &owner).await;
        Self { service, clock, owner, session, _folder: folder }
    }

    /// A client for whoever signs.
    #[must_use]
    pub fn client(&self) -> Client<InProcess<SqliteStore>> {
        Client::new(self.service.in_process(), Arc::clone(&self.clock))
    }

    /// The owner on another device.
    pub async fn second_session(&self) -> OwnerSession {
        open_session(self.client(), &self.owner).await
    }

    /// A profile of `count` secrets, with values of 64 bytes.
    pub async fn profile(&mut self, name: &str, count: usize) -> ProfileId {
        let profile = self.session.create_profile(Name::new(name).unwrap()).await.unwrap();
        let mut edit = Edit::default();
        for number in 0..count {
            let name = SecretName::new(&format!("SERVICE_SECRET_NUMBER_{number:05}")).unwrap();
            edit.set.insert(name, NewSecret { value: Zeroizing::new(vec![b'x'; 64]), note: None });
        }
        self.session.edit(profile, &edit, false).await.unwrap();
        profile
    }

    /// Somebody who was invited, accepted, and is an admin now.
    pub async fn admin(&mut self) -> UserId {
        let email = Email::new("admin@bench.example").unwrap();
        let expires_at = self.clock.now().plus_millis(60_000);
        let new = NewInvite { email: email.clone(), role: Role::Admin, groups: Vec::new(), expires_at, url: None };
        let minted = self.session.invite_user(new).await.unwrap();
        let code = InviteCode::parse(secrecy::ExposeSecret::expose_secret(&minted.code)).unwrap();
        let password = Zeroizing::new("correct horse battery staple".to_owned());
        let accept = AcceptInvite { code, email, password };
        let member = Account::accept_invite(&self.client(), accept, &self.clock).await.unwrap();
        self.session.confirm_user(minted.invite, member.fingerprint).await.unwrap().0
    }

    /// Groups that read a profile.
    pub async fn groups(&mut self, count: usize, profile: ProfileId) {
        for number in 0..count {
            let name = Name::new(&format!("group {number}")).unwrap();
            let group = self.session.create_group(name).await.unwrap();
            self.session.grant(group, profile, Access::Read).await.unwrap();
        }
    }

    /// An agent that reads these profiles, through a group of its own.
    pub async fn agent(&mut self, name: &str, profiles: &[ProfileId]) -> AgentToken {
        let group = self.session.create_group(Name::new(name).unwrap()).await.unwrap();
        for profile in profiles {
            self.session.grant(group, *profile, Access::Read).await.unwrap();
        }
        let name = Name::new(name).unwrap();
        let new = NewAgent { name, groups: vec![group], conditions: Conditions::default(), url: None };
        let minted = self.session.create_agent(new).await.unwrap();
        AgentToken::parse(secrecy::ExposeSecret::expose_secret(&minted.token)).unwrap()
    }
}

async fn open_session(client: Client<InProcess<SqliteStore>>, owner: &Account) -> OwnerSession {
    OwnerSession::builder(owner).in_process().open(client).await.unwrap()
}

/// Where an agent starts: the header that its token pins.
#[must_use]
pub fn anchor_of(token: &AgentToken) -> Anchor {
    Anchor {
        org: token.org,
        seq: token.floor.seq,
        hash: token.floor.hash_prefix.to_vec(),
        remembered: None,
        roster: None,
    }
}
