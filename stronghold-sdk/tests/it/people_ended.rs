//! The end of people's rights: whoever is removed, in whatever role; and who goes on with what they left.

use crate::{
    approvals::{forged_next as forged_statement, show_to_agents, show_to_people},
    database::{self, MasterKeys, open_all},
    history::{verify, version},
    people::{set, value},
    world::{Wire, World, code},
};
use rusqlite::Connection;
use std::collections::BTreeSet;
use stronghold_sdk::{
    Error, ErrorKind,
    admin::{Access, Account, Decision, Edit, NewSecret, Session},
    crypto::identity::Identity,
    open::ProfileKey,
    protocol::{
        directory::{Change, Role},
        id::{GroupId, ProfileId},
        limits,
        manifest::Manifest,
        name::SecretName,
        roster::RosterRef,
        signed::Signed,
    },
};
use zeroize::Zeroizing;

/// More secrets than a statement encrypts anew inline.
const LARGE: usize = limits::INLINE_REKEY_SECRETS + 1;

/// Everything that an account's keys open in the database as it is now.
fn opened(world: &World, account: &Account) -> MasterKeys {
    let own = Identity::from_seed(&account.seed);
    open_all(account.org, own.kem_key(), &database::seals(&Connection::open(world.database()).unwrap())).1
}

/// Names of what these master keys open among all ciphertexts that there are, in the key generations after `epoch`.
fn newer(world: &World, account: &Account, keys: &MasterKeys, epoch: u64) -> (usize, usize) {
    let ciphertexts = database::secrets(&Connection::open(world.database()).unwrap());
    let after: Vec<_> = ciphertexts.iter().filter(|(_, of, _)| of.get() > epoch).collect();
    let opens = |raw: &[u8; 32]| {
        let key = |profile: &ProfileId, epoch| ProfileKey::new(account.org, *profile, epoch, raw);
        after.iter().filter(|(profile, of, secret)| key(profile, *of).open_secret(secret).is_ok()).count()
    };
    (after.len(), keys.values().map(opens).sum())
}

async fn large(world: &mut World, name: &str) -> ProfileId {
    let profile = world.profile(name, &[("KEY", "1")]).await;
    let mut edit = Edit::default();
    for number in 1..LARGE {
        let value = Zeroizing::new(number.to_string().into_bytes());
        edit.set.insert(SecretName::new(&format!("KEY_{number}")).unwrap(), NewSecret { value, note: None });
    }
    world.session.edit(profile, &edit, false).await.unwrap();
    profile
}

/// A manifest that somebody who was removed signs as the next one of what they saw.
async fn forged_next(session: &Session<Wire>, profile: ProfileId, by: &Account) -> Signed {
    let head = session.verify_evidence(profile).await.unwrap();
    let mut said: Manifest = head.manifest().value().clone();
    said.prev = Some(head.manifest().hash());
    said.revision = said.revision.next();
    Signed::create(&said, &[Identity::from_seed(&by.seed).signing_key()]).unwrap()
}

#[tokio::test]
async fn whoever_is_removed_opens_and_signs_nothing_more_and_all_others_go_on() {
    for role in [Role::Editor, Role::Admin, Role::Owner] {
        let mut world = World::new().await;
        let production = world.profile("production", &[("KEY", "1")]).await;
        let foreign = world.profile("foreign", &[("KEY", "1")]).await;
        let group = world.group("deploy", &[]).await;
        world.session.grant(group, production, Access::Write).await.unwrap();
        let agent = world.token("agent", &[group]).await;
        let (mut stays, _) = world.member("stays", Role::Editor, &[group]).await;
        let (mut leaves, account) = world.member("leaves", role, &[group]).await;
        set(&mut leaves, production, "by whoever leaves").await.unwrap();
        let had = opened(&world, &account);
        let reached = had.keys().map(|(profile, _)| *profile).collect::<BTreeSet<_>>();
        let reaches_all = role != Role::Editor;
        assert_eq!(reached.contains(&foreign), reaches_all, "{role:?}");
        let admins = |world: &World| world.session.directory().group(&GroupId::ADMINS).unwrap().epoch.get();
        assert_eq!(admins(&world), 1);

        assert_eq!(world.session.remove_user(account.user).await.unwrap(), Decision::Made);
        // One statement: the group, what it reached, and for owners and admins everything.
        let directory = world.session.directory();
        let epoch = |profile: &ProfileId| directory.profile(profile).unwrap().epoch.get();
        assert_eq!((epoch(&production), epoch(&foreign)), (2, if reaches_all { 2 } else { 1 }), "{role:?}");
        assert_eq!(directory.group(&group).unwrap().epoch.get(), 2);
        assert_eq!(admins(&world), if reaches_all { 2 } else { 1 });
        assert!(directory.roster().value().members().all(|member| member.user != account.user));
        assert_eq!(code(leaves.sync().await), "deleted", "{role:?}");

        // Everybody else goes on, with no action of their own.
        world.clock.advance_millis(1);
        assert_eq!(value(&world.session, production).await.unwrap(), "by whoever leaves", "nothing is lost");
        stays.sync().await.unwrap();
        set(&mut stays, production, "newer").await.unwrap();
        let secrets = world.agent(&agent).0.pull("production").await.unwrap();
        assert_eq!(secrets.get("KEY").unwrap().expose_str(), Some("newer"));

        // Old keys, old group seeds, old master keys: nothing of the new epoch opens.
        assert_eq!(opened(&world, &account), had, "{role:?}");
        let (tried, opens) = newer(&world, &account, &had, 1);
        assert!(tried >= 2, "{tried}");
        assert_eq!(opens, 0, "{role:?}");

        // And a server that would take their signature convinces nobody.
        let forged = forged_next(&world.session, production, &account).await;
        let (reader, wire) = world.agent(&agent);
        wire.lies(move |_, mut reply| {
            let mut body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            body["profile"]["manifest"] = serde_json::to_value(&forged).unwrap();
            reply.body = serde_json::to_vec(&body).unwrap();
            reply
        });
        assert_eq!(reader.pull("production").await.unwrap_err().kind(), ErrorKind::Integrity, "{role:?}");
        // Nor of a statement: one that would make a group, and one that would bring them back.
        world.session.sync().await.unwrap();
        let directory = world.session.directory();
        let roster = RosterRef { version: directory.roster().value().version, hash: directory.roster().hash() };
        let keys = Identity::from_seed(&account.seed);
        let create = Change::GroupCreated {
            id: GroupId::generate(stronghold_sdk::protocol::time::Clock::now(&*world.clock)).unwrap(),
            name: "theirs".parse().unwrap(),
            key: keys.public_keys().kem,
        };
        let by_owner = forged_statement(directory, roster, &world.owner_identity(), vec![create.clone()]);
        assert!(directory.append(&by_owner).is_ok(), "the signature is what is wrong with the same of theirs");
        let again = Change::MemberAdded { group, member: account.user.into() };
        for change in [create, again] {
            let statement = forged_statement(directory, roster, &keys, vec![change]);
            assert!(directory.append(&statement).is_err(), "{role:?}");
            let (mut person, person_wire) = world.second_wire().await;
            show_to_people(&person_wire, statement.clone());
            assert_eq!(person.sync().await.unwrap_err().kind(), ErrorKind::Integrity, "{role:?}");
            let (reader, wire) = world.agent(&agent);
            show_to_agents(&wire, statement);
            assert_eq!(reader.pull("production").await.unwrap_err().kind(), ErrorKind::Integrity, "{role:?}");
        }
        // What they signed rightfully stays: it is read, with their name to it, and it verifies.
        let history = world.session.secret_history(production, "KEY").await.unwrap();
        let authors: Vec<_> = history.versions.iter().map(|known| (known.version.get(), known.author)).collect();
        assert_eq!(authors[1], (2, account.user), "{role:?}");
        let (_, past) = world.session.secret_version(production, "KEY", version(2)).await.unwrap();
        assert_eq!(past.value.as_slice(), b"by whoever leaves");
        verify(&world, production).await.unwrap();
        world.session.verify_audit(&mut |_| {}).await.unwrap();
        // The address is free again; the keys are not the old ones.
        let (_, again) = world.member("leaves", Role::Editor, &[]).await;
        assert_ne!((again.user, &again.seed), (account.user, &account.seed));
    }
}

/// An editor's signature counts in the profiles that its groups may write, for every reader and whatever the server says.
#[tokio::test]
async fn a_lying_server_lets_no_editor_write_elsewhere() {
    let mut world = World::new().await;
    let mut profiles = Vec::new();
    for name in ["written", "read", "foreign"] {
        profiles.push((name, world.profile(name, &[("KEY", "1")]).await));
    }
    let (written, read) = (profiles[0].1, profiles[1].1);
    let (writers, readers) = (world.group("writers", &[]).await, world.group("readers", &[read]).await);
    world.session.grant(writers, written, Access::Write).await.unwrap();
    let all: Vec<ProfileId> = profiles.iter().map(|(_, id)| *id).collect();
    let agents = world.group("agents", &all).await;
    let token = world.token("pipeline", &[agents]).await;
    let (mut editor, account) = world.member("editor", Role::Editor, &[writers, readers]).await;
    let (auditor, auditor_account) = world.member("auditor", Role::Auditor, &[]).await;
    // The client says so, and so does the server.
    set(&mut editor, written, "2").await.unwrap();
    assert_eq!(code(set(&mut editor, read, "2").await), "forbidden");
    assert_eq!(code(set(&mut editor, profiles[2].1, "2").await), "not_found");
    assert_eq!(code(auditor.open_profile(read).await.map(drop)), "forbidden");

    world.session.sync().await.unwrap();
    for (name, profile) in profiles {
        for (who, by) in [("editor", &account), ("auditor", &auditor_account)] {
            let next = forged_next(&world.session, profile, by).await;
            let shown = serde_json::to_value(&next).unwrap();
            let lie = move |_: &_, mut reply: stronghold_sdk::protocol::transport::Reply| {
                let mut body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
                if body["profile"]["manifest"].is_object() {
                    body["profile"]["manifest"] = shown.clone();
                    reply.body = serde_json::to_vec(&body).unwrap();
                }
                reply
            };
            let (agent, agent_wire) = world.agent(&token);
            agent_wire.lies(lie.clone());
            let (person, person_wire) = world.second_wire().await;
            person_wire.lies(lie);
            for result in [agent.pull(name).await.map(drop), person.open_profile(profile).await.map(drop)] {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::Integrity, "{who} in {name}");
            }
            // Not for the signature where its signer has the right: there it is the reply's record that is of another one.
            let directory = world.session.directory();
            let leaf = directory.leaf(&profile).unwrap();
            let roster = directory.roster().value().signing_keys();
            let counts = Manifest::verify_head(&next, &directory.org(), &leaf, &roster).is_ok();
            assert_eq!(counts, who == "editor" && profile == written, "{who} in {name}");
        }
    }
}

/// Who may remove whom: owners anyone else, admins editors and auditors, editors nobody.
#[tokio::test]
async fn owners_are_removed_by_owners_and_never_the_last_one() {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let (mut editor, person) = world.member("editor", Role::Editor, &[group]).await;
    let (mut admin, _) = world.member("admin", Role::Admin, &[]).await;
    let (mut second, second_owner) = world.member("second", Role::Owner, &[]).await;
    let words = |refused: Result<Decision, Error>| refused.unwrap_err().to_string();
    let (_, auditor) = world.member("auditor", Role::Auditor, &[]).await;
    assert_eq!(code(editor.remove_user(auditor.user).await), "forbidden");
    for manager in [second_owner.user, world.owner.user] {
        assert!(words(admin.remove_user(manager).await).contains("only an owner"));
    }
    assert_eq!(admin.remove_user(person.user).await.unwrap(), Decision::Made);
    assert!(words(second.remove_user(second_owner.user).await).contains("themselves"));
    let own_role = second.set_role(second_owner.user, Role::Admin).await.unwrap_err().to_string();
    assert!(own_role.contains("own role"), "{own_role}");
    // The one who began it all may go, as long as another owner stays.
    second.sync().await.unwrap();
    assert_eq!(second.remove_user(world.owner.user).await.unwrap(), Decision::Made);
    assert_eq!(code(world.session.sync().await), "deleted");
    assert_eq!(value(&second, production).await.unwrap(), "1");
    set(&mut second, production, "2").await.unwrap();
    admin.sync().await.unwrap();
    assert_eq!(value(&admin, production).await.unwrap(), "2");
    // A newcomer replays it all from the genesis, which only the removed owner signed.
    second.verify_audit(&mut |_| {}).await.unwrap();
}

/// A rekey is begun; whoever's keys are newer than it finishes it: through the history of the new keys, for nothing of before
/// is sealed to them.
#[tokio::test]
async fn a_pending_rekey_is_finished_by_keys_that_are_newer_than_it() {
    let mut world = World::new().await;
    let production = large(&mut world, "production").await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("agent", &[group]).await;
    let (_, account) = world.member("leaves", Role::Admin, &[]).await;
    assert_eq!(world.session.remove_user(account.user).await.unwrap(), Decision::Made);

    // An admin who joins later.
    let (mut late, _) = world.member("late", Role::Admin, &[]).await;
    assert_eq!(late.pending_rekeys().await.unwrap(), [production]);
    let opened = late.open_profile(production).await.unwrap();
    assert!(opened.is_rekeying());
    assert_eq!(opened.len(), LARGE);
    assert!(late.finish_rekey(production, &mut |_| {}).await.unwrap());
    let opened = world.session.open_profile(production).await.unwrap();
    assert_eq!(opened.manifest().value().epoch.get(), 2);
    assert!(!opened.is_rekeying());

    // The only owner, whose own keys are new: with two rekeys one over the other, and nobody else's keys left.
    world.session.rotate_profile(production).await.unwrap();
    let with = world.own_log_in();
    world.session.rotate_own_keys(with).await.unwrap();
    assert!(world.session.unfinished_rekeys().contains(&production));
    let agent = world.agent(&token).0;
    assert_eq!(agent.pull("production").await.unwrap().len(), LARGE, "readable meanwhile");
    assert_eq!(world.session.finish_rekeys(&mut |_| {}).await.unwrap(), 1);
    let opened = world.session.open_profile(production).await.unwrap();
    assert_eq!((opened.manifest().value().epoch.get(), opened.len()), (4, LARGE));
    assert_eq!(agent.pull("production").await.unwrap().len(), LARGE);

    // An editor who becomes an admin, and one who becomes none while their part is pending.
    let (mut person, promoted) = world.member("person", Role::Editor, &[]).await;
    world.session.rotate_profile(production).await.unwrap();
    assert_eq!(world.session.set_role(promoted.user, Role::Admin).await.unwrap(), Decision::Made);
    person.sync().await.unwrap();
    assert!(person.finish_rekey(production, &mut |_| {}).await.unwrap());
    assert_eq!(world.session.set_role(promoted.user, Role::Editor).await.unwrap(), Decision::Made);
    world.session.finish_rekeys(&mut |_| {}).await.unwrap();
    assert_eq!(agent.pull("production").await.unwrap().len(), LARGE);
    world.session.verify_audit(&mut |_| {}).await.unwrap();
}

/// An editor who joins while a profile of their group is being rekeyed waits for the end of it, which their admin brings about.
#[tokio::test]
async fn whoever_joins_during_a_rekey_starts_from_its_end() {
    let mut world = World::new().await;
    let production = large(&mut world, "production").await;
    let group = world.group("deploy", &[]).await;
    world.session.grant(group, production, Access::Write).await.unwrap();
    let token = world.token("leaves", &[group]).await;
    world.session.delete_agent(token.agent).await.unwrap();
    assert_eq!(world.session.pending_rekeys().await.unwrap(), [production]);
    let (mut editor, account) = world.member("editor", Role::Editor, &[group]).await;
    assert!(world.session.pending_rekeys().await.unwrap().is_empty());
    set(&mut editor, production, "2").await.unwrap();
    let epochs = opened(&world, &account).keys().map(|(_, epoch)| epoch.get()).collect::<Vec<_>>();
    assert_eq!(epochs, [2], "what was rotated out is not theirs");
}
