//! An organization that every history begins with: made once, because passwords are slow.

use super::{branch::Hash, clients::SECRET, servers::start};
use secrecy::ExposeSecret;
use std::{path::PathBuf, sync::Arc};
use stronghold_sdk::{
    Client,
    admin::{Access, Account, Edit, NewAgent, NewOrganization, NewOwner, NewSecret, Session},
    protocol::{
        crypto::hash::Hash as Digest,
        directory::{Conditions, HeaderRef},
        id::GroupId,
        name::{Email, Name, SecretName},
        number::Seq,
        time::{Clock, ManualClock, Timestamp},
    },
};
use stronghold_server::{
    service::{InProcess, SetupCode},
    store::sqlite::SqliteStore,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// The names of the profiles.
pub(crate) const PROFILES: [&str; 2] = ["alpha", "beta"];
/// The value of each of them at first.
pub(crate) const FIRST: &str = "first";

/// A database, and the keys that belong to it.
pub(crate) struct Base {
    pub(crate) database: PathBuf,
    pub(crate) owner: Arc<Account>,
    pub(crate) group: GroupId,
    pub(crate) tokens: Vec<String>,
    _folder: TempDir,
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_millis(1_795_400_000_000).unwrap()))
}

impl Base {
    /// The owner's account, with the last of these headers as its floor.
    pub(crate) fn account_of(&self, floor: &[Hash]) -> Arc<Account> {
        let Account { org, user, email, seed, .. } = &*self.owner;
        let floor = HeaderRef { seq: Seq::new(floor.len() as u64 - 1).unwrap(), hash: Digest(*floor.last().unwrap()) };
        Arc::new(Account { org: *org, user: *user, email: email.clone(), seed: seed.clone(), floor })
    }

    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (database, clock) = (folder.path().join("base.db"), clock());
        let service = start(&database, clock.clone()).await;
        let code = SetupCode::generate().unwrap();
        service.allow_setup(&code).await.unwrap();
        let new = NewOrganization {
            name: Name::new("Acme").unwrap(),
            email: Email::new("owner@acme.example").unwrap(),
            password: Zeroizing::new("correct horse battery staple".to_owned()),
            setup_code: Zeroizing::new(code.expose().to_owned()),
        };
        let ticking: Arc<dyn Clock> = clock.clone();
        let client = Client::new(service.in_process(), ticking.clone());
        let NewOwner { account: owner, .. } = Account::create_organization(&client, new, &ticking).await.unwrap();
        let mut session = Session::<InProcess<SqliteStore>>::builder(&owner).in_process().open(client).await.unwrap();
        let group = session.create_group(Name::new("readers").unwrap()).await.unwrap();
        for name in PROFILES {
            let id = session.create_profile(Name::new(name).unwrap()).await.unwrap();
            let value = Zeroizing::new(FIRST.as_bytes().to_vec());
            let mut edit = Edit::default();
            edit.set.insert(SecretName::new(SECRET).unwrap(), NewSecret { value, note: None });
            session.edit(id, &edit, false).await.unwrap();
            session.grant(group, id, Access::Read).await.unwrap();
        }
        let mut tokens = Vec::new();
        for name in ["A", "B", "C"] {
            let (name, groups) = (Name::new(name).unwrap(), vec![group]);
            let new = NewAgent { name, groups, conditions: Conditions::default(), url: None };
            tokens.push(session.create_agent(new).await.unwrap().token.expose_secret().to_owned());
        }
        Self { database, owner: Arc::new(owner), group, tokens, _folder: folder }
    }
}
