//! A token that is rotated with a grace time: both are good until the old one is ended, and then it opens nothing newer.

use crate::{
    database::{self, open_everything},
    world::{World, code},
};
use rusqlite::Connection;
use secrecy::ExposeSecret;
use stronghold_sdk::{crypto::identity::Identity, protocol::token::AgentToken};

const HOUR: i64 = 3_600_000;

impl World {
    /// Begins a rotation that is meant to last an hour.
    async fn begin(&mut self, token: &AgentToken) -> AgentToken {
        let until = stronghold_sdk::protocol::time::Clock::now(&*self.clock).plus_millis(HOUR);
        let minted = self.session.begin_rotation(token.agent, until, None).await.unwrap();
        AgentToken::parse(minted.token.expose_secret()).unwrap()
    }

    async fn reads(&self, token: &AgentToken, value: &str) {
        let secrets = self.agent(token).0.pull("production").await.unwrap();
        assert_eq!(secrets.get("KEY").unwrap().expose_str(), Some(value));
    }
}

#[tokio::test]
async fn both_tokens_are_good_until_the_old_one_is_ended() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let (old, other) = (world.token("fleet", &[group]).await, world.token("other", &[group]).await);
    let new = world.begin(&old).await;
    let epoch = |world: &World| world.session.directory().profile(&production).unwrap().epoch.get();
    assert_eq!(epoch(&world), 1, "nothing ends yet, so nothing is rekeyed");
    for token in [&old, &new, &other] {
        world.reads(token, "1").await;
    }
    // A removal in between seals to both.
    world.session.delete_agent(other.agent).await.unwrap();
    world.set(production, &[("KEY", "2")]).await;
    for token in [&old, &new] {
        world.reads(token, "2").await;
    }
    assert_eq!(epoch(&world), 2);
    let again = stronghold_sdk::protocol::time::Clock::now(&*world.clock).plus_millis(HOUR);
    let refused = world.session.begin_rotation(old.agent, again, None).await.unwrap_err();
    assert!(refused.to_string().contains("not finished"), "{refused}");

    assert!(world.session.overdue_rotations().is_empty());
    world.clock.advance_millis(HOUR - 1);
    assert!(world.session.overdue_rotations().is_empty());
    world.clock.advance_millis(1);
    let overdue = world.session.overdue_rotations();
    assert_eq!(overdue.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["fleet"]);
    // No server can end it: it has no keys.
    world.reads(&old, "2").await;

    assert!(world.session.finish_rotation(old.agent).await.unwrap());
    assert!(!world.session.finish_rotation(old.agent).await.unwrap(), "there is nothing more to finish");
    assert!(world.session.overdue_rotations().is_empty());
    assert_eq!(code(world.agent(&old).0.pull("production").await), "key_ended");
    world.set(production, &[("KEY", "3")]).await;
    world.reads(&new, "3").await;
    assert_eq!(epoch(&world), 3);

    // The whole database and the old token open what they opened before, and nothing of the new epoch.
    let connection = Connection::open(world.database()).unwrap();
    let stolen = database::seals(&connection);
    let opened = |token: &AgentToken| open_everything(token.org, Identity::from_seed(&token.seed).kem_key(), &stolen).1;
    let epochs = |token: &AgentToken| opened(token).keys().map(|(_, epoch)| epoch.get()).collect::<Vec<_>>();
    assert_eq!(epochs(&old), [1, 2]);
    assert_eq!(epochs(&new), [1, 2, 3]);
}

#[tokio::test]
async fn a_rotation_at_once_ends_both_tokens_of_a_pending_one() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let old = world.token("fleet", &[group]).await;
    let new = world.begin(&old).await;
    let minted = world.session.rotate_token(old.agent, None).await.unwrap();
    let newest = AgentToken::parse(minted.token.expose_secret()).unwrap();
    for ended in [&old, &new] {
        assert_eq!(code(world.agent(ended).0.pull("production").await), "key_ended");
    }
    world.reads(&newest, "1").await;
}

#[tokio::test]
async fn an_inactive_agent_gets_nothing_sealed_to_either_token() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let old = world.token("fleet", &[group]).await;
    let set = async |world: &mut World, status| {
        let update = stronghold_sdk::admin::AgentUpdate { status: Some(status), ..Default::default() };
        world.session.update_agent(old.agent, &update).await.unwrap();
    };
    use stronghold_sdk::protocol::directory::AgentStatus::{Active, Inactive};
    set(&mut world, Inactive).await;
    let new = world.begin(&old).await;
    let stolen = database::seals(&Connection::open(world.database()).unwrap());
    let (groups, masters) = open_everything(new.org, Identity::from_seed(&new.seed).kem_key(), &stolen);
    assert!(groups.is_empty() && masters.is_empty());
    set(&mut world, Active).await;
    for token in [&old, &new] {
        world.reads(token, "1").await;
    }
}
