//! A server and an agent in one process, without a socket: the same checks, the same audit, the same encryption.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::{error::Error, path::Path, sync::Arc};
use stronghold_sdk::{
    Agent, Client, ProfileReader,
    admin::{Access, Account, Edit, NewAgent, NewOrganization, NewSecret, Session},
    protocol::{
        crypto::random,
        directory::Conditions,
        name::{Email, Name, SecretName},
        time::{Clock, SystemClock},
        token::AgentToken,
        transport::Transport,
    },
};
use stronghold_server::{
    service::{Limits, Service, ServiceKeys, Settings, SetupCode},
    store::sqlite::SqliteStore,
};
use zeroize::Zeroizing;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = SqliteStore::open(&folder.path().join("stronghold.db"))?;
    let settings = Settings { endpoints: Vec::new(), limits: Limits::default() };
    let keys = ServiceKeys::from_checkpoint_seed(&*random::secret()?);
    let service = Service::start(store, settings, keys, Arc::clone(&clock)).await?;
    let code = SetupCode::generate()?;
    service.allow_setup(&code).await?;

    let client = || Client::new(service.in_process(), Arc::clone(&clock));
    let memory = folder.path().join("memory");
    let token = set_up(client(), client(), &memory, &clock, code.expose().to_owned()).await?;

    // From here on it is what any agent does; only the transport is another one.
    let agent = Agent::builder().token(token).state_dir(memory).build_with(client())?;
    report(&agent).await
}

/// Creates an organization with a profile, a secret in it, and an agent that may read it.
async fn set_up<T: Transport>(
    client: Client<T>,
    session_client: Client<T>,
    memory: &Path,
    clock: &Arc<dyn Clock>,
    code: String,
) -> Result<AgentToken, Box<dyn Error>> {
    let new = NewOrganization {
        name: Name::new("Embedded")?,
        email: Email::new("owner@embedded.example")?,
        password: Zeroizing::new("correct horse battery staple".to_owned()),
        setup_code: Zeroizing::new(code),
    };
    let owner = Account::create_organization(&client, new, clock).await?.account;
    // What the owner verifies is remembered from here on: a later start would name the same folder.
    let mut session = Session::<T>::builder(&owner).state_dir(memory).open(session_client).await?;

    let profile = session.create_profile(Name::new("production")?).await?;
    let mut edit = Edit::default();
    let value = Zeroizing::new(b"postgres://db.example".to_vec());
    edit.set.insert(SecretName::new("DATABASE_URL")?, NewSecret { value, note: None });
    session.edit(profile, &edit, false).await?;
    let group = session.create_group(Name::new("services")?).await?;
    session.grant(group, profile, Access::Read).await?;
    let new = NewAgent {
        name: Name::new("embedded service")?,
        groups: vec![group],
        conditions: Conditions::default(),
        url: None,
    };
    let minted = session.create_agent(new).await?;
    Ok(AgentToken::parse(secrecy::ExposeSecret::expose_secret(&minted.token))?)
}

/// Works with any reader: over HTTP, in one process, or a double in a test.
async fn report<R: ProfileReader>(agent: &Agent<R>) -> Result<(), Box<dyn Error>> {
    let secrets = agent.pull("production").await?;
    for (name, secret) in secrets.iter() {
        println!("{} has {} bytes", name.expose(), secret.expose().len());
    }
    Ok(())
}
