//! Who may read what, and how access ends: through the real server, in one process.

use crate::world::{World, code};
use stronghold_sdk::{
    Agent, Client, ErrorKind,
    admin::{Access, AgentUpdate},
    protocol::{
        directory::{AgentStatus, Conditions},
        name::Name,
    },
};

const PRODUCTION: &[(&str, &str)] = &[("DATABASE_URL", "postgres://production"), ("EMPTY", "")];

async fn value(agent: &Agent<Client<crate::world::Wire>>, name: &str) -> String {
    let secrets = agent.pull("production").await.unwrap();
    secrets.get(name).unwrap().expose_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_agent_reads_its_groups_profiles_and_no_other() {
    let mut world = World::new().await;
    let production = world.profile("production", PRODUCTION).await;
    world.profile("staging", &[("A", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("pipeline", &[group]).await;
    let (agent, _) = world.agent(&token);
    assert_eq!(value(&agent, "DATABASE_URL").await, "postgres://production");
    assert_eq!(value(&agent, "EMPTY").await, "");
    let listed = agent.profiles().await.unwrap();
    assert_eq!(listed.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>(), ["production"]);
    let forbidden = agent.pull("staging").await.unwrap_err();
    let missing = agent.pull("nowhere").await.unwrap_err();
    assert_eq!(forbidden.to_string(), missing.to_string(), "outside its groups is as if it did not exist");
    assert_eq!(code::<()>(Err(forbidden)), "not_found");
}

#[tokio::test]
async fn a_single_secret_is_read_with_proof_that_it_is_there_or_not() {
    let mut world = World::new().await;
    let production = world.profile("production", PRODUCTION).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("pipeline", &[group]).await;
    let (agent, _) = world.agent(&token);
    agent.pull("production").await.unwrap();
    let found = agent.get("production", "DATABASE_URL").await.unwrap().unwrap();
    assert_eq!(found.expose_str(), Some("postgres://production"));
    assert!(agent.get("production", "NO_SUCH_SECRET").await.unwrap().is_none());
    // After a rekey the known key is another one: the agent pulls anew.
    let other = world.token("other", &[group]).await;
    world.session.remove_member(group, other.agent.into()).await.unwrap();
    world.set(production, &[("DATABASE_URL", "postgres://rotated")]).await;
    let found = agent.get("production", "DATABASE_URL").await.unwrap().unwrap();
    assert_eq!(found.expose_str(), Some("postgres://rotated"));
}

#[tokio::test]
async fn each_ending_has_its_own_code_and_leaves_others_alone() {
    let mut world = World::new().await;
    let production = world.profile("production", PRODUCTION).await;
    let group = world.group("deploy", &[production]).await;
    let stays = world.token("stays", &[group]).await;
    let (stays, _) = world.agent(&stays);
    let token = world.token("leaves", &[group]).await;
    let (leaves, _) = world.agent(&token);
    let id = token.agent;
    assert_eq!(value(&leaves, "DATABASE_URL").await, "postgres://production");

    let set = |status| AgentUpdate { status: Some(status), ..AgentUpdate::default() };
    world.session.update_agent(id, &set(AgentStatus::Inactive)).await.unwrap();
    assert_eq!(code(leaves.pull("production").await), "inactive");
    world.session.update_agent(id, &set(AgentStatus::Active)).await.unwrap();
    assert_eq!(value(&leaves, "DATABASE_URL").await, "postgres://production");

    let expires_at = Some(stronghold_sdk::protocol::time::Clock::now(&*world.clock).plus_millis(2000));
    let conditions = Conditions { expires_at, ..Conditions::default() };
    let expiring = AgentUpdate { conditions: Some(conditions), ..AgentUpdate::default() };
    world.session.update_agent(id, &expiring).await.unwrap();
    world.clock.advance_millis(1999);
    assert_eq!(value(&leaves, "DATABASE_URL").await, "postgres://production");
    world.clock.advance_millis(1);
    assert_eq!(code(leaves.pull("production").await), "expired");
    let lifted = AgentUpdate { conditions: Some(Conditions::default()), ..AgentUpdate::default() };
    world.session.update_agent(id, &lifted).await.unwrap();
    assert_eq!(value(&leaves, "DATABASE_URL").await, "postgres://production");

    world.session.remove_member(group, id.into()).await.unwrap();
    assert_eq!(code(leaves.pull("production").await), "not_found");
    world.session.add_member(group, id.into()).await.unwrap();
    assert_eq!(value(&leaves, "DATABASE_URL").await, "postgres://production");

    let minted = world.session.rotate_token(id, None).await.unwrap();
    assert_eq!(code(leaves.pull("production").await), "key_ended");
    let text = secrecy::ExposeSecret::expose_secret(&minted.token);
    let (renewed, _) = world.agent(&stronghold_sdk::protocol::token::AgentToken::parse(text).unwrap());
    assert_eq!(value(&renewed, "DATABASE_URL").await, "postgres://production");

    world.session.delete_agent(id).await.unwrap();
    assert_eq!(code(renewed.pull("production").await), "deleted");

    world.session.revoke(group, production).await.unwrap();
    assert_eq!(code(stays.pull("production").await), "not_found");
    world.session.grant(group, production, Access::Read).await.unwrap();
    world.set(production, &[("DATABASE_URL", "postgres://rotated")]).await;
    assert_eq!(value(&stays, "DATABASE_URL").await, "postgres://rotated");
}

#[tokio::test]
async fn deleting_a_group_ends_what_it_granted() {
    let mut world = World::new().await;
    let production = world.profile("production", PRODUCTION).await;
    let first = world.group("first", &[production]).await;
    let second = world.group("second", &[production]).await;
    let (in_first, in_both) = (world.token("a", &[first]).await, world.token("b", &[first, second]).await);
    world.session.delete_group(first).await.unwrap();
    assert_eq!(code(world.agent(&in_first).0.pull("production").await), "not_found");
    assert_eq!(value(&world.agent(&in_both).0, "DATABASE_URL").await, "postgres://production");
}

#[tokio::test]
async fn a_name_that_stands_for_another_profile_must_be_accepted_by_hand() {
    let mut world = World::new().await;
    let production = world.profile("production", PRODUCTION).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("pipeline", &[group]).await;
    let state = world.folder("state");
    let (agent, _) = world.agent_with(&token, Some(state.clone()));
    agent.pull("production").await.unwrap();
    world.session.rename_profile(production, Name::new("old production").unwrap()).await.unwrap();
    let impostor = world.profile("production", &[("DATABASE_URL", "postgres://elsewhere")]).await;
    world.session.grant(group, impostor, Access::Read).await.unwrap();
    // Also in a new process that knows the same folder.
    let (restarted, _) = world.agent_with(&token, Some(state));
    for agent in [&agent, &restarted] {
        let error = agent.pull("production").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(error.to_string().contains("replaced"), "{error}");
    }
    assert_eq!(agent.pull("old production").await.unwrap().profile(), production);
    let (fresh, _) = world.agent(&token);
    assert_eq!(fresh.pull("production").await.unwrap().profile(), impostor, "who remembers nothing takes the name");
}
