//! What takes several owners: one alone changes nothing, whatever the server does; others sign, or it is given up.

use crate::{
    people::{email, set, value},
    world::{Wire, World, code},
};
use stronghold_sdk::{
    Error, ErrorKind,
    admin::{Account, Decision, Session},
    crypto::identity::Identity,
    protocol::{
        api::{DirectoryPage, SealedProfile},
        approval::Difference,
        crypto::hash::{Hash, object_hash},
        directory::{Body, Change, Directory, Header, Role, Statement},
        roster::{Roster, RosterMember, RosterRef},
        signed::Signed,
        transport::Reply,
    },
};

/// An organization whose two owners must both sign: the world's own, and another.
pub(crate) async fn two_owners() -> (World, Session<Wire>, Account) {
    let mut world = World::new().await;
    let (mut second, account) = world.member("second", Role::Owner, &[]).await;
    let Decision::Pending(id) = world.session.set_owner_threshold(2).await.unwrap() else {
        panic!("the new threshold counts too")
    };
    second.sync().await.unwrap();
    assert_eq!(crate::approvals::approve(&mut second, id).await.unwrap(), Decision::Made);
    world.session.sync().await.unwrap();
    assert_eq!(world.session.directory().roster().value().owner_threshold, 2);
    (world, second, account)
}

pub(crate) fn pending(decision: Decision) -> Hash {
    match decision {
        Decision::Pending(id) => id,
        other => panic!("{other:?} is not pending"),
    }
}

/// Looks at what waits, and signs it.
pub(crate) async fn approve(session: &mut Session<Wire>, id: Hash) -> Result<Decision, Error> {
    let waits = session.pending_approval(id).await?;
    session.approve(waits.to_sign()?).await
}

fn words<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

/// What one owner would like.
type Bend = fn(&mut Roster, RosterMember);

/// A statement that one owner makes without anybody's leave: what an honest client would never draft.
fn forged(directory: &Directory, roster: &Roster, by: &Identity, more: Vec<Change>) -> Statement {
    let signed = Signed::create(roster, &[by.signing_key()]).unwrap();
    let reference = RosterRef { version: roster.version, hash: signed.hash_as::<Roster>() };
    let mut changes = vec![Change::RosterChanged { roster: signed }];
    changes.extend(more);
    forged_next(directory, reference, by, changes)
}

/// A statement after the newest one, true in all but who signed it.
pub(crate) fn forged_next(directory: &Directory, roster: RosterRef, by: &Identity, changes: Vec<Change>) -> Statement {
    let body = serde_json::to_vec(&Body { changes }).unwrap();
    let header = Header {
        org: directory.org(),
        seq: directory.head().seq.next(),
        prev: directory.head().hash,
        time: stronghold_sdk::protocol::time::Timestamp::from_millis(1_795_400_000_000).unwrap(),
        roster,
        log_root: directory.header_log().root(),
        state_root: directory.state_root(),
        body: object_hash(Body::TYPE, &body),
    };
    Statement { header: Signed::create(&header, &[by.signing_key()]).unwrap(), body: body.into() }
}

/// A server that shows people one statement more than there is.
pub(crate) fn show_to_people(wire: &Wire, shown: Statement) {
    wire.lies(move |request, reply| {
        if !request.parts().path().ends_with("/directory") {
            return reply;
        }
        let mut page: DirectoryPage = serde_json::from_slice(&reply.body).unwrap();
        page.statements.push(shown.clone());
        page.head.seq = page.head.seq.next();
        page.head.hash = shown.header.hash_as::<Header>();
        Reply { body: serde_json::to_vec(&page).unwrap(), ..reply }
    });
}

/// The same for agents, who see its header, and its roster where it brings one.
pub(crate) fn show_to_agents(wire: &Wire, shown: Statement) {
    wire.lies(move |request, reply| {
        if !request.parts().path().ends_with("/read") {
            return reply;
        }
        let mut sealed: SealedProfile = serde_json::from_slice(&reply.body).unwrap();
        let changes = serde_json::from_slice::<Body>(&shown.body.0).unwrap().changes;
        sealed.chain.rosters.extend(changes.into_iter().find_map(|change| match change {
            Change::RosterChanged { roster } => Some(roster),
            _ => None,
        }));
        sealed.chain.head = shown.header.clone();
        Reply { body: serde_json::to_vec(&sealed).unwrap(), ..reply }
    });
}

fn next_roster(directory: &Directory) -> Roster {
    let old = directory.roster();
    let version = old.value().version.next();
    Roster { version, prev: Some(old.hash()), nonce: None, ..old.value().clone() }
}

#[tokio::test]
async fn one_owner_alone_changes_no_owners_even_with_a_server_that_helps() {
    let (mut world, mut second, second_account) = two_owners().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("pipeline", &[group]).await;
    second.sync().await.unwrap();
    let directory = world.session.directory().clone();
    let owner = world.owner_identity();
    let ghost = RosterMember {
        user: stronghold_sdk::protocol::id::UserId::from_bytes([9; 16]),
        keys: Identity::from_seed(&[9; 32]).public_keys(),
    };
    let all: [(&str, Bend); 4] = [
        ("a ghost owner", |roster, ghost| roster.owners.push(ghost)),
        ("the other owner removed", |roster, _| {
            roster.owners.truncate(1);
            roster.owner_threshold = 1;
        }),
        ("the threshold lowered", |roster, _| roster.owner_threshold = 1),
        ("the other owner's keys replaced", |roster, ghost| roster.owners[1].keys = ghost.keys),
    ];
    for (what, bend) in all {
        let mut roster = next_roster(&directory);
        bend(&mut roster, ghost.clone());
        let removed = Change::UserRemoved { id: second_account.user };
        for more in [vec![], vec![removed]] {
            let statement = forged(&directory, &roster, &owner, more);
            // What an honest server does, and every client that replays.
            assert!(directory.append(&statement).is_err(), "{what}");
            // A server that helps hands it to the other owner and to an agent.
            let (mut person, person_wire) = world.second_wire().await;
            show_to_people(&person_wire, statement.clone());
            assert_eq!(person.sync().await.unwrap_err().kind(), ErrorKind::Integrity, "{what}");
            let (agent, agent_wire) = world.agent(&token);
            show_to_agents(&agent_wire, statement);
            let refused = agent.pull("production").await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Integrity, "{what}: {refused}");
            assert!(refused.to_string().contains("roster"), "{what}: {refused}");
            agent_wire.is_honest_again();
            assert_eq!(agent.pull("production").await.unwrap().len(), 1, "nothing was remembered");
        }
    }
    // What is only pending is in no reader's roster either.
    let id = pending(world.session.set_owner_threshold(1).await.unwrap());
    second.sync().await.unwrap();
    for session in [&world.session, &second] {
        assert_eq!(session.directory().roster().value().owner_threshold, 2);
    }
    assert!(
        words(crate::approvals::approve(&mut world.session, id).await).contains("another owner"),
        "the same owner twice"
    );
}

#[tokio::test]
async fn a_second_owner_signs_what_waits_or_it_is_given_up() {
    let (mut world, mut second, second_account) = two_owners().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    second.sync().await.unwrap();
    let (mut admin, _) = world.member("admin", Role::Admin, &[]).await;

    // A new owner, with a group: accepted, confirmed by one owner, signed by the other.
    let code_of_third = world.invited("third", Role::Owner, &[group]).await;
    let (owner, third) = (world.owner.user, world.accept(&code_of_third, "third").await.unwrap());
    let (fingerprint, third) = (third.fingerprint, third.account);
    let (user, decision) = crate::people::confirm(&mut world.session, code_of_third.invite).await.unwrap();
    assert_eq!(user, third.user);
    let id = pending(decision);
    assert_eq!(code(world.try_session(&third).await.map(drop)), "unauthenticated", "nothing is made yet");
    for session in [&mut world.session, &mut second, &mut admin] {
        session.sync().await.unwrap();
        let waits = session.pending_approvals().await.unwrap();
        let [one] = waits.as_slice() else { panic!("{waits:?}") };
        assert_eq!((one.id, one.missing, one.signed_by.as_slice()), (id, 1, &[owner][..]));
        let described = one.to_sign().unwrap();
        let [Difference::Joins { person, role }] = described.differences() else { panic!("{described:?}") };
        assert_eq!((person.id, &person.email, *role), (user, &email("third"), Role::Owner));
        assert_eq!(person.fingerprint, fingerprint, "what the newcomer was shown");
    }
    assert!(words(crate::approvals::approve(&mut admin, id).await).contains("owner"), "an admin signs no rosters");
    assert!(words(admin.withdraw_approval(id).await).contains("owner"));
    assert_eq!(crate::approvals::approve(&mut second, id).await.unwrap(), Decision::Made);
    let mut third_session = world.try_session(&third).await.unwrap();
    assert!(third_session.directory().group(&group).unwrap().members.contains(&third.user.into()));
    assert_eq!(value(&third_session, production).await.unwrap(), "1");

    // An owner becomes an editor: one proposes, any second one signs.
    world.session.sync().await.unwrap();
    let id = pending(world.session.set_role(second_account.user, Role::Editor).await.unwrap());
    third_session.sync().await.unwrap();
    assert_eq!(crate::approvals::approve(&mut third_session, id).await.unwrap(), Decision::Made);
    let role = third_session.directory().user(&second_account.user).unwrap().role;
    assert_eq!(role, Role::Editor);
    second.sync().await.unwrap();
    assert_eq!(second.open_profile(production).await.map(drop).unwrap_err().kind(), ErrorKind::NotFound);

    // Given up: nothing waits, and nobody's signature makes it.
    world.session.sync().await.unwrap();
    let id = pending(world.session.set_owner_threshold(1).await.unwrap());
    third_session.sync().await.unwrap();
    third_session.withdraw_approval(id).await.unwrap();
    assert_eq!(crate::approvals::approve(&mut third_session, id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(world.session.withdraw_approval(id).await.unwrap_err().kind(), ErrorKind::NotFound);
    // Whatever takes one owner takes one still.
    assert!(world.session.rename_organization(&"Renamed".parse().unwrap()).await.unwrap());
    assert!(!world.session.rename_organization(&"Renamed".parse().unwrap()).await.unwrap());
    world.session.verify_audit(&mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn an_owner_signs_their_own_removal_and_another_makes_it() {
    let (mut world, mut second, second_account) = two_owners().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let too_few = words(world.session.remove_user(second_account.user).await);
    assert!(too_few.contains("lower it first"), "two must sign, and one would be left: {too_few}");
    let code_of_third = world.invited("third", Role::Owner, &[]).await;
    let third = world.accept(&code_of_third, "third").await.unwrap().account;
    let id = pending(crate::people::confirm(&mut world.session, code_of_third.invite).await.unwrap().1);
    second.sync().await.unwrap();
    assert_eq!(crate::approvals::approve(&mut second, id).await.unwrap(), Decision::Made);
    world.session.sync().await.unwrap();
    let mut third_session = world.try_session(&third).await.unwrap();

    let id = pending(world.session.remove_user(second_account.user).await.unwrap());
    // Their signature counts for the roster so far, and the new one lacks one more.
    second.sync().await.unwrap();
    assert_eq!(crate::approvals::approve(&mut second, id).await.unwrap(), Decision::Pending(id));
    third_session.sync().await.unwrap();
    assert_eq!(third_session.pending_approvals().await.unwrap()[0].missing, 1);
    assert_eq!(crate::approvals::approve(&mut third_session, id).await.unwrap(), Decision::Made);
    assert_eq!(code(second.sync().await), "deleted");
    world.session.sync().await.unwrap();
    set(&mut world.session, production, "2").await.unwrap();
    assert_eq!(value(&third_session, production).await.unwrap(), "2");
    // A change between voids what waits: it named the roster before.
    let id = pending(world.session.set_owner_threshold(1).await.unwrap());
    let (_, editor) = world.member("editor", Role::Editor, &[]).await;
    third_session.sync().await.unwrap();
    assert_eq!(third_session.set_role(editor.user, Role::Admin).await.unwrap(), Decision::Made);
    assert_eq!(crate::approvals::approve(&mut third_session, id).await.unwrap_err().kind(), ErrorKind::NotFound);
    for wrong in [0, 3, u32::MAX] {
        assert!(words(third_session.set_owner_threshold(wrong).await).contains("number of owners"));
    }
    assert_eq!(third_session.set_owner_threshold(2).await.unwrap(), Decision::Unchanged);
}

/// An owner's new keys take the other owners too, who sign what that owner asked for and nothing else.
#[tokio::test]
async fn an_owners_new_keys_wait_for_the_other_owners() {
    let (mut world, mut second, _) = two_owners().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let (old, with) = (world.owner.seed.clone(), world.own_log_in());
    assert!(words(world.session.rotate_own_keys(with).await).contains("propose them"));
    let with = world.own_log_in();
    let (void, _) = world.session.propose_own_keys(with).await.unwrap();
    let with = world.own_log_in();
    let (id, fingerprint) = world.session.propose_own_keys(with).await.unwrap();
    assert_eq!(world.log_in().await.seed, old, "until they have signed, the keys so far count");

    second.sync().await.unwrap();
    let pending = second.pending_approvals().await.unwrap();
    let shown = pending.iter().find(|pending| pending.id == id).unwrap();
    assert_eq!((shown.missing, shown.signed_by.as_slice()), (1, &[world.owner.user][..]));
    assert!(shown.words()[0].ends_with(&format!("gets new keys with the fingerprint {fingerprint}")));
    assert!(
        words(crate::approvals::approve(&mut second, void).await).contains("do not ask for the keys"),
        "the last request counts"
    );
    assert!(
        words(crate::people::confirm_keys(&mut second, world.owner.user).await).contains("owner"),
        "not by one alone"
    );
    assert_eq!(crate::approvals::approve(&mut second, id).await.unwrap(), Decision::Made);
    second.finish_rekeys(&mut |_| {}).await.unwrap();
    assert_eq!(code(world.session.sync().await), "key_ended");
    let account = world.log_in().await;
    assert_ne!(account.seed, old);
    let mut again = world.try_session(&account).await.unwrap();
    assert_eq!(value(&again, production).await.unwrap(), "1");
    set(&mut again, production, "2").await.unwrap();
    assert!(again.pending_approvals().await.unwrap().is_empty());
    assert_eq!(again.directory().roster().value().owner_threshold, 2);
    second.verify_audit(&mut |_| {}).await.unwrap();
}

/// Whoever signs signs the list itself: nothing may be in it that is not told.
#[tokio::test]
async fn nobody_signs_more_than_is_told() {
    let (mut world, mut second, second_account) = two_owners().await;
    let code_of_third = world.invited("third", Role::Owner, &[]).await;
    world.accept(&code_of_third, "third").await.unwrap();
    let accepted = world.session.acceptances().await.unwrap();
    let third = accepted[0].value().clone();
    let foreign = Identity::from_seed(&[9; 32]).public_keys();
    let member = |keys| RosterMember { user: third.user, keys };
    let hidden = |what: &'static str, bend: &dyn Fn(&mut Roster)| {
        let mut roster = next_roster(world.session.directory());
        bend(&mut roster);
        (what, roster)
    };
    let genuine = member(third.keys.clone());
    let rosters = [
        hidden("other keys for whoever joins", &|roster| roster.owners.push(member(foreign.clone()))),
        hidden("other keys for another owner", &|roster| {
            roster.owners.push(genuine.clone());
            let other = roster.owners.iter_mut().find(|owner| owner.user == second_account.user).unwrap();
            other.keys = foreign.clone();
        }),
        hidden("one more admin", &|roster| {
            roster.owners.push(genuine.clone());
            let user = stronghold_sdk::protocol::id::UserId::from_bytes([9; 16]);
            roster.admins.push(RosterMember { user, keys: foreign.clone() });
        }),
    ];
    for (what, roster) in rosters {
        let signed = Signed::create(&roster, &[world.owner_identity().signing_key()]).unwrap();
        let id = signed.hash_as::<Roster>();
        let people = vec![third.confirmed(Role::Owner)];
        world.state(vec![Change::ApprovalPending { roster: signed, people }]).await;
        second.sync().await.unwrap();
        assert!(words(crate::approvals::approve(&mut second, id).await).contains("more than is told"), "{what}");
        second.sync().await.unwrap();
        let pending = second.pending_approvals().await.unwrap();
        let waits = pending.iter().find(|pending| pending.id == id).unwrap();
        assert_eq!(waits.signed_by, [world.owner.user], "{what}: no signature is given away");
    }
}
