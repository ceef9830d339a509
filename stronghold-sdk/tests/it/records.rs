//! Every action of every route, done as it is meant, leaves its record: the routes are the server's own table.

use crate::{
    history::version,
    passwords::{NEXT, change, log_in},
    people::{PASSWORD, email},
    world::World,
};
use std::collections::BTreeSet;
use stronghold_sdk::{
    LocalIdentity, ProfileReader,
    admin::{Access, Account, Edit, NewSecret, Recover},
    protocol::{audit::Outcome, directory::Role, limits, name::SecretName},
};
use stronghold_server::access::routes;
use zeroize::Zeroizing;

/// A server's life: whatever people and agents do with it.
async fn everything(world: &mut World) {
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("agent", &[group]).await;
    // Agents: who they are, what they may read, all of it and a part, and where the log is.
    let (agent, _) = world.agent(&token);
    agent.profiles().await.unwrap();
    agent.get("production", "KEY").await.unwrap().unwrap();
    agent.get("production", "KEY").await.unwrap().unwrap();
    let (client, who) = (world.client(), LocalIdentity::from_token(&token));
    client.who_am_i(&who).await.unwrap();
    client.audit_checkpoint(&who, None, &[]).await.unwrap();
    // People: a profile's past, a rekey in stages, who was seen when.
    world.set(production, &[("KEY", "2")]).await;
    world.session.secret_version(production, "KEY", version(1)).await.unwrap();
    let mut edit = Edit::default();
    for number in 0..=limits::INLINE_REKEY_SECRETS {
        let name = SecretName::new(&format!("KEY_{number}")).unwrap();
        edit.set.insert(name, NewSecret { value: Zeroizing::new(b"value".to_vec()), note: None });
    }
    world.session.edit(production, &edit, false).await.unwrap();
    world.session.rotate_profile(production).await.unwrap();
    assert_eq!(world.session.finish_rekeys(&mut |_| {}).await.unwrap(), 1);
    let states = world.session.past_states().await.unwrap();
    world.session.verify_past(production, &states).await.unwrap();
    world.session.activity().await.unwrap();
    // Somebody joins, changes the password, loses it, and recovers; an owner changes keys.
    world.session.grant(group, production, Access::Write).await.unwrap();
    let invite = world.invited("ada", Role::Editor, &[group]).await;
    let member = world.accept(&invite, "ada").await.unwrap();
    let _made = crate::people::confirm(&mut world.session, invite.invite).await.unwrap();
    let mut session = world.try_session(&member.account).await.unwrap();
    session.request_new_keys(log_in(&member.account_key, "ada", PASSWORD)).await.unwrap();
    crate::people::confirm_keys(&mut world.session, member.account.user).await.unwrap();
    let next = change(log_in(&member.account_key, "ada", PASSWORD), false);
    Account::change_password(&client, next).await.unwrap();
    let lost = Recover { kit: member.recovery_kit, password: Zeroizing::new(NEXT.to_owned()), floor: None };
    assert_eq!(Account::recover(&client, lost).await.unwrap().account.email, email("ada"));
    let with = world.own_log_in();
    world.session.rotate_own_keys(with).await.unwrap();
    world.session.finish_rekeys(&mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn every_action_of_every_route_leaves_a_record_when_it_is_done() {
    let mut world = World::new().await;
    everything(&mut world).await;
    // What reading the log does is in it the next time.
    let mut done = BTreeSet::new();
    for _ in 0..2 {
        done.clear();
        let mut note = |record: &stronghold_sdk::admin::LogRecord| {
            if record.record.outcome == Outcome::Allowed {
                done.insert(record.record.action.clone());
            }
        };
        world.session.verify_audit(&mut note).await.unwrap();
    }
    // What is of no organization has no log.
    let elsewhere = ["server.health", "server.ready", "server.openapi", "org.setup"];
    let table = routes().iter().map(|route| route.action.name()).filter(|name| !elsewhere.contains(name));
    let table: BTreeSet<String> = table.map(str::to_owned).collect();
    assert_eq!(done, table, "the actions of the log are those of the table");
    println!("{} actions done and recorded", done.len());
}
