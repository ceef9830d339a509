//! What those who lost access may still know, derived from the directory, the newest versions and the audit log.

use crate::world::World;
use std::collections::BTreeMap;
use stronghold_sdk::{
    admin::{Edit, Exposure},
    protocol::{id::ProfileId, name::SecretName, number::Seq},
};

/// `profile/NAME` of each exposed secret, with who is it exposed to: `*` where they read it.
fn shown(exposures: &[Exposure]) -> BTreeMap<String, Vec<String>> {
    let of = |exposure: &Exposure| {
        let read = |read: Option<bool>| if read.unwrap() { "*" } else { "" };
        exposure.to.iter().map(|to| format!("{}{}", to.name, read(to.read))).collect()
    };
    let key = |exposure: &Exposure| format!("{}/{}", exposure.profile_name, exposure.name.expose());
    exposures.iter().map(|exposure| (key(exposure), of(exposure))).collect()
}

fn expected(items: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    items.iter().map(|(name, to)| ((*name).to_owned(), to.iter().map(|to| (*to).to_owned()).collect())).collect()
}

impl World {
    fn tick(&self) {
        self.clock.advance_millis(1_000);
    }

    fn position(&self) -> Seq {
        self.session.directory().head().seq
    }

    async fn exposed(&mut self, profile: Option<ProfileId>, after: Option<Seq>) -> BTreeMap<String, Vec<String>> {
        self.tick();
        shown(&self.session.exposures(profile, after).await.unwrap())
    }
}

#[tokio::test]
async fn a_removal_exposes_what_could_be_read_and_tells_what_was() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("A", "1"), ("B", "2")]).await;
    let staging = world.profile("staging", &[("S", "3")]).await;
    let unrelated = world.profile("unrelated", &[("U", "4")]).await;
    let both = world.group("both", &[production, staging]).await;
    let one = world.group("one", &[production]).await;
    world.group("none", &[unrelated]).await;
    let (reader, idle) = (world.token("reader", &[both]).await, world.token("idle", &[both, one]).await);
    world.tick();
    world.agent(&reader).0.pull("production").await.unwrap();
    world.tick();
    assert_eq!(world.exposed(None, None).await, expected(&[]), "nobody lost access");

    let before = world.position();
    world.session.delete_agent(reader.agent).await.unwrap();
    let first: &[(&str, &[&str])] =
        &[("production/A", &["reader*"]), ("production/B", &["reader*"]), ("staging/S", &["reader"])];
    assert_eq!(world.exposed(None, Some(before)).await, expected(first));
    // Through the other group it still reads `production`: only `staging` is lost.
    let before = world.position();
    world.session.remove_member(both, idle.agent.into()).await.unwrap();
    assert_eq!(world.exposed(None, Some(before)).await, expected(&[("staging/S", &["idle"])]));
    let all: &[(&str, &[&str])] =
        &[("production/A", &["reader*"]), ("production/B", &["reader*"]), ("staging/S", &["reader", "idle"])];
    assert_eq!(world.exposed(None, None).await, expected(all));
    assert_eq!(world.exposed(Some(staging), None).await, expected(&all[2..]));

    // A newer version takes a secret off the list; a rekey, which keeps versions, does not.
    world.session.rotate_profile(production).await.unwrap();
    world.set(production, &[("A", "changed")]).await;
    assert_eq!(world.exposed(None, None).await, expected(&all[1..]));
    let edit = Edit { delete: vec![SecretName::new("B").unwrap()], ..Edit::default() };
    world.session.edit(production, &edit, false).await.unwrap();
    world.set(staging, &[("S", "changed")]).await;
    assert_eq!(world.exposed(None, None).await, expected(&[]));
    // Another device has no memory of any of it, and finds the same.
    let mut second = world.second_session().await;
    assert_eq!(shown(&second.exposures(None, None).await.unwrap()), expected(&[]));
}

#[tokio::test]
async fn each_way_in_which_an_access_ends() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("A", "1")]).await;
    let (revoked, deleted) = (world.group("revoked", &[production]).await, world.group("deleted", &[production]).await);
    world.token("x", &[revoked]).await;
    world.token("y", &[deleted]).await;
    let rotated = world.token("z", &[]).await;
    let last = world.group("last", &[production]).await;
    world.session.add_member(last, rotated.agent.into()).await.unwrap();
    world.tick();
    let before = world.position();
    world.session.revoke(revoked, production).await.unwrap();
    assert_eq!(world.exposed(None, Some(before)).await, expected(&[("production/A", &["x"])]));
    let before = world.position();
    world.session.delete_group(deleted).await.unwrap();
    assert_eq!(world.exposed(None, Some(before)).await, expected(&[("production/A", &["y"])]));
    let before = world.position();
    let until = stronghold_sdk::protocol::time::Clock::now(&*world.clock).plus_millis(60_000);
    world.session.begin_rotation(rotated.agent, until, None).await.unwrap();
    assert_eq!(world.exposed(None, Some(before)).await, expected(&[]), "both tokens are good");
    world.session.finish_rotation(rotated.agent).await.unwrap();
    assert_eq!(world.exposed(None, Some(before)).await, expected(&[("production/A", &["z"])]));
    // Deactivation is reversible, and so ends nothing.
    let before = world.position();
    let status = Some(stronghold_sdk::protocol::directory::AgentStatus::Inactive);
    let update = stronghold_sdk::admin::AgentUpdate { status, ..Default::default() };
    world.session.update_agent(rotated.agent, &update).await.unwrap();
    assert_eq!(world.exposed(None, Some(before)).await, expected(&[]));
    world.set(production, &[("A", "2")]).await;
    assert_eq!(world.exposed(None, None).await, expected(&[]));
}

#[tokio::test]
async fn a_part_that_was_read_is_that_part() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("A", "1"), ("B", "2")]).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("picky", &[group]).await;
    world.tick();
    let agent = world.agent_with(&token, Some(world.folder("picky"))).0;
    for _ in 0..2 {
        agent.get("production", "A").await.unwrap().unwrap();
        world.tick();
    }
    // What was read of versions that are not in use any more exposes nothing.
    world.set(production, &[("B", "newer")]).await;
    world.tick();
    agent.get("production", "A").await.unwrap().unwrap();
    world.session.delete_agent(token.agent).await.unwrap();
    assert_eq!(
        world.exposed(None, None).await,
        expected(&[("production/A", &["picky*"]), ("production/B", &["picky"])])
    );
}
