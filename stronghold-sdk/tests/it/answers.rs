//! A server that answers writes with something that proves nothing: nobody is told that it is done.
//!
//! Each attack is made twice: the write reaches the honest server, and it does not. The same answer without the one thing
//! that is wrong is believed.

use crate::{
    forged_answer::{Answer, Asker, BESIDE, BREAKS, CHANGES, OF_DIRECTORY, OF_ITSELF, Route},
    passwords::log_in,
    people::PASSWORD,
    world::{Wire, World, open_session},
};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use stronghold_sdk::{
    Client, Error, ErrorKind,
    admin::{Edit, NewSecret},
    protocol::{
        directory::Role,
        evidence::ProfileFloor,
        id::ProfileId,
        name::{Name, SecretName},
        problem::{Problem, ProblemCode},
        request::Method,
        transport::Reply,
    },
};
use zeroize::Zeroizing;

pub(crate) const STATEMENTS: Route = Route { path: "/statements", action: "directory.commit" };
const REVISIONS: Route = Route { path: "/revisions", action: "profile.write" };

/// One thing that is wrong with an answer.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    change: Option<crate::forged_answer::Change>,
    breaks: Option<crate::forged_answer::Break>,
}

/// Every attack on a route whose answer says more than a receipt does, or not.
pub(crate) fn attacks(says_more: bool, has_directory: bool) -> Vec<Attack> {
    let of_directory: &[_] = if has_directory { OF_DIRECTORY } else { &[] };
    let changes = CHANGES.iter().chain(of_directory).chain(says_more.then_some(&BESIDE));
    let changes = changes.map(|&(name, change)| Attack { name, change: Some(change), breaks: None });
    let breaks = BREAKS.iter().map(|&(name, breaks)| Attack { name, change: None, breaks: Some(breaks) });
    changes.chain(breaks).collect()
}

impl Attack {
    /// The record names the statement itself as the newest header.
    pub(crate) const OF_ITSELF: Self = Self { name: OF_ITSELF.0, change: Some(OF_ITSELF.1), breaks: None };
    /// Nothing is wrong.
    pub(crate) const NONE: Self = Self { name: "nothing", change: None, breaks: None };
}

/// Answers the next write of `route` in the server's place. `earlier` is a genuine receipt.
pub(crate) fn answer(wire: &Wire, asker: Asker, route: Route, attack: Attack, passes: bool, earlier: &Value) {
    let earlier = earlier.clone();
    let mut done = false;
    wire.is_answered_by(move |request, body| {
        if done || request.parts().method() != Method::Post || !request.parts().path().ends_with(route.path) {
            return None;
        }
        done = true;
        let mut answer = Answer::right(&asker, route, request, body);
        if let Some(change) = attack.change {
            change(&mut answer);
        }
        let mut receipt = serde_json::to_value(answer.receipt(&asker.org)).unwrap();
        if let Some(breaks) = attack.breaks {
            breaks(&mut receipt, &earlier);
        }
        Some((passes, answer.reply(receipt)))
    });
}

/// A genuine receipt of a write before.
pub(crate) async fn earlier(world: &mut World) -> Value {
    let kept: Arc<Mutex<Option<Value>>> = Arc::default();
    let copy = Arc::clone(&kept);
    world.wire.lies(move |request, reply: Reply| {
        if request.parts().method() == Method::Post {
            let json: Value = serde_json::from_slice(&reply.body).unwrap();
            *copy.lock().unwrap() = Some(json["receipt"].clone());
        }
        reply
    });
    world.session.create_group(Name::new("earlier").unwrap()).await.unwrap();
    world.wire.is_honest_again();
    kept.lock().unwrap().take().unwrap()
}

/// That an error is what an attack must come to.
pub(crate) fn check(attack: &Attack, passes: bool, error: &Error, names: &str) {
    let name = attack.name;
    assert_eq!(error.is_made(), passes, "{name}: {error}");
    let text = error.to_string();
    if passes {
        assert_eq!(error.kind(), ErrorKind::Integrity, "{name}: {error}");
        assert!(text.starts_with("made, not proven: ") && text.contains(names), "{name}: {text}");
        assert!(error.advice().unwrap().contains("audit verify"));
    } else if name != "no receipt at all" {
        assert_eq!(error.kind(), ErrorKind::Integrity, "{name}: {error}");
        assert!(text.contains("not made: ") && text.contains(names), "{name}: {text}");
    }
}

fn edit(value: &str) -> Edit {
    let mut edit = Edit::default();
    let value = Zeroizing::new(value.as_bytes().to_vec());
    edit.set.insert(SecretName::new("KEY").unwrap(), NewSecret { value, note: None });
    edit
}

fn floor_of(world: &World, profile: ProfileId) -> ProfileFloor {
    let remembered = world.session.remembered();
    remembered.profiles.into_iter().find(|floor| floor.id == profile).unwrap()
}

async fn held(world: &World, profile: ProfileId) -> String {
    let secrets = world.session.open_profile(profile).await.unwrap().into_secrets();
    secrets.get("KEY").unwrap().expose_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_revision_is_written_when_its_answer_proves_it() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("KEY", "0")]).await;
    let earlier = earlier(&mut world).await;
    let mut before = "0".to_owned();
    let mut number = 1;
    for attack in attacks(true, true) {
        for passes in [true, false] {
            let value = number.to_string();
            number += 1;
            answer(&world.wire, Asker::owner(&world), REVISIONS, attack, passes, &earlier);
            let floor = floor_of(&world, profile);
            let error = world.session.edit(profile, &edit(&value), false).await.err();
            let error = error.unwrap_or_else(|| panic!("{} was believed", attack.name));
            check(&attack, passes, &error, "of profile production");
            let remembered = floor_of(&world, profile);
            assert_eq!(remembered.revision > floor.revision, passes, "only what was read is remembered");
            world.wire.is_honest_again();
            if passes {
                before.clone_from(&value);
            }
            assert_eq!(held(&world, profile).await, before, "{}", attack.name);
            // The next command works.
            before = format!("{value} again");
            world.session.edit(profile, &edit(&before), false).await.unwrap();
        }
    }
    // And the same answer with nothing wrong is believed.
    answer(&world.wire, Asker::owner(&world), REVISIONS, Attack::NONE, true, &earlier);
    world.session.edit(profile, &edit("last"), false).await.unwrap();
}

#[tokio::test]
async fn a_statement_is_committed_when_its_answer_proves_it() {
    let mut world = World::new().await;
    let earlier = earlier(&mut world).await;
    let attacks = attacks(true, true).into_iter().chain([Attack::OF_ITSELF]);
    for (number, attack) in attacks.enumerate() {
        for passes in [true, false] {
            let name = format!("group-{number}-{passes}");
            let made = Name::new(&name).unwrap();
            answer(&world.wire, Asker::owner(&world), STATEMENTS, attack, passes, &earlier);
            let header = world.session.remembered().header;
            let error = world.session.create_group(made.clone()).await.err();
            let error = error.unwrap_or_else(|| panic!("{} was believed", attack.name));
            check(&attack, passes, &error, &format!("group created: {name}"));
            assert_eq!(world.session.remembered().header != header, passes, "only what was replayed is remembered");
            world.wire.is_honest_again();
            assert_eq!(world.session.directory().group_named(&made).is_some(), passes, "{}", attack.name);
            world.session.create_group(Name::new(&format!("next-{number}-{passes}")).unwrap()).await.unwrap();
        }
    }
    answer(&world.wire, Asker::owner(&world), STATEMENTS, Attack::NONE, true, &earlier);
    world.session.create_group(Name::new("last").unwrap()).await.unwrap();
}

#[tokio::test]
async fn an_access_has_ended_when_the_answer_proves_it() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("KEY", "0")]).await;
    let group = world.group("deploy", &[profile]).await;
    let earlier = earlier(&mut world).await;
    for attack in attacks(true, true) {
        for passes in [true, false] {
            let agent = world.token("leaver", &[group]).await.agent;
            answer(&world.wire, Asker::owner(&world), STATEMENTS, attack, passes, &earlier);
            let error = world.session.delete_agent(agent).await.err();
            let error = error.unwrap_or_else(|| panic!("{} was believed", attack.name));
            check(&attack, passes, &error, "agent deleted: leaver");
            world.wire.is_honest_again();
            if !passes {
                world.session.delete_agent(agent).await.unwrap();
            }
            assert!(world.session.directory().agent(&agent).unwrap().deleted);
            assert_eq!(held(&world, profile).await, "0");
        }
    }
}

#[tokio::test]
async fn a_refusal_of_what_was_made_is_told() {
    let mut world = World::new().await;
    let codes = [ProblemCode::Conflict, ProblemCode::Forbidden, ProblemCode::Malformed, ProblemCode::Internal];
    for code in codes {
        let name = Name::new(&code.as_str().replace('_', "-")).unwrap();
        let said = code.clone();
        let mut done = false;
        world.wire.is_answered_by(move |request, _| {
            if done || !request.parts().path().ends_with("/statements") {
                return None;
            }
            done = true;
            let problem = Problem::new(said.clone(), "so says the server");
            Some((
                true,
                Reply {
                    status: problem.status,
                    content_type: Some(Problem::MEDIA_TYPE.to_owned()),
                    body: serde_json::to_vec(&problem).unwrap(),
                },
            ))
        });
        let error = world.session.create_group(name).await.unwrap_err();
        assert!(error.is_made() && error.kind() == ErrorKind::Integrity, "{code}: {error}");
        world.wire.is_honest_again();
    }
}

#[tokio::test]
async fn a_request_for_keys_is_made_when_the_answer_proves_it() {
    let mut world = World::new().await;
    let code = world.invited("admin", Role::Admin, &[]).await;
    let member = world.accept(&code, "admin").await.unwrap();
    let _made = world.session.confirm_user(code.invite, member.fingerprint).await.unwrap();
    let earlier = earlier(&mut world).await;
    let route = Route { path: "/key-requests", action: "user.request_keys" };
    let wire = world.wire.clone();
    let asker = |world: &World| Asker { principal: Some(member.account.user.into()), ..Asker::owner(world) };
    let mut session = open_session(&member.account, Client::new(wire.clone(), world.clock.clone())).await;
    for attack in attacks(false, true) {
        for passes in [true, false] {
            // A log-in is allowed again.
            world.clock.advance_millis(60_000);
            answer(&wire, asker(&world), route, attack, passes, &earlier);
            let error = session.request_new_keys(log_in(&member.account_key, "admin", PASSWORD)).await.err();
            let error = error.unwrap_or_else(|| panic!("{} was believed", attack.name));
            check(&attack, passes, &error, "request of admin@acme.example for new keys");
            wire.is_honest_again();
        }
    }
    answer(&wire, asker(&world), route, Attack::NONE, true, &earlier);
    session.request_new_keys(log_in(&member.account_key, "admin", PASSWORD)).await.unwrap();
}
