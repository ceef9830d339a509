//! What a second owner is shown is what they sign, and what was given up stays given up: against the other owner and a server
//! that helps them.

use crate::{
    approvals::{approve, forged_next, pending, show_to_agents, show_to_people, two_owners},
    people::email,
    world::World,
};
use stronghold_sdk::{
    ErrorKind,
    admin::Decision,
    crypto::identity::Identity,
    protocol::{
        approval::place,
        crypto::hash::Hash,
        directory::{Change, Directory, Role},
        id::UserId,
        name::Email,
        roster::{Roster, RosterRef},
        signed::Signed,
        time::Timestamp,
    },
};

/// The next roster, in which a user has a role, as one owner signs it.
fn roster_with(directory: &Directory, id: UserId, role: Role, by: &[&Identity]) -> Signed {
    let old = directory.roster();
    let mut roster = old.value().clone();
    (roster.version, roster.prev, roster.nonce) = (roster.version.next(), Some(old.hash()), None);
    place(&mut roster, id, &directory.user(&id).unwrap().keys, Some(role));
    let keys: Vec<_> = by.iter().map(|identity| identity.signing_key()).collect();
    Signed::create(&roster, &keys).unwrap()
}

fn becomes_owner(id: UserId, address: Email) -> Change {
    Change::UserChanged { id, email: address, role: Role::Owner }
}

/// One owner proposes a stranger's key under a colleague's address. The other is told whose it is, and signs nothing else.
#[tokio::test]
async fn a_stranger_under_a_colleagues_address_is_named_by_the_directory() {
    let (mut world, mut second, _) = two_owners().await;
    let (_, stranger) = world.member("mallory", Role::Editor, &[]).await;
    let roster = roster_with(world.session.directory(), stranger.user, Role::Owner, &[&world.owner_identity()]);
    let id = roster.hash_as::<Roster>();
    let people = vec![becomes_owner(stranger.user, email("colleague"))];
    world.state(vec![Change::ApprovalPending { roster, people }]).await;
    let waits = second.pending_approval(id).await.unwrap();
    let told = waits.words().join("; ");
    for word in ["mallory@acme.example", "becomes colleague@acme.example", "becomes owner", &stranger.user.to_string()]
    {
        assert!(told.contains(word), "{word}: {told}");
    }
    // The address changes between looking and signing: what was shown is not what would be signed.
    let shown = waits.to_sign().unwrap();
    let renamed = Change::UserChanged { id: stranger.user, email: email("colleague"), role: Role::Editor };
    world.session.sync().await.unwrap();
    world.state(vec![renamed]).await;
    let refused = second.approve(shown).await.unwrap_err();
    assert!(refused.to_string().contains("another change by now"), "{refused}");
    let waits = second.pending_approval(id).await.unwrap();
    assert!(waits.words()[0].contains("joined as mallory@acme.example"), "{:?}", waits.words());
    assert_eq!(waits.signed_by, [world.owner.user], "no signature was given away");
}

/// The other owner's client is not asked at all: a change that nobody was shown is no change, signed by whomever.
#[tokio::test]
async fn what_was_not_proposed_is_made_by_nobody() {
    let (mut world, mut second, second_account) = two_owners().await;
    let (_, third) = world.member("third", Role::Editor, &[]).await;
    second.sync().await.unwrap();
    let directory = second.directory().clone();
    let (one, two) = (world.owner_identity(), Identity::from_seed(&second_account.seed));
    let roster = roster_with(&directory, third.user, Role::Owner, &[&one, &two]);
    let version = directory.roster().value().version.next();
    let reference = RosterRef { version, hash: roster.hash_as::<Roster>() };
    let changes = vec![becomes_owner(third.user, email("third")), Change::RosterChanged { roster }];
    let now = Timestamp::from_millis(1_795_400_000_000).unwrap();
    assert!(directory.draft(changes.clone(), true, now).is_err(), "nor by an honest client");
    let statement = forged_next(&directory, reference, &one, changes);
    let (mut person, wire) = world.second_wire().await;
    show_to_people(&wire, statement);
    let refused = person.sync().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Integrity);
    assert!(refused.to_string().contains("proposed first"), "{refused}");
}

/// A proposal with the signatures of both, given up by one of them, and completed by the other with a server that helps.
#[tokio::test]
async fn what_was_given_up_is_made_by_nobody_and_agents_know() {
    let (mut world, mut second, second_account) = two_owners().await;
    let production = world.profile("production", &[("KEY", "1")]).await;
    let group = world.group("deploy", &[production]).await;
    let (_, third) = world.member("third", Role::Editor, &[]).await;
    second.sync().await.unwrap();
    let id = pending(world.session.set_role(third.user, Role::Owner).await.unwrap());
    let before = world.session.directory().clone();
    let (one, two) = (world.owner_identity(), Identity::from_seed(&second_account.seed));
    let complete = roster_with(&before, third.user, Role::Owner, &[&one, &two]);
    assert_eq!(complete.hash_as::<Roster>(), id, "the very same roster");
    let version = before.roster().value().version.next();
    let reference = RosterRef { version, hash: id };
    let changes =
        || vec![becomes_owner(third.user, email("third")), Change::RosterChanged { roster: complete.clone() }];

    // The second owner gives up what the first signed: the next roster comes with it.
    second.sync().await.unwrap();
    second.withdraw_approval(id).await.unwrap();
    let roster = second.directory().roster().value();
    assert_eq!((roster.version, roster.owners.len()), (version, 2), "the same content, one version on");
    assert_eq!(approve(&mut second, id).await.unwrap_err().kind(), ErrorKind::NotFound);
    let token = world.token("pipeline", &[group]).await;
    world.session.sync().await.unwrap();
    let statement = forged_next(world.session.directory(), reference, &one, changes());
    let (mut person, person_wire) = world.second_wire().await;
    show_to_people(&person_wire, statement.clone());
    assert_eq!(person.sync().await.unwrap_err().kind(), ErrorKind::Integrity);
    let (agent, agent_wire) = world.agent(&token);
    show_to_agents(&agent_wire, statement);
    let refused = agent.pull("production").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Integrity, "signed by both, and following no roster in force: {refused}");
    agent_wire.is_honest_again();
    assert_eq!(agent.pull("production").await.unwrap().len(), 1);

    // It can be wished for again, under new signatures.
    world.session.sync().await.unwrap();
    let again = pending(world.session.set_role(third.user, Role::Owner).await.unwrap());
    assert_ne!(again, id);
    second.sync().await.unwrap();
    assert_eq!(approve(&mut second, again).await.unwrap(), Decision::Made);
}

/// Where only the caller signed and something else waits, that is left alone; the directory still refuses what was given up.
#[tokio::test]
async fn giving_up_ones_own_leaves_what_others_proposed() {
    let (mut world, mut second, _) = two_owners().await;
    let (_, third) = world.member("third", Role::Editor, &[]).await;
    let own = pending(world.session.set_owner_threshold(1).await.unwrap());
    second.sync().await.unwrap();
    let others = pending(second.set_role(third.user, Role::Owner).await.unwrap());
    world.session.withdraw_approval(own).await.unwrap();
    let directory = world.session.directory();
    assert!(directory.is_withdrawn(&own) && directory.approval(&others).is_some());
    let again = world.session.set_owner_threshold(1).await.unwrap_err();
    assert!(again.to_string().contains("was withdrawn"), "{again}");
    second.sync().await.unwrap();
    assert_eq!(second.set_owner_threshold(1).await.unwrap_err().kind(), ErrorKind::Failure, "by nobody");
    assert_eq!(approve(&mut world.session, others).await.unwrap(), Decision::Made);
    assert_eq!(world.session.directory().approvals_used(), 0);
    let _proposed: Hash = pending(world.session.set_owner_threshold(1).await.unwrap());
}

/// Keys enter the directory under the fingerprint that was compared, and under no other.
#[tokio::test]
async fn nobody_is_confirmed_under_another_fingerprint() {
    let mut world = World::new().await;
    let code = world.invited("guest", Role::Editor, &[]).await;
    let guest = world.accept(&code, "guest").await.unwrap();
    let other = Identity::from_seed(&[8; 32]).public_keys().sign.key_id();
    let refused = world.session.confirm_user(code.invite, other).await.unwrap_err();
    assert!(refused.to_string().contains(&guest.fingerprint.to_string()), "{refused}");
    assert!(refused.to_string().contains("cancel the invitation"), "{refused}");
    assert!(world.session.directory().invite(&code.invite).is_some(), "nothing was done");
    let (user, decision) = world.session.confirm_user(code.invite, guest.fingerprint).await.unwrap();
    assert_eq!((user, decision), (guest.account.user, Decision::Made));
    assert_eq!(world.session.directory().user(&user).unwrap().keys.sign.key_id(), guest.fingerprint);
}
