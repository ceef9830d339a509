//! What exists only once is shown, whatever the server answers: tokens, codes, keys and kits.

use crate::{
    answers::{Attack, STATEMENTS, answer, attacks, check, earlier},
    forged_answer::{Asker, BREAKS, Route},
    passwords::{NEXT, change, log_in},
    people::{PASSWORD, email},
    world::{World, open_session},
};
use secrecy::ExposeSecret;
use std::sync::Arc;
use stronghold_sdk::{
    Error, ErrorKind,
    admin::{AcceptInvite, Account, NewAgent, NewInvite, NewOrganization},
    protocol::{
        api,
        crypto::hash::Hash,
        directory::{Conditions, Role},
        limits,
        name::Name,
        time::Clock,
        token::{AccountKey, AgentToken, InviteCode, RecoveryKit},
        transport::Reply,
    },
};
use zeroize::Zeroizing;

/// A few attacks that differ in where they are found.
fn some(says_more: bool, has_directory: bool) -> impl Iterator<Item = Attack> {
    let wanted = ["a receipt of another key", "a record that denies it", "a receipt whose signature is junk"];
    let wanted = move |attack: &Attack| wanted.contains(&attack.name) || attack.name.starts_with("a genuine receipt");
    attacks(says_more, has_directory).into_iter().filter(wanted)
}

/// What an error carries under a name; and it shows it nowhere else.
fn once(error: &Error, name: &str) -> Option<String> {
    let found = error.as_unproven()?.once().iter().find(|(known, _)| *known == name);
    let value = found.map(|(_, value)| value.expose_secret().to_owned())?;
    assert!(!format!("{error} {error:?}").contains(&value), "a secret is shown");
    Some(value)
}

#[tokio::test]
async fn a_token_is_shown_when_its_agent_was_made() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("KEY", "value")]).await;
    let group = world.group("deploy", &[profile]).await;
    let earlier = earlier(&mut world).await;
    for attack in attacks(true, true) {
        for passes in [true, false] {
            let name = Name::new("pipeline").unwrap();
            let new =
                || NewAgent { name: name.clone(), groups: vec![group], conditions: Conditions::default(), url: None };
            answer(&world.wire, Asker::owner(&world), STATEMENTS, attack, passes, &earlier);
            let error = world.session.create_agent(new()).await.unwrap_err();
            check(&attack, passes, &error, "agent created: pipeline");
            world.wire.is_honest_again();
            let token = once(&error, "token");
            assert_eq!(token.is_some(), passes);
            let id = match token {
                Some(token) => {
                    let token = AgentToken::parse(&token).unwrap();
                    assert_eq!(world.agent(&token).0.pull("production").await.unwrap().len(), 1);
                    token.agent
                }
                None => world.session.create_agent(new()).await.unwrap().agent,
            };
            world.session.delete_agent(id).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_new_token_is_shown_when_the_old_one_may_have_ended() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("KEY", "value")]).await;
    let group = world.group("deploy", &[profile]).await;
    let earlier = earlier(&mut world).await;
    let mut token = world.token("pipeline", &[group]).await;
    let id = token.agent;
    for attack in some(true, true) {
        for (passes, grace) in [(true, false), (false, false), (true, true), (false, true)] {
            answer(&world.wire, Asker::owner(&world), STATEMENTS, attack, passes, &earlier);
            let until = world.clock.now().plus_millis(60_000);
            let rotated = match grace {
                true => world.session.begin_rotation(id, until, None).await,
                false => world.session.rotate_token(id, None).await,
            };
            let error = rotated.unwrap_err();
            check(&attack, passes, &error, "pipeline");
            world.wire.is_honest_again();
            let shown = once(&error, "token");
            assert_eq!(shown.is_some(), passes);
            if let Some(shown) = shown {
                token = AgentToken::parse(&shown).unwrap();
            }
            world.session.finish_rotation(id).await.unwrap();
            assert_eq!(world.agent(&token).0.pull("production").await.unwrap().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_code_is_shown_when_its_invitation_was_made() {
    let mut world = World::new().await;
    let earlier = earlier(&mut world).await;
    for attack in some(true, true) {
        for passes in [true, false] {
            let expires_at = world.clock.now().plus_millis(60_000);
            let new = NewInvite { email: email("new"), role: Role::Editor, groups: Vec::new(), expires_at, url: None };
            answer(&world.wire, Asker::owner(&world), STATEMENTS, attack, passes, &earlier);
            let error = world.session.invite_user(new).await.unwrap_err();
            check(&attack, passes, &error, "invited: new@acme.example");
            world.wire.is_honest_again();
            let code = once(&error, "code");
            assert_eq!(code.is_some(), passes);
            if let Some(code) = code {
                let code = InviteCode::parse(&code).unwrap();
                world.accept(&code, "new").await.unwrap();
                world.session.cancel_invite(code.invite).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn new_keys_of_ones_own_are_given_when_they_are_in_force() {
    let mut world = World::new().await;
    let earlier = earlier(&mut world).await;
    let route = Route { path: "/keys", action: "user.rotate_keys" };
    for attack in some(true, true).chain([Attack::OF_ITSELF]) {
        for passes in [true, false] {
            answer(&world.wire, Asker::owner(&world), route, attack, passes, &earlier);
            let error = world.session.rotate_own_keys(world.own_log_in()).await.unwrap_err();
            check(&attack, passes, &error, "member's keys changed: owner@acme.example");
            world.wire.is_honest_again();
            let account = error.as_unproven().and_then(|unproven| unproven.account());
            assert_eq!(account.is_some(), passes, "{}", attack.name);
            // The session goes on with the keys that count, and so does whoever kept them.
            world.session.sync().await.unwrap();
            if let Some(account) = account {
                open_session(account, world.client()).await;
                assert_eq!(world.log_in().await.seed, account.seed);
            }
        }
    }
    answer(&world.wire, Asker::owner(&world), route, Attack::NONE, true, &earlier);
    world.session.rotate_own_keys(world.own_log_in()).await.unwrap();
}

#[tokio::test]
async fn account_key_and_kit_are_shown_when_an_invitation_may_have_been_accepted() {
    let mut world = World::new().await;
    let earlier = earlier(&mut world).await;
    let clock: Arc<dyn Clock> = world.clock.clone();
    let route = Route { path: "/invitation", action: "user.accept" };
    for attack in some(false, false) {
        for passes in [true, false] {
            let code = world.invited("new", Role::Editor, &[]).await;
            let asker = Asker { principal: None, ..Asker::owner(&world) };
            answer(&world.wire, asker, route, attack, passes, &earlier);
            let password = Zeroizing::new(PASSWORD.to_owned());
            let with = AcceptInvite { code: code.clone(), email: email("new"), password };
            let error = Account::accept_invite(&world.wire_client(), with, &clock).await.unwrap_err();
            world.wire.is_honest_again();
            assert!(!error.is_made(), "whoever is invited is shown nothing");
            assert!(error.to_string().contains("acceptance of the invitation of new@acme.example"), "{error}");
            let key = AccountKey::parse(&once(&error, "account_key").unwrap()).unwrap();
            let kit = RecoveryKit::parse(&once(&error, "recovery_kit").unwrap()).unwrap();
            let account = error.as_unproven().unwrap().account().unwrap();
            assert_eq!((kit.user, key.user), (account.user, account.user));
            if passes {
                let accepted = world.session.acceptances().await.unwrap();
                let fingerprint = accepted[0].value().fingerprint();
                let _made = world.session.confirm_user(code.invite, fingerprint).await.unwrap();
                let opened = Account::log_in(&world.client(), log_in(&key, "new", PASSWORD)).await.unwrap();
                assert_eq!(opened.seed, account.seed);
                let _made = world.session.remove_user(account.user).await.unwrap();
            } else {
                world.session.cancel_invite(code.invite).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn what_starts_an_acceptance_or_a_password_proves_that_it_is_logged() {
    let mut world = World::new().await;
    let earlier = earlier(&mut world).await;
    let code = world.invited("new", Role::Editor, &[]).await;
    let clock: Arc<dyn Clock> = world.clock.clone();
    for (name, lie) in &BREAKS[..2] {
        let (lie, earlier) = (*lie, earlier.clone());
        world.wire.lies(move |request, mut reply| {
            if request.parts().path().ends_with("/registration") {
                let mut json: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
                lie(&mut json["receipt"], &earlier);
                reply.body = serde_json::to_vec(&json).unwrap();
            }
            reply
        });
        let with =
            AcceptInvite { code: code.clone(), email: email("new"), password: Zeroizing::new(PASSWORD.to_owned()) };
        let error = Account::accept_invite(&world.wire_client(), with, &clock).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{name}: {error}");
        let changed = Account::change_password(&world.wire_client(), change(world.own_log_in(), false)).await;
        assert_eq!(changed.unwrap_err().kind(), ErrorKind::Integrity, "{name}");
        world.wire.is_honest_again();
    }
}

#[tokio::test]
async fn a_new_account_key_is_shown_when_the_password_was_changed() {
    let mut world = World::new().await;
    let earlier = earlier(&mut world).await;
    let route = Route { path: "/account", action: "account.replace" };
    let mut next = (world.account_key.clone(), PASSWORD);
    for attack in some(false, false) {
        for passes in [true, false] {
            // Log-ins are allowed again.
            world.clock.advance_millis(60_000);
            answer(&world.wire, Asker::owner(&world), route, attack, passes, &earlier);
            let changing = change(log_in(&next.0, "owner", next.1), true);
            let error = Account::change_password(&world.wire_client(), changing).await.unwrap_err();
            check(&attack, passes, &error, "new password of owner@acme.example");
            world.wire.is_honest_again();
            let key = once(&error, "account_key");
            assert_eq!(key.is_some(), passes, "{}", attack.name);
            if let Some(key) = key {
                next = (AccountKey::parse(&key).unwrap(), NEXT);
            }
            Account::log_in(&world.client(), log_in(&next.0, "owner", next.1)).await.unwrap();
        }
    }
}

/// Says that another statement is the genesis.
fn another_genesis(path: &str, mut reply: Reply) -> Reply {
    if path == api::ORGS {
        let mut json: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        json["head"]["hash"] = serde_json::to_value(Hash([1; 32])).unwrap();
        reply.body = serde_json::to_vec(&json).unwrap();
    }
    reply
}

#[tokio::test]
async fn account_key_and_kit_are_shown_when_an_organization_was_created() {
    let world = World::new().await;
    let clock: Arc<dyn Clock> = world.clock.clone();
    let new = NewOrganization {
        name: Name::new("Other").unwrap(),
        email: email("first"),
        password: Zeroizing::new(PASSWORD.to_owned()),
        setup_code: world.setup_code().await,
    };
    world.wire.lies_to_strangers(Some(another_genesis));
    let error = Account::create_organization(&world.wire_client(), new, &clock).await.unwrap_err();
    world.wire.lies_to_strangers(None);
    assert!(error.is_made() && error.to_string().contains("organization created: Other"), "{error}");
    let key = AccountKey::parse(&once(&error, "account_key").unwrap()).unwrap();
    assert!(once(&error, "recovery_kit").is_some());
    let account = Account::log_in(&world.client(), log_in(&key, "first", PASSWORD)).await.unwrap();
    assert_eq!(account.seed, error.as_unproven().unwrap().account().unwrap().seed);
    open_session(&account, world.client()).await;
}

#[tokio::test]
async fn nothing_is_encrypted_again_on_staging_that_is_not_logged() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[]).await;
    let names: Vec<String> = (0..=limits::INLINE_REKEY_SECRETS).map(|number| format!("SECRET_{number}")).collect();
    let secrets: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "value")).collect();
    world.set(profile, &secrets).await;
    let earlier = earlier(&mut world).await;
    world.session.rotate_profile(profile).await.unwrap();
    let route = Route { path: "/staging", action: "profile.stage" };
    for attack in some(false, true) {
        answer(&world.wire, Asker::owner(&world), route, attack, true, &earlier);
        let error = world.session.finish_rekeys(&mut |_| {}).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{}: {error}", attack.name);
        world.wire.is_honest_again();
        assert!(world.session.open_profile(profile).await.unwrap().is_rekeying(), "{}", attack.name);
    }
    assert_eq!(world.session.finish_rekeys(&mut |_| {}).await.unwrap(), 1);
}
