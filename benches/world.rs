//! An organization in one process, with a profile of many secrets and an agent that reads it.

use std::sync::Arc;
use stronghold_sdk::{
    Answered, Client, LocalIdentity, ProfileReader,
    admin::{Access, Account, DirectoryCache, Edit, NewAgent, NewOrganization, NewSecret, Session},
    open::{IdentityDecryptor, Want, open_profile},
    protocol::{
        api::SealedProfile,
        crypto::random,
        directory::Conditions,
        evidence::{Anchor, ProfileSelector},
        name::{Email, Name, SecretName},
        time::{Clock, SystemClock},
        token::AgentToken,
    },
};
use stronghold_server::{
    service::{InProcess, Limits, Service, ServiceKeys, Settings, SetupCode},
    store::sqlite::SqliteStore,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

const PROFILE: &str = "production";

/// A reply that an agent got, and what it needs to open it.
pub(crate) struct World {
    pub(crate) answered: Answered<SealedProfile>,
    who: Arc<LocalIdentity>,
    anchor: Anchor,
    _folder: TempDir,
}

impl World {
    /// A profile of `count` secrets, with values of 64 bytes.
    pub(crate) async fn with_secrets(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = SqliteStore::open(&folder.path().join("stronghold.db")).unwrap();
        let settings = Settings { authorities: Vec::new(), limits: Limits::default() };
        let keys = ServiceKeys::from_checkpoint_seed(&random::secret().unwrap());
        let service = Service::start(store, settings, keys, Arc::clone(&clock)).await.unwrap();
        let token = set_up(&service, &clock, count).await;
        let who = Arc::new(LocalIdentity::from_token(&token));
        let anchor = Anchor {
            org: token.org,
            seq: token.floor.seq,
            hash: token.floor.hash_prefix.to_vec(),
            remembered: None,
            roster: None,
        };
        let client = Client::new(service.in_process(), clock);
        let answered = client.read_profile(&*who, &selector(), &anchor).await.unwrap();
        assert_eq!(answered.reply.secrets.len(), count);
        Self { answered, who, anchor, _folder: folder }
    }

    /// A copy of the reply, which opening takes apart.
    pub(crate) fn prepare(&self) -> Answered<SealedProfile> {
        self.answered.clone()
    }

    /// Verifies and opens everything.
    pub(crate) fn open(&self, answered: Answered<SealedProfile>) {
        let selector = selector();
        let want = Want { profile: &selector, anchor: &self.anchor, floors: &[], minimum: None };
        let decryptor = IdentityDecryptor::new(Arc::clone(&self.who));
        let opened = open_profile(answered, &*self.who, &decryptor, &want).unwrap();
        std::hint::black_box(opened.into_secrets());
    }
}

fn selector() -> ProfileSelector {
    PROFILE.parse().unwrap()
}

async fn set_up(service: &Service<SqliteStore>, clock: &Arc<dyn Clock>, count: usize) -> AgentToken {
    let code = SetupCode::generate().unwrap();
    service.allow_setup(&code).await.unwrap();
    let client = || -> Client<InProcess<SqliteStore>> { Client::new(service.in_process(), Arc::clone(clock)) };
    let new = NewOrganization {
        name: Name::new("Bench").unwrap(),
        email: Email::new("owner@bench.example").unwrap(),
        password: Zeroizing::new("correct horse battery staple".to_owned()),
        setup_code: Zeroizing::new(code.expose().to_owned()),
    };
    let owner = Account::create_organization(&client(), new, clock).await.unwrap().account;
    let who = Arc::new(LocalIdentity::from_seed(owner.org, owner.user.into(), &owner.seed));
    let cache = DirectoryCache::new(owner.org, None, Some(owner.floor));
    let mut session = Session::open(client(), who, owner.user, cache, Arc::clone(clock)).await.unwrap();
    let profile = session.create_profile(Name::new(PROFILE).unwrap()).await.unwrap();
    let mut edit = Edit::default();
    for number in 0..count {
        let name = SecretName::new(&format!("SERVICE_SECRET_NUMBER_{number:05}")).unwrap();
        edit.set.insert(name, NewSecret { value: Zeroizing::new(vec![b'x'; 64]), note: None });
    }
    session.edit(profile, &edit, false).await.unwrap();
    let group = session.create_group(Name::new("readers").unwrap()).await.unwrap();
    session.grant(group, profile, Access::Read).await.unwrap();
    let new = NewAgent {
        name: Name::new("reader").unwrap(),
        groups: vec![group],
        conditions: Conditions::default(),
        url: None,
    };
    let minted = session.create_agent(new).await.unwrap();
    AgentToken::parse(secrecy::ExposeSecret::expose_secret(&minted.token)).unwrap()
}
